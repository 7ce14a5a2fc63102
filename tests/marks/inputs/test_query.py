"""QUERY (RFC 10008): safe requests whose body says what is asked for."""

import json

import pytest

from framework import (
    CORS,
    App,
    CursorPage,
    OffsetPage,
    Page,
    Resource,
    Router,
    Schema,
    arguments,
    cache_control,
    etag,
    fields,
    filters,
    loads,
    paginate,
    requires,
    response,
    searches,
    sorts,
    sparse,
)
from framework.errors import SetupError
from framework.marks.security import SessionAuth
from framework.openapi.diff import compare
from framework.openapi.lint import check
from framework.serve import cached


class PetSchema(Schema):
    id = fields.Integer()
    name = fields.String()
    age = fields.Integer()


class NearSchema(Schema):
    near = fields.List(fields.Float(), required=True)


PETS = [{"id": number, "name": f"pet {number % 4}", "age": number % 3} for number in range(12)]
CONTACT = {
    "API_TITLE": "Pets",
    "API_DESCRIPTION": "All pets.",
    "API_CONTACT": {"name": "The shop", "email": "a@b.example"},
}
LICENSE = {"API_LICENSE": {"name": "MIT", "identifier": "MIT"}}


def make_app(*more, **options):
    app = App("pets", marks=more)
    app.config.update(SECRET_KEY="a key of the tests", **CONTACT, **LICENSE)
    called = app.extensions["called"] = []

    @app.route("/pets", **options)
    class Pets(Resource):
        """The pets."""

        @response(200, PetSchema(many=True))
        def get(self):
            """List the pets."""
            return PETS

        @etag
        @filters(PetSchema, "age", name=["contains", "in"])
        @searches(PetSchema, "name")
        @sorts(PetSchema, "name", "age", "id")
        @sparse()
        @paginate(Page, page_size=5)
        @response(200, PetSchema(many=True))
        def query(self):
            """Find pets."""
            called.append("query")
            return PETS

    return app


def test_lists_read_their_terms_from_the_body():
    """Filters, searches, sorts, members and pages are members of the body, typed as JSON has them."""
    client = make_app().test_client()
    terms = {
        "age": 1,
        "name__in": ["pet 0", "pet 1", "pet 3"],
        "sort": ["-name", "id"],
        "fields": ["id"],
        "page_size": 2,
    }
    reply = client.query("/pets", json=terms)
    assert reply.json == [{"id": 7}, {"id": 1}]
    assert json.loads(reply.headers["X-Pagination"])["total"] == 3
    assert client.query("/pets", json={**terms, "page": 2}).json == [{"id": 4}]
    assert client.query("/pets", json={"q": "3", "fields": ["id"]}).json == [{"id": 3}, {"id": 7}, {"id": 11}]


def test_the_query_string_is_not_read_instead():
    """Terms in the address are undeclared there: nothing is narrowed down by two places."""
    client = make_app().test_client()
    assert len(client.query("/pets?page_size=1", json={}).json) == 5


def test_a_page_of_a_query_has_no_links():
    """No address leads to the next part, for the address does not say what is asked for."""
    reply = make_app().test_client().query("/pets", json={"page_size": 1})
    assert "Link" not in reply.headers
    assert json.loads(reply.headers["X-Pagination"])["next_page"] == 2


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"age": "1"}, ["age"]),
        ({"sort": ["nam"]}, ["sort", 0]),
        ({"sort": "name"}, ["sort"]),
        ({"fields": []}, ["fields"]),
        ({"page": 0}, ["page"]),
        ({"aeg": 1}, ["aeg"]),
    ],
)
def test_a_wrong_term_is_named(body, path):
    """What the body says wrongly is a 422 that names the member."""
    reply = make_app().test_client().query("/pets", json=body)
    assert (reply.status_code, [each["path"] for each in reply.json["issues"]]) == (422, [path])
    assert reply.json["issues"][0]["location"] == "json"


