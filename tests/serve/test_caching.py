"""Answers that are kept on the server: whose they are, what is kept, who makes them, how they are forgotten."""

from __future__ import annotations

import concurrent.futures
import gzip
import json
import sys
import threading
import time

import pytest
import requests

from framework import (
    CORS,
    App,
    Bearer,
    HeaderVersion,
    Page,
    Resource,
    Response,
    Router,
    Schema,
    SessionAuth,
    Versions,
    abort,
    after_this_request,
    arguments,
    cache_control,
    download,
    etag,
    fields,
    limit,
    loads,
    paginate,
    permission,
    produces,
    request,
    requires,
    response,
    session,
    stream,
    url_for,
)
from framework.errors import NotFound, SetupError
from framework.http.media import CSV, MessagePack
from framework.serve import cached, compression, deadline, purge
from framework.serve._caching import LARGEST
from framework.stores.base import StoreAway
from framework.stores.memory import MemoryStore
from tests.servers import free_port, redis_server, running


class TextSchema(Schema):
    """A text."""

    text = fields.String(required=True)


class Named(App):
    """An application whose handlers note that they were called."""

    def __init__(self, *marks, **settings):
        super().__init__("kept", root_path=".", static_folder=None, marks=marks)
        self.config.update(CONTRACT="raise", SECRET_KEY="a key for tests, long", **settings)
        self.calls = []

    def made(self, word="made"):
        """A text that is another one each time."""
        self.calls.append(word)
        return {"text": f"{word} {len(self.calls)}"}


@pytest.fixture
def app():
    """An application."""
    return Named()


def keep(app, path="/kept", *marks, **options):
    """A handler whose answers are kept."""
    options = {"store": None, **options}

    def handler(**values):
        return app.made()

    view = response(200, TextSchema)(handler)
    for mark in reversed(marks):
        view = mark(view)
    app.add_url_rule(path, path.strip("/") or "root", cached(60, **options)(view), methods=["GET"])


