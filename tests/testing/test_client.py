"""The test client: environments, cookies, contexts, sessions, streams."""

from __future__ import annotations

import io

import pytest
import werkzeug.test
from werkzeug.wrappers import Request

from framework import App, Response, fields, g, jsonify, redirect, request, session, stream_with_context
from framework import stream as declare_stream
from framework.context import has_request_context
from framework.errors import ContractViolation
from framework.sessions import SecureCookieSessionInterface
from framework.testing import AppClient, EnvironBuilder


@pytest.fixture
def app():
    app = App("mine")
    app.config.update(TESTING=True, SECRET_KEY="test key")

    @app.route("/url")
    def url():
        return request.url

    @app.route("/who")
    def who():
        return f"{request.remote_addr} {request.user_agent.string}"

    @app.route("/echo", methods=["POST"])
    def echo():
        g.seen = True
        return jsonify(request.get_json())

    @app.route("/from")
    def start():
        session["start"] = 1
        return redirect("/to")

    @app.route("/to")
    def target():
        session["target"] = 1
        g.here = "target"
        return "target"

    @app.route("/stream")
    def stream():
        return Response(stream_with_context(part for part in ("a", request.path)))

    return app


@pytest.fixture
def client(app):
    return app.test_client()


def test_addresses_come_from_the_config(app, client):
    """SERVER_NAME, APPLICATION_ROOT and PREFERRED_URL_SCHEME are the defaults."""
    assert client.get("/url").text == "http://localhost/url"

    app.config.update(SERVER_NAME="api.example:81", APPLICATION_ROOT="/v1", PREFERRED_URL_SCHEME="https")

    assert client.get("/url").text == "https://api.example:81/v1/url"
    assert app.test_request_context("/url?a=1").request.url == "https://api.example:81/v1/url?a=1"


@pytest.mark.parametrize(
    ("path", "options", "base_url", "rest"),
    [
        ("/a", {}, "http://api.example/", "/a"),
        ("/a", {"subdomain": "x"}, "http://x.api.example/", "/a"),
        ("/a", {"url_scheme": "https"}, "https://api.example/", "/a"),
        ("https://other/a", {}, "https://other/", "/a"),
        ("https://other/a", {"subdomain": "x", "url_scheme": "http"}, "https://other/", "/a"),
        ("/a", {"base_url": "http://b/root"}, "http://b/root/", "/a"),
    ],
)
def test_an_address_is_put_together(app, path, options, base_url, rest):
    """A whole URL goes before the parts, and those before the config."""
    app.config["SERVER_NAME"] = "api.example"
    builder = EnvironBuilder(app, path, **options)

    assert builder.base_url == base_url
    assert builder.path == rest


@pytest.mark.parametrize("options", [{"subdomain": "x"}, {"url_scheme": "https"}])
def test_a_base_url_stands_alone(app, options):
    """Parts of an address beside a whole one are refused."""
    with pytest.raises(TypeError, match="base_url"):
        EnvironBuilder(app, "/", base_url="http://b/", **options)


def test_a_query_may_be_in_the_path_or_apart(client):
    """Both ways of writing a query arrive."""
    assert client.get("/url?a=1").text == "http://localhost/url?a=1"
    assert client.get("/url", query_string={"a": 1}).text == "http://localhost/url?a=1"


def test_json_goes_through_the_apps_provider(app, client):
    """json= is written, and a reply's JSON read, by the application's provider."""
    read = []
    original = app.json.loads
    app.json.loads = lambda text, **kwargs: read.append(text) or original(text, **kwargs)
    app.json.ensure_ascii = False

    assert EnvironBuilder(app, json="€").input_stream.read().decode() == '"€"'
    assert client.post("/echo", json={"a": [1]}).json == {"a": [1]}
    assert len(read) == 2


def test_the_client_names_an_address_and_itself(client):
    """REMOTE_ADDR and the user agent are there, and can be changed for all later requests or one."""
    assert client.get("/who").text == f"127.0.0.1 {client.environ_base['HTTP_USER_AGENT']}"

    client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    client.environ_base["HTTP_USER_AGENT"] = "tests"

    assert client.get("/who").text == "192.0.2.7 tests"
    assert client.get("/who", environ_base={"REMOTE_ADDR": "192.0.2.8"}).text == "192.0.2.8 tests"
    assert client.get("/who").text == "192.0.2.7 tests"


