"""The plain page: the whole document without a script, and ``curl`` lines that work as they stand there."""

from __future__ import annotations

import html.parser
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import typing as t

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from framework import App, Resource, Router, Schema, arguments, doc, fields, response, validate
from framework.http.sniffing import SAMPLES
from framework.marks.base import Mark, Security
from framework.openapi.docs._curl import line, made
from framework.openapi.document import build
from sample_api import create_app
from tests.browsers import served
from tests.openapi import everything

EVIL = "It's <script>alert(1)</script> & `$(reboot)`"


class Locked(Mark):
    """Wants credentials of a kind."""

    def __init__(self, scheme: dict[str, t.Any], optional: bool = False, example: str = "") -> None:
        self.record = Security("lock", scheme, scopes=("read",), optional=optional, example=example)

    def document(self, plan: t.Any) -> t.Iterable[t.Any]:
        yield self.record


class EvilSchema(Schema):
    """Words that want to be HTML or shell."""

    name = fields.String(required=True, metadata={"example": EVIL, "description": EVIL})
    kind = fields.String(validate=validate.OneOf([EVIL]))
    note = fields.String(metadata={"description": "Nobody gave an example."})


def make_app(**config: t.Any) -> App:
    """An application that gives back what it is sent."""
    evil = Router("evil", url_prefix="/evil", description=EVIL)

    @evil.route("/<name>")
    class Evil(Resource):
        """Odd names."""

        @doc(description=EVIL)
        @arguments({"q": fields.String(required=True, metadata={"example": EVIL})}, location="query")
        @arguments({"x_word": fields.String(required=True, metadata={"example": "it's"})}, location="headers")
        @arguments(EvilSchema)
        @response(201, {"name": fields.String(), "q": fields.String(), "word": fields.String()})
        def post(self, query: t.Any, headers: t.Any, body: t.Any, name: str) -> t.Any:
            """Say it <b>again</b>."""
            return {"name": body["name"], "q": query["q"], "word": headers["x_word"]}

    app = App(__name__)
    app.config.update(API_TITLE=EVIL, **config)
    app.register_router(evil)
    return app


