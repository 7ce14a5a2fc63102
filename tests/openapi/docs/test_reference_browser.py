"""The reference page in a real browser: accessible, as wide as the screen, used by keyboard, trying operations."""

from __future__ import annotations

import json
import os
import pathlib
import threading
import typing as t

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response

from framework import App, Event, Router, Schema, arguments, current_app, events, fields, request, response
from framework.marks.base import Mark, Security
from tests.browsers import chromium, served
from tests.openapi import everything

WIDTHS = (390, 768, 1440)
FEW = ("/small/docs/operations/replace", "/small/docs/changelog", "/large/docs/authentication")
MANY = (
    *(
        f"/small/docs{rest}"
        for rest in ("", "/errors/", "/errors/not_found", "/search?q=pet", "/schemas/", "/tags/pets")
    ),
    *(f"/large/docs{rest}" for rest in ("", "/tags/vault", "/operations/postPets", "/schemas/Pet", "/webhooks")),
)
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)
SCHEMES = {
    "headerKey": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "queryKey": {"type": "apiKey", "in": "query", "name": "key"},
    "cookieKey": {"type": "apiKey", "in": "cookie", "name": "key"},
    "basic": {"type": "http", "scheme": "basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://id.invalid", "scopes": {}}}},
    "openId": {"type": "openIdConnect", "openIdConnectUrl": "https://id.invalid/.well-known/openid-configuration"},
}


class Locked(Mark):
    """Declares a scheme."""

    def __init__(self, name: str) -> None:
        self.name = name

    def document(self, plan: t.Any) -> t.Iterable[t.Any]:
        yield Security(self.name, SCHEMES[self.name])


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer(dump_only=True, metadata={"example": 1})
    name = fields.String(required=True, metadata={"example": "Rex"})


def make_app(older: pathlib.Path) -> App:
    """An application whose operations say what they were sent.

    :param older: A document before its own.
    """
    pets = Router("pets", url_prefix="/pets", description="All about pets.")
    echo = {"method": fields.String(), "sent": fields.String(allow_none=True), "cookie": fields.String(allow_none=True)}

    def seen(value: str | None) -> dict[str, str | None]:
        return {"method": request.method, "sent": value, "cookie": request.headers.get("Cookie")}

    @pets.put("/<int:pet_id>")
    @arguments({"word": fields.String(required=True), "tags": fields.List(fields.String())}, location="query")
    @arguments(PetSchema)
    @response(200, echo)
    def replace(query: t.Any, pet: t.Any, pet_id: int) -> t.Any:
        """Replace a pet."""
        return seen(f"{pet_id} {query['word']} {query.get('tags')} {pet['name']}")

    @pets.post("/photos")
    @arguments({"caption": fields.String()}, location="form")
    @arguments({"photo": fields.File(required=True)}, location="files")
    @response(200, echo)
    def upload(form: t.Any, files: t.Any) -> t.Any:
        """Upload a photo."""
        return seen(f"{form.get('caption')} {files['photo'].filename} {len(files['photo'].read())}")

    @pets.get("/picture")
    @response(200, content_type="image/png")
    def picture() -> t.Any:
        """Show a picture."""
        return Response(PIXEL, mimetype="image/png")

    @pets.get("/news")
    @events(PetSchema)
    def news() -> t.Any:
        """Follow the news."""
        yield Event({"id": 1, "name": "Rex"})
        current_app.extensions["wait"].wait(20)
        yield Event({"id": 2, "name": "Tom"})

    def guarded(name: str) -> None:
        @pets.get(f"/locked/{name}", endpoint=name, operation_id=name)
        @Locked(name)
        @response(200, echo)
        def locked() -> t.Any:
            sent = request.headers.get("X-Key") or request.headers.get("Authorization") or request.args.get("key")
            return seen(sent)

    for name in SCHEMES:
        guarded(name)

    app = App(__name__)
    app.config.update(
        API_TITLE="Pets",
        API_VERSION="2.0.0",
        DOCS_COLOR="#ffe14d",
        DOCS_LOGO="/docs/static/swagger-ui/favicon-32x32.png",
    )
    app.config["DOCS_CHANGELOG"] = [str(older)]
    app.extensions["wait"] = threading.Event()
    app.register_router(pets)
    app.add_document("partners", routers=[pets], settings={"API_TITLE": "For partners", "DOCS_LISTED": True})
    return app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    """The small application, and an older document of it, of an operation that is gone and of others to come."""
    older = tmp_path_factory.mktemp("older") / "openapi.json"
    gone = {"get": {"operationId": "old", "responses": {"200": {"description": "OK"}}}}
    document = {"openapi": "3.1.0", "info": {"title": "Pets", "version": "1.0.0"}, "paths": {"/old": gone}}
    older.write_text(json.dumps(document), encoding="utf-8")
    return make_app(older)