def test_a_request_can_be_given_ready_made(app, client):
    """A builder, an environment or a request is taken as it is, above the client's own values, and stays as it was."""
    client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    builder = EnvironBuilder(app, "/who", headers={"User-Agent": "mine"})
    environ = werkzeug.test.create_environ("/who", headers={"User-Agent": "mine"})

    assert client.open(builder).text == "192.0.2.7 mine"
    assert client.open(environ).text == "192.0.2.7 mine"
    made = Request(dict(environ))
    assert client.open(made).text == "192.0.2.7 mine"
    assert set(made.environ) == {*environ, "werkzeug.request"}
    assert "REMOTE_ADDR" not in environ
    assert builder.environ_base is None
    assert client.open(builder).text == "192.0.2.7 mine"
    builder.close()


def test_cookies_are_kept_unless_switched_off(app, client):
    """Cookies of a reply are sent with later requests."""
    client.get("/to")

    assert client.get_cookie("session") is not None
    with pytest.raises(TypeError):
        app.test_client(use_cookies=False).get_cookie("session")


def test_redirects_are_followed_on_request(client):
    """follow_redirects gives the last reply, and the others in its history."""
    assert client.get("/from").status_code == 302

    reply = client.get("/from", follow_redirects=True)

    assert reply.text == "target"
    assert [past.status_code for past in reply.history] == [302]


def test_a_with_block_keeps_the_last_context(client):
    """request, session and g can be looked at until the next request, and not after the block."""
    with client:
        client.post("/echo", json=1)
        assert request.path == "/echo"
        assert g.seen
        client.get("/from", follow_redirects=True)
        assert request.path == "/to"
        assert g.here == "target"
        assert dict(session) == {"start": 1, "target": 1}

    assert not has_request_context()
    client.get("/to")
    assert not has_request_context()


def test_a_kept_context_ends_before_the_next_request(app, client):
    """What an earlier request left in g is not seen by a later one of the same block."""

    @app.route("/seen")
    def seen():
        return str("here" in g)

    with client:
        client.get("/to")
        assert client.get("/seen").text == "False"


def test_a_client_can_be_used_in_several_blocks_but_not_nested(client):
    """A block ends before the next one begins."""
    for _ in range(2):
        with client:
            client.get("/to")

    with client, pytest.raises(RuntimeError, match="nest"):
        client.__enter__()


def test_a_block_inside_a_request_context_gives_that_back(app, client):
    """A context that was active before the block is active after it."""
    with app.test_request_context("/outer"):
        with client:
            client.get("/to")
            assert request.path == "/to"
        assert request.path == "/outer"


def test_a_session_can_be_changed_between_requests(client):
    """session_transaction opens the client's session and saves it."""
    with client.session_transaction() as opened:
        assert not opened
        opened["start"] = 5
    with client:
        client.get("/to")
        assert dict(session) == {"start": 5, "target": 1}
        with client.session_transaction() as opened:
            assert dict(opened) == {"start": 5, "target": 1}
            assert request.path == "/to"


def test_a_session_belongs_to_its_address(client):
    """session_transaction takes the arguments of a request."""
    with client.session_transaction(base_url="https://other.example/") as opened:
        opened["start"] = 5

    assert client.get_cookie("session") is None
    assert client.get_cookie("session", "other.example") is not None


def test_a_null_session_is_not_saved(app, client):
    """A session that cannot be written is given to the block, and left alone afterwards."""

    class NullInterface(SecureCookieSessionInterface):
        def open_session(self, app, request):
            return self.make_null_session(app)

        def save_session(self, app, session, response):
            raise AssertionError("A null session was saved.")

    app.session_interface = NullInterface()

    with client.session_transaction() as opened:
        assert not opened


def test_a_session_needs_a_key_and_cookies(app):
    """Without either the error names the remedy."""
    with pytest.raises(TypeError, match="use_cookies=True"), app.test_client(use_cookies=False).session_transaction():
        pass

    app.secret_key = None
    with pytest.raises(RuntimeError, match="SECRET_KEY"), app.test_client().session_transaction():
        pass


def test_errors_reach_the_test(app):
    """TESTING lets what a view raises through to the test."""

    @app.route("/fails")
    def fails():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        app.test_client().get("/fails")

    app.testing = False
    assert app.test_client().get("/fails").status_code == 500


@pytest.mark.parametrize("how", ["read", "close", "buffered"])
def test_a_stream_is_torn_down_when_it_ends(app, client, how):
    """Teardown of a streamed reply runs at its end, at close(), or at once when it is buffered; and once."""
    torn_down = []
    app.teardown_appcontext(lambda error: torn_down.append(error))
    reply = client.get("/stream", buffered=how == "buffered")
    if how == "read":
        assert reply.text == "a/stream"
    elif how == "close":
        reply.close()

    assert torn_down == [None]
    assert not has_request_context()


