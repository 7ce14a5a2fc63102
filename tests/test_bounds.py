"""What a client can make the server do and say has bounds, and they are the same on both roads."""

from __future__ import annotations

import gzip
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import NotFound as NotFoundPlain

from framework import App, arguments, fields, request, response
from framework.errors import BadRequest, Conflict, ValidationFailed
from tests.answers import without_id
from tests.benchmarks import worst

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def ask(app, path, body=b"", media_type=JSON, method="POST", **environ):
    """One request by its environment: status, headers, JSON."""
    told = []
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": "", "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(), "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": media_type, **environ,
    }  # fmt: skip
    text = b"".join(app(environ, lambda status, headers, info=None: told.append((status, dict(headers)))))
    return int(told[0][0][:3]), told[0][1], json.loads(text) if text else None


def in_order(found):
    """What an answer says, its order included, without the id of the request."""
    return json.dumps(without_id(found) if "code" in (found or ()) else found)


def apps(**config):
    """The same application with generated functions, and without."""
    made = [worst.make_app(True), worst.make_app(False)]
    for app in made:
        app.config.update(config)
    return made


@pytest.fixture(scope="module")
def both():
    """Two applications with low bounds."""
    return apps(MAX_ERRORS=7)


# Bodies that fit Thing here and there.
TEXTS = st.sampled_from(["", "x", "1.5", "a@b.co", "long text"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 300), TEXTS)
HOSTS = st.sampled_from(["::1", "1.1.1.1", "1.1.1.01", "::", "1::2::3", "1:2:3:4:5:6:7::", 5, ":::"])
CATS = st.fixed_dictionaries({"kind": st.sampled_from(["cat", "dog", 1])}, optional={"n": SCALARS})
PART = st.dictionaries(st.sampled_from(["n", "name", "a", "b", "nn"]), SCALARS, max_size=4)
MEMBERS = {
    "numbers": st.lists(SCALARS, max_size=12),
    "texts": st.lists(SCALARS, max_size=12),
    "hosts": st.lists(HOSTS, max_size=9),
    "parts": st.lists(st.one_of(PART, SCALARS), max_size=9),
    "more": st.one_of(st.lists(PART, max_size=9), SCALARS),
    "part": st.one_of(PART, SCALARS),
    "by_name": st.dictionaries(st.sampled_from(["a", "b", "c", "too long", "longer", "longest"]), SCALARS, max_size=6),
    "parts_by_name": st.dictionaries(st.sampled_from("abcdefgh"), st.one_of(PART, SCALARS), max_size=8),
    "pairs": st.lists(st.one_of(st.lists(SCALARS, max_size=3), SCALARS), max_size=6),
    "lists": st.lists(st.one_of(st.lists(SCALARS, max_size=5), SCALARS), max_size=6),
    "cats": st.lists(st.one_of(SCALARS, CATS), max_size=6),
    "pieces": st.one_of(SCALARS, st.lists(st.sampled_from(["1", "x"]), max_size=12).map(",".join)),
    "number": SCALARS,
    "unknown": SCALARS,
    "an other": SCALARS,
}  # fmt: skip
THING = st.fixed_dictionaries({}, optional=MEMBERS)


@given(body=THING)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_roads_cut_the_errors_at_the_same_place(both, body):
    """Generated code stops at the bound, marshmallow finds all: status, errors and their order are the same."""
    text = json.dumps(body).encode()
    (status, _, found), (other_status, _, other) = (ask(app, "/things", text) for app in both)

    assert (status, in_order(found)) == (other_status, in_order(other))
    if found is not None:
        assert leaves(found["errors"]) <= 7


@given(body=st.lists(st.one_of(PART, SCALARS), max_size=12))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_roads_cut_the_errors_of_many_objects_at_the_same_place(both, body):
    """The same for a body that is a list."""
    text = json.dumps(body).encode()
    first, second = (ask(app, "/things", text, method="PUT") for app in both)

    assert (first[0], in_order(first[2])) == (second[0], in_order(second[2]))


def leaves(messages):
    """How many messages there are."""
    if isinstance(messages, dict):
        return sum(map(leaves, messages.values()))
    return len(messages)


@pytest.mark.parametrize("shape", worst.SHAPES, ids=lambda shape: shape.name)
def test_the_worst_requests_have_short_answers(shape):
    """Each of them gets the status that it should, in at most 64 KiB and some words."""
    status, length, _ = worst.ask(worst.make_app(), shape)

    assert status in shape.status
    assert length <= 65 * 1024


def test_an_answer_says_that_it_leaves_errors_out():
    """More errors than MAX_ERRORS: the first of them, and a word on the others."""
    (app, plain) = apps(MAX_ERRORS=3)
    body = json.dumps({"numbers": ["x"] * 4}).encode()
    exact = json.dumps({"numbers": ["x"] * 3}).encode()

    for each in (app, plain):
        assert ask(each, "/things", body)[2]["detail"].endswith("There are more errors than are listed.")
        assert list(ask(each, "/things", body)[2]["errors"]["json"]["numbers"]) == ["0", "1", "2"]
        assert ask(each, "/things", exact)[2]["detail"] == "The request body has 1 invalid field."


