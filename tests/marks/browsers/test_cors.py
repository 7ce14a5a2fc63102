"""``CORS``: who may read in a browser, what a preflight answers, and what never happens with credentials."""

from __future__ import annotations

import re

import pytest

from framework import CORS, App, Resource, Response, Router, Schema, arguments, fields, make_response, response
from framework.errors import SetupError
from framework.marks.base import Mark, Parameter, Security
from tests.browsers import chromium, served

OURS = "https://app.example.com"
OTHER = "https://evil.example"


class PetSchema(Schema):
    """A pet."""

    name = fields.String(required=True)


class token(Mark):
    """A scheme and a header, as an application's own marks declare them."""

    def document(self, plan):
        yield Security("token", {"type": "http", "scheme": "bearer"})
        yield Parameter("X-Language", "header", fields.String())


def make_app(*rules, router_rules=()):
    """Pets with two methods in a router, and a view function beside it."""
    app = App("cors", marks=rules)
    pets = Router("pets", url_prefix="/pets", marks=router_rules)

    @pets.route("")
    class Pets(Resource):
        """All pets."""

        @response(200, PetSchema(many=True), headers={"X-Total": fields.Integer()})
        def get(self):
            """List pets."""
            return [], {"X-Total": "0"}

        @token()
        @arguments(PetSchema)
        @response(201, PetSchema)
        def post(self, pet):
            """Add a pet."""
            return pet

    @app.get("/plain")
    def plain():
        return {}

    @app.get("/broken")
    def broken():
        raise RuntimeError("a secret")

    app.register_router(pets)
    return app


def preflight(client, path, method="POST", origin=OURS, **headers):
    """What a browser asks before it sends."""
    return client.options(path, headers={"Origin": origin, "Access-Control-Request-Method": method, **headers})


def names(reply, header):
    """The parts of a header that is a list."""
    return {part.strip() for part in reply.headers.get(header, "").split(",") if part.strip()}


def test_a_named_origin_may_read():
    """An exact origin gets its name back, and caches are told that the answer differs by origin."""
    reply = make_app(CORS([OURS])).test_client().get("/pets", headers={"Origin": OURS})

    assert reply.headers["Access-Control-Allow-Origin"] == OURS
    assert "Access-Control-Allow-Credentials" not in reply.headers
    assert "Origin" in names(reply, "Vary")


@pytest.mark.parametrize(
    "origin", [OTHER, OURS + ".evil.example", OURS + ":8443", "http://app.example.com", "null", ""]
)
def test_another_origin_may_not(origin):
    """An origin that is not named gets no permission, but the answer still differs by origin."""
    client = make_app(CORS([OURS])).test_client()
    reply, asked = client.get("/pets", headers={"Origin": origin}), preflight(client, "/pets", origin=origin)

    for answer in (reply, asked):
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]
        assert "Origin" in names(answer, "Vary")


def test_an_answer_without_an_origin_varies_too():
    """A request without an origin gets no permission; a cache must not give its answer to a page."""
    reply = make_app(CORS([OURS])).test_client().get("/pets")

    assert "Access-Control-Allow-Origin" not in reply.headers
    assert "Origin" in names(reply, "Vary")


def test_every_origin():
    """``*`` lets everybody read, and then the answer is the same for all."""
    reply = make_app(CORS("*")).test_client().get("/pets", headers={"Origin": OTHER})

    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "Origin" not in names(reply, "Vary")


def test_patterns_match_the_whole_origin():
    """A pattern is anchored at both ends, whatever it says."""
    client = make_app(CORS(re.compile(r"https://\w+\.example\.com"))).test_client()

    def allowed(origin):
        return client.get("/pets", headers={"Origin": origin}).headers.get("Access-Control-Allow-Origin")

    assert allowed("https://one.example.com") == "https://one.example.com"
    assert allowed("https://one.example.com.evil.example") is None
    assert allowed("xhttps://one.example.com") is None


@pytest.mark.parametrize("origins", ["*", re.compile(".*"), [OURS, re.compile("https://.+")]])
def test_credentials_never_go_to_everybody(origins):
    """Cookies for every origin are refused when the mark is made."""
    with pytest.raises(SetupError, match="every origin"):
        CORS(origins, credentials=True)


