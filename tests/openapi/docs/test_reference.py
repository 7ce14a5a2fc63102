"""The reference: the whole document without a script, and samples that work as they are."""

from __future__ import annotations

import functools
import html.parser
import json
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
import typing as t

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from framework import App, Resource, Router, Schema, arguments, doc, fields, response, validate
from framework.http.sniffing import SAMPLES
from framework.marks.base import Mark, Security
from framework.openapi.docs._samples import line
from framework.openapi.docs._values import made
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
    """The elements of a page, its text, and the samples of its operations by their anchors, in one language."""

    def __init__(self, text: str, language: str = "curl") -> None:
        super().__init__()
        self.language = language
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.lines: dict[str, str] = {}
        self.section = ""
        self.is_sample = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag == "section" and str(found.get("id")).startswith("operation-"):
            self.section = str(found["id"])
        if tag == "pre":
            self.is_sample = found.get("class") == self.language

    def handle_endtag(self, tag: str) -> None:
        if tag == "pre":
            self.is_sample = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.is_sample:
            self.lines[self.section] = self.lines.get(self.section, "") + data


@functools.lru_cache(maxsize=8)
def pages_of(app: App, base_url: str) -> list[str]:
    """The pages of all operations."""
    client = app.test_client()
    names = [anchor.removeprefix("operation-") for anchor in operations(app)]
    return [client.get(f"/docs/operations/{name}", base_url=base_url).text for name in names]


def samples(app: App, base_url: str, language: str = "curl") -> dict[str, str]:
    """The samples of all operations, by their anchors."""
    found: dict[str, str] = {}
    for text in pages_of(app, base_url):
        found.update(Page(text, language).lines)
    return found


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
    lines = samples(apps[prefix], live + prefix)
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
    lines = {prefix: samples(apps[prefix], live + prefix) for prefix in ("/every", "/sample")}
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
        text = lines[prefix].get(f"operation-{name}")
        found[name] = pasted(text)[0] if text else list(lines)

    assert all(isinstance(status, int) and 200 <= status < 300 for status in found.values()), found


def test_programs_in_python_get_what_is_declared(apps: dict[str, App], live: str, tmp_path: pathlib.Path) -> None:
    """Each sample of httpx runs as it is, and gets an answer that the operation declares."""
    (tmp_path / "picture.png").write_bytes(SAMPLES["image/png"])
    declared = operations(apps["/every"])
    programs = samples(apps["/every"], f"{live}/every", "httpx")
    whole = "\n".join(
        f"print({anchor!r})\ntry:\n{textwrap.indent(text, '    ')}\n    print(response.status_code)\nfinally: pass"
        for anchor, text in programs.items()
    )
    done = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    printed = done.stdout.splitlines()
    found = {anchor: printed[printed.index(anchor) + 1 :] for anchor in programs if anchor in printed}
    last = {
        anchor: rest[: next((n for n, line in enumerate(rest) if line in programs), None)]
        for anchor, rest in found.items()
    }
    wrong = {anchor: lines for anchor, lines in last.items() if lines[-1] not in declared[anchor]["responses"]}

    assert done.returncode == 0, done.stderr
    assert set(last) == set(declared)
    assert wrong == {}


