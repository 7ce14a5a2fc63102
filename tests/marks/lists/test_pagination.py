"""``paginate``: lists in parts; how selects are taken is tested in ``test_selects``."""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import json
import uuid

import flask
import flask_smorest
import marshmallow as ma
import pytest
from flask_smorest.pagination import PaginationParameters as SmorestParameters
from werkzeug.middleware.proxy_fix import ProxyFix

from framework import App, CursorPage, OffsetPage, Page, Resource, Router, Schema, arguments, fields, paginate, response
from framework.errors import SetupError
from framework.marks.lists import PaginationParameters
from framework.marks.lists._cursors import BadCursor, Cursor, Cursors, tagged, untagged


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer()
    name = fields.String()


PETS = [{"id": number, "name": "abc"[number % 3]} for number in range(25)]


def serve(*marks, returned=PETS, schema=PetSchema, path="/pets", **config):
    """A client of an application with a list."""
    app = App(__name__)
    app.config.update({"SECRET_KEY": "only for tests", "TESTING": True, **config})

    def pets(**kwargs):
        return returned() if callable(returned) else returned

    for mark in marks:
        pets = mark(pets)
    app.get(path)(response(200, schema(many=True))(pets))
    return app.test_client()


def links(reply):
    """The links of an answer by their relation."""
    found = {}
    for link in reply.headers.get("Link", "").split(", "):
        if link:
            target, _, relation = link.partition("; ")
            found[relation.removeprefix('rel="').removesuffix('"')] = target.strip("<>")
    return found


def ids(reply):
    """The ids in an answer."""
    assert reply.status_code == 200, reply.text
    return [pet["id"] for pet in (reply.json if isinstance(reply.json, list) else reply.json["items"])]


# As in flask-smorest


def smorest(url, *marks, manual=False):
    """What flask-smorest answers."""
    app = flask.Flask(__name__)
    app.config.update(API_TITLE="x", API_VERSION="1", OPENAPI_VERSION="3.1.0", TESTING=True)
    blp = flask_smorest.Blueprint("pets", "pets")

    class PlainSchema(ma.Schema):
        id = ma.fields.Integer()
        name = ma.fields.String()

    def pets(**kwargs):
        return by_hand(**kwargs) if manual else PETS

    for mark in marks:
        pets = mark(blp)(pets)
    blp.route("/pets")(blp.response(200, PlainSchema(many=True))(pets))
    flask_smorest.Api(app).register_blueprint(blp)
    return app.test_client().get(url)


def by_hand(pagination_parameters):
    """Takes the part of the list itself."""
    pagination_parameters.item_count = 25
    return PETS[pagination_parameters.first_item : pagination_parameters.last_item + 1]


QUERIES = ["", "?page=2", "?page=3", "?page=4", "?page=3&page_size=7", "?page=0", "?page_size=101", "?page=x"]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("sizes", [{}, {"page": 2, "page_size": 5, "max_page_size": 7}])
def test_pages_are_those_of_flask_smorest(query, sizes, fast):
    """With a pager the items, the statuses and the members of X-Pagination are flask-smorest's."""
    theirs = smorest(f"/pets{query}", lambda blp: blp.paginate(flask_smorest.Page, **sizes))
    ours = serve(paginate(Page, **sizes), FAST_PATH=fast).get(f"/pets{query}")

    assert ours.status_code == theirs.status_code
    if ours.status_code == 200:
        assert ours.json == theirs.json
        assert json.loads(ours.headers["X-Pagination"]) == json.loads(theirs.headers["X-Pagination"])
    else:
        assert ours.json["errors"]["query"].keys() == theirs.json["errors"]["query"].keys()


@pytest.mark.parametrize("query", QUERIES)
def test_parameters_are_those_of_flask_smorest(query, fast):
    """Without a pager the handler gets ``pagination_parameters`` and sets ``item_count``."""
    theirs = smorest(f"/pets{query}", lambda blp: blp.paginate(), manual=True)
    app = App(__name__)
    app.config["FAST_PATH"] = fast
    app.get("/pets")(
        response(200, PetSchema(many=True))(paginate()(lambda pagination_parameters: by_hand(pagination_parameters)))
    )
    ours = app.test_client().get(f"/pets{query}")

    assert ours.status_code == theirs.status_code
    if ours.status_code == 200:
        assert ours.json == theirs.json
        assert json.loads(ours.headers["X-Pagination"]) == json.loads(theirs.headers["X-Pagination"])