class Page(html.parser.HTMLParser):
    """The elements of a page, its text, and the lines of its operations by their anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.lines: dict[str, str] = {}
        self.section = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)
        if tag == "section":
            self.section = str(dict(attrs)["id"])

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.open and self.open[-1] == "pre":
            self.lines[self.section] = self.lines.get(self.section, "") + data


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[dict[str, App]]:
    """The applications, by the prefix that they are served under."""
    url = f"sqlite:///{tmp_path_factory.mktemp('plain')}/conduit.sqlite3"
    settings = {"SECRET_KEY": "only for tests", "PASSWORD_METHOD": "pbkdf2:sha256:1", "DATABASE_URL": url}
    sample = create_app(settings)
    yield {"": make_app(), "/every": everything.make_app(), "/sample": sample}
    sample.shutdown()


@pytest.fixture(scope="module")
def live(apps: dict[str, App]) -> t.Iterator[str]:
    """The address of a server that has them all."""
    whole = DispatcherMiddleware(apps[""], {prefix: app for prefix, app in apps.items() if prefix})
    with served(whole) as address:
        yield address


def pasted(text: str) -> tuple[int, str]:
    """Run a line in a shell: the status and the body of the answer."""
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    command = f"{text} --silent --max-time 20 --write-out '\\n%{{http_code}}'"
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "picture.png").write_bytes(SAMPLES["image/png"])  # the one file that a line asks for
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=30, cwd=folder)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def operations(app: App) -> dict[str, dict[str, t.Any]]:
    """The Operation Objects by the anchors of their sections."""
    items = app.openapi["paths"].values()
    objects = [value for item in items for value in item.values() if isinstance(value, dict)]
    return {f"operation-{each['operationId']}": each for each in objects}


@pytest.mark.parametrize("prefix", ["", "/every", "/sample"])
def test_every_line_works_when_it_is_pasted(apps: dict[str, App], live: str, prefix: str) -> None:
    """Each operation has a line, and pasted into a shell it gets an answer that the operation declares."""
    lines = Page(apps[prefix].test_client().get("/docs/plain", base_url=live + prefix).text).lines
    declared = operations(apps[prefix])
    got = {anchor: pasted(text) for anchor, text in lines.items()}
    wrong = {
        anchor: (lines[anchor], *got[anchor])
        for anchor in got
        if str(got[anchor][0]) not in declared[anchor]["responses"]
    }

    assert set(lines) == set(declared)
    assert wrong == {}


def test_lines_succeed_where_nothing_else_is_asked(apps: dict[str, App], live: str) -> None:
    """Operations without credentials or things that must exist answer with success, bodies and uploads included."""
    apps["/every"].extensions["deleted"].clear()  # other tests may have sent the line that deletes the pet
    found = {}
    for prefix, name in (
        ("/every", "getPets"),
        ("/every", "postPhotos"),
        ("/every", "postAlbums"),
        ("/every", "postOwners"),
        ("/every", "putOwners"),
        ("/every", "health"),
        ("/every", "deletePet"),
        ("/sample", "getTags"),
        ("/sample", "getArticles"),
    ):
        lines = Page(apps[prefix].test_client().get("/docs/plain", base_url=live + prefix).text).lines
        text = lines.get(f"operation-{name}")
        found[name] = pasted(text)[0] if text else list(lines)

    assert all(isinstance(status, int) and 200 <= status < 300 for status in found.values()), found


def test_the_shell_gets_examples_as_they_are(apps: dict[str, App], live: str) -> None:
    """Quotes, dollars, backquotes and angle brackets in examples arrive unchanged."""
    lines = Page(apps[""].test_client().get("/docs/plain", base_url=live).text).lines
    status, body = pasted(lines["operation-postEvil"])

    assert status == 201
    assert apps[""].json.loads(body) == {"name": EVIL, "q": EVIL, "word": "it's"}


def test_all_of_the_document_is_there() -> None:
    """Tags, operations, parameters, bodies, answers, headers, security, schemas and errors, each with its words."""
    client = everything.make_app().test_client()
    text = client.get("/docs/plain").text
    page = Page(text)
    document = client.application.openapi
    links = {each.get("href") for tag, each in page.elements if tag == "a"}
    anchors = {each["id"] for _, each in page.elements if "id" in each}

    assert {f"operation-{each['operationId']}" for each in operations(client.application).values()} <= anchors
    assert {f"schema-{name}" for name in document["components"]["schemas"]} <= anchors
    assert {str(link)[1:] for link in links if str(link).startswith("#")} <= anchors
    assert {"/docs", "/docs/errors/", "/docs/errors/pet_missing", "/docs/errors/not_found"} <= links
    for word in ("List pets, newest first.", "All about pets.", "x-request-id", "Comes back in the answer.", "X-Total"):
        assert word in page.text
    for word in (
        "multipart/form-data",
        "bearer",
        "deprecated",
        "maxLength: 50",
        "array of Pet",
        "Who a pet belongs to.",
    ):
        assert word in page.text


def test_the_page_holds_no_script_and_what_others_wrote_as_text() -> None:
    """No script, no style, no element and no attribute but the page's own, under a policy that allows no script."""
    reply = make_app().test_client().get("/docs/plain")
    page = Page(reply.text)

    assert not {tag for tag, _ in page.elements} & {"script", "style", "b", "img"}
    assert not any(name.startswith("on") or name == "style" for _, each in page.elements for name in each)
    assert page.text.count("<script>alert(1)</script>") >= 4
    assert "script-src" not in reply.headers["Content-Security-Policy"]
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'; ")


def test_lines_name_the_address_the_client_used() -> None:
    """Behind a prefix and a proxy the lines go where the client's own request went."""
    app = make_app()
    app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1, x_prefix=1)  # type: ignore[method-assign]
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "pets.example", "X-Forwarded-Prefix": "/v1"}
    page = Page(app.test_client().get("/docs/plain", headers=headers).text)
    outer = [str(each["href"]) for _, each in page.elements if each.get("href", "#") and "href" in each]

    assert "https://pets.example/v1/evil/" in page.lines["operation-postEvil"]
    assert all(href.startswith(("/v1/", "#")) for href in outer)


def test_the_other_pages_lead_to_it() -> None:
    """Whoever has no script finds it from the documentation page; the error catalogue has it in its navigation."""
    client = make_app().test_client()

    for path in ("/docs", "/docs/errors/", "/docs/errors/not_found"):
        assert 'href="/docs/plain"' in client.get(path).text


