"""The pages as files, the changes since older documents, the switch of documents, and the looks by settings."""

from __future__ import annotations

import functools
import html.parser
import http.server
import json
import pathlib
import threading
import typing as t

import pytest
from click.testing import CliRunner

from framework import App, Resource, Router, Schema, Version, Versions, arguments, fields, raises, response
from framework.cli import FrameworkGroup
from framework.errors import NotFound, SetupError
from framework.openapi.docs import write_site
from framework.openapi.docs._brand import brand_css, contrast, readable
from framework.openapi.docs._markdown import markdown
from framework.versions import since
from tests.browsers import chromium
from tests.openapi import everything

SERVER = "https://api.shop.invalid/v1"


class Missing(NotFound):
    """It is not there."""


def make_app(**config: t.Any) -> App:
    """An application with a pet."""
    pets = Router("pets", url_prefix="/pets")

    @pets.route("/<int:pet_id>")
    class Pet(Resource):
        @response(200, {"id": fields.Integer(), "name": fields.String()})
        @raises(Missing)
        def get(self, pet_id: int) -> t.Any:
            """Show a pet."""

    app = App(__name__)
    app.config.update(API_TITLE="Pets", API_VERSION="2.0.0", **config)
    app.register_router(pets)
    return app


class Links(html.parser.HTMLParser):
    """The addresses and anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.addresses += [str(found[name]) for name in ("href", "src") if name in found]
        self.anchors |= {str(found["id"])} if "id" in found else set()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The folder with the pages of a large document."""
    folder = tmp_path_factory.mktemp("site") / "docs"
    app = everything.make_app()
    write_site(app, app.documents["default"], folder)
    return folder


def test_a_small_document_is_written(tmp_path: pathlib.Path) -> None:
    """The document and the pages are there, and nothing that is not counted."""
    app = make_app(API_SERVERS=[{"url": SERVER}])
    count = write_site(app, app.documents["default"], tmp_path)

    assert wrong_links(tmp_path) == []
    assert count == len([each for each in tmp_path.rglob("*") if each.is_file()])
    assert json.loads((tmp_path / "openapi.json").read_text()) == app.openapi
    assert f"curl {SERVER}/pets/1" in (tmp_path / "operations" / "getPet.html").read_text()


def test_links_of_a_large_document_lead_somewhere(written: pathlib.Path) -> None:
    """Each link is relative and leads to a file and an anchor that are there."""
    assert wrong_links(written) == []


def wrong_links(folder: pathlib.Path) -> list[tuple[str, str]]:
    """The pages of a folder, each with a link that leads nowhere."""
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")}
    wrong = []
    for path, page in pages.items():
        for address in page.addresses:
            if address.startswith(("https://", "mailto:")):
                continue
            file, _, anchor = address.partition("#")
            goal = (path.parent / file.partition("?")[0]).resolve() if file else path
            if not goal.is_file() or (anchor and anchor not in pages[goal].anchors):
                wrong.append((path.name, address))

    return wrong


def test_samples_of_the_files_need_an_address(tmp_path: pathlib.Path) -> None:
    """A document without a server with a scheme is refused, unless the address is given; then the document has it."""
    app = make_app()
    with pytest.raises(SetupError, match="Give '--server"):
        write_site(app, app.documents["default"], tmp_path)
    group = FrameworkGroup(create_app=lambda: app)
    result = CliRunner().invoke(group, ["openapi", "site", str(tmp_path), "--server", SERVER])

    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "openapi.json").read_text())["servers"] == [{"url": SERVER}]
    assert f"curl {SERVER}/pets/1" in (tmp_path / "index.html").read_text()

    result = CliRunner().invoke(group, ["openapi", "site", str(tmp_path), "--server", "api"])

    assert result.exit_code == 2
    assert "is not the address of a server" in result.output