def texts(app, *paths, **headers):
    """The texts of replies."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    client = app.test_client(use_cookies=False)
    return [client.get(path, headers=told).json["text"] for path in paths]


def state(reply):
    """What ``Cache-Status`` says, without times."""
    return reply.headers["Cache-Status"].removeprefix("framework; ").partition("; ttl")[0]


# What is one answer


def test_a_handler_is_called_once(app, store):
    """The answer is the same, with its headers, in both stores."""
    keep(app, store=store)
    client = app.test_client()
    first, second = client.get("/kept"), client.get("/kept")

    assert (first.json, second.json, app.calls) == ({"text": "made 1"}, {"text": "made 1"}, ["made"])
    assert (state(first), state(second)) == ("fwd=uri-miss; stored", "hit")
    assert "Age" not in first.headers
    assert second.headers["Age"] == "0"
    assert second.headers["Content-Type"] == "application/json"
    assert 50 < int(second.headers["Cache-Status"].rpartition("=")[2]) <= 60


def test_what_tells_answers_apart(app):
    """Path, query, host and scheme; not the order of the names in a query."""
    keep(app, "/kept/<name>")

    assert texts(app, "/kept/a", "/kept/b", "/kept/a?x=1", "/kept/a?x=2", "/kept/a?x=") == [
        f"made {n}" for n in range(1, 6)
    ]
    assert texts(app, "/kept/a?x=1&y=2", "/kept/a?y=2&x=1", "/kept/a?y=%32&x=1") == ["made 6"] * 3
    assert texts(app, "/kept/a?x=1&x=2", "/kept/a?x=2&x=1") == ["made 7", "made 8"]
    assert texts(app, "/kept/a?x=1&x=2", "http://other.example/kept/a", "https://localhost/kept/a") == [
        "made 7", "made 9", "made 10",
    ]  # fmt: skip
    assert texts(app, "/kept/a?x=%ff", "/kept/a?x=%ff") == ["made 11"] * 2


def test_headers_that_answers_depend_on(app):
    """``vary``, and what ``cache_control`` says; others count for nothing."""
    keep(app, "/kept", cache_control(public=True, max_age=5, vary="X-Unit"), vary="Accept-Language")

    assert texts(app, "/kept", Accept_Language="de") == texts(app, "/kept", Accept_Language="de", X_Other="1")
    assert texts(app, "/kept", Accept_Language="en") == ["made 2"]
    assert texts(app, "/kept", Accept_Language="en", X_Unit="m") == ["made 3"]
    assert texts(app, "/kept") == ["made 4"]
    assert texts(app, "/kept", Accept_Language="") == ["made 5"]
    for _ in range(2):
        assert app.test_client().get("/kept").headers["Vary"] == "Accept-Language, X-Unit"


def test_each_media_type_is_kept(app):
    """What ``produces`` chose counts, and not how the client asked for it."""
    keep(app, "/kept", produces(MessagePack(), CSV()))
    client = app.test_client()

    def get(accept):
        reply = client.get("/kept", headers={"Accept": accept})
        return reply.mimetype, state(reply)

    assert get("application/json") == ("application/json", "fwd=uri-miss; stored")
    assert get("*/*") == ("application/json", "hit")
    assert get("application/msgpack") == ("application/msgpack", "fwd=uri-miss; stored")
    assert get("application/msgpack, */*;q=0.1") == ("application/msgpack", "hit")


def test_each_version_is_kept():
    """Two versions of an API at one path have two answers."""
    app = Named()
    api = Versions("1", "2", by=HeaderVersion("X-Version"), default="1")
    router = Router("router")

    @router.get("/kept")
    @cached(60)
    @response(200, TextSchema)
    def kept():
        return app.made()

    api.mount(app, router)
    replies = [texts(app, "/kept", X_Version=each) for each in ("1", "2", "1", "2")]
    assert replies == [["made 1"], ["made 2"], ["made 1"], ["made 2"]]


def test_head_has_the_answer_of_get(app):
    """It is answered with what GET has kept, and keeps nothing: its handler may have left the body out."""

    @app.get("/kept")
    @cached(60)
    def kept():
        return "" if request.method == "HEAD" else "text"

    client = app.test_client()
    before, shown, after = client.head("/kept"), client.get("/kept"), client.head("/kept")

    assert [state(each) for each in (before, shown, after)] == ["fwd=uri-miss", "fwd=uri-miss; stored", "hit"]
    assert (shown.text, after.data, after.headers["Content-Length"]) == ("text", b"", "4")


# Whose it is


def users(app, *marks, **options):
    """Two users with tokens that are their names, and a kept answer that names its user."""

    scheme = Bearer(lambda token: {"id": token} if token in ("ann", "bob") else None)

    @app.get("/mine")
    @cached(60, **options)
    @requires(scheme)
    @response(200, TextSchema)
    def mine():
        return app.made(request.headers["Authorization"])


def test_each_user_has_an_answer(app, store):
    """What one user gets is never another's; who is nobody gets a 401 as ever."""
    users(app, store=store)
    client = app.test_client()

    def get(name):
        reply = client.get("/mine", headers={"Authorization": f"Bearer {name}"} if name else {})
        return reply.json.get("text", reply.status_code)

    assert [get(name) for name in ("ann", "bob", "ann", "bob")] == ["Bearer ann 1", "Bearer bob 2"] * 2
    assert [get(name) for name in ("", "eve", "ann")] == [401, 401, "Bearer ann 1"]


def test_a_public_answer_is_for_every_user(app):
    """Only where it is said, and only for those who may."""
    users(app, public=True)
    client = app.test_client()
    replies = [client.get("/mine", headers={"Authorization": f"Bearer {name}"}) for name in ("ann", "bob", "eve")]

    assert [reply.json.get("text") for reply in replies] == ["Bearer ann 1", "Bearer ann 1", None]
    assert replies[2].status_code == 401