def test_programs_in_javascript_get_what_is_declared(apps: dict[str, App], live: str, tmp_path: pathlib.Path) -> None:
    """Each sample of fetch runs in Node as it is, and gets an answer that the operation declares."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    declared = operations(apps["/every"])
    # A file of a form comes from a control of the page.
    programs = {
        anchor: text
        for anchor, text in samples(apps["/every"], f"{live}/every", "fetch").items()
        if "fileInput" not in text
    }
    whole = "\n".join(
        f"{{\n{text}\nconsole.log('#', {json.dumps(anchor)}, response.status);\n}}" for anchor, text in programs.items()
    )
    (tmp_path / "all.mjs").write_text(whole, encoding="utf-8")
    done = subprocess.run([node, "all.mjs"], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    found = dict(line.split()[1:] for line in done.stdout.splitlines() if line.startswith("# operation-"))
    wrong = {anchor: status for anchor, status in found.items() if status not in declared[anchor]["responses"]}

    assert done.returncode == 0, done.stderr
    assert set(found) == set(programs)
    assert wrong == {}


def test_the_shell_gets_examples_as_they_are(apps: dict[str, App], live: str) -> None:
    """Quotes, dollars, backquotes and angle brackets in examples arrive unchanged."""
    lines = samples(apps[""], live)
    status, body = pasted(lines["operation-postEvil"])

    assert status == 201
    assert apps[""].json.loads(body) == {"name": EVIL, "q": EVIL, "word": "it's"}


def test_all_of_the_document_is_there() -> None:
    """Tags, operations, parameters, bodies, answers, headers, security, schemas and errors, each with its words."""
    client = everything.make_app().test_client()
    document = client.application.openapi
    addresses = [
        *("/docs", "/docs/schemas/", "/docs/errors/", "/docs/webhooks", "/docs/authentication"),
        *(f"/docs/tags/{each['name']}" for each in document["tags"]),
        *(f"/docs/operations/{anchor.removeprefix('operation-')}" for anchor in operations(client.application)),
        *(f"/docs/schemas/{name}" for name in document["components"]["schemas"]),
    ]
    pages = {address: Page(client.get(address).text) for address in addresses}
    anchors = {address: {each["id"] for _, each in page.elements if "id" in each} for address, page in pages.items()}
    text = " ".join(page.text for page in pages.values())

    outer = set()
    for address, page in pages.items():
        for path, _, anchor in (str(each.get("href")).partition("#") for tag, each in page.elements if tag == "a"):
            if (path or address) in anchors:
                assert not anchor or anchor in anchors[path or address], (address, path, anchor)
            elif path.startswith("/"):
                outer.add(path)
    assert {path: client.get(path).status_code for path in outer} == dict.fromkeys(outer, 200)
    assert set().union(*anchors.values()) >= set(operations(client.application))
    for word in ("List pets, newest first", "All about pets.", "x-request-id", "Comes back in the answer.", "X-Total"):
        assert word in text
    for word in ("multipart/form-data", "bearer", "Deprecated", "1 … 50", "array of Pet", "Who a pet belongs to."):
        assert word in text


def test_the_page_holds_no_script_and_what_others_wrote_as_text() -> None:
    """No inline script or style, no element and no attribute but the page's own, under a strict policy."""
    reply = make_app().test_client().get("/docs")
    page = Page(reply.text)

    assert not {tag for tag, _ in page.elements} & {"style", "b", "img"}
    assert all(str(each["src"]).startswith("/docs/static/") for tag, each in page.elements if tag == "script")
    assert not any(name.startswith("on") or name == "style" for _, each in page.elements for name in each)
    assert page.text.count("<script>alert(1)</script>") >= 4
    assert "script-src 'self';" in reply.headers["Content-Security-Policy"]
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'; ")


def test_lines_name_the_address_the_client_used() -> None:
    """Behind a prefix and a proxy the lines go where the client's own request went."""
    app = make_app()
    app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1, x_prefix=1)  # type: ignore[method-assign]
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "pets.example", "X-Forwarded-Prefix": "/v1"}
    page = Page(app.test_client().get("/docs", headers=headers).text)
    outer = [str(each["href"]) for _, each in page.elements if each.get("href", "#") and "href" in each]

    assert "https://pets.example/v1/evil/" in page.lines["operation-postEvil"]
    assert all(href.startswith(("/v1/", "#")) for href in outer)


def test_the_old_address_leads_to_it() -> None:
    """The page without a script has moved, and its old address says so, behind a prefix too."""
    reply = make_app().test_client().get("/docs/plain", environ_overrides={"SCRIPT_NAME": "/api"})

    assert (reply.status_code, reply.headers["Location"]) == (308, "/api/docs")


def test_it_goes_with_the_documentation() -> None:
    """It is off where the docs are off, and says nothing of a document that is not served."""
    off = make_app(DOCS_PATH=None).test_client()
    hidden = make_app(OPENAPI_JSON_PATH=None, OPENAPI_YAML_PATH=None).test_client().get("/docs")

    assert off.get("/docs").status_code == 404
    assert "is not served here" in hidden.text
    assert "postEvil" not in hidden.text
    assert "/evil" not in hidden.text


def test_badges_say_what_marks_an_operation_out() -> None:
    """Retirement with its date, credentials with scopes, limits, idempotency, versions that must be named, streams."""
    client = everything.make_app().test_client()
    found = {
        name: client.get(f"/docs/operations/{name}").text.partition('<ul class="badges">')[2].partition("</ul>")[0]
        for name in ("deletePet", "getBoxes", "postOrders", "getOrders", "putCard", "getCard", "getOwnerNews", "health")
    }
    words = {name: " ".join(Page(text).text.split()) for name, text in found.items()}

    assert words["deletePet"] == "Deprecated, removed on 2199-01-01"
    assert words["getBoxes"].startswith("Authentication: oauth2 (boxes:read), basic")
    assert '<a href="/docs/authentication#scheme-basic">basic</a>' in found["getBoxes"]
    assert words["postOrders"] == "Rate limited Idempotency key"
    assert words["getOrders"] == "Rate limited"
    assert words["getCard"] == "Cacheable (ETag)"
    assert "If-Match required" in words["putCard"]
    assert words["getOwnerNews"] == "Stream"
    assert words["health"] == ""


def test_errors_of_one_status_lead_to_their_pages() -> None:
    """Where several errors have a status, each code in its text is a link."""
    page = everything.make_app().test_client().get("/docs/operations/putPet").text

    assert '<a href="/docs/errors/pet_missing"><code>pet_missing</code></a>: No pet has this id.' in page
    assert '<a href="/docs/errors/owner_missing"><code>owner_missing</code></a>' in page


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