def test_the_parameters_object():
    """The object has flask-smorest's attributes."""
    ours, theirs = PaginationParameters(3, 10), SmorestParameters(3, 10)

    for name in ("page", "page_size", "first_item", "last_item", "item_count"):
        assert getattr(ours, name) == getattr(theirs, name)


def test_a_pager_of_ones_own():
    """A class derived from Page takes parts of whatever it knows."""

    class Shelf:
        def part(self, first, last):
            return PETS[first : last + 1]

    class ShelfPage(Page):
        @property
        def items(self):
            return self.collection.part(self.page_params.first_item, self.page_params.last_item)

        @property
        def item_count(self):
            return 25

    reply = serve(paginate(ShelfPage, page_size=2), returned=Shelf).get("/pets?page=2")

    assert ids(reply) == [2, 3]
    assert json.loads(reply.headers["X-Pagination"])["total"] == 25


def test_a_forgotten_count_is_warned_about():
    """A handler that does not say how many items there are is warned, and sends no headers."""
    app = App(__name__)
    app.get("/pets")(response(200, PetSchema(many=True))(paginate()(lambda pagination_parameters: [])))

    with pytest.warns(UserWarning, match="item_count"):
        reply = app.test_client().get("/pets")

    assert "X-Pagination" not in reply.headers


# Parameters


BAD = ["page_size=0", "page_size=1e9", "page_size=1000000000", "page=1&page=2", "page=-1", "page=99999999999", "pgae=1"]


@pytest.mark.parametrize("query", BAD)
def test_bad_numbers_are_422(query, fast):
    """A number out of its limits, given twice or misspelt is a 422 that names it."""
    reply = serve(paginate(Page), FAST_PATH=fast).get(f"/pets?{query}")

    assert reply.status_code == 422
    assert list(reply.json["errors"]["query"]) == [query.partition("=")[0]]


def test_limits_are_documented():
    """The document says the limits and the defaults."""
    client = serve(paginate(Page, page_size=20, max_page_size=50))
    told = {each["name"]: each["schema"] for each in client.application.openapi["paths"]["/pets"]["get"]["parameters"]}

    assert told["page_size"] == {"type": "integer", "minimum": 1, "maximum": 50, "default": 20}
    assert told["page"] == {"type": "integer", "minimum": 1, "maximum": 2**31 - 1, "default": 1}


def test_offsets(fast):
    """By offset the members are total, offset, limit and those of the neighbours."""
    client = serve(paginate(OffsetPage), FAST_PATH=fast)
    reply = client.get("/pets?limit=10&offset=5")

    assert ids(reply) == list(range(5, 15))
    assert json.loads(reply.headers["X-Pagination"]) == {
        "total": 25, "offset": 5, "limit": 10, "previous_offset": 0, "next_offset": 15
    }  # fmt: skip
    assert links(reply) == {
        "first": "/pets?offset=0&limit=10",
        "prev": "/pets?offset=0&limit=10",
        "next": "/pets?offset=15&limit=10",
        "last": "/pets?offset=15&limit=10",
    }
    assert ids(client.get("/pets?offset=2147483647")) == []
    assert client.get("/pets?limit=101").status_code == 422


# Cursors


def test_cursors_walk_both_ways(fast):
    """Links of cursors lead through the whole list and back."""
    client = serve(paginate(CursorPage, order_by="-name", page_size=4), FAST_PATH=fast)
    path, forward = "/pets", []
    while path:
        reply = client.get(path)
        forward += ids(reply)
        path = links(reply).get("next")
    path, backward = links(client.get("/pets"))["last"], []
    while path:
        reply = client.get(path)
        backward = ids(reply) + backward
        path = links(reply).get("prev")

    assert forward == backward == [pet["id"] for pet in sorted(PETS, key=lambda p: (p["name"], p["id"]), reverse=True)]