@pytest.mark.parametrize("header", ["Cookie", "Authorization", "Remote-User"])
def test_credentials_that_nothing_has_read(app, header):
    """A handler may read them by hand: nothing is kept for such a request, unless that is said."""
    keep(app)
    keep(app, "/public", public=True)
    keep(app, "/varied", vary=header)

    def get(path, value=None):
        key = "REMOTE_USER" if header == "Remote-User" else f"HTTP_{header.upper()}"
        environ = {} if value is None else {key: value}
        # The test client puts its own cookies in the place of those in an environment.
        environ = app.test_request_context(path, environ_overrides=environ).environ
        head = {}
        body = b"".join(app(environ, lambda status, headers: head.update(headers)))
        return json.loads(body)["text"], head["Cache-Status"].removeprefix("framework; ").partition("; ttl")[0]

    assert [get("/kept") for _ in range(2)] == [("made 1", "fwd=uri-miss; stored"), ("made 1", "hit")]
    assert [get("/kept", "a=b") for _ in range(2)] == [("made 2", "fwd=bypass"), ("made 3", "fwd=bypass")]
    assert [get("/public", "a=b")[0], get("/public")[0]] == ["made 4"] * 2
    if header == "Remote-User":
        return  # which no client sends
    assert [get("/varied", "a=b")[0], get("/varied", "a=b")[0], get("/varied", "a=c")[0]] == ["made 5"] * 2 + ["made 6"]


def test_sessions_are_their_clients_own(app):
    """A cookie passes the cache by; what a session was read or written for is not kept."""

    @app.get("/cart")
    @cached(60)
    @response(200, TextSchema)
    def cart():
        return app.made(str(session.get("cart")))

    @app.get("/visit")
    @cached(60, public=True)
    @response(200, TextSchema)
    def visit():
        session["seen"] = 1
        return app.made()

    ann, bob = app.test_client(), app.test_client()
    for client, name in ((ann, "a"), (bob, "b")):
        with client.session_transaction() as box:
            box["cart"] = name
    assert [client.get("/cart").json["text"][0] for client in (ann, bob, ann)] == ["a", "b", "a"]
    assert state(ann.get("/cart")) == "fwd=bypass"
    anonymous = app.test_client(use_cookies=False)
    assert [state(anonymous.get("/cart")) for _ in range(2)] == ["fwd=uri-miss"] * 2
    replies = [anonymous.get("/visit") for _ in range(2)]
    assert [state(reply) for reply in replies] == ["fwd=uri-miss"] * 2
    assert all("Set-Cookie" in reply.headers for reply in replies)


def test_users_of_a_session(app):
    """A user who is known by a session has answers too."""
    scheme = SessionAuth(lambda name: {"id": name}, key="user")

    @app.get("/mine")
    @cached(60)
    @requires(scheme)
    @response(200, TextSchema)
    def mine():
        return app.made(session["user"])

    got = []
    for name in ("ann", "bob", "ann"):
        client = app.test_client()
        with client.session_transaction() as box:
            box["user"] = name
        got.append(client.get("/mine").json["text"])
    assert got == ["ann 1", "bob 2", "ann 1"]


def test_by_a_function(app):
    """What it returns is whose answer it is; ``None`` passes the cache by."""
    keep(app, by=lambda ctx: ctx.request.headers.get("X-Team"))

    assert [texts(app, "/kept", X_Team=each)[0] for each in ("a", "b", "a")] == ["made 1", "made 2", "made 1"]
    assert [texts(app, "/kept")[0] for _ in range(2)] == ["made 3", "made 4"]


def test_tenants_are_told_apart(app):
    """Also where an answer is for every user."""
    app.config["CLIENT_TENANT"] = lambda ctx: ctx.request.headers.get("X-Tenant", "")
    keep(app, public=True)

    assert [texts(app, "/kept", X_Tenant=each)[0] for each in ("a", "b", "a")] == ["made 1", "made 2", "made 1"]


# What still runs