def test_credentials_of_a_named_origin():
    """A named origin may send cookies when that is said."""
    client = make_app(CORS(OURS, credentials=True)).test_client()

    for reply in (client.get("/pets", headers={"Origin": OURS}), preflight(client, "/pets")):
        assert reply.headers["Access-Control-Allow-Origin"] == OURS
        assert reply.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Access-Control-Allow-Credentials" not in client.get("/pets", headers={"Origin": OTHER}).headers


@pytest.mark.parametrize(
    "origin",
    [
        "app.example.com",
        "https://app.example.com/",
        "https://App.example.com",
        "https://*.example.com",
        "https://app.example.com:443",
        "https://app.example.com:port",
        "https://user@app.example.com",
        "",
    ],
)
def test_what_no_browser_sends_is_refused(origin):
    """An origin that could never be sent is a mistake, found when the mark is made."""
    with pytest.raises(SetupError, match="CORS got"):
        CORS([origin])


def test_origins_with_ports_and_addresses():
    """Other ports, addresses of version 6, and ``null`` when it is named."""
    rule = CORS(["http://localhost:3000", "http://[::1]:3000", "null"])

    assert rule.allowed("http://[::1]:3000") == "http://[::1]:3000"
    assert rule.allowed("null") == "null"
    assert rule.allowed("http://localhost") is None


def test_a_star_stands_alone():
    """``*`` beside other origins is a contradiction."""
    with pytest.raises(SetupError, match="alone"):
        CORS(["*", OURS])


def test_a_preflight_tells_the_real_methods_and_headers():
    """Methods are those of the path, headers those that the operation asked for declares."""
    reply = preflight(make_app(CORS([OURS], headers=["X-Request-ID"])).test_client(), "/pets")

    assert (reply.status_code, reply.data) == (204, b"")
    assert names(reply, "Access-Control-Allow-Methods") == {"GET", "HEAD", "OPTIONS", "POST"}
    assert names(reply, "Access-Control-Allow-Headers") == {
        *("Authorization", "Content-Type", "X-Language", "X-Request-ID")
    }
    assert reply.headers["Access-Control-Max-Age"] == "600"
    assert names(reply, "Vary") >= {"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"}
    assert "Content-Type" not in reply.headers


def test_a_preflight_for_a_get_needs_no_headers():
    """An operation that reads no header allows none."""
    reply = preflight(make_app(CORS([OURS])).test_client(), "/pets", "GET")

    assert "Access-Control-Allow-Headers" not in reply.headers


def test_a_preflight_for_a_method_that_is_not_there():
    """The methods that are there are told, and the browser refuses the other."""
    reply = preflight(make_app(CORS([OURS])).test_client(), "/pets", "DELETE")

    assert reply.status_code == 204
    assert "DELETE" not in names(reply, "Access-Control-Allow-Methods")


def test_a_preflight_for_no_path_is_404():
    """A path that does not exist has nothing to allow, and the page may read that."""
    reply = preflight(make_app(CORS([OURS])).test_client(), "/nothing")

    assert reply.status_code == 404
    assert reply.headers["Access-Control-Allow-Origin"] == OURS


def test_plain_views_allow_the_usual_headers():
    """A view function does not say what it reads: credentials and a media type may be sent."""
    reply = preflight(make_app(CORS([OURS])).test_client(), "/plain", "GET")

    assert names(reply, "Access-Control-Allow-Headers") == {"Authorization", "Content-Type"}


def test_an_ordinary_options_request_is_no_preflight():
    """``OPTIONS`` from elsewhere gets the methods in ``Allow`` as ever."""
    reply = make_app(CORS([OURS])).test_client().options("/pets")

    assert (reply.status_code, "Access-Control-Allow-Methods" in reply.headers) == (200, False)
    assert names(reply, "Allow") == {"GET", "HEAD", "OPTIONS", "POST"}