def test_cursors_hold_while_items_come_and_go():
    """A walk neither skips nor repeats what is there all the time."""
    pets, found, fresh = list(PETS), [], itertools.count(100)
    client = serve(paginate(CursorPage, order_by="name", page_size=4), returned=lambda: pets)
    path, gone = "/pets", set()
    while path:
        reply = client.get(path)
        found += ids(reply)
        path = links(reply).get("next")
        gone |= {found[0], found[-1]}
        pets = [pet for pet in pets if pet["id"] not in gone] + [{"id": next(fresh), "name": "a"}]

    assert [each for each in found if each < 100] == [pet["id"] for pet in sorted(PETS, key=lambda p: p["name"])]


def cursor_of(client, path="/pets"):
    """The next cursor of a list."""
    return links(client.get(path))["next"].partition("cursor=")[2]


def test_bad_cursors_are_422(fast):
    """A text that is not a cursor, one that was changed, and one of another key are refused by name."""
    client = serve(paginate(CursorPage), FAST_PATH=fast)
    good = cursor_of(client)
    other = cursor_of(serve(paginate(CursorPage), FAST_PATH=fast, SECRET_KEY="another"))
    head, _, signature = good.partition(".")
    texts = [
        "x",
        "",
        ".",
        "a.b",
        "%E2%82%AC",
        good[:-2],
        f"A{good[1:]}",
        f"{head}.",
        f".{signature}",
        other,
        "a" * 3000,
    ]
    for text in texts:
        reply = client.get(f"/pets?cursor={text}")

        assert reply.status_code == 422, text
        assert list(reply.json["errors"]["query"]) == ["cursor"]
    assert client.get(f"/pets?cursor={good}").status_code == 200
    assert client.get(f"/pets?cursor={good}&cursor={good}").status_code == 422


def test_a_cursor_belongs_to_its_request():
    """A cursor of another address, another filter or another operation is refused; another size is not."""
    app = App(__name__)
    app.config["SECRET_KEY"] = "only for tests"
    for path in ("/<int:owner>/pets", "/<int:owner>/toys"):

        @app.get(path, endpoint=path.rpartition("/")[2])
        @arguments({"kind": fields.String()}, location="query")
        @paginate(CursorPage)
        @response(200, PetSchema(many=True))
        def things(query, owner):
            return PETS

    client = app.test_client()
    cursor = cursor_of(client, "/1/pets?kind=dog")

    assert client.get(f"/1/pets?kind=dog&page_size=3&cursor={cursor}").status_code == 200
    for path in ("/2/pets?kind=dog", "/1/pets?kind=cat", "/1/pets?", "/1/toys?kind=dog"):
        reply = client.get(f"{path}&cursor={cursor}")

        assert reply.status_code == 422
        assert "another request" in reply.json["errors"]["query"]["cursor"][0]