def test_what_a_query_is_written_in():
    """Without a Content-Type a QUERY is a 400, with another a 415; each answer names the media types that are taken."""
    client = make_app().test_client()
    replies = [
        client.query("/pets"),
        client.query("/pets", data="{}"),
        client.query("/pets", data="{", content_type="application/json"),
        client.query("/pets", data="age: 1", content_type="application/yaml"),
        client.query("/pets", json={"age": "one"}),
        client.query("/pets", json={}),
        client.query("/pets", content_type="application/json"),
        client.options("/pets"),
    ]
    assert [reply.status_code for reply in replies] == [400, 400, 400, 415, 422, 200, 422, 200]
    assert {reply.headers["Accept-Query"] for reply in replies} == {"application/json"}
    assert "QUERY" in replies[-1].headers["Allow"]


def test_a_client_that_has_the_answer_gets_a_304():
    """The tag is that of the answer to this body; another body is answered in full."""
    client = make_app().test_client()
    tag = client.query("/pets", json={"age": 1}).headers["ETag"]
    assert client.query("/pets", json={"age": 1}, headers={"If-None-Match": tag}).status_code == 304
    assert client.query("/pets", json={"age": 2}, headers={"If-None-Match": tag}).status_code == 200


def test_the_body_is_part_of_a_tag_by_version():
    """Two bodies never share a tag, even where the version of what they look into is the same."""
    app = App("notes")

    @app.route("/notes/<int:note_id>")
    @loads(lambda note_id: PETS[note_id])
    class Note(Resource):
        @etag(version=lambda note: note["age"])
        @arguments(NearSchema)
        @response(200, PetSchema)
        def query(self, note, search):
            return note

    client = app.test_client()
    one, same, other = (client.query("/notes/1", json={"near": [near]}).headers["ETag"] for near in (1.0, 1.0, 2.0))
    assert one == same != other
    assert client.query("/notes/1", json={"near": [2.0]}, headers={"If-None-Match": one}).status_code == 200
    assert client.query("/notes/1", json={"near": [1.0]}, headers={"If-None-Match": one}).status_code == 304


def test_the_body_is_part_of_the_key_of_a_kept_answer(store):
    """An answer is kept for the body that it was made for, on every store."""
    app = App("kept")
    called = []

    @app.route("/pets")
    class Pets(Resource):
        @cached(60, public=True, store=store)
        @arguments(NearSchema)
        @response(200, NearSchema)
        def query(self, search):
            called.append(search["near"])
            return search

    client = app.test_client()
    given = [client.query("/pets", json={"near": [near]}).json["near"] for near in (1.0, 2.0, 1.0, 2.0)]
    assert given == [[1.0], [2.0], [1.0], [2.0]]
    assert called == [[1.0], [2.0]]


def test_an_answer_to_an_unread_body_is_not_kept():
    """Where no mark reads the body, ``cached`` would give one answer to all of them: refused when the app freezes."""
    app = App("kept")

    @app.route("/pets")
    class Pets(Resource):
        @cached(60, public=True)
        @response(200, PetSchema(many=True))
        def query(self):
            return PETS

    with pytest.raises(SetupError, match="no mark reads the body"):
        app.freeze()


def test_an_alias_of_a_kept_answer_is_not_kept():
    """A POST at the alias of a QUERY that is cached is answered anew: to caches it is a POST."""
    app = App("kept")
    called = []

    @app.route("/pets", query_alias="/pets/search")
    class Pets(Resource):
        @cached(60, public=True)
        @arguments(NearSchema)
        @response(200, NearSchema)
        def query(self, search):
            called.append(search["near"])
            return search

    client = app.test_client()
    for send in (client.query, client.query, *(2 * [lambda _, **body: client.post("/pets/search", **body)])):
        assert send("/pets", json={"near": [1.0]}).json == {"near": [1.0]}
    assert len(called) == 3


