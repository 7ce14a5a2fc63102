"""The documentation pages in a real browser: nothing refused, nothing from elsewhere."""

from __future__ import annotations

import typing as t

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response

from framework import App, Resource, Router, Schema, abort, arguments, doc, errors, fields, raises, response, validate
from tests.browsers import chromium, served


class Missing(errors.NotFound):
    """No pet has this id. <script>alert(1)</script>"""


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer(dump_only=True, metadata={"example": 1})
    name = fields.String(required=True, allow_none=True, validate=validate.Length(1, 50), metadata={"example": "Rex"})


def make_app() -> App:
    pets = Router("pets", url_prefix="/pets", description="All about pets.")

    @pets.route("")
    class Pets(Resource):
        @response(200, PetSchema(many=True))
        def get(self) -> t.Any:
            """List pets."""
            return [{"id": 1, "name": "Rex"}]

        @arguments(PetSchema)
        @response(201, PetSchema)
        def post(self, pet: t.Any) -> t.Any:
            """Add a pet."""
            return {"id": 2, **pet}

    @pets.route("/<int:pet_id>")
    class Pet(Resource):
        @doc(deprecated=True)
        @response(200, PetSchema)
        @raises(Missing)
        def get(self, pet_id: int) -> t.Any:
            """Show a pet."""
            abort(Missing())

    app = App(__name__)
    app.register_router(pets)
    return app


@pytest.fixture(scope="module")
def live() -> t.Iterator[str]:
    """The address of a server that has the application at ``/`` and once more under ``/mounted``."""
    nothing = Response("", 404)
    whole = DispatcherMiddleware(make_app(), {"/mounted": make_app(), "/favicon.ico": nothing})
    with served(whole) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> t.Iterator[t.Any]:
    """Chromium without a window; it cannot look up any name, so nothing leaves the machine."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: t.Any, live: str) -> t.Iterator[t.Any]:
    """A page that notes console errors, refused or failed requests, and requests to elsewhere."""
    context = browser.new_context(base_url=live)
    page = context.new_page()
    page.faults = faults = []
    page.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda r: faults.append(f"{r.url}: {r.failure}"))
    page.on("response", lambda r: faults.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    own = (live, "data:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(own) else faults.append(f"outside: {r.url}"))
    yield page
    context.close()


@pytest.mark.parametrize("root", ["", "/mounted"])
def test_swagger_ui_shows_and_tries_out_operations(page: t.Any, root: str) -> None:
    """Swagger UI renders under its policy, and an operation tried out in it gets its answer, also behind a prefix."""
    page.goto(f"{root}/docs/swagger")
    page.locator("#operations-pets-getPets").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.locator(".live-responses-table .response-col_status", has_text="200").first.wait_for()

    assert page.locator(".request-url").first.inner_text().strip().endswith(f"{root}/pets")
    assert page.faults == []


def test_swagger_ui_calls_the_origin_of_the_page_first(browser: t.Any) -> None:
    """Servers of the document follow that of the page; operations can be filtered; what is kept is a setting."""
    for keeps in (False, True):
        app = make_app()
        app.config.update(API_SERVERS=[{"url": "https://api.invalid"}], DOCS_PERSIST_AUTHORIZATION=keeps)
        with served(DispatcherMiddleware(Response("", 404), {"/mounted": app})) as address:
            page = browser.new_page()
            page.goto(f"{address}/mounted/docs/swagger")
            page.locator(".servers select option").first.wait_for(state="attached")
            servers = page.locator(".servers select option").all_inner_texts()

            assert [each.strip() for each in servers] == ["/mounted", "https://api.invalid"]
            assert page.locator(".operation-filter-input").is_visible()
            assert page.evaluate("window.ui.getConfigs().persistAuthorization") is keeps
            page.close()


def test_bodies_and_schemas_unfold(page: t.Any) -> None:
    """An operation with a body and the schemas unfold without a fault."""
    page.goto("/docs/swagger")
    page.locator("#operations-pets-postPets").click()
    page.locator("#operations-pets-getPet").click()
    page.locator(".models h4 button, .models h3 button, section.models button").first.wait_for()
    page.get_by_text("PetInput", exact=False).first.wait_for()

    assert page.locator("#operations-pets-postPets .example, #operations-pets-postPets .highlight-code").count() > 0
    assert page.faults == []


def test_the_error_pages_need_no_script(page: t.Any) -> None:
    """From the list of errors to the page of one, whose operation leads to its place in the documentation."""
    page.goto("/docs/errors/", wait_until="networkidle")  # a request that leaving the page cuts off is a fault
    page.get_by_role("link", name="missing", exact=True).click()
    page.wait_for_url("**/docs/errors/missing", wait_until="networkidle")

    assert "<script>alert(1)</script>" in page.locator("main p").first.inner_text()

    page.get_by_role("link", name="/pets/{pet_id}").click()
    page.wait_for_url("**/docs#operation-getPet", wait_until="networkidle")

    assert page.locator("#operation-getPet pre.curl").is_visible()
    assert page.faults == []


@pytest.mark.parametrize("root", ["", "/mounted"])
def test_the_page_needs_no_script(browser: t.Any, live: str, root: str) -> None:
    """With scripts switched off all is read: samples by their tabs, schemas that unfold, the search as a page."""
    context = browser.new_context(base_url=live, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{root}/docs", wait_until="networkidle")
    operation = page.locator("#operation-postPets")

    assert operation.locator("pre.curl").inner_text().startswith(f"curl -X POST {live}{root}/pets ")

    operation.get_by_text("httpx", exact=True).click()

    assert operation.locator("pre.httpx").is_visible()
    assert not operation.locator("pre.curl").is_visible()
    assert not page.get_by_role("button", name="Try it").first.is_visible()

    operation.get_by_role("link", name="Pet", exact=True).click()

    assert page.url.endswith("#schema-Pet")

    page.get_by_role("searchbox").fill("show pet")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("main").get_by_role("link", name="Show a pet").click()

    assert page.url.endswith(f"{root}/docs#operation-getPet")
    context.close()