def test_the_files_are_searched_where_they_are_served(written: pathlib.Path) -> None:
    """From a server of files, below any path, the search finds and leads to pages."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(written.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with chromium() as browser:
                page = browser.new_page()
                page.goto(f"http://127.0.0.1:{server.server_port}/docs/errors/pet_missing.html")
                page.get_by_role("combobox").fill("add a box")
                page.get_by_role("option").first.wait_for()
                page.keyboard.press("Enter")
                page.wait_for_url("**/docs/tags/vault.html#operation-postBoxes")
        finally:
            server.shutdown()
            thread.join()


# Many operations


class ThingSchema(Schema):
    """A thing."""

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True)


def test_a_large_document_has_a_page_for_each_tag() -> None:
    """No page is larger than 200 kB: not the first, that of a tag, nor that of a tag with hundreds of operations."""
    app = App(__name__)
    for tag, count in (("few", 10), ("many", 300)):
        router = Router(tag, url_prefix=f"/{tag}")
        for number in range(count):

            @router.get(f"/{number}", endpoint=f"{tag}{number}", operation_id=f"{tag}{number}")
            @response(200, ThingSchema(many=True))
            @raises(Missing)
            def things() -> t.Any:
                """List things."""

        app.register_router(router)
    client = app.test_client()
    pages = ["/docs", "/docs/tags/few", "/docs/tags/many", "/docs/operations/many7", "/docs/errors/missing"]
    texts = {path: client.get(path).text for path in pages}

    assert {path: len(text) for path, text in texts.items() if len(text) > 200_000} == {}
    assert 'href="/docs/tags/many"' in texts["/docs"]
    assert 'id="operation-few9"' in texts["/docs/tags/few"]
    assert 'id="operation-many299"' in texts["/docs/tags/many"]
    assert 'href="/docs/operations/many299"' in texts["/docs/tags/many"]
    assert "curl http://localhost/many/7" in texts["/docs/operations/many7"]
    assert client.get("/docs/tags/none").status_code == client.get("/docs/operations/none").status_code == 404


# Versions of OpenAPI


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_documents_of_each_version_are_shown(version: str) -> None:
    """Events, webhooks, nullable values and examples are read in the words of older versions too."""
    app = everything.make_app(OPENAPI_VERSION=version)
    client = app.test_client()
    pages = {
        path: client.get(f"/docs{path}")
        for path in (
            *("", "/webhooks", "/authentication", "/search.json", "/operations/getOwnerNews"),
            *(f"/operations/{each['operationId']}" for item in app.openapi["paths"].values() for each in item.values()
              if isinstance(each, dict)),
            *(f"/schemas/{name}" for name in app.openapi["components"]["schemas"]),
        )
    }  # fmt: skip

    assert {path for path, reply in pages.items() if reply.status_code != 200} == set()
    assert "data: {&#34;id&#34;:" in pages["/operations/getOwnerNews"].text
    assert "or null" in pages["/schemas/Pet"].text
    assert "petAdopted" in pages["/webhooks"].text


def test_words_of_3_2_are_shown() -> None:
    """Tags within tags, a whole query as one value, named events, examples as data, and short texts of responses."""
    app = make_app(OPENAPI_VERSION="3.2.1")

    @app.document_processor
    def change(document: t.Any, name: str) -> None:
        document["tags"] += [{"name": "shop", "summary": "The <shop>", "description": "All of it."}]
        document["tags"][0]["parent"] = "shop"
        operation = document["paths"]["/pets/{pet_id}"]["get"]
        media = {"application/x-www-form-urlencoded": {"schema": {"type": "object"}, "example": {"a": 1, "b": "x y"}}}
        operation["parameters"].append({"name": "terms", "in": "querystring", "required": True, "content": media})
        data = {"type": "string", "contentMediaType": "application/json", "contentSchema": {"type": "integer"}}
        event = {"type": "object", "properties": {"event": {"const": "sold"}, "data": data}}
        operation["responses"]["200"]["summary"] = "A short text"
        operation["responses"]["200"]["content"] = {"text/event-stream": {"itemSchema": {"oneOf": [event, event]}}}
        examples = {"one": {"dataValue": {"x": 7}}, "two": {"externalValue": "https://x.invalid"}}
        operation["responses"]["418"] = {"description": "", "content": {"application/json": {"examples": examples}}}

    page = app.test_client().get("/docs").text
    shop, pets = page.index('href="#tag-shop">The &lt;shop&gt;</a>'), page.index('class="within"')

    assert shop < pets
    assert "curl &#39;http://localhost/pets/1?a=1&amp;b=x+y&#39;" in page
    assert "event: sold\ndata: 1\n" in page
    assert "event = &#34;sold&#34;" in page
    assert "A short text" in page
    assert "418 one" in page
    assert "418 two" not in page


# Changes


def test_changes_since_older_documents_have_a_page(tmp_path: pathlib.Path) -> None:
    """The files of the setting are compared with one another and with the document, newest first."""
    document = json.loads(json.dumps(make_app().openapi))
    first = json.loads(json.dumps(document))
    first["info"]["version"], document["info"]["version"] = "0.9.0", "1.0.0"
    first["paths"]["/toys<b>"] = first["paths"]["/pets/{pet_id}"]
    (tmp_path / "a.json").write_text(json.dumps(first))
    (tmp_path / "b.yaml").write_text(json.dumps(document))
    app = make_app(DOCS_CHANGELOG=[str(tmp_path / "a.json"), str(tmp_path / "b.yaml")])
    client = app.test_client()
    page = client.get("/docs/changelog").text

    assert page.index("Version 2.0.0, compared with 1.0.0") < page.index("Version 1.0.0, compared with 0.9.0")
    assert "The path /toys&lt;b&gt; is gone." in page
    assert "No changes that clients could notice." in page
    assert 'href="/docs/changelog"' in client.get("/docs").text
    assert make_app().test_client().get("/docs/changelog").status_code == 404


def test_a_wrong_older_document_is_found_early(tmp_path: pathlib.Path) -> None:
    """A file that is not there stops the start, with its name."""
    app = make_app(DOCS_CHANGELOG=[str(tmp_path / "none.json")])

    with pytest.raises(SetupError, match=r"DOCS_CHANGELOG.*none\.json"):
        app.freeze()


def make_versions() -> App:
    """An application of two versions and an audience."""
    pets = Router("pets", url_prefix="/pets")

    @pets.route("/<int:pet_id>")
    class Pet(Resource):
        @response(200, ThingSchema)
        def get(self, pet_id: int) -> t.Any:
            """Show a pet."""

        @since("v2")
        @arguments(ThingSchema)
        @response(200, ThingSchema)
        def put(self, pet: t.Any, pet_id: int) -> t.Any:
            """Replace a pet."""

    app = App(__name__)
    app.config["API_TITLE"] = "Pets"
    Versions("v1", Version("v2")).mount(app, pets)
    app.add_document("staff", routers=["v2"], settings={"API_TITLE": "For the staff"})
    return app


def test_versions_lead_to_one_another_and_audiences_do_not() -> None:
    """The pages of a version lead to the others and list the changes since the one before; other documents are listed
    where their setting says so."""
    app = make_versions()
    client = app.test_client()
    newest, staff = client.get("/v2/docs").text, client.get("/staff/docs").text

    assert '<a href="/v1/docs">Pets v1</a>' in newest
    assert "/staff/docs" not in newest
    assert '<a href="/v2/docs">Pets v2</a>' in staff
    assert "Version v2, compared with v1" in client.get("/v2/docs/changelog").text
    assert "The operation is new." in client.get("/v2/docs/changelog").text
    assert client.get("/v1/docs/changelog").status_code == 404

    app = make_versions()
    app.add_document("partners", routers=["v2"], settings={"API_TITLE": "For partners", "DOCS_LISTED": True})

    assert 'href="/partners/docs">For partners 1.0.0</a>' in app.test_client().get("/v1/docs").text


# Looks


def test_logo_colour_and_words_are_those_of_the_settings() -> None:
    """The logo is in the bar, below the prefix of the application; the colour is a style sheet; words are replaced."""
    app = make_app(
        DOCS_LOGO="/static/logo.svg", DOCS_COLOR="#0A7", LANGUAGES=["de"], TEXTS={"docs.try": "Probier <b>es</b>"}
    )
    overrides = {"environ_overrides": {"SCRIPT_NAME": "/api"}}
    client = app.test_client()
    page = client.get("/docs", **overrides)
    style = client.get("/docs/brand.css")

    assert '<html lang="de">' in page.text
    assert '<img src="/api/static/logo.svg" alt="">' in page.text
    assert "Antworten" in page.text
    assert "Probier &lt;b&gt;es&lt;/b&gt;" in page.text
    assert '<link rel="stylesheet" href="/api/docs/brand.css">' in page.text
    assert "--brand: #00aa77;" in style.text
    assert style.mimetype == "text/css"
    assert make_app().test_client().get("/docs/brand.css").status_code == 404


def test_a_logo_of_another_host_may_be_loaded_and_nothing_else() -> None:
    """The policy of the pages names the host of the logo for pictures alone."""
    app = make_app(DOCS_LOGO="https://cdn.invalid/logo.svg")
    policy = app.test_client().get("/docs").headers["Content-Security-Policy"]

    assert "img-src 'self' data: blob: https://cdn.invalid;" in policy
    assert policy.count("cdn.invalid") == 1


@pytest.mark.parametrize("color", ["#000", "#fff", "#ffe14d", "#0a7", "#7f7f7f", "#123456"])
def test_text_in_any_colour_can_be_read(color: str) -> None:
    """On light and on dark the contrast of the colour is at least that of WCAG."""
    css = brand_css(color)
    light, dark = css.partition("light-dark(")[2].partition(")")[0].split(", ")
    for shown, ground in ((light, (255, 255, 255)), (dark, (19, 21, 26))):
        red, green, blue = (int(shown[at : at + 2], 16) for at in (1, 3, 5))

        assert contrast((red, green, blue), ground) >= 4.5
        assert readable((red, green, blue), ground) == shown


def test_the_pictures_of_the_page_are_small() -> None:
    """The pictures in the documentation, which a script takes, have less than 1.5 MB together."""
    pictures = list((pathlib.Path(__file__).parents[3] / "docs" / "_static").glob("reference-*.png"))

    assert len(pictures) == 6
    assert sum(path.stat().st_size for path in pictures) < 1_500_000


# Texts


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("*a* **b** `<b>` ``x``.", "<p><em>a</em> <strong>b</strong> <code>&lt;b&gt;</code> <code>x</code>.</p>"),
        ("a_b_c and 2*3*4", "<p>a_b_c and 2*3*4</p>"),
        ("- one\n- two\n  more\n", "<ul><li>one</li><li>two more</li></ul>"),
        ("- one\n  - two\n", "<ul><li>one\n<ul><li>two</li></ul></li></ul>"),
        ("1. one\n2. two", "<ol><li>one</li><li>two</li></ol>"),
        ("In 2020.\n2021. No list.", "<p>In 2020. 2021. No list.</p>"),
        ("# Title #\nText", "<p><strong>Title</strong></p>\n<p>Text</p>"),
        ("```json\n<b>\n\n```\nafter", '<pre tabindex="0">&lt;b&gt;\n</pre>\n<p>after</p>'),
        ("[a](https://x.invalid/?a=1&b=2)", '<p><a href="https://x.invalid/?a=1&amp;b=2">a</a></p>'),
        ("[a](/docs)", '<p><a href="/docs">a</a></p>'),
        ("<https://x.invalid>", '<p><a href="https://x.invalid">https://x.invalid</a></p>'),
        ("[a](javascript:alert)", "<p>[a](javascript:alert)</p>"),
        ("[a](data:text/html,x) [b](JAVASCRIPT:x)", "<p>[a](data:text/html,x) [b](JAVASCRIPT:x)</p>"),
        ('[a](#"onclick=x) <img onerror=y>', '<p><a href="#&#34;onclick=x">a</a> &lt;img onerror=y&gt;</p>'),
    ],
)
def test_texts_are_markdown_without_html(text: str, made: str) -> None:
    """A safe part of CommonMark: what could be HTML or a script is text."""
    assert markdown(text) == made


@pytest.mark.parametrize("text", ["*" * 5000, "[" * 5000, "`" * 5001, "- " * 3000, "_a" * 4000, "<https://" * 2000])
def test_long_texts_are_read_at_once(text: str) -> None:
    """No text takes time that grows with its square."""
    assert markdown(text)