def test_checks_run_for_each_request(app):
    """Limits, inputs and permissions are asked before anything that is kept is given."""
    allowed = [True]
    rows = {1: {"text": "row"}}

    @app.get("/checked/<int:row_id>")
    @cached(60)
    @limit("5/hour")
    @arguments({"size": fields.Integer()}, location="query")
    @loads(lambda row_id: rows.get(row_id))
    @permission(lambda row: allowed[0])
    @response(200, TextSchema)
    def checked(row, values):
        return app.made()

    client = app.test_client()

    def get(path):
        reply = client.get(path)
        return reply.status_code, reply.headers.get("RateLimit", "").partition("r=")[2].partition(";")[0]

    assert get("/checked/1") == (200, "4")
    assert get("/checked/1") == (200, "3")
    assert app.calls == ["made"]
    assert get("/checked/1?size=x")[0] == 422
    allowed[0] = False
    assert get("/checked/1")[0] == 403
    allowed[0] = True
    rows.clear()
    assert get("/checked/1")[0] == 404
    assert get("/checked/1")[0] == 429


def test_tags_and_conditions(app):
    """A kept answer has the tag of the first, of bytes or of a version, and a client that has it gets a 304."""

    class Row:
        text, version = "x" * 10, 1

    @app.get("/tagged")
    @cached(60)
    @etag(version="version", last_modified=None)
    @response(200, TextSchema)
    def tagged():
        app.made()
        return Row

    keep(app, "/kept", etag())
    client = app.test_client()
    for path in ("/kept", "/tagged"):
        first, second = client.get(path), client.get(path)
        tag = first.headers["ETag"]
        same = client.get(path, headers={"If-None-Match": tag})
        other = client.get(path, headers={"If-Match": '"other"'})
        assert (second.headers["ETag"], state(second)) == (tag, "hit")
        assert (same.status_code, same.headers["ETag"], state(same)) == (304, tag, "hit")
        assert other.status_code == 412
    assert len(app.calls) == 2


def test_a_304_keeps_the_answer_behind_it(app):
    """The first who asks may have the answer already; the next gets all of it."""
    app.config["CONTRACT"] = "raise"
    calls = []

    @app.get("/same")
    @cached(60)
    @etag
    @response(200, TextSchema)
    def same():
        calls.append(1)
        return {"text": "same"}

    client = app.test_client()
    tag = client.get("/same?a").headers["ETag"]
    first = client.get("/same", headers={"If-None-Match": tag})
    second = client.get("/same")

    assert (first.status_code, state(first)) == (304, "fwd=uri-miss; stored")
    assert (second.json, second.headers["ETag"], len(calls)) == ({"text": "same"}, tag, 2)


def test_pages_keep_their_headers(app):
    """The metadata and links of a page are part of the kept answer."""

    @app.get("/rows")
    @cached(60)
    @etag
    @paginate(Page)
    @response(200, TextSchema(many=True))
    def rows():
        app.made()
        return [{"text": str(number)} for number in range(100)]

    client = app.test_client()
    for path in ("/rows?page=2", "/rows?page=3"):
        first, second = client.get(path), client.get(path)
        assert json.loads(second.headers["X-Pagination"])["page"] == int(path[-1])
        for name in ("X-Pagination", "Link", "ETag"):
            assert second.headers[name] == first.headers[name]
        assert second.json == first.json
    assert len(app.calls) == 2


def test_headers_of_each_request_are_its_own():
    """CORS, limits and compression are of this request; what the handler set is kept."""
    app = Named(CORS(["https://a.example", "https://b.example"]), compression(minimum=10))

    @app.get("/kept")
    @cached(60)
    @response(200, TextSchema, headers={"X-Made": fields.String()})
    def kept():
        return {"text": "x" * 5000}, 200, {"X-Made": "by hand", "Cache-Control": "max-age=7"}

    client = app.test_client()
    for origin, coding in (("a", "gzip"), ("b", "br"), ("a", ""), ("b", "gzip")):
        reply = client.get("/kept", headers={"Origin": f"https://{origin}.example", "Accept-Encoding": coding})
        assert reply.headers["Access-Control-Allow-Origin"] == f"https://{origin}.example"
        assert reply.headers.get("Content-Encoding", "") == coding
        assert (reply.headers["X-Made"], reply.headers["Cache-Control"]) == ("by hand", "max-age=7")
        assert reply.headers.getlist("Vary") == ["Origin, Accept-Encoding"]
        assert reply.json == {"text": "x" * 5000}