def test_old_keys_read_cursors():
    """A cursor signed with a key that is a fallback now is read; with one that is gone it is not."""
    cursor = cursor_of(serve(paginate(CursorPage), SECRET_KEY="old"))
    turned = serve(paginate(CursorPage), SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"])

    assert turned.get(f"/pets?cursor={cursor}").status_code == 200
    assert serve(paginate(CursorPage), SECRET_KEY="new").get(f"/pets?cursor={cursor}").status_code == 422


def test_cursors_need_a_secret_key():
    """Without a secret key the application does not start."""
    with pytest.raises(SetupError, match="SECRET_KEY"):
        serve(paginate(CursorPage), SECRET_KEY=None).application.freeze()


VALUES = [
    *(None, True, 0, -3, 2**70, 1.5, "ä.\0", b"\xff"),
    *(dt.datetime(2020, 1, 1, 2, 3, 4, 567891, dt.UTC), dt.datetime(2020, 1, 1), dt.date(2020, 1, 1), dt.time(1, 2)),
    *(decimal.Decimal("1.10"), uuid.UUID(int=5), dt.timedelta(days=1, microseconds=-1)),
]


def test_values_survive_cursors():
    """Values come back from a cursor as they were, with their types."""
    cursors = Cursors(["key"], ["place"])
    cursor = Cursor(tuple(VALUES), backward=True)
    again = cursors.read(cursors.write(cursor))

    assert again == cursor
    assert [type(value) for value in again.position] == [type(value) for value in VALUES]


def test_values_that_cursors_refuse():
    """What cannot be read again, or makes an address too long, is the developer's mistake."""
    for value in (float("nan"), object(), ["a"]):
        with pytest.raises(TypeError, match="cannot hold"):
            tagged(value)
    with pytest.raises(TypeError, match="longer than"):
        Cursors(["key"], []).write(Cursor(("a" * 3000,)))
    with pytest.raises(BadCursor):
        Cursors(["key"], ["b"]).read(Cursors(["key"], ["a"]).write(Cursor((1,))))
    assert untagged(tagged(PETS[0]["name"])) == "a"


def test_another_number_of_keys_is_a_bad_cursor():
    """A cursor from before the key of the list was changed is refused."""
    app_keys = [serve(paginate(CursorPage, key=key), returned=PETS) for key in (("id",), ("id", "name"))]
    cursor = cursor_of(app_keys[0])

    assert app_keys[1].get(f"/pets?cursor={cursor}").status_code == 422


# Links


def test_links_keep_the_query():
    """Links repeat what else was asked for, escaped."""
    client = serve(
        arguments({"q": fields.String(), "t": fields.List(fields.String())}, location="query", as_kwargs=True),
        paginate(Page),
    )
    reply = client.get("/pets", query_string={"q": 'a&b">; rel="x', "t": ["1", "ü"], "page_size": "3"})

    assert links(reply)["next"] == "/pets?q=a%26b%22%3E%3B+rel%3D%22x&t=1&t=%C3%BC&page=2&page_size=3"
    assert client.get(links(reply)["next"]).status_code == 200


def test_links_behind_a_prefix():
    """Behind a proxy that strips a prefix, links have it; no host is in them."""
    client = serve(paginate(Page), path="/ü/pets")
    app = client.application
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)
    reply = client.get("/ü/pets", headers={"X-Forwarded-Prefix": "/shop", "Host": "evil.example"})

    assert links(reply)["next"] == "/shop/%C3%BC/pets?page=2&page_size=10"


def test_a_very_long_query_has_no_links():
    """A query string that would make the header larger than servers take is not repeated."""
    client = serve(arguments({"q": fields.String()}, location="query", as_kwargs=True), paginate(Page))
    reply = client.get(f"/pets?q={'x' * 2100}")

    assert ids(reply) == list(range(10))
    assert "Link" not in reply.headers


def test_headers_can_be_chosen():
    """Each header can be left out, and the one with the metadata named."""
    reply = serve(paginate(Page, links=False, header="X-Page")).get("/pets")
    bare = serve(paginate(Page, links=False, header=None)).get("/pets")

    assert "X-Page" in reply.headers
    assert not {"Link", "X-Pagination"} & set(bare.headers.keys())


# Envelopes


@pytest.mark.parametrize(
    ("pager", "name", "metadata"),
    [
        (Page, "PetPage", "PaginationMetadata"),
        (OffsetPage, "PetOffsetPage", "OffsetMetadata"),
        (CursorPage, "PetCursorPage", "CursorMetadata"),
    ],
)
def test_an_envelope_is_a_component(pager, name, metadata, fast):
    """The list stands in an object whose component has a name that stays."""
    client = serve(paginate(pager, envelope="pets"), FAST_PATH=fast)
    reply = client.get("/pets")
    document = client.application.openapi
    content = document["paths"]["/pets"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]

    assert [pet["id"] for pet in reply.json["pets"]] == list(range(10))
    assert "X-Pagination" not in reply.headers
    assert content == {"$ref": f"#/components/schemas/{name}"}
    assert document["components"]["schemas"][name]["required"] == ["pets", "pagination"]
    assert metadata in document["components"]["schemas"]


def test_envelopes_share_a_component():
    """Two lists of one schema in the same envelope share it."""
    app = App(__name__)
    for path in ("a", "b"):
        app.get(f"/{path}", endpoint=path)(
            paginate(Page, envelope=True)(response(200, PetSchema(many=True))(lambda: PETS))
        )

    assert [name for name in app.openapi["components"]["schemas"] if "Pet" in name] == ["Pet", "PetPage"]