@pytest.mark.parametrize("pager", [CursorPage, OffsetPage])
def test_cursors_and_offsets_go_through_the_body(pager):
    """The next part is asked for with the same body and the cursor or offset; a cursor of another body is refused."""
    app = make_app()

    @app.query("/found")
    @filters(PetSchema, "age")
    @paginate(pager)
    @response(200, PetSchema(many=True))
    def found():
        return PETS

    client = app.test_client()
    size = "page_size" if pager is CursorPage else "limit"
    first = client.query("/found", json={"age": 1, size: 2})
    told = json.loads(first.headers["X-Pagination"])
    where = {"cursor": told["next_cursor"]} if pager is CursorPage else {"offset": told["next_offset"]}
    assert [each["id"] for each in client.query("/found", json={"age": 1, size: 3, **where}).json] == [7, 10]
    if pager is CursorPage:
        refused = client.query("/found", json={"age": 2, **where})
        assert (refused.status_code, list(refused.json["errors"])) == (422, ["json"])


def test_marks_of_a_router_reach_a_query():
    """Marks on a class or a router narrow down the lists of GET and of QUERY, each where it says what it wants."""
    router = Router("pets", marks=[filters(PetSchema, "age"), paginate(Page)])

    @router.route("/pets")
    class Pets(Resource):
        @response(200, PetSchema(many=True))
        def get(self):
            return PETS

        @response(200, PetSchema(many=True))
        def query(self):
            return PETS

    app = App("pets")
    app.register_router(router)
    client = app.test_client()
    assert client.get("/pets?age=1&page_size=1").json == client.query("/pets", json={"age": 1, "page_size": 1}).json
    assert client.query("/pets?age=1", json={}).json == PETS[:10]


def test_a_query_is_safe():
    """A session in a cookie needs no CSRF token for a QUERY, which changes nothing, and for a POST it does."""
    app = App("safe")
    app.secret_key = "a key of the tests"

    @app.route("/pets")
    @requires(SessionAuth(load=lambda user_id: user_id))
    class Pets(Resource):
        @arguments(NearSchema)
        @response(200, NearSchema)
        def query(self, search):
            return search

        @arguments(NearSchema)
        @response(200, NearSchema)
        def post(self, search):
            return search

    client = app.test_client()
    with client.session_transaction() as session:
        session["user"] = 1
    body = {"near": [1.0]}
    assert client.query("/pets", json=body).status_code == 200
    assert client.post("/pets", json=body).status_code == 403


def test_a_query_answers_a_preflight():
    """Browsers ask before they send a QUERY to another origin, and learn that it is allowed."""
    client = make_app(CORS(["https://app.example"])).test_client()
    asks = {"Origin": "https://app.example", "Access-Control-Request-Method": "QUERY"}
    reply = client.options("/pets", headers={**asks, "Access-Control-Request-Headers": "content-type"})
    assert "QUERY" in reply.headers["Access-Control-Allow-Methods"]
    assert "content-type" in reply.headers["Access-Control-Allow-Headers"].lower()


def test_an_alias_answers_a_post():
    """At its alias a POST does what the QUERY does; the document has both, under different names."""
    app = make_app(query_alias="/pets/search")
    client = app.test_client()
    body = {"age": 1, "fields": ["id"]}
    assert client.post("/pets/search", json=body).json == client.query("/pets", json=body).json
    paths = app.openapi["paths"]
    assert (paths["/pets"]["query"]["operationId"], paths["/pets/search"]["post"]["operationId"]) == (
        "queryPets",
        "queryPetsByPost",
    )
    assert paths["/pets"]["query"]["requestBody"]["content"] == paths["/pets/search"]["post"]["requestBody"]["content"]
    assert client.get("/pets/search").status_code == 405