# What is kept


def test_answers_that_are_not_kept(app):
    """Errors, cookies, ``no-store``, a ``Vary`` that the key does not know, streams, large ones, and others."""
    app.config["CONTRACT"] = "off"

    def later():
        after_this_request(lambda reply: reply)
        return "text"

    cases = {
        "missing": lambda: abort(NotFound("no")),
        "returned": lambda: ("no", 404),
        "created": lambda: ("yes", 201),
        "cookie": lambda: Response("text", headers={"Set-Cookie": "a=b"}),
        "secret": lambda: Response("text", headers={"Cache-Control": "private, no-store"}),
        "varies": lambda: Response("text", headers={"Vary": "Accept-Encoding"}),
        "any": lambda: Response("text", headers={"Vary": "*"}),
        "stream": lambda: Response(iter(["text"])),
        "large": lambda: "x" * (LARGEST + 1),
        "later": later,
        "kept": lambda: "text",
    }

    @app.get("/case/<name>")
    @cached(60)
    def case(name):
        app.calls.append(name)
        return cases[name]()

    client = app.test_client(use_cookies=False)
    for name in cases:
        for _ in range(3):
            client.get(f"/case/{name}").close()
    assert {name: app.calls.count(name) for name in cases} == {**dict.fromkeys(cases, 3), "kept": 1}


def test_an_error_is_not_kept_and_lets_the_next_try(app):
    """A handler that fails is called again, and its answer is kept once it is good."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    broken = [True]

    @app.get("/breaks")
    @cached(60)
    def breaks():
        app.calls.append(1)
        if broken[0]:
            raise ValueError
        return "text"

    client = app.test_client()
    assert [client.get("/breaks").status_code for _ in range(2)] == [500, 500]
    broken[0] = False
    assert [client.get("/breaks").status_code for _ in range(3)] == [200] * 3
    assert len(app.calls) == 3


def test_a_worker_that_ends_lets_the_others_go(app, store):
    """An exception that no handler sees leaves no lock behind it."""

    @app.get("/ends")
    @deadline(5)
    @cached(60, store=store, wait=20)
    def ends():
        app.calls.append(1)
        if len(app.calls) == 1:
            raise SystemExit
        return "text"

    client = app.test_client()
    with pytest.raises(SystemExit):
        client.get("/ends")
    # Who would have to wait for the lock would get the 504 of the deadline.
    assert state(client.get("/ends")) == "fwd=uri-miss; stored"


def test_statuses_by_request(app):
    """Redirects are kept where that is said."""

    @app.get("/moved")
    @cached(60, statuses=(200, 301))
    def moved():
        app.calls.append(1)
        return app.redirect(url_for("moved", x=1), 301)

    client = app.test_client()
    assert [client.get("/moved").headers["Location"] for _ in range(2)] == ["/moved?x=1"] * 2
    assert len(app.calls) == 1


def test_it_is_kept_for_its_time(app):
    """Then it is made anew."""
    store = MemoryStore()

    @app.get("/short")
    @cached(0.2, store=store)
    def short():
        return app.made()

    assert texts(app, "/short", "/short") == ["made 1"] * 2
    end = time.monotonic() + 10
    while texts(app, "/short") == ["made 1"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert texts(app, "/short") == ["made 2"]


def test_on_a_class_and_an_application():
    """There it is for GET alone, and passes by what is made while it is sent; the nearest counts."""
    app = Named(cached(60))

    @app.route("/both")
    class Both(Resource):
        @response(200, TextSchema)
        def get(self):
            return app.made()

        @response(200, TextSchema)
        def post(self):
            return app.made()

    @app.get("/lines")
    @stream(TextSchema)
    def lines():
        yield app.made()

    client = app.test_client()
    assert [client.get("/both").json["text"] for _ in range(2)] == ["made 1"] * 2
    assert [client.post("/both").json["text"] for _ in range(2)] == ["made 2", "made 3"]
    assert [client.get("/lines").text for _ in range(2)] == ['{"text":"made 4"}\n', '{"text":"made 5"}\n']


# One makes it


def at_once(function, number=8):
    """Call a function in several threads that start together."""
    ready = threading.Barrier(number)

    def run(index):
        ready.wait(20)
        return function(index)

    with concurrent.futures.ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def test_one_request_makes_it_and_the_others_wait(app, store):
    """However many ask at once."""

    @app.get("/slow")
    @cached(60, store=store, wait=20)
    @response(200, TextSchema)
    def slow():
        time.sleep(0.3)
        return app.made()

    app.freeze()
    replies = at_once(lambda _: app.test_client().get("/slow"))

    assert app.calls == ["made"]
    assert {reply.json["text"] for reply in replies} == {"made 1"}
    states = [state(reply) for reply in replies]
    assert states.count("fwd=uri-miss; stored") == 1
    assert set(states) <= {"fwd=uri-miss; stored", "fwd=uri-miss; collapsed", "hit"}


def test_nobody_waits_longer_than_is_said(app, store):
    """After ``wait`` a request makes the answer itself, and nothing fails."""
    go = threading.Event()

    @app.get("/slow")
    @cached(60, store=store, wait=0.1)
    @response(200, TextSchema)
    def slow():
        first = not app.calls
        made = app.made()
        if first:
            go.wait(20)
        return made

    app.freeze()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: app.test_client().get("/slow"))
        while not app.calls:
            time.sleep(0.01)
        second = app.test_client().get("/slow")
        go.set()

        assert (second.json["text"], first.result(20).json["text"]) == ("made 2", "made 1")


def test_a_deadline_bounds_the_wait(app):
    """Who cannot wait as long as ``wait`` says gets the 504 of the deadline."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    go, began = threading.Event(), threading.Event()

    @app.get("/slow")
    @deadline(0.3)
    @cached(60, wait=20)
    @response(200, TextSchema)
    def slow():
        began.set()
        go.wait(20)
        return app.made()

    app.freeze()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: app.test_client(contract=False).get("/slow"))
        assert began.wait(20)
        second = app.test_client().get("/slow")
        go.set()
        first.result(20)

    assert second.status_code == 504


