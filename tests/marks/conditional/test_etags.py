"""``etag``, ``check_etag`` and ``set_etag``: versions of answers, and requests that depend on them."""

from __future__ import annotations

import datetime as dt
import decimal
import hashlib
import itertools
import uuid

import pytest
from marshmallow import post_dump

from framework import (
    App,
    CursorPage,
    OffsetPage,
    Page,
    Resource,
    Response,
    Router,
    Schema,
    arguments,
    cache_control,
    check_etag,
    etag,
    fields,
    paginate,
    produces,
    response,
    send_file,
    set_etag,
    sparse,
)
from framework.errors import ContractViolation, SetupError
from framework.http.media import MessagePack
from framework.marks.base import Mark, Phase, ReplyStep, Step
from framework.marks.security import loads
from framework.openapi.document import document_of
from tests.answers import without_id

STAMP = dt.datetime(2026, 1, 2, 3, 4, 5, 600_000, tzinfo=dt.UTC)
DATE = "Fri, 02 Jan 2026 03:04:05 GMT"
JSON, MSGPACK = "application/json", "application/msgpack"
EARLIER, LATER = "Fri, 02 Jan 2026 03:04:04 GMT", "Fri, 02 Jan 2026 03:04:06 GMT"


class PetSchema(Schema):
    """A pet."""

    name = fields.String(required=True)


class NumberedSchema(PetSchema):
    """A pet with a number, by which cursors go on."""

    id = fields.Integer()


class CountedSchema(PetSchema):
    """A pet whose dumps are counted."""

    dumps = 0

    @post_dump
    def count(self, data, **kwargs):
        """Count."""
        type(self).dumps += 1
        return data


class Pet:
    """A pet as a database has it."""

    def __init__(self, name, version=1, changed=STAMP):
        self.name, self.version, self.changed = name, version, changed


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def app(request):
    """An application with and without generated functions."""
    app = App("etags")
    app.config["FAST_PATH"] = request.param
    CountedSchema.dumps = 0
    return app


@pytest.fixture
def client(app):
    """Its client."""
    return app.test_client()


@pytest.fixture
def store(app):
    """Pets whose tags are made of bytes; writes are checked by their handlers."""
    store = {1: {"name": "Rex"}}

    @app.route("/pets/<int:pet_id>")
    class PetResource(Resource):
        @etag
        @response(200, PetSchema)
        def get(self, pet_id):
            return store[pet_id]

        @etag
        @arguments(PetSchema)
        @response(200, PetSchema)
        def put(self, data, pet_id):
            check_etag(store[pet_id])
            store[pet_id] = data
            return data

        @etag
        @response(204)
        def delete(self, pet_id):
            check_etag(store[pet_id])
            del store[pet_id]

    return store


@pytest.fixture
def versioned(app):
    """Pets with a version, found by a loader; the names of the handlers that were called."""
    pets, called = {1: Pet("Rex")}, []

    @app.route("/pets/<int:pet_id>")
    @loads(lambda pet_id: pets.get(pet_id))
    @etag(version="version", last_modified="changed")
    class PetResource(Resource):
        @response(200, CountedSchema)
        def get(self, pet):
            called.append("get")
            return pet

        @arguments(PetSchema)
        @response(200, CountedSchema)
        def put(self, pet, data):
            called.append("put")
            pet.name, pet.version = data["name"], pet.version + 1
            return pet

        @response(204)
        def delete(self, pet):
            called.append("delete")
            del pets[1]

    return pets, called