def test_an_alias_of_nothing_is_refused():
    """A class without a method for it can have no alias."""
    app = App("pets")
    with pytest.raises(SetupError, match="answers none"):

        @app.route("/pets", query_alias="/pets/search")
        class Pets(Resource):
            def get(self):
                return []


def test_functions_and_classes_of_two_paths_take_a_query():
    """``app.query`` is a shortcut, and in a class of two paths ``query`` belongs to the list."""
    app = App("pets")

    @app.query("/near", query_alias="/near/search")
    @arguments(NearSchema)
    @response(200, NearSchema)
    def near(search):
        return search

    @app.route("/pets", "/pets/<int:pet_id>", query_alias="/pets/search")
    class Pets(Resource):
        @filters(PetSchema, "id")
        @response(200, PetSchema(many=True))
        def query(self):
            return PETS

        @response(200, PetSchema)
        def show(self, pet_id):
            return PETS[pet_id]

    client = app.test_client()
    assert client.query("/near", json={"near": [1.0]}).json == client.post("/near/search", json={"near": [1.0]}).json
    assert client.query("/pets", json={"id": 3}).json == client.post("/pets/search", json={"id": 3}).json == [PETS[3]]
    assert client.get("/pets").status_code == 405


async def ask(app):
    async with app.async_test_client() as client:
        return await client.query("/pets", json={"age": 1, "fields": ["id"]})


def test_the_asynchronous_client_sends_a_query():
    """``client.query`` of the asynchronous client sends the same."""
    import asyncio

    app = make_app()
    assert asyncio.run(ask(app)).json() == app.test_client().query("/pets", json={"age": 1, "fields": ["id"]}).json


def test_the_document_of_a_query_has_no_findings():
    """In OpenAPI 3.1 a QUERY is an extension, which the lint reads as it reads any operation."""
    app = make_app(query_alias="/pets/search")
    assert list(check(app)) == []


def test_the_lint_looks_into_a_query():
    """Two operations of one id are found where one of them is a QUERY."""
    app = make_app(query_alias="/pets/search")

    @app.document_processor
    def spoil(document, name):
        document["paths"]["/pets"]["query"]["operationId"] = "queryPetsByPost"

    assert any("queryPetsByPost" in finding.message for finding in check(app))


def test_a_difference_in_a_query_is_found():
    """What breaks the clients of a QUERY is told like that of any method."""
    before = json.loads(json.dumps(make_app().openapi))
    after = json.loads(json.dumps(before))
    del after["paths"]["/pets"]["query"]
    changes = compare(before, after)
    assert any("QUERY /pets" in str(change) for change in changes)


def test_caches_are_told_of_a_query():
    """``cache_control`` speaks for the answers to a QUERY as for those to a GET."""
    app = App("pets")

    @app.query("/near")
    @cache_control(max_age=60)
    @arguments(NearSchema)
    @response(200, NearSchema)
    def near(search):
        return search

    assert "max-age=60" in app.test_client().query("/near", json={"near": []}).headers["Cache-Control"]


def test_the_transaction_of_a_query_is_read_only():
    """A QUERY that would write to a database by mistake is refused by the database, as a GET is."""
    import sqlalchemy as sa

    from framework import provides
    from framework.sqlalchemy import Database

    metadata = sa.MetaData()
    table = sa.Table("pet", metadata, sa.Column("id", sa.Integer, primary_key=True))
    db = Database("sqlite://", metadata=metadata)
    app = App("written")

    def write(session, search):
        session.execute(table.insert(), {"id": len(search["near"])})
        return search

    marked = provides(db.session)(arguments(NearSchema)(response(200, NearSchema)(write)))
    app.add_url_rule("/pets", "write", marked, methods=["QUERY", "POST"])
    with app.provide(db.engine) as engine:
        metadata.create_all(engine)
    client = app.test_client()
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert client.query("/pets", json={"near": [1.0]}).status_code == 500
    assert client.post("/pets", json={"near": [1.0]}).status_code == 200