@pytest.mark.parametrize("how", ["undeclared status", "wrong part"])
def test_a_stream_that_breaks_its_contract_is_closed(app, how):
    """What a stream holds open, a transaction for instance, is given back when the client raises."""
    events = []
    app.teardown_appcontext(lambda error: events.append("context over"))

    headers = {} if how == "wrong part" else {"X-Other": fields.String(required=True)}

    @app.get("/parts")
    @declare_stream({"number": fields.Integer()}, headers=headers)
    def parts():
        def rows():
            try:
                yield {"number": 1}
                yield {} if how == "wrong part" else {"number": 2}
            finally:
                events.append("transaction over")

        return rows()

    with pytest.raises(ContractViolation):
        reply = app.test_client().get("/parts")
        events.append("began")
        reply.get_data()

    assert [event for event in events if event != "began"] == ["transaction over", "context over"]


def test_files_are_uploaded(app, client):
    """A file in data= arrives."""

    @app.route("/upload", methods=["POST"])
    def upload():
        return request.files["file"].read()

    reply = client.post("/upload", data={"file": (io.BytesIO(b"content"), "a.txt")})

    assert reply.data == b"content"


def test_a_client_class_of_ones_own(app):
    """test_client_class is used, with the arguments given to test_client."""

    class LoggedIn(AppClient):
        def __init__(self, *args, **kwargs):
            self.token = kwargs.pop("token")
            super().__init__(*args, **kwargs)

        def open(self, *args, **kwargs):
            kwargs.setdefault("headers", {})["User-Agent"] = self.token
            return super().open(*args, **kwargs)

    app.test_client_class = LoggedIn

    assert app.test_client(token="secret").get("/who").text == "127.0.0.1 secret"


def test_an_unknown_argument_is_refused(app):
    """test_client passes its arguments on, and a wrong one is an error."""
    with pytest.raises(TypeError, match="colour"):
        app.test_client(colour="red")


def test_each_reply_is_looked_at_once(app):
    """check_reply sees every reply with its context, also before redirects, and may fail the test."""
    seen = []

    class Watching(AppClient):
        def check_reply(self, response, ctx):
            seen.append((response.status_code, ctx.request.path))
            if response.status_code == 404:
                raise AssertionError("not declared")

    app.test_client_class = Watching
    client = app.test_client()
    client.get("/to")
    client.get("/from", follow_redirects=True)

    assert sorted(seen) == [(200, "/to"), (200, "/to"), (302, "/from")]
    with pytest.raises(AssertionError, match="not declared"):
        client.get("/nothing")


def test_a_reply_without_the_app_has_no_context(app):
    """Where a middleware answers, check_reply is given no context."""
    seen = []

    class Watching(AppClient):
        def check_reply(self, response, ctx):
            seen.append(ctx)

    def closed(environ, start_response):
        start_response("503 Service Unavailable", [])
        return [b""]

    app.wsgi_app = closed
    app.test_client_class = Watching

    assert app.test_client().get("/to").status_code == 503
    assert seen == [None]


@pytest.mark.parametrize("contract", [None, True, False])
def test_the_contract_is_chosen_per_client(app, contract):
    """test_client(contract=...) is kept for the check; the default leaves it to the application."""
    assert app.test_client(contract=contract).contract is contract
    assert app.test_client().contract is None


@pytest.mark.parametrize(("fresh", "calls", "torn"), [(False, [1, 2], 0), (True, [1, 1], 2)])
def test_g_below_a_pushed_context_is_shared_unless_it_is_to_be_fresh(fresh, calls, torn):
    """A request joins the context that is there, as in Flask; ``fresh_g`` gives it one that ends with it."""
    app = App("fresh", root_path=".", static_folder=None)
    ended = []
    app.teardown_appcontext(ended.append)

    @app.get("/")
    def count():
        g.calls = g.get("calls", 0) + 1
        return {"calls": g.calls}

    with app.app_context():
        client = app.test_client(fresh_g=fresh)
        assert [client.get("/").json["calls"] for _ in range(2)] == calls
        assert len(ended) == torn
        with client:
            client.get("/")
            assert g.calls == (1 if fresh else 3)
        assert ("calls" in g) is not fresh
    assert len(ended) == (5 if fresh else 1)  # a context that the client keeps is left twice, as in Flask