@pytest.fixture(scope="module")
def live(app: App) -> t.Iterator[str]:
    """The address of a server that has a small document and a large one."""
    nothing = Response("", 404)
    with served(DispatcherMiddleware(nothing, {"/small": app, "/large": everything.make_app()})) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> t.Iterator[t.Any]:
    """Chromium without a window; it cannot look up any name, so nothing leaves the machine."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: t.Any, live: str) -> t.Iterator[t.Any]:
    """A page that notes what the policy refuses, and errors of scripts."""
    context = browser.new_context(base_url=live, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.faults = faults = []
    page.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()


@pytest.fixture(scope="module")
def axe() -> str:
    """The judge of accessibility, as a script."""
    path = pathlib.Path(os.environ.get("NODE_TOOLS", "."), "node_modules", "axe-core", "axe.min.js")
    if not path.exists():
        pytest.skip("no axe-core: npm install it, and name the folder in NODE_TOOLS")
    return path.read_text(encoding="utf-8")


def faults_of(browser: t.Any, live: str, axe: str, paths: t.Iterable[str], width: int, scheme: str) -> list[t.Any]:
    """The violations of axe-core on some pages with all unfolded, and the pages that are wider than the screen."""
    # The judge is a script of the test, which the policy of the pages would refuse.
    size = {"width": width, "height": 844}
    context = browser.new_context(base_url=live, viewport=size, color_scheme=scheme, bypass_csp=True)
    page, found = context.new_page(), []
    for path in paths:
        page.goto(path)
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        if width == WIDTHS[0]:
            page.evaluate("document.getElementById('menu').checked = true")
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append((path, "too wide"))
        page.evaluate(axe)
        for each in page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]:
            found.append((path, each["id"], [node["html"][:150] for node in each["nodes"][:3]], len(each["nodes"])))
    context.close()
    return found


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (768, "dark"), (1440, "light")])
def test_pages_are_accessible(browser: t.Any, live: str, axe: str, width: int, scheme: str) -> None:
    """No page has a violation of axe-core, and none is wider than the screen, at any width, light or dark."""
    assert faults_of(browser, live, axe, FEW, width, scheme) == []


@pytest.mark.extended
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_large_pages_are_accessible(browser: t.Any, live: str, axe: str, width: int, scheme: str) -> None:
    """Nor has a page with all there can be in a document, at any width, light and dark."""
    assert faults_of(browser, live, axe, (*FEW, *MANY), width, scheme) == []


def test_it_is_searched_by_keyboard(page: t.Any) -> None:
    """A slash goes to the search, arrows choose, enter follows, escape leaves; the first tab skips the navigation."""
    page.goto("/small/docs")
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.getAttribute('href')") == "#content"

    page.keyboard.press("/")
    page.keyboard.type("pet")
    options = page.get_by_role("option")
    options.first.wait_for()

    assert options.first.get_attribute("aria-selected") == "true"

    page.keyboard.press("ArrowDown")

    assert options.nth(1).get_attribute("aria-selected") == "true"
    assert page.get_by_role("combobox").get_attribute("aria-activedescendant") == "found-1"

    page.keyboard.press("Escape")

    assert options.count() == 0 or not options.first.is_visible()

    page.keyboard.type("replace")
    options.first.wait_for()
    page.keyboard.press("Enter")

    assert page.url.endswith("/small/docs#operation-replace")
    assert page.evaluate("document.activeElement.id") == "operation-replace"
    assert page.faults == []


def test_errors_and_schemas_of_a_large_document_are_found(page: t.Any) -> None:
    """The search leads from any page to an operation, a schema or an error on another."""
    for words, end in (
        ("add a box", "/large/docs/tags/vault#operation-postBoxes"),
        ("PetInput", "/large/docs/schemas/PetInput"),
        ("pet_missing", "/large/docs/errors/pet_missing"),
    ):
        page.goto("/large/docs")
        page.get_by_role("combobox").fill(words)
        page.get_by_role("option").first.wait_for()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{end}")

    assert page.faults == []


def test_the_theme_is_switched_and_kept(page: t.Any) -> None:
    """The button changes light to dark, and the next page is dark from the beginning."""
    page.goto("/small/docs")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Switch between light and dark").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.goto("/small/docs/errors/")

    assert light != dark
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    assert page.faults == []


def test_a_language_is_chosen_everywhere(page: t.Any) -> None:
    """A tab that is chosen in one sample is chosen in all, with the keyboard too, and on the next page."""
    page.goto("/small/docs")
    page.locator("#operation-replace input[value=curl]").focus()
    page.keyboard.press("ArrowRight")

    assert page.locator("#operation-upload pre.httpie").is_visible()
    assert not page.locator("#operation-upload pre.curl").is_visible()

    page.goto("/small/docs/operations/news")

    assert page.locator("pre.httpie").is_visible()


def tried(page: t.Any, operation: str) -> t.Any:
    """Open the form of an operation."""
    page.goto(f"/small/docs/operations/{operation}")
    place = page.locator(f"#operation-{operation}")
    place.get_by_role("button", name="Try it").click()
    return place


def answer(place: t.Any) -> str:
    """Send, and return the body of the response."""
    place.get_by_role("button", name="Send").click()
    place.locator("output > pre").wait_for()
    return t.cast(str, place.locator("output > pre").inner_text())


def test_parameters_and_bodies_are_sent(page: t.Any) -> None:
    """Path, query with a list, and a JSON body arrive as they were typed; required ones must be there."""
    place = tried(page, "replace")
    place.get_by_label("pet_id (path)").fill("7")
    place.get_by_label("word (query)").fill("")
    place.get_by_role("button", name="Send").click()

    assert place.locator("output").inner_text() == ""

    place.get_by_label("word (query)").fill("a & b")
    place.get_by_label("tags (query)").fill("x,y")
    place.get_by_label("Body (application/json)").fill('{"name": "Tom"}')
    body = answer(place)

    assert "7 a & b ['x', 'y'] Tom" in body
    assert '"method": "PUT"' in body
    assert page.faults == []


def test_a_challenge_is_an_answer_like_others(page: t.Any) -> None:
    """A 401 with a challenge is shown, where the browser would ask for a password by a form of its own."""
    page.goto("/large/docs/operations/getBoxes")
    page.get_by_role("button", name="Try it").click()

    assert '"status": 401' in answer(page.locator("#operation-getBoxes"))


def test_files_are_uploaded(page: t.Any) -> None:
    """A multipart form takes files and texts."""
    place = tried(page, "upload")
    place.get_by_label("photo").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": PIXEL})
    place.get_by_label("caption").fill("Rex & Tom")

    assert f"Rex & Tom a.png {len(PIXEL)}" in answer(place)
    assert page.faults == []


def test_a_picture_is_shown_and_can_be_kept(page: t.Any) -> None:
    """A binary answer is a picture and a download."""
    place = tried(page, "picture")
    place.get_by_role("button", name="Send").click()
    place.locator("output img").wait_for()

    assert place.locator("output img").evaluate("node => node.decode().then(() => node.naturalWidth)") == 1
    assert "Download (image/png" in place.locator("output").inner_text()
    assert page.faults == []


def test_a_stream_is_shown_as_it_arrives(page: t.Any, app: App) -> None:
    """Events appear before the stream has ended; it can be stopped, and otherwise its end is said."""
    app.extensions["wait"].clear()
    place = tried(page, "news")
    place.get_by_role("button", name="Send").click()
    place.locator("output pre.live", has_text='"Rex"').wait_for()

    assert '"Tom"' not in place.locator("output").inner_text()

    place.get_by_role("button", name="Stop").click()
    place.get_by_text("Stopped").wait_for()
    app.extensions["wait"].set()
    place.get_by_role("button", name="Send").click()
    place.get_by_text("End of the stream").wait_for()

    assert '"Tom"' in place.locator("output pre.live").inner_text()
    assert page.faults == []


@pytest.mark.parametrize(
    ("scheme", "typed", "sent"),
    [
        ("headerKey", {"X-Key": "abc"}, '"sent": "abc"'),
        ("queryKey", {"key": "a&b"}, '"sent": "a&b"'),
        ("cookieKey", {"key": "abc"}, '"cookie": "key=abc"'),
        ("basic", {"User name": "ann", "Password": "pässword"}, '"sent": "Basic YW5uOnDDpHNzd29yZA=="'),
        ("bearer", {"Token": "abc"}, '"sent": "Bearer abc"'),
        ("oauth", {"Token": "abc"}, '"sent": "Bearer abc"'),
        ("openId", {"Token": "abc"}, '"sent": "Bearer abc"'),
    ],
)
def test_credentials_of_each_scheme_are_sent(page: t.Any, scheme: str, typed: dict[str, str], sent: str) -> None:
    """They arrive where the scheme says, for one request, and are kept nowhere but in the memory of the page."""
    place = tried(page, scheme)
    for label, value in typed.items():
        place.get_by_label(f"{scheme}: {label}").fill(value)

    assert sent in answer(place)
    assert page.context.cookies() == []
    assert page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])") == "[{},{}]"

    page.reload()
    place.get_by_role("button", name="Try it").click()

    assert place.get_by_label(f"{scheme}: {next(iter(typed))}").input_value() == ""
    assert page.faults == []