@pytest.mark.parametrize("how", ["raise", "cookie"])
def test_who_waits_for_what_cannot_be_kept_goes_at_once(app, store, how):
    """One after the other would take the time of all of them."""
    app.config.update(PROPAGATE_EXCEPTIONS=False, CONTRACT="off")
    running_now, most = [], []

    @app.get("/slow")
    @cached(60, store=store, wait=20)
    def slow():
        running_now.append(1)
        most.append(len(running_now))
        time.sleep(0.3)
        running_now.pop()
        if how == "raise":
            raise ValueError
        return Response("text", headers={"Set-Cookie": "a=b"})

    app.freeze()
    replies = at_once(lambda _: app.test_client().get("/slow"))

    assert {reply.status_code for reply in replies} == {500 if how == "raise" else 200}
    assert len(most) == 8
    assert max(most) >= 6


def test_a_stale_answer_is_given_while_one_makes_a_new_one(app, store):
    """One request makes it, and the others do not wait."""
    began, go = threading.Event(), threading.Event()

    @app.get("/stale")
    @cached(0.1, stale=60, store=store)
    @response(200, TextSchema)
    def stale():
        if app.calls:
            began.set()
            go.wait(20)
        return app.made()

    client = app.test_client()
    assert client.get("/stale").json["text"] == "made 1"
    time.sleep(0.2)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        maker = pool.submit(lambda: app.test_client().get("/stale"))
        assert began.wait(20)
        given = client.get("/stale")
        go.set()
        made = maker.result(20)

    assert (given.json["text"], state(given)) == ("made 1", "hit")
    assert (made.json["text"], state(made)) == ("made 2", "fwd=stale; stored")


# Forgetting


