"""The route of tools, message by message: what is refused, and how."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

from framework import (
    App,
    Bearer,
    Resource,
    Router,
    Schema,
    SessionAuth,
    arguments,
    csrf_token,
    current_user,
    doc,
    events,
    fields,
    public,
    requires,
    response,
)
from framework.errors import SetupError
from framework.mcp import tool
from tests.mcp.shop import make_app

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


def post(client, method, params=None, headers=None, **message):
    """Send a message as the protocol wants it, changed by the rest."""
    params = {"_meta": META, **(params or {})}
    named = {"Mcp-Name": params["name"]} if isinstance(params.get("name"), str) else {}
    sent = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, **named, **(headers or {})}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params, **message}
    return client.post("/mcp", json=body, headers={key: value for key, value in sent.items() if value is not None})


@pytest.fixture
def client():
    """A test client of an application with tools."""
    return make_app().test_client()


def test_nothing_is_served_without_a_path():
    """Without ``MCP_PATH`` there is no route, and the package is not loaded."""
    program = (
        "import sys; from framework import App; app = App('x'); app.freeze();"
        "assert 'framework.mcp' not in sys.modules; assert app.test_client().post('/mcp').status_code == 404"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_the_route_is_not_in_the_document(client):
    """The document has the operations, and not the route of tools."""
    assert "/mcp" not in client.application.openapi["paths"]


def test_only_post_is_served(client):
    """There are no streams and no sessions: GET and DELETE are 405."""
    assert [client.open("/mcp", method=method).status_code for method in ("GET", "DELETE", "PUT")] == [405] * 3


def test_discover_names_the_version(client):
    """``server/discover`` says the version and that there are tools."""
    result = post(client, "server/discover").json["result"]
    assert (result["supportedVersions"], result["capabilities"]) == (["2026-07-28"], {"tools": {}})


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"method": "no/such"}, 404, -32601),
        ({"method": "tools/call", "params": {"name": "nothing"}}, 400, -32602),
        ({"method": "tools/call", "params": {"name": "get_pet", "arguments": [1]}}, 400, -32602),
        ({"method": "tools/call", "params": {"name": ["get_pet"]}}, 400, -32602),
        ({"method": "tools/list", "params": {"cursor": "?"}}, 400, -32602),
        ({"method": "tools/list", "params": {"cursor": 7}}, 400, -32602),
        ({"method": "tools/list", "headers": {"Mcp-Method": "tools/call"}}, 400, -32020),
        ({"method": "tools/list", "headers": {"MCP-Protocol-Version": None}}, 400, -32020),
        ({"method": "tools/call", "params": {"name": "get_pet"}, "headers": {"Mcp-Name": "x"}}, 400, -32020),
        ({"method": "tools/list", "params": {"_meta": {}}}, 400, -32602),
        ({"method": "initialize", "params": {"protocolVersion": "2025-06-18"}}, 400, -32022),
        ({"method": "tools/list", "jsonrpc": "1.0"}, 400, -32600),
        ({"method": "tools/list", "id": None}, 400, -32600),
        ({"method": "tools/list", "id": {"a": 1}}, 400, -32600),
    ],
)
def test_errors_of_the_protocol(client, change, status, code):
    """A message that the protocol does not allow is an error of JSON-RPC with the status that it says."""
    answer = post(client, **change)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)


def test_an_older_client_learns_the_version(client):
    """A handshake of an older version gets the version that is supported."""
    body = {"jsonrpc": "2.0", "id": "a", "method": "initialize", "params": {"protocolVersion": "2025-06-18"}}
    answer = client.post("/mcp", json=body).json
    assert answer["id"] == "a"
    assert answer["error"]["data"] == {"supported": ["2026-07-28"], "requested": "2025-06-18"}


def test_notifications_are_accepted_and_ignored(client):
    """A message without an id is a 202 without a body."""
    answer = client.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/cancelled"})
    assert (answer.status_code, answer.data) == (202, b"")


@pytest.mark.parametrize("body", [b"[]", b'[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]', b"7", b"null", b"{}"])
def test_a_batch_is_refused(client, body):
    """One message is one object."""
    answer = client.post("/mcp", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["error"]["code"]) == (400, -32600)


def test_bodies_are_bounded():
    """A long body is a 413, a deep one an error; another type than JSON is a 415."""
    client = make_app(MAX_JSON_LENGTH=2000).test_client()
    assert client.post("/mcp", data=b" " * 2001, content_type="application/json").status_code == 413
    deep = b"[" * 900 + b"]" * 900
    assert client.post("/mcp", data=deep, content_type="application/json").json["error"]["code"] == -32700
    assert client.post("/mcp", data=b"{}", content_type="text/plain").status_code == 415


def test_pages_of_other_origins_are_refused():
    """``Origin`` is the own one, or one of ``MCP_ORIGINS``."""
    client = make_app(MCP_ORIGINS=["https://agent.example"]).test_client()
    for origin, status in (
        (None, 200),
        ("http://localhost", 200),
        ("https://agent.example", 200),
        ("https://evil.example", 403),
        ("null", 403),
    ):
        headers = {} if origin is None else {"Origin": origin}
        assert post(client, "tools/list", headers=headers).status_code == status, origin


def test_no_tool_without_credentials_is_a_401():
    """Where no tool is public, the list asks for credentials, so that a client can get a token."""
    app = App(__name__)
    app.config["MCP_PATH"] = "/mcp"

    @app.get("/a")
    @tool(name="a")
    @requires(Bearer({}.get))
    @response(200, {"a": fields.Integer()})
    def a():
        return {"a": 1}

    answer = post(app.test_client(), "tools/list")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def refusal(*marks, path="/a", method="POST", more=(), handler=None, **settings):
    """Return the text by which an application with such an operation is refused at freeze."""
    app = App(__name__)
    app.config.update(MCP_PATH="/mcp", **settings)

    def view(*args, **values):
        return {}

    view = handler or view
    for mark in reversed(marks):
        view = mark(view)
    app.add_url_rule(path, "view", view, methods=[method])
    for each in more:
        each(app)
    with pytest.raises(SetupError) as caught:
        app.freeze()
    return str(caught.value)


def test_a_tool_without_security_is_refused():
    """An operation that says not who may call it is refused at freeze, with file and line."""
    text = refusal(tool(), response(200, {"a": fields.Integer()}))
    assert "nothing says who may call it" in text
    assert "test_protocol.py:" in text


def test_what_no_agent_can_call_is_refused():
    """Streams, hidden operations, choices that are not there and equal names are refused, each with its reason."""
    made = response(200, {"a": fields.Integer()})
    assert "streams its answer" in refusal(tool(), public, events(), method="GET")
    assert "is hidden" in refusal(tool(), public, doc(hidden=True), made)
    assert "no @sparse" in refusal(tool(fields=["a"]), public, made)
    assert "no @paginate" in refusal(tool(page_size=5), public, made)
    body = arguments({"id": fields.Integer()})
    assert "two of its arguments" in refusal(tool(), public, body, made, path="/a/<int:id>")
    upload = arguments({"file": fields.Raw()}, location="files")
    assert "multipart/form-data" in refusal(tool(), public, upload, made)

    def again(app):
        def view():
            return {}

        app.add_url_rule("/b", "b", tool(name="x")(public(made(view))), methods=["GET"])

    assert "Two tools have the name 'x'" in refusal(tool(name="x"), public, made, more=[again])


def test_a_mark_of_many_is_refused():
    """A class, a router and an application cannot be a tool as a whole."""

    class Pets(Resource):
        pass

    for attempt in (
        lambda: tool()(Pets),
        lambda: Router("r", __name__, marks=[tool()]),
        lambda: App(__name__, marks=[tool()]),
    ):
        with pytest.raises(SetupError, match="agents"):
            attempt()
    for wrong in ({"name": "a b"}, {"fields": "a"}, {"page_size": 0}):
        with pytest.raises(SetupError):
            tool(**wrong)


def test_arguments_become_the_parts_of_a_request(fast):
    """Members of a QUERY, lists in a query and a body that is a list reach the handler as any client sends them."""
    app = App(__name__)
    app.config.update(MCP_PATH="/mcp", FAST_PATH=fast)
    terms = {"q": fields.String(required=True), "tags": fields.List(fields.String())}
    pets = Router("pets", __name__, url_prefix="/pets")

    @pets.route("/")
    class Pets(Resource):
        @tool(name="search")
        @public
        @arguments(terms)
        @response(200, {"got": fields.Raw()})
        def query(self, given):
            return {"got": given}

        @tool(name="filter")
        @public
        @arguments(terms, location="query")
        @response(200, {"got": fields.Raw()})
        def get(self, given):
            return {"got": given}

        @tool(name="add_all")
        @public
        @arguments(Schema.from_dict(terms)(many=True))
        @response(200, {"got": fields.Raw()})
        def post(self, given):
            return {"got": given}

    app.register_router(pets)
    client = app.test_client()
    given = {"q": "a&b", "tags": ["x", "y,z"]}
    for name, sent, got in (
        ("search", given, given),
        ("filter", given, given),
        ("add_all", {"body": [given, {"q": "c"}]}, [given, {"q": "c"}]),
    ):
        result = post(client, "tools/call", {"name": name, "arguments": sent}).json["result"]
        assert result["structuredContent"] == {"got": got}, name


def test_cookies_need_their_proof():
    """A session calls a tool that writes with the CSRF token in the header of the request, which is no argument."""
    app = App(__name__)
    app.config.update(MCP_PATH="/mcp", SECRET_KEY="k" * 32)
    users = SessionAuth(lambda name: name)

    @app.post("/me")
    @tool(name="rename")
    @requires(users)
    @response(200, {"me": fields.String()})
    def rename():
        return {"me": str(current_user)}

    @app.post("/session")
    @public
    def log_in():
        users.log_in("ann")
        return {"token": csrf_token()}

    client = app.test_client()
    token = client.post("/session").json["token"]
    [found] = post(client, "tools/list").json["result"]["tools"]
    assert found["inputSchema"]["properties"] == {}
    called = {"name": "rename"}
    assert post(client, "tools/call", called).json["result"]["structuredContent"]["status"] == 403
    result = post(client, "tools/call", called, {app.config["CSRF_HEADER"]: token}).json["result"]
    assert result["structuredContent"] == {"me": "ann"}


def test_no_body_breaks_the_server(client):
    """Whatever a message has in the place of something else, the answer is no 5xx."""
    chance = random.Random(20260728)
    parts = [None, True, 7, -1.5, 10**30, "", "x" * 300, "\u0000", "ü", [], {}, [[]], {"a": {"b": []}}, "tools/call"]
    whole = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"_meta": META, "name": "get_pets", "arguments": {"page": 1, "page_size": 2}},
    }
    names = ["get_pet", "get_pets", "post_pets", "delete_pet", "waiting"]
    for _ in range(400):
        message = json.loads(json.dumps(whole))
        message["params"]["name"] = name = chance.choice(names)
        keys = ["pet_id", "page", "page_size", "name", "note", "born", "idempotency_key", "if_match", "zz"]
        message["params"]["arguments"] = {
            chance.choice(keys): chance.choice(parts) for _ in range(chance.randint(0, 3))
        }
        place = chance.choice([message, message["params"], message["params"]["_meta"], {}])
        if place and chance.random() < 0.5:
            place[chance.choice(list(place))] = chance.choice(parts)
        headers = {
            "MCP-Protocol-Version": "2026-07-28",
            "Mcp-Method": "tools/call",
            "Mcp-Name": name,
            "Authorization": "Bearer ann",
        }
        answer = client.post("/mcp", json=message, headers=headers)
        assert answer.status_code < 500, message
        problem = (answer.json or {}).get("result", {}).get("structuredContent")
        if isinstance(problem, dict):
            assert problem.get("status", 0) < 500, message
    for _ in range(200):
        text = bytearray(json.dumps(whole).encode())
        for _ in range(chance.randint(1, 4)):
            text[chance.randrange(len(text))] = chance.randrange(256)
        answer = client.post("/mcp", data=bytes(text), content_type="application/json")
        assert answer.status_code < 500, text