def test_an_envelope_of_what_has_no_name():
    """A list of a part of a schema stands in an object without a name."""
    client = serve(paginate(Page, envelope=True), schema=lambda **kw: PetSchema(only=("id",), **kw))
    schema = client.application.openapi["paths"]["/pets"]["get"]["responses"]["200"]["content"]["application/json"]

    assert client.get("/pets?page_size=1").json["items"] == [{"id": 0}]
    assert "$ref" not in schema["schema"]


# Where it stands


def test_the_order_of_marks_is_no_matter(fast):
    """Wherever the mark stands among others, the answer is the same."""
    marks = [paginate(Page, envelope=True), arguments({"q": fields.String()}, location="query", as_kwargs=True)]
    answers = [serve(*order, FAST_PATH=fast).get("/pets?page=2&q=x").json for order in itertools.permutations(marks)]
    app = App(__name__)
    app.get("/pets")(marks[0](response(200, PetSchema(many=True))(lambda: PETS)))

    assert answers[0] == answers[1] == app.test_client().get("/pets?page=2").json


def test_values_with_headers_and_responses(fast):
    """A list may come with a status or headers; a finished response passes."""
    client = serve(
        paginate(Page, page_size=1), returned=lambda: (iter(PETS), {"Cache-Control": "no-store"}), FAST_PATH=fast
    )
    reply = client.get("/pets")

    assert (ids(reply), reply.headers["Cache-Control"]) == ([0], "no-store")
    assert json.loads(reply.headers["X-Pagination"])["total"] == 25
    app = App(__name__)
    app.get("/pets")(paginate(Page)(response(200, PetSchema(many=True))(lambda: app.json.response([]))))
    assert "X-Pagination" not in app.test_client().get("/pets").headers


def test_a_router_may_page_all_its_lists():
    """Given to a router the mark pages its lists and nothing else; the nearest counts."""
    router = Router("pets", marks=[paginate(Page, page_size=3)])

    @router.route("/pets")
    class Pets(Resource):
        @response(200, PetSchema(many=True))
        def get(self):
            return PETS

        @response(200, PetSchema(many=True))
        def post(self):
            return PETS

    @router.route("/pet")
    class Pet(Resource):
        @response(200, PetSchema)
        def get(self):
            return PETS[0]

    @router.route("/near")
    class Near(Resource):
        @paginate(OffsetPage)
        @response(200, PetSchema(many=True))
        def get(self):
            return PETS

    app = App(__name__)
    app.register_router(router)
    client = app.test_client()

    assert ids(client.get("/pets")) == [0, 1, 2]
    assert len(client.post("/pets").json) == 25
    assert client.get("/pet").json["id"] == 0
    assert ids(client.get("/near?limit=2")) == [0, 1]


def test_what_is_no_collection_is_explained():
    """A value that has no parts says what can be returned."""
    with pytest.raises(TypeError, match="is not a collection"):
        serve(paginate(Page), returned=lambda: {"id": 1}).get("/pets")


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (lambda: paginate(int), "not a pager"),
        (lambda: paginate(Page, page_size=0), "at least 1"),
        (lambda: paginate(Page, page_size=20, max_page_size=10), "no greater"),
    ],
)
def test_wrong_numbers_are_refused_at_once(mark, words):
    """What cannot be is refused where it is written."""
    with pytest.raises(SetupError, match=words):
        mark()
    with pytest.raises(TypeError, match="unknown options: colour"):
        paginate(Page, colour="red")


def test_marks_without_a_list_are_refused():
    """A pager without a list, an envelope without a pager, and a handler without a place are mistakes."""
    cases = [
        (paginate(Page)(response(200, PetSchema)(lambda: PETS)), "no list"),
        (paginate()(response(200, PetSchema(many=True))(lambda: PETS)), "pagination_parameters"),
        (paginate(envelope=True)(response(200, PetSchema(many=True))(lambda pagination_parameters: PETS)), "no pager"),
    ]
    for view, words in cases:
        app = App(__name__)
        app.add_url_rule("/pets", "pets", view)

        with pytest.raises(SetupError, match=words):
            app.freeze()