def test_no_hook_comes_before_a_preflight():
    """A hook that wants a login would refuse every preflight, which carries none; it is not asked."""
    app = make_app(router_rules=[CORS([OURS])])

    @app.before_request
    def login():
        return make_response({"error": "who are you?"}, 401)

    client = app.test_client(contract=False)

    assert preflight(client, "/pets").status_code == 204
    assert client.get("/pets", headers={"Origin": OURS}).status_code == 401
    assert client.get("/pets", headers={"Origin": OURS}).headers["Access-Control-Allow-Origin"] == OURS


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/broken", 500)])
def test_pages_may_read_errors(path, status):
    """Misses and unhandled errors carry the permission too."""
    app = make_app(CORS([OURS]))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    reply = app.test_client().get(path, headers={"Origin": OURS})

    assert (reply.status_code, reply.headers["Access-Control-Allow-Origin"]) == (status, OURS)


def test_declared_headers_can_be_read():
    """What the operation declares on its answers, the page may read; what every page may, is not repeated."""
    client = make_app(CORS([OURS], expose=["X-Request-ID", "Content-Type"])).test_client()

    def exposed(path):
        return names(client.get(path, headers={"Origin": OURS}), "Access-Control-Expose-Headers")

    assert exposed("/pets") == {"X-Total", "X-Request-ID"}
    assert exposed("/plain") == {"X-Request-ID"}


def test_the_innermost_rule_counts():
    """A router's rule stands in place of the application's, for its misses as well."""
    client = make_app(CORS("*"), router_rules=[CORS([OURS])]).test_client()

    for path in ("/pets", "/pets/nothing"):
        assert "Access-Control-Allow-Origin" not in client.get(path, headers={"Origin": OTHER}).headers
    assert client.get("/plain", headers={"Origin": OTHER}).headers["Access-Control-Allow-Origin"] == "*"


def test_a_router_alone():
    """A router's rule says nothing of what is outside of it."""
    client = make_app(router_rules=[CORS("*")]).test_client()

    assert "Access-Control-Allow-Origin" not in client.get("/plain", headers={"Origin": OURS}).headers
    assert client.get("/pets", headers={"Origin": OURS}).headers["Access-Control-Allow-Origin"] == "*"


def test_a_router_mounted_twice_and_nested():
    """The rule goes along with every mount, and reaches the routers within."""
    inner, outer = Router("inner", url_prefix="/inner"), Router("outer", marks=[CORS([OURS])])

    @inner.get("/here")
    def here():
        return {}

    outer.register_router(inner)
    app = App("twice")
    app.register_router(outer, url_prefix="/a")
    app.register_router(outer, url_prefix="/b", name="other")
    client = app.test_client()

    for path in ("/a/inner/here", "/b/inner/here"):
        assert client.get(path, headers={"Origin": OURS}).headers["Access-Control-Allow-Origin"] == OURS


def test_private_networks_are_asked_for():
    """A page of a public network reaches a private one only where that is said."""
    asked = {"Access-Control-Request-Private-Network": "true"}

    def answer(**options):
        reply = preflight(make_app(CORS([OURS], **options)).test_client(), "/pets", **asked)
        return reply.headers.get("Access-Control-Allow-Private-Network")

    assert answer() is None
    assert answer(private_network=True) == "true"


def test_it_belongs_to_routers_and_applications():
    """On a handler it would never see the preflight: that is refused at once."""
    with pytest.raises(SetupError, match="before it sends"):

        @CORS([OURS])
        def handler():
            return {}


def test_vary_keeps_what_others_said():
    """A ``Vary`` of the handler stays, also when it is ``*``."""
    app = App("vary", marks=[CORS([OURS])])

    @app.get("/one")
    def one():
        return Response("x", headers={"Vary": "Accept"})

    @app.get("/any")
    def any_header():
        return Response("x", headers={"Vary": "*"})

    client = app.test_client()

    assert names(client.get("/one"), "Vary") == {"Accept", "Origin"}
    assert "*" in names(client.get("/any"), "Vary")


def test_it_is_in_the_document():
    """The answers of the operations below tell of the header."""
    document = make_app(CORS([OURS], credentials=True)).openapi
    headers = document["paths"]["/pets"]["get"]["responses"]["200"]["headers"]

    assert {"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"} <= set(headers)


SCRIPT = """
async ([url, options]) => {
    try {
        const reply = await fetch(url, options);
        return [reply.status, reply.headers.get("X-Total"), await reply.text()];
    } catch (error) {
        return String(error);
    }
}
"""