def test_names_are_repeated_in_part():
    """A name of the client's is cut, and the errors together take no more than MAX_ERROR_LENGTH bytes."""
    for app in apps(MAX_ERROR_LENGTH=2_000):
        long = ask(app, "/things", json.dumps({"k" * 5_000: 1}).encode())[2]
        many = ask(app, "/things", json.dumps({f"{n:03}" + "é" * 200: 1 for n in range(90)}).encode())[2]

        assert list(long["errors"]["json"]) == ["k" * 100 + "..."]
        assert 1_500 < len(json.dumps(many["errors"], ensure_ascii=False).encode()) < 2_300


@pytest.mark.parametrize("fast", [True, False])
def test_members_of_bodies_are_counted(fast):
    """MAX_JSON_MEMBERS: 413 for JSON, read by a mark or by hand, flat or nested, and for other media types."""
    app = worst.make_app(fast)
    app.config["MAX_JSON_MEMBERS"] = 10
    ten, eleven = {"numbers": [1] * 9}, {"numbers": [1] * 10}

    assert ask(app, "/things", json.dumps(ten).encode())[0] == 204
    assert ask(app, "/things", json.dumps(eleven).encode())[0] == 413
    assert ask(app, "/things", json.dumps({"text": ",[{" * 20}).encode())[0] == 204
    assert ask(app, "/things", json.dumps({f"k{n}": n for n in range(11)}).encode())[0] == 413
    assert ask(app, "/by-hand", json.dumps([{}] * 10).encode())[0] == 200
    assert ask(app, "/by-hand", json.dumps([{}] * 11).encode())[0] == 413


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"n=1", 204),
        (b"n=1&name=Zo%C3%AB", 204),
        ("name=Zoë".encode(), 204),
        (b"n=1&name=Zo\xeb", 400),
        (b"n=1&name=Zo%EB", 400),
        (gzip.compress(b"n=1", mtime=0), 400),
        (b"\x80\x81\xff\x00" * 20, 400),
        (b"n=1&" * 1001, 413),
        (b"name=" + b"x" * 500_001, 413),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(body, status):
    """It is never an empty form: 400 for what is not a text, 413 for what is too much."""
    app = worst.make_app()

    assert ask(app, "/form", body, FORM)[0] == status
    if status != 204:
        assert ask(app, "/read", body, FORM)[0] == status


def test_a_multipart_form_that_cannot_be_read_is_refused_by_hand_too():
    """A view that reads ``request.form`` gets no empty form either."""
    app = worst.make_app()

    assert ask(app, "/read", b"junk", "multipart/form-data; boundary=b")[0] == 400
    assert ask(app, "/read", b"junk", "multipart/form-data")[0] == 400


@pytest.mark.parametrize("fast", [True, False])
def test_paths_and_queries_that_are_not_utf_8_are_refused(fast):
    """They reach no handler as U+FFFD: 400, and 422 where a mark declares the query; U+FFFD itself is a character."""
    app = App("paths", static_folder=None)
    app.config["FAST_PATH"] = fast
    seen = []

    @app.get("/p/<name>")
    def show(name):
        seen.append((name, request.args.get("q")))
        return name

    @app.get("/declared")
    @arguments({"q": fields.String()}, location="query")
    @response(204)
    def declared(query):
        seen.append(query)

    def get(path, query=""):
        return ask(app, path, method="GET", QUERY_STRING=query)[0]

    assert [get("/p/\xff"), get("/nowhere/\xff"), get("/p/x", "q=%ff"), get("/p/x", "q=\xff")] == [400] * 4
    assert [get("/declared", "q=%ff"), get("/declared", "q=a&x=%C3")] == [422] * 2
    assert seen == []
    told = []
    list(app({**environ_of("/p/\xef\xbf\xbd"), "QUERY_STRING": "q=%EF%BF%BD"}, lambda *args: told.append(args)))
    assert seen == [("\ufffd", "\ufffd")]


def environ_of(path):
    """A GET."""
    return {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "SCRIPT_NAME": "", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "",
    }  # fmt: skip


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("path", ["/things", "/form", "/by-hand", "/read"])
def test_an_encoded_body_is_415(fast, path):
    """Nobody undoes a content coding, so a body that has one is refused, and the answer says which is taken."""
    app = worst.make_app(fast)
    media_type = FORM if path in ("/form", "/read") else JSON
    body = b"n=1" if media_type == FORM else b"{}"
    status, headers, problem = ask(app, path, body, media_type, HTTP_CONTENT_ENCODING="gzip")

    assert (status, headers["Accept-Encoding"], problem["code"]) == (415, "identity", "unsupported_media_type")
    assert ask(app, path, body, media_type, HTTP_CONTENT_ENCODING="Identity")[0] in (200, 204)
    assert ask(app, path, b"", "", HTTP_CONTENT_ENCODING="gzip")[0] != 415 or media_type == JSON