def test_it_goes_with_the_documentation() -> None:
    """It is off where the docs are off, and says nothing of a document that is not served."""
    off = make_app(DOCS_PATH=None).test_client()
    hidden = make_app(OPENAPI_JSON_PATH=None, OPENAPI_YAML_PATH=None).test_client().get("/docs/plain")

    assert off.get("/docs/plain").status_code == 404
    assert "is not served here" in hidden.text
    assert "postEvil" not in hidden.text


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        ({"type": "http", "scheme": "basic"}, ["-u", "USER:PASSWORD"]),
        ({"type": "http", "scheme": "bearer"}, ["-H", "Authorization: Bearer TOKEN"]),
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, ["-H", "X-Key: KEY"]),
        ({"type": "apiKey", "in": "cookie", "name": "key"}, ["-b", "key=KEY"]),
        ({"type": "apiKey", "in": "query", "name": "key"}, []),
        ({"type": "oauth2", "flows": {}}, ["-H", "Authorization: Bearer TOKEN"]),
    ],
)
def test_credentials_have_their_place(scheme: dict[str, t.Any], words: list[str]) -> None:
    """Each kind of security scheme has its words in the line; optional ones have none."""

    def asked(optional: bool) -> list[str]:
        app = App(__name__)

        @app.get("/secret")
        @Locked(scheme, optional)
        @response(200, {"ok": fields.Boolean()})
        def secret() -> t.Any:
            """Tell a secret."""

        operation = app.openapi["paths"]["/secret"]["get"]
        return shlex.split(line(operation, "GET", "/secret", "http://127.0.0.1/", app.openapi))

    query = "?key=KEY" if scheme.get("in") == "query" else ""

    assert asked(False) == ["curl", f"http://127.0.0.1/secret{query}", *words]
    assert asked(True) == ["curl", "http://127.0.0.1/secret"]


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        ({"type": "http", "scheme": "digest"}, ["http://127.0.0.1/", "-H", "Authorization: Token TOKEN"]),
        (
            {"type": "apiKey", "in": "header", "name": "Authorization"},
            ["http://127.0.0.1/", "-H", "Authorization: Token TOKEN"],
        ),
        ({"type": "apiKey", "in": "cookie", "name": "key"}, ["http://127.0.0.1/", "-b", "key=Token TOKEN"]),
        ({"type": "apiKey", "in": "query", "name": "key"}, ["http://127.0.0.1/?key=Token+TOKEN"]),
        ({"type": "oauth2", "flows": {}}, ["http://127.0.0.1/", "-H", "Authorization: Token TOKEN"]),
    ],
)
@pytest.mark.parametrize("version", ["3.1.0", "3.0.3"])
def test_a_scheme_says_how_its_value_is_spelt(version: str, scheme: dict[str, t.Any], words: list[str]) -> None:
    """The ``example`` of a Security record stands in the document, and in the line in place of the usual words."""
    app = App(__name__)

    @app.get("/")
    @Locked(scheme, example="Token TOKEN")
    @response(204)
    def secret() -> t.Any:
        """Tell a secret."""

    document = build(app, version)

    assert document["components"]["securitySchemes"]["lock"]["x-example"] == "Token TOKEN"
    assert shlex.split(line(document["paths"]["/"]["get"], "GET", "/", "http://127.0.0.1", document)) == [
        "curl",
        *words,
    ]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer", "minimum": 5, "maximum": 9}, 5),
        ({"type": "integer", "exclusiveMinimum": 5}, 6),
        ({"type": "integer", "minimum": 5, "exclusiveMinimum": True}, 6),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": "string", "minLength": 8, "maxLength": 9}, "stringst"),
        ({"type": "string", "maxLength": 2}, "st"),
        ({"type": "string", "pattern": "^[A-Z]+$"}, "A"),
        ({"type": "string", "format": "date"}, "2030-01-31"),
        ({"type": ["string", "null"], "default": "x"}, "x"),
        ({"type": "boolean"}, True),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"$ref": "#/components/schemas/Loop"}, {"again": {"again": {"again": {"again": {}}}}}),
        ({"allOf": [{"properties": {"a": {"type": "boolean"}}, "required": ["a"]}]}, {"a": True}),
        ({"allOf": [{"type": "string", "minLength": 1}, {"minLength": 7}]}, "strings"),
        ({"type": "object", "properties": {"a": {"type": "boolean"}}, "minProperties": 1}, {"a": True}),
    ],
)
def test_a_value_is_made_where_nobody_gave_an_example(schema: dict[str, t.Any], value: t.Any) -> None:
    """What is made obeys type, bounds, length, format and simple patterns, and ends in a circle."""
    loop = {"type": "object", "properties": {"again": {"$ref": "#/components/schemas/Loop"}}, "required": ["again"]}

    assert made(schema, {"Loop": loop}) == value


def test_an_upload_that_nothing_is_known_of_has_its_media_type() -> None:
    """A form without any required member is sent empty, as what it is."""
    content = {"multipart/form-data": {"schema": {"type": "object"}}}
    operation = {"operationId": "post", "requestBody": {"content": content}}

    assert "Content-Type: multipart/form-data" in line(operation, "POST", "/", "http://127.0.0.1", {})


def test_a_line_names_a_file_of_the_type_that_is_asked_for():
    """What must be a picture is read from a file of that name; an object is written as JSON."""
    schema = {
        "type": "object",
        "required": ["picture", "place", "paper"],
        "properties": {
            "picture": {"type": "string", "format": "binary"},
            "paper": {"type": "string", "format": "binary"},
            "place": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
        },
    }
    encoding = {"picture": {"contentType": "image/png, image/jpeg"}, "place": {"contentType": "application/json"}}
    operation = {"requestBody": {"content": {"multipart/form-data": {"schema": schema, "encoding": encoding}}}}

    shown = line(operation, "POST", "/", "http://127.0.0.1", {})

    assert "-F picture=@picture.png" in shown
    assert "filename=paper.txt" in shown
    assert """--form-string 'place={"city": "string"}'""" in shown