def test_a_real_browser_agrees():
    """In Chromium, a page of the named origin reads answers, headers and errors; a page of another does not."""
    blank = App("blank")

    @blank.get("/")
    def index():
        return "<!doctype html><title>A page</title>"

    post = {"method": "POST", "body": '{"name": "Rex"}'}
    post["headers"] = {"Content-Type": "application/json", "Authorization": "Bearer x", "X-Language": "en"}
    unknown = {**post, "headers": {**post["headers"], "X-Unknown": "1"}}
    with chromium() as browser, served(blank) as ours, served(blank) as other, served(make_app(CORS([ours]))) as api:
        page = browser.new_page()
        page.goto(ours)
        assert page.evaluate(SCRIPT, [f"{api}/pets", {}]) == [200, "0", "[]"]
        assert page.evaluate(SCRIPT, [f"{api}/pets", post]) == [201, None, '{"name":"Rex"}']
        assert page.evaluate(SCRIPT, [f"{api}/nothing", {}])[0] == 404
        assert "TypeError" in page.evaluate(SCRIPT, [f"{api}/pets", unknown])
        assert "TypeError" in page.evaluate(SCRIPT, [f"{api}/pets", {"method": "DELETE"}])
        page.goto(other)
        assert "TypeError" in page.evaluate(SCRIPT, [f"{api}/pets", {}])
        assert "TypeError" in page.evaluate(SCRIPT, [f"{api}/pets", post])


@pytest.mark.parametrize(
    "origin",
    ["https://a.org/.example.com", "https://a.org#.example.com", "https://a.org?.example.com"]
    + ["https://a.org\\\\.example.com", "https://x@a.example.com", "https://a.org,https://b.example.com"]
    + ["https://a.org .example.com", "null"],
)
def test_what_is_no_origin_matches_no_pattern(origin):
    """A generous pattern lets nothing in that no browser sends as an origin."""
    app = App("patterns", root_path=".", marks=[CORS(re.compile(r"https://.*\.example\.com|null"), credentials=True)])

    @app.get("/open")
    @response(200)
    def show():
        return 1

    client = app.test_client()

    assert "Access-Control-Allow-Origin" not in client.get("/open", headers={"Origin": origin}).headers
    assert "Access-Control-Allow-Origin" in client.get("/open", headers={"Origin": "https://a.example.com"}).headers


def test_what_every_origin_may_read_says_so_to_all():
    """With ``*`` an answer to a request without an origin has the header too: a cache may give it to a page."""
    reply = make_app(CORS("*")).test_client().get("/pets")

    assert reply.headers["Access-Control-Allow-Origin"] == "*"


def test_origins_are_one_or_several():
    """Something that is neither an origin nor several is refused when the mark is made."""
    with pytest.raises(SetupError, match="CORS got 5 as origins"):
        CORS(5)


def test_a_key_in_a_header_is_allowed_and_one_in_the_query_needs_nothing():
    """A preflight names the header of an API key; a key in the query string is no header."""

    class key(Mark):
        def __init__(self, place):
            self.place = place

        def document(self, plan):
            yield Security(self.place, {"type": "apiKey", "in": self.place, "name": "X-Key"})

    app = App("keys", marks=[CORS([OURS])])
    for place in ("header", "query"):

        def answer():
            return {}

        app.add_url_rule(f"/{place}", place, key(place)(response(200)(answer)))
    client = app.test_client()

    assert names(preflight(client, "/header", "GET"), "Access-Control-Allow-Headers") == {"X-Key"}
    assert "Access-Control-Allow-Headers" not in preflight(client, "/query", "GET").headers


def test_what_was_learned_of_old_operations_is_dropped(monkeypatch):
    """Operations that are made anew do not fill the memory, and answers stay the same."""
    monkeypatch.setattr("framework.marks.browsers._cors._MAX_LEARNED", 1)
    rule = CORS([OURS])
    app = make_app(rule)
    client = app.test_client()

    for _ in range(4):
        app.config["MAX_ERRORS"] = 100  # drops the operations
        reply = client.get("/pets", headers={"Origin": OURS})
        assert names(reply, "Access-Control-Expose-Headers") == {"X-Total"}
        assert len(rule._exposed) <= 2