def test_purging_by_tag(app, store):
    """All answers with the tag are made anew, others stay."""
    keep(app, "/pets", tags="pets", store=store)
    keep(app, "/pets/<int:pet_id>", tags=("pets", "pet:{pet_id}"), store=store)
    keep(app, "/other", store=store)
    paths = ("/pets", "/pets/1", "/pets/2", "/other")

    assert texts(app, *paths, *paths) == ["made 1", "made 2", "made 3", "made 4"] * 2
    with app.app_context():
        assert purge("pet:1") is True
    assert texts(app, *paths) == ["made 1", "made 5", "made 3", "made 4"]
    with app.app_context():
        purge("pets", "pet:9")
    assert texts(app, *paths) == ["made 6", "made 7", "made 8", "made 4"]


def test_what_is_made_while_it_is_purged_is_not_given(app, store):
    """A write in the meantime is not hidden by an answer that was begun before it."""

    @app.get("/row")
    @cached(60, tags="row", store=store)
    @response(200, TextSchema)
    def row():
        made = app.made()
        if len(app.calls) == 1:
            purge("row")
        return made

    assert texts(app, "/row", "/row", "/row") == ["made 1", "made 2", "made 2"]


def test_a_tag_that_a_store_has_lost_forgets(app):
    """A full store may drop the generation of a tag: then the answers go, and none comes back."""
    store = MemoryStore()
    keep(app, tags="pets", store=store)
    assert texts(app, "/kept", "/kept") == ["made 1"] * 2
    for key in [key for key in store._entries if ":tag:" in key]:
        store.delete(key)

    assert texts(app, "/kept", "/kept") == ["made 2"] * 2


# The store


class Away(MemoryStore):
    """A store that can be away."""

    away = False

    def _check(self):
        if self.away:
            raise StoreAway("It is away.")

    def get(self, key):
        self._check()
        return super().get(key)

    def set(self, key, value, ttl):
        self._check()
        return super().set(key, value, ttl)

    def add(self, key, value, ttl):
        self._check()
        return super().add(key, value, ttl)


def test_a_store_that_is_away(tmp_path, caplog):
    """The handler answers, which is logged once, and purging says that it was not done; when Redis is back, answers are
    kept again."""
    port = free_port()
    app = Named()
    app.config.update(CACHE_STORE_URL=f"redis://127.0.0.1:{port}/0", STORE_TIMEOUT=1)
    keep(app, tags="x")
    client = app.test_client()
    with redis_server(port):
        assert texts(app, "/kept", "/kept") == ["made 1"] * 2
    replies = [client.get("/kept") for _ in range(5)]
    assert [reply.json["text"] for reply in replies] == [f"made {number}" for number in range(2, 7)]
    assert {state(reply) for reply in replies} == {"fwd=bypass"}
    with app.app_context():
        assert purge("x") is False
    away = [record for record in caplog.records if "is away" in record.getMessage()]
    assert [record.getMessage().endswith("This is logged once.") for record in away] == [True]
    with redis_server(port):
        end = time.monotonic() + 20
        while state(client.get("/kept")) != "hit":
            assert time.monotonic() < end
            time.sleep(0.1)


def test_a_store_that_goes_while_the_handler_runs(app):
    """The answer leaves as ever."""
    store = Away()

    @app.get("/goes")
    @cached(60, store=store)
    def goes():
        store.away = True
        return app.made()

    client = app.test_client()
    assert state(client.get("/goes")) == "fwd=uri-miss"
    assert client.get("/goes").json["text"] == "made 2"


def test_a_store_that_is_too_small(app):
    """What does not fit is not kept."""
    keep(app, store=MemoryStore(max_bytes=300))

    assert texts(app, "/kept", "/kept") == ["made 1", "made 2"]


def test_records_of_another_version(app):
    """What cannot be read is made anew."""
    store = MemoryStore()
    keep(app, store=store)
    texts(app, "/kept")
    key = next(key for key in store._entries if not key.endswith(":lock"))
    store.set(key, b"\x93\x01\x02\x03", 60)

    assert texts(app, "/kept", "/kept") == ["made 2"] * 2


# Real servers