def test_the_tag_is_made_of_the_bytes_that_leave(client, store):
    """A strong tag, another one for other bytes, on HEAD too."""
    first = client.get("/pets/1")
    store[1] = {"name": "Tom"}
    second = client.get("/pets/1")

    assert first.headers["ETag"] == f'"{hashlib.sha256(first.data).hexdigest()[:32]}"'
    assert second.headers["ETag"] == f'"{hashlib.sha256(second.data).hexdigest()[:32]}"' != first.headers["ETag"]
    assert client.head("/pets/1").headers["ETag"] == second.headers["ETag"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("spelt", ["{}", "W/{}", '"other", {}', "*"])
def test_304_for_who_has_it(client, store, method, spelt):
    """A client that has the bytes already is told so, without a body and without what describes one."""
    tag = client.get("/pets/1").headers["ETag"]
    reply = client.open("/pets/1", method=method, headers={"If-None-Match": spelt.format(tag)})

    assert (reply.status_code, reply.data) == (304, b"")
    assert without_id(reply.headers) == {"ETag": tag}


def test_200_for_who_has_another(client, store):
    """Another tag brings the answer."""
    assert client.get("/pets/1", headers={"If-None-Match": '"other"'}).status_code == 200


def test_304_repeats_what_caches_want_to_know(app, client):
    """Cache-Control, Vary, Expires and Content-Location are those of the 200; Content-Language is not repeated."""

    @app.get("/")
    @cache_control(public=True, max_age=60, vary="Accept-Language")
    @etag
    @response(200, PetSchema)
    def show():
        headers = {"Expires": "x", "Content-Location": "/x", "Content-Language": "de", "Last-Modified": DATE}
        return {"name": "Rex"}, headers

    whole = client.get("/")
    reply = client.get("/", headers={"If-None-Match": whole.headers["ETag"]})

    assert reply.status_code == 304
    names = {"ETag", "Cache-Control", "Vary", "Expires", "Content-Location"}
    assert without_id(reply.headers) == {name: whole.headers[name] for name in names}


def test_a_get_may_ask_for_one_version_alone(client, store):
    """``If-Match`` on a GET is a 412 for another version, and nothing for the current one."""
    tag = client.get("/pets/1").headers["ETag"]

    assert client.get("/pets/1", headers={"If-Match": tag}).status_code == 200
    reply = client.get("/pets/1", headers={"If-Match": '"other"'})
    assert (reply.status_code, reply.json["code"]) == (412, "precondition_failed")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_write_must_name_a_version(client, store, method):
    """428 without ``If-Match``, before anything else of the request is looked at."""
    for headers in ({}, {"If-None-Match": "*"}, {"If-Unmodified-Since": DATE}):
        reply = client.open("/pets/1", method=method, data=b"{", headers=headers)

        assert (reply.status_code, reply.json["code"]) == (428, "precondition_required")
    assert store == {1: {"name": "Rex"}}


@pytest.mark.parametrize("method, status", [("PUT", 200), ("DELETE", 204)])
def test_a_write_of_the_current_version(client, store, method, status):
    """The current tag, or any by ``*``, lets the write through; another, or a weak one, is a 412."""
    tag = client.get("/pets/1").headers["ETag"]

    def write(value):
        body = {"name": "Rex"} if method == "PUT" else None
        return client.open("/pets/1", method=method, json=body, headers={"If-Match": value}).status_code

    assert [write('"other"'), write("W/" + tag), write('"other", W/"x"')] == [412, 412, 412]
    assert store == {1: {"name": "Rex"}}
    assert write(f'"other", {tag}') == status
    store[1] = {"name": "Tom"}
    assert write("*") == status


def test_the_second_of_two_writers_gets_412(client, store):
    """The answer to a write carries the new tag, and the old one is good no more."""
    tag = client.get("/pets/1").headers["ETag"]
    first = client.put("/pets/1", json={"name": "Tom"}, headers={"If-Match": tag})
    second = client.put("/pets/1", json={"name": "Ann"}, headers={"If-Match": tag})

    assert (first.status_code, second.status_code) == (200, 412)
    assert first.headers["ETag"] == client.get("/pets/1").headers["ETag"]
    assert client.put("/pets/1", json={"name": "Ann"}, headers={"If-Match": first.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize("name", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize("value", ["abc", '"a', '"a" "b"', "", '*, "a"', "\xe9" * 100, '"a",' * 5000 + "x"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_malformed_headers(client, store, name, value, method):
    """A list of tags that is none is a 400 that names the header."""
    reply = client.open("/pets/1", method=method, headers={"If-Match": "*", name: value})

    assert reply.status_code == 400
    assert name in reply.json["detail"]


def test_malformed_dates_are_passed_over(app, client, versioned):
    """A date that is none is not a condition."""
    for name in ("If-Modified-Since", "If-Unmodified-Since"):
        assert client.get("/pets/1", headers={name: "yesterday"}).status_code == 200


def test_a_version_needs_neither_handler_nor_dump(client, versioned):
    """With a loaded object 304 and 412 are answered without calling the handler and without dumping."""
    _, called = versioned
    tag = client.get("/pets/1").headers["ETag"]
    assert (called, CountedSchema.dumps) == (["get"], 1)

    assert client.get("/pets/1", headers={"If-None-Match": tag}).status_code == 304
    assert client.head("/pets/1", headers={"If-None-Match": tag}).headers["ETag"] == tag
    assert client.get("/pets/1", headers={"If-Match": '"x"'}).status_code == 412
    assert client.put("/pets/1", json={"name": "Tom"}, headers={"If-Match": '"x"'}).status_code == 412
    assert client.delete("/pets/1", headers={"If-Match": '"x"'}).status_code == 412
    assert client.put("/pets/1", json={"name": "Tom"}).status_code == 428
    assert (called, CountedSchema.dumps) == (["get"], 1)


def test_a_version_of_the_returned_object_needs_no_dump(app, client):
    """Without a loader the handler is called, and what it returns is not dumped for a 304 or 412."""
    pet = Pet("Rex")

    @app.get("/")
    @etag(version="version")
    @response(200, CountedSchema, headers={"X-Seen": fields.String()})
    def show():
        return pet, {"X-Seen": "yes", "Vary": "Accept"}

    whole = client.get("/")
    same = client.get("/", headers={"If-None-Match": whole.headers["ETag"]})

    assert same.status_code == 304
    assert without_id(same.headers) == {"ETag": whole.headers["ETag"], "X-Seen": "yes", "Vary": "Accept"}
    assert client.get("/", headers={"If-Match": '"x"'}).status_code == 412
    assert CountedSchema.dumps == 1


def test_writes_by_version(client, versioned):
    """The mark itself checks a write, and the answer carries the tag of the new version."""
    pets, _ = versioned
    tag = client.get("/pets/1").headers["ETag"]
    reply = client.put("/pets/1", json={"name": "Tom"}, headers={"If-Match": tag})

    assert (reply.status_code, pets[1].name) == (200, "Tom")
    assert reply.headers["ETag"] == client.get("/pets/1").headers["ETag"] != tag
    assert client.delete("/pets/1", headers={"If-Match": tag}).status_code == 412
    assert client.delete("/pets/1", headers={"If-Match": reply.headers["ETag"]}).status_code == 204
    assert client.get("/pets/1", headers={"If-None-Match": "*"}).status_code == 404
    assert client.put("/pets/1", json={"name": "Tom"}, headers={"If-Match": "*"}).status_code == 404


def test_versions_that_differ_have_tags_that_differ(app):
    """Attributes, members, several of them and functions; a moment is the same in every time zone."""
    row, client = {"name": "Rex"}, app.test_client(contract=False)

    for number, version in enumerate(["a", ("a", "b"), lambda found: found["a"]]):
        app.add_url_rule(
            f"/{number}",
            f"show{number}",
            etag(version=version)(response(200, PetSchema)(lambda: {"name": "Rex", **row})),
        )

    def tags(**values):
        row.clear()
        row.update(values)
        return [client.get(f"/{number}").headers["ETag"] for number in range(3)]

    paris = dt.timezone(dt.timedelta(hours=1))
    first, second = tags(a=STAMP, b="1"), tags(a=STAMP.astimezone(paris), b="1")
    assert first == second
    seen = [first, tags(a=STAMP + dt.timedelta(microseconds=1), b="1"), tags(a=1, b="12"), tags(a=11, b="2")]
    seen += [tags(a=(1, 1), b="2"), tags(a=b"\xff", b="2"), tags(a=None, b="2"), tags(a="\ud800", b="2")]
    for each in zip(*seen, strict=True):
        assert len(set(each)) == len(seen)


def test_an_object_without_the_version(app, client):
    """A GET that returns something else fails, and says what to do."""
    app.testing = True

    @app.get("/")
    @etag(version="version")
    @response(200, PetSchema(many=True))
    def show():
        return [{"name": "Rex"}]

    with pytest.raises(TypeError, match=r"show \(GET /\) found no version on 'list'.* give 'version' a function"):
        client.get("/")


def test_a_function_gets_the_loaded_object(app, client):
    """Also where the handler returns something else, and where it writes."""
    pet = Pet("Rex")

    @app.route("/<int:pet_id>")
    @loads(lambda pet_id: pet)
    @etag(version=lambda pet: pet.version, last_modified=lambda pet: pet.changed)
    class PetResource(Resource):
        @response(200)
        def get(self, pet):
            return {"pet": pet.name}

        @response(200)
        def put(self, pet):
            pet.version += 1
            return {"pet": pet.name}

        @response(200)
        def patch(self, pet):
            """Write past the object."""
            return {"pet": pet.name}

    first = client.get("/1")
    written = client.put("/1", headers={"If-Match": first.headers["ETag"]})

    assert first.headers["Last-Modified"] == DATE
    assert written.headers["ETag"] == client.get("/1").headers["ETag"] != first.headers["ETag"]
    assert "ETag" not in client.patch("/1", headers={"If-Match": "*"}).headers


def test_last_modified(client, versioned):
    """``Last-Modified`` in whole seconds, and the conditions that ask for it."""
    reply = client.get("/pets/1")

    assert reply.headers["Last-Modified"] == DATE
    for sent, status in [(EARLIER, 200), (DATE, 304), (LATER, 304)]:
        assert client.get("/pets/1", headers={"If-Modified-Since": sent}).status_code == status
    for sent, status in [(EARLIER, 412), (DATE, 200)]:
        assert client.get("/pets/1", headers={"If-Unmodified-Since": sent}).status_code == status
    # A tag says more than a date.
    headers = {"If-None-Match": '"x"', "If-Modified-Since": LATER}
    assert client.get("/pets/1", headers=headers).status_code == 200


def test_last_modified_without_a_version(app, client):
    """A date beside a tag of the bytes; naive datetimes are in UTC, and nothing was changed in the future."""
    pet = Pet("Rex", changed=STAMP.replace(tzinfo=None))

    @app.get("/")
    @etag(last_modified="changed")
    @response(200, PetSchema)
    def show():
        return pet

    assert client.get("/").headers["Last-Modified"] == DATE
    assert client.get("/", headers={"If-Modified-Since": DATE}).status_code == 304
    pet.changed = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    told = client.get("/").headers["Last-Modified"]
    assert dt.datetime.strptime(told, "%a, %d %b %Y %H:%M:%S GMT") <= dt.datetime.now(dt.UTC).replace(tzinfo=None)
    pet.changed = None
    assert "Last-Modified" not in client.get("/", headers={"If-Modified-Since": DATE}).headers


def test_each_representation_has_its_tag(client, app):
    """Another query is another representation; a write may name any representation of the current state."""
    pet = Pet("Rex")

    @app.route("/<int:pet_id>")
    @loads(lambda pet_id: pet)
    @etag(version="version")
    class PetResource(Resource):
        @arguments({"words": fields.String()}, location="query")
        @response(200)
        def get(self, pet, query):
            return {**query, "name": pet.name}

        @response(200)
        def put(self, pet):
            return {}

    plain, one, other = (client.get(path).headers["ETag"] for path in ("/1", "/1?words=a", "/1?words=b"))

    assert len({plain, one, other}) == 3
    assert client.get("/1?words=a", headers={"If-None-Match": one}).status_code == 304
    assert client.get("/1?words=b", headers={"If-None-Match": one}).status_code == 200
    assert client.get("/1", headers={"If-None-Match": one}).status_code == 200
    for tag in (plain, one, other):
        assert client.put("/1", headers={"If-Match": tag}).status_code == 200
    pet.version = 2
    for tag in (plain, one, other):
        assert client.put("/1", headers={"If-Match": tag}).status_code == 412


def test_what_is_negotiated_is_in_the_tag(app, client):
    """A header that a mark names in ``varies``, and Accept where there are several media types, make other tags."""
    pet = Pet("Rex")

    @app.get("/<int:pet_id>")
    @loads(lambda pet_id: pet)
    @cache_control(vary="Accept-Language")
    @etag(version="version")
    @response(200)
    def show(pet):
        return {}

    tags = {client.get("/1", headers={"Accept-Language": each}).headers["ETag"] for each in ("de", "en")}
    same = {client.get("/1", headers={"Accept": each}).headers["ETag"] for each in ("a/b", "c/d")}

    assert (len(tags), len(same)) == (2, 1)


@pytest.mark.parametrize("mark", [etag, etag(version="version")], ids=["bytes", "version"])
def test_beside_partial_answers_and_media_types(app, client, mark):
    """What ``sparse`` leaves out and ``produces`` writes otherwise has a tag of its own, and its own 304."""
    pet = Pet("Rex")

    class VersionedSchema(PetSchema):
        version = fields.Integer()

    @app.get("/")
    @mark
    @sparse()
    @produces(MessagePack())
    @response(200, VersionedSchema)
    def show():
        return pet

    asked = [("/", JSON), ("/?fields=name", JSON), ("/", MSGPACK), ("/?fields=name", MSGPACK)]
    whole = [client.get(path, headers={"Accept": kind}) for path, kind in asked]
    tags = [reply.headers["ETag"] for reply in whole]

    assert len({reply.data for reply in whole}) == len(set(tags)) == 4
    for tag in tags:
        found = [
            client.get(path, headers={"Accept": kind, "If-None-Match": tag}).status_code == 304 for path, kind in asked
        ]
        assert found == [each == tag for each in tags]
    same = client.get("/", headers={"Accept": MSGPACK, "If-None-Match": tags[2]})
    assert without_id(same.headers) == {"ETag": tags[2], "Vary": "Accept"}


def test_media_types_with_the_same_bytes(app, client):
    """Two media types never share a tag (RFC 9110, section 8.8.3)."""

    @app.get("/<kind>")
    @etag
    def show(kind):
        return Response("1", mimetype=f"text/{kind}")

    assert client.get("/plain").headers["ETag"] != client.get("/csv").headers["ETag"]


def test_weak_tags(app, client):
    """A weak tag is good for 304, and refused where a write would need it."""

    @app.get("/")
    @etag(weak=True)
    @response(200, PetSchema)
    def show():
        return {"name": "Rex"}

    tag = client.get("/").headers["ETag"]
    assert tag.startswith('W/"')
    assert client.get("/", headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/", headers={"If-None-Match": tag.removeprefix("W/")}).status_code == 304
    assert client.get("/", headers={"If-Match": tag}).status_code == 412

    broken = App("broken")
    broken.add_url_rule("/", view_func=etag(weak=True)(response(204)(show)), methods=["PUT"])
    with pytest.raises(SetupError, match=r"show \(PUT /\) has a weak etag"):
        broken.freeze()


def test_conditions_may_be_left_out(app, client):
    """``required=False`` lets a write without a condition through, and checks the others."""
    pet = Pet("Rex")

    @app.put("/<int:pet_id>")
    @loads(lambda pet_id: pet)
    @etag(version="version", last_modified="changed", required=False)
    @response(204)
    def change(pet):
        return None

    assert client.put("/1").status_code == 204
    assert client.put("/1", headers={"If-Match": '"x"'}).status_code == 412
    assert client.put("/1", headers={"If-Unmodified-Since": EARLIER}).status_code == 412
    assert client.put("/1", headers={"If-Unmodified-Since": DATE}).status_code == 204
    assert client.put("/1", headers={"If-None-Match": "*"}).status_code == 412


def test_create_or_replace(app, client):
    """``If-None-Match: *`` makes what is not there and nothing else; ``If-Match`` changes what is."""
    store = {}

    @app.put("/<name>")
    @etag(create=True)
    @response(200)
    @response(201)
    def put(name):
        check_etag(store.get(name))
        status = 200 if name in store else 201
        store[name] = {"n": len(store)}
        return store[name], status

    assert client.put("/a").status_code == 428
    assert client.put("/a", headers={"If-None-Match": '"x"'}).status_code == 428
    assert client.put("/a", headers={"If-Match": "*"}).status_code == 412
    made = client.put("/a", headers={"If-None-Match": "*"})
    assert made.status_code == 201
    assert client.put("/a", headers={"If-None-Match": "*"}).status_code == 412
    assert client.put("/a", headers={"If-Match": made.headers["ETag"]}).status_code == 200


def test_post_is_open_and_names_what_it_made(app, client):
    """POST needs no condition; 201 carries the tag of the new thing, the answer to an action none."""

    @app.post("/<int:status>")
    @etag
    @response(200, PetSchema)
    @response(201, PetSchema)
    def post(status):
        return {"name": "Rex"}, status

    assert "ETag" in client.post("/201").headers
    assert "ETag" not in client.post("/200", headers={"If-Match": '"x"'}).headers


def test_post_may_be_guarded(app, client):
    """``required=True`` holds an action to a version."""
    pet = Pet("Rex")

    @app.post("/<int:pet_id>/feed")
    @loads(lambda pet_id: pet)
    @etag(version="version", required=True)
    @response(204)
    def feed(pet):
        return None

    assert client.post("/1/feed").status_code == 428
    assert client.post("/1/feed", headers={"If-Match": '"x"'}).status_code == 412


def test_forgetting_to_check_is_a_violation(app, client, caplog):
    """A guarded write that nobody has checked fails the test, and is logged once in production."""

    @app.put("/")
    @etag
    @response(204)
    def put():
        return None

    with pytest.raises(ContractViolation, match=r"put answered 204 without having looked (?s:.*) Call check_etag"):
        client.put("/", headers={"If-Match": '"x"'})

    other = App("production")
    other.add_url_rule("/", view_func=put, methods=["PUT"])
    unchecked = other.test_client(contract=False)
    for _ in range(2):
        assert unchecked.put("/", headers={"If-Match": '"x"'}).status_code == 204
    assert [record.getMessage().startswith("test_forgetting") for record in caplog.records] == [True]


class Replay(Mark):
    """Answers in place of the handler."""

    def run(self, plan):
        yield Step(Phase.IDEMPOTENCY, lambda ctx, call: Response("{}", mimetype="application/json"))


def test_an_answer_in_place_of_the_handler_needs_no_check(app, client):
    """What an earlier step answers has written nothing."""

    @app.put("/")
    @Replay()
    @etag
    @response(200)
    def put():
        return {}

    assert client.put("/", headers={"If-Match": '"x"'}).status_code == 200


def test_a_refused_write_needs_no_check(app, client):
    """A handler that answers with an error before it checks has written nothing."""

    @app.put("/")
    @etag
    @response(204)
    @response(409, PetSchema)
    def put():
        return {"name": "Rex"}, 409

    assert client.put("/", headers={"If-Match": '"x"'}).status_code == 409


def test_set_etag_ends_a_get(app, client):
    """``set_etag`` says what the tag is made of; a client that has it gets its 304 at once, with the marks' headers."""
    reached = []

    class VersionSchema(Schema):
        """A version."""

        version = fields.Integer()

    @app.route("/")
    class PetResource(Resource):
        @cache_control(no_cache=True)
        @etag
        @response(200, CountedSchema)
        def get(self):
            set_etag({"version": 1}, VersionSchema)
            reached.append(1)
            return {"name": "Rex"}

        @etag
        @response(200, CountedSchema)
        def put(self):
            check_etag({"version": 1}, VersionSchema())
            set_etag({"version": 2}, VersionSchema)
            return {"name": "Rex"}

    whole = client.get("/")
    same = client.get("/", headers={"If-None-Match": whole.headers["ETag"]})
    written = client.put("/", headers={"If-Match": whole.headers["ETag"]})

    assert (same.status_code, same.data, reached) == (304, b"", [1])
    assert without_id(same.headers) == {"ETag": whole.headers["ETag"], "Cache-Control": "no-cache"}
    assert client.get("/", headers={"If-Match": '"x"'}).status_code == 412
    assert written.headers["ETag"] not in (whole.headers["ETag"], None)
    assert client.put("/", headers={"If-Match": written.headers["ETag"]}).status_code == 412


def test_a_handler_of_all_exceptions_does_not_see_the_end_of_a_get(app, client):
    """The 304 of ``set_etag`` is not an error."""

    @app.get("/")
    @etag
    @response(200)
    def show():
        set_etag({"version": 1})
        return {}

    app.register_error_handler(Exception, lambda error: ("seen", 500))
    tag = client.get("/").headers["ETag"]

    assert client.get("/", headers={"If-None-Match": tag}).status_code == 304


def test_check_etag_dumps_as_get_does(app, client):
    """Without a schema the data is written as GET of the address would, also for a DELETE that shows nothing."""
    pet = Pet("Rex")

    class Shown(Resource):
        @etag
        @response(200, PetSchema)
        def get(self):
            return pet

        @etag
        @response(204)
        def delete(self):
            check_etag(pet)

    app.add_url_rule("/class", view_func=Shown.as_view("shown"))
    app.add_url_rule("/function", "show", etag(response(200, PetSchema)(lambda: pet)))
    app.add_url_rule("/function", "drop", etag(response(204)(lambda: check_etag(pet))), methods=["DELETE"])
    for path in ("/class", "/function"):
        tag = client.get(path).headers["ETag"]

        assert client.delete(path, headers={"If-Match": tag}).status_code == 204
        assert client.delete(path, headers={"If-Match": '"x"'}).status_code == 412


def test_check_etag_reads_the_version(app, client):
    """With a declared version ``check_etag`` takes the object, and dumps nothing."""
    pet = Pet("Rex")

    @app.route("/")
    @etag(version="version")
    class PetResource(Resource):
        @response(200, CountedSchema)
        def get(self):
            return pet

        @response(204)
        def put(self):
            check_etag(pet)

    tag = client.get("/").headers["ETag"]

    assert client.put("/", headers={"If-Match": tag}).status_code == 204
    assert client.put("/", headers={"If-Match": '"x"'}).status_code == 412
    assert CountedSchema.dumps == 1


def test_check_etag_needs_the_mark(app, client):
    """Outside of an operation with the mark there is nothing to check."""
    app.testing = True

    @app.get("/")
    def show():
        check_etag({})

    with pytest.raises(RuntimeError, match=r"check_etag was called in a handler without an etag mark"):
        client.get("/")


def test_switched_off(app, client, store):
    """``ETAG_DISABLED`` takes tags, conditions and their words in the document away."""
    app.config["ETAG_DISABLED"] = True
    reply = client.get("/pets/1", headers={"If-None-Match": "*"})

    assert reply.status_code == 200
    assert "ETag" not in reply.headers
    assert client.put("/pets/1", json={"name": "Tom"}).status_code == 200
    assert set(app.openapi["paths"]["/pets/{pet_id}"]["put"]["responses"]).isdisjoint({"412", "428"})


def test_files_keep_the_conditions_of_werkzeug(app, client, tmp_path):
    """A file has its own tag, ranges and 304, with the mark and without."""
    (tmp_path / "a.txt").write_text("hello")

    @app.get("/plain")
    def plain():
        return send_file(tmp_path / "a.txt")

    @app.get("/marked")
    @etag
    def marked():
        return send_file(tmp_path / "a.txt")

    for path in ("/plain", "/marked"):
        with client.get(path) as whole:
            tag = whole.headers["ETag"]
            assert whole.data == b"hello"
        with client.get(path, headers={"If-None-Match": tag}) as same:
            assert same.status_code == 304
        with client.get(path, headers={"Range": "bytes=1-2"}) as part:
            assert (part.status_code, part.data) == (206, b"el")


def test_streams(app, client):
    """A stream is not read for a tag; with a version it has one, and is closed when it is not sent."""
    closed = []

    def parts():
        try:
            yield b"a"
        finally:
            closed.append(1)

    @app.get("/bytes")
    @etag
    def by_bytes():
        return Response(parts())

    @app.get("/own")
    @etag
    def own():
        made = Response(parts())
        made.set_etag("x")
        next(made.response)
        return made

    assert "ETag" not in client.get("/bytes", buffered=True).headers
    assert closed == [1]
    assert client.get("/own", headers={"If-None-Match": '"x"'}).status_code == 304
    assert closed == [1, 1]


def test_other_answers_carry_no_tag(app, client):
    """Errors and redirects have no version, and conditions do not make them a 304."""

    @app.get("/<int:status>")
    @etag
    @response(200)
    @response(201)
    @response(303)
    @response(404)
    def show(status):
        return {}, status

    for status in (201, 303, 404):
        reply = client.get(f"/{status}", headers={"If-None-Match": "*"})

        assert reply.status_code == status
        assert "ETag" not in reply.headers


def test_a_tag_of_the_handler_stays(app, client):
    """A handler that sets ``ETag`` itself is taken at its word."""

    @app.get("/")
    @etag
    @response(200)
    def show():
        return {}, {"ETag": '"mine"'}

    assert client.get("/").headers.getlist("ETag") == ['"mine"']
    assert client.get("/", headers={"If-None-Match": '"mine"'}).status_code == 304


class Stamp(Mark):
    """A header of the last phase, and a step of the first."""

    def run(self, plan):
        yield ReplyStep(Phase.HEADERS, lambda ctx, call, reply: reply.headers.set("X-Stamp", "1"))


@pytest.mark.parametrize("order", list(itertools.permutations(range(5))))
def test_the_order_of_marks_means_nothing(order):
    """All orders of the same marks answer the same."""
    pet = Pet("Rex")

    def change(*positional):
        data = next(each for each in positional if isinstance(each, dict))
        pet.name, pet.version = data["name"], pet.version + 1
        return pet

    marks = [
        etag(version="version"),
        loads(lambda pet_id: pet),
        arguments(PetSchema),
        response(200, PetSchema),
        Stamp(),
    ]
    for number in order:
        marks[number](change)
    app = App("order")
    app.add_url_rule("/<int:pet_id>", view_func=change, methods=["PUT"])
    client = app.test_client()

    assert client.put("/1", json={}).status_code == 428
    assert client.put("/1", json={}, headers={"If-Match": '"x"'}).status_code == 422
    assert client.put("/1", json={"name": "Tom"}, headers={"If-Match": '"x"'}).status_code == 412
    reply = client.put("/1", json={"name": "Tom"}, headers={"If-Match": "*"})
    assert (reply.status_code, reply.headers["X-Stamp"]) == (200, "1")
    assert "ETag" in reply.headers


def test_the_nearest_mark_counts(client, app):
    """One on the handler stands in place of those of its class, router and application."""
    pet = Pet("Rex")

    class PetResource(Resource):
        @etag
        @response(200, PetSchema)
        def get(self):
            return pet

        @response(200, PetSchema)
        def put(self):
            check_etag(pet)
            return pet

    router = Router("pets", marks=[etag(version="version")])
    router.add_resource(PetResource, "/pets")
    app.register_router(router)
    reply = client.get("/pets")

    assert reply.headers["ETag"] == f'"{hashlib.sha256(reply.data).hexdigest()[:32]}"'
    assert client.put("/pets", headers={"If-Match": reply.headers["ETag"]}).status_code == 412


def test_what_the_document_says(app, versioned):
    """Parameters, statuses and headers of reads and writes."""
    described = app.openapi["paths"]["/pets/{pet_id}"]
    read, write = described["get"], described["put"]

    def parameters(operation):
        return {each["name"]: each.get("required", False) for each in operation["parameters"] if each["in"] == "header"}

    dates = {"If-Unmodified-Since": False}
    assert parameters(read) == {"If-Match": False, "If-None-Match": False, "If-Modified-Since": False, **dates}
    assert parameters(write) == {"If-Match": True, "If-None-Match": False, **dates}
    assert set(read["responses"]) >= {"200", "304", "400", "412"}
    assert "428" not in read["responses"]
    assert set(write["responses"]) >= {"200", "400", "412", "428"}
    assert "304" not in write["responses"]
    assert set(without_id(read["responses"]["200"]["headers"])) == {"ETag", "Last-Modified"}
    assert set(without_id(read["responses"]["304"]["headers"])) == {"ETag"}
    assert set(without_id(write["responses"]["200"]["headers"])) == {"ETag", "Last-Modified"}
    assert without_id(described["delete"]["responses"]["204"]["headers"]) == {}


# What is hashed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (1, 2),
        ("a", "b"),
        (b"a", b"b"),
        (1.5, 2.5),
        ((1, "a"), (1, "b")),
        (STAMP, STAMP + dt.timedelta(seconds=1)),
        (STAMP.date(), STAMP.date() + dt.timedelta(days=1)),
        (uuid.UUID(int=1), uuid.UUID(int=2)),
        (decimal.Decimal("1.0"), decimal.Decimal("1.1")),
    ],
)
@pytest.mark.parametrize("many", [False, True])
def test_a_bare_version_is_hashed_as_it_is(before, after, many):
    """``set_etag`` and ``check_etag`` take a version that no schema dumps: an old one is a 412, and no 304."""
    if many and isinstance(before, tuple):
        before, after = "c", "d"  # a tuple is a list
    app, state = App(__name__), {"version": before}
    shown = [{"name": "Rex"}] if many else {"name": "Rex"}

    @app.route("/pet")
    class Shown(Resource):
        @etag
        @response(200, PetSchema(many=many))
        def get(self):
            set_etag(state["version"])
            return shown

        @etag
        @response(200, PetSchema(many=many))
        def put(self):
            check_etag(state["version"])
            state["version"] = after
            set_etag(after)
            return shown

    client = app.test_client()
    old = client.get("/pet").headers["ETag"]
    assert client.get("/pet", headers={"If-None-Match": old}).status_code == 304
    reply = client.put("/pet", headers={"If-Match": old})

    assert reply.status_code == 200
    assert client.put("/pet", headers={"If-Match": old}).status_code == 412
    assert client.get("/pet", headers={"If-None-Match": old}).status_code == 200
    assert client.get("/pet").headers["ETag"] == reply.headers["ETag"] != old


@pytest.mark.parametrize("pager", [Page, OffsetPage, CursorPage])
def test_headers_of_a_page_belong_to_its_tag(pager):
    """A page whose items are the same is another when there are more pages, and its 304 says where the others are."""
    app, pets = App(__name__), [{"id": each, "name": "Rex"} for each in range(10)]
    app.secret_key = "only for tests, and long enough"

    @app.get("/pets")
    @etag
    @paginate(pager)
    @response(200, NumberedSchema(many=True))
    def list_pets():
        return pets

    client = app.test_client()
    first = client.get("/pets")
    same = client.get("/pets", headers={"If-None-Match": first.headers["ETag"]})
    pets.append({"id": 10, "name": "Max"})
    later = client.get("/pets", headers={"If-None-Match": first.headers["ETag"]})

    assert same.status_code == 304
    assert [same.headers[name] for name in ("X-Pagination", "Link")] == [
        first.headers[name] for name in ("X-Pagination", "Link")
    ]
    assert (later.status_code, later.data) == (200, first.data)
    assert 'rel="next"' in later.headers["Link"]
    described = document_of(app)["paths"]["/pets"]["get"]["responses"]["304"]["headers"]
    assert {"ETag", "Link", "X-Pagination"} <= described.keys()


@pytest.mark.parametrize(("method", "kept"), [("put", True), ("patch", True), ("delete", False)])
def test_the_tag_of_a_204(method, kept):
    """A 204 names the state that a PUT or PATCH has left where the handler says it; a DELETE leaves none."""
    state = {"name": "Rex"}

    class Shown(Resource):
        @etag
        @response(200, PetSchema)
        def get(self):
            return state

    def write(self):
        check_etag(state)
        state["name"] = "Max"
        set_etag(state)

    app = App(__name__)
    app.route("/pet")(type("Shown", (Shown,), {method: etag(response(204)(write))}))
    client = app.test_client()
    reply = getattr(client, method)("/pet", headers={"If-Match": client.get("/pet").headers["ETag"]})

    assert reply.status_code == 204
    assert reply.headers.get("ETag") == (client.get("/pet").headers["ETag"] if kept else None)
    headers = document_of(app)["paths"]["/pet"][method]["responses"]["204"].get("headers", {})
    assert ("ETag" in headers) is kept