def test_the_document_says_which_encodings_are_taken():
    """The 415 of an operation that reads a body has ``Accept-Encoding``."""
    document = worst.make_app().openapi
    answers = document["paths"]["/things"]["post"]["responses"]

    assert "Accept-Encoding" in json.dumps([answers["415"], document.get("components", {}).get("responses")])


def test_numbers_of_queries_and_cookies_are_limited():
    """MAX_QUERY_PARTS and MAX_COOKIES: 422 for a mark, ``None`` for no limit."""
    app = worst.make_app()
    app.config.update(MAX_QUERY_PARTS=2, MAX_COOKIES=2)

    def query(text):
        return ask(app, "/things", method="GET", media_type="", QUERY_STRING=text)[0]

    def cookies(text):
        return ask(app, "/cookies", method="GET", media_type="", HTTP_COOKIE=text)[0]

    assert [query("limit=1&ids=2"), query("limit=1&ids=2&"), query("limit=%31&ids=2&x=1")] == [200, 422, 422]
    assert [cookies("n=1; b=2"), cookies("n=1; b=2; c=3")] == [204, 422]
    app.config.update(MAX_QUERY_PARTS=None, MAX_COOKIES=None)
    assert [query("limit=1&" + "ids=2&" * 3000), cookies("n=1" + "; b=2" * 3000)] == [422, 204]


def test_handlers_written_for_webargs_find_their_mapping():
    """A body that cannot be parsed has ``data`` with messages, as a refused field has."""
    app = worst.make_app()
    seen = []

    @app.errorhandler(BadRequest)
    def told(error):
        seen.append(error.data["messages"])
        return "", 400

    assert [ask(app, "/things", b"{")[0], ask(app, "/things", b"[NaN]")[0]] == [400, 400]
    assert seen == [{"json": ["Invalid JSON body."]}] * 2


@pytest.mark.parametrize("text", [b"[NaN]", b"[Infinity]", b"[-Infinity]", b"[1e400]"])
def test_json_by_hand_has_no_nan(text):
    """What no answer could say again is refused: echoing it would be a 500 that everybody can cause."""
    assert ask(worst.make_app(), "/by-hand", text)[0] == 400


class Shout(Conflict):
    """Too long to be said."""


LONG = "ä" * 1_000_000
TOO_LONG = [
    lambda: ValidationFailed({"json": {f"name{n}": ["Wrong."] for n in range(100_000)}}),
    lambda: ValidationFailed({"json": {"name": [LONG]}}),
    lambda: ValidationFailed({"json": {"rows": {n: {LONG[: n + 1]: ["Wrong."]} for n in range(1_000)}}}),
    lambda: ValidationFailed({"json": {"name": ["Wrong."]}}, description=LONG),
    lambda: Conflict(LONG),
    lambda: Conflict("\0" * 100_000),
    lambda: Shout("Loud.", rows=[[LONG]] * 3, note=LONG, last=7),
    lambda: NotFoundPlain(LONG),
]


@pytest.mark.parametrize("limit", [1, 2_000, 65_536])
@pytest.mark.parametrize("number", range(len(TOO_LONG)))
def test_no_error_answer_is_longer_than_its_bound(number, limit):
    """Whoever raised it: what leaves is JSON, says what it is, and that it was shortened."""
    app = App("bounds")
    app.config["MAX_ERROR_LENGTH"] = limit

    @app.get("/")
    def show():
        raise TOO_LONG[number]()

    reply = app.test_client().get("/")
    assert len(reply.data) <= limit + 1024
    assert reply.json["status"] == reply.status_code == TOO_LONG[number]().code
    assert {"type", "title", "code"} <= reply.json.keys()
    assert reply.json["detail"].endswith("The response was shortened.")
    assert reply.json.get("last", 7) == 7


def test_a_shortened_answer_has_the_first_errors():
    """As many as there is room for."""
    app = App("bounds")

    @app.get("/")
    def show():
        raise TOO_LONG[0]()

    reply = app.test_client().get("/")
    assert list(reply.json["errors"]["json"])[:2] == ["name0", "name1"]
    assert 1_000 < len(reply.json["errors"]["json"]) < 100_000


@pytest.mark.parametrize(("media_type", "is_cut"), [("application/vnd.shop+json; v=1", True), ("text/vnd.shop", False)])
def test_a_shape_of_ones_own_has_the_bound_where_it_is_json(media_type, is_cut):
    """Texts are cut, and items at the end left out."""
    app = App("bounds")

    @app.render_error({"text": fields.String(), "rows": fields.List(fields.String())}, media_type=media_type)
    def shape(error):
        return {"text": error.description, "rows": ["row"] * 100_000}

    @app.get("/")
    def show():
        raise Conflict(LONG)

    reply = app.test_client().get("/")
    assert (len(reply.data) <= 66_560) is is_cut
    made = json.loads(reply.data)
    assert (made["text"].endswith("..."), len(made["rows"]) < 100_000) == (is_cut, is_cut)


def test_an_answer_within_the_bound_is_as_it_was():
    """Not a byte is changed."""
    app = App("bounds")

    @app.get("/")
    def show():
        raise Conflict("x" * 60_000)

    assert app.test_client().get("/").json["detail"] == "x" * 60_000