@pytest.fixture(scope="module", params=["gunicorn", "granian"])
def workers(request, tmp_path_factory):
    """A server of four processes and a Redis."""
    port, folder = free_port(), tmp_path_factory.mktemp("workers")
    app = "tests.serve.wired:app"
    command = {
        "gunicorn": ["-m", "gunicorn", "-w", "4", "--log-level", "error", "--bind", f"127.0.0.1:{port}", app],
        "granian": [
            *("-m", "granian", "--interface", "wsgi", "--workers", "4", "--log-level", "error"),
            *("--port", str(port), app),
        ],
    }[request.param]
    (folder / "log").touch()
    with redis_server() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("WIRED_STORE", url)
        with running([sys.executable, *command], port, folder / "log"):
            yield f"http://127.0.0.1:{port}", folder


def test_processes_share_what_is_kept(workers):
    """Of requests to four processes at once one makes the answer; purging in one forgets it in all."""
    address, folder = workers

    def get(_):
        return requests.get(f"{address}/slow/a", headers={"Accept-Encoding": "gzip"}, timeout=30)

    def made():
        return (folder / "made").read_text().count("/slow/a\n")

    replies = at_once(get)
    assert {reply.json()["name"] for reply in replies} == {"a" * 1000}
    assert made() == 1
    tags = {reply.headers["ETag"] for reply in replies}
    assert len(tags) == 1
    assert (
        requests.get(f"{address}/slow/a", headers={"If-None-Match": tags.pop(), "Accept-Encoding": "gzip"}).status_code
        == 304
    )
    assert requests.delete(f"{address}/slow/a").json() == {"done": True}
    assert {state(reply) for reply in at_once(get)} & {"fwd=uri-miss; stored"}
    assert made() == 2


def test_raw_bytes_on_each_server(served):
    """A kept answer on the wire: the same body, coding and tag as the first."""
    first = served.ask("GET", "/slow/raw", headers={"Accept-Encoding": "gzip"})
    second = served.ask("GET", "/slow/raw", headers={"Accept-Encoding": "gzip"})

    assert first[2] == second[2]
    assert gzip.decompress(second[2]) == b'{"name":"' + b"raw" * 1000 + b'"}'
    assert first[1]["ETag"] == second[1]["ETag"]
    assert "hit" in second[1]["Cache-Status"]


# The document, and mistakes


def test_the_document(app):
    """``Cache-Status`` and ``Age`` are on what is kept."""
    keep(app)
    headers = app.openapi["paths"]["/kept"]["get"]["responses"]["200"]["headers"]

    assert headers["Age"]["schema"] == {"type": "integer"}
    assert headers["Cache-Status"]["schema"] == {"type": "string"}


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: cached(0), "for no time"),
        (lambda: cached(-1), "seconds=-1"),
        (lambda: cached("60"), "seconds='60'"),
        (lambda: cached(lambda: 1), "seconds=<function"),
        (lambda: cached(60, stale=10_000_000), "stale=10000000"),
        (lambda: cached(60, statuses=(404,)), "errors are not kept"),
        (lambda: cached(60, statuses=()), "statuses="),
        (lambda: cached(60, vary="a b"), "vary='a b'"),
        (lambda: cached(60, by="user"), "by='user'"),
        (lambda: cached(60, by=str, public=True), "public"),
        (lambda: cached(60, store="redis://x"), "is not a store"),
    ],
)
def test_mistakes(make, text):
    """A wrong argument is refused where it is written."""
    with pytest.raises(SetupError, match=text):
        make()


@pytest.mark.parametrize(
    ("method", "mark", "options", "text"),
    [
        ("POST", response(200), {}, "only answers to GET"),
        ("GET", stream(TextSchema), {}, "made while it is sent"),
        ("GET", download("text/csv"), {}, "made while it is sent"),
        ("GET", response(200), {"tags": "row:{row_id}"}, "not a variable of the path"),
    ],
)
def test_mistakes_found_at_freeze(app, method, mark, options, text):
    """A mark where it can do nothing."""
    app.add_url_rule("/x", "x", cached(60, **options)(mark(lambda: None)), methods=[method])

    with pytest.raises(SetupError, match=text):
        app.freeze()
