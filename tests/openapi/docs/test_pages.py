"""What the docs rules answer: the document, the pages, their files, and the error catalogue."""

from __future__ import annotations

import hashlib
import html.parser
import json
import pathlib
import re
import typing as t

import pytest
import yaml

import framework.openapi.docs._pages
from framework import App, Resource, Router, Schema, errors, fields, raises, response
from framework.marks.base import Mark, Security

STATIC = pathlib.Path(framework.openapi.docs._pages.__file__).parent / "static"


class Sold(errors.Conflict):
    """The pet is <b>sold</b>.

    It says ``until`` when & why.

    :param until: not for readers.
    """

    schema = Schema.from_dict({"until": fields.Integer(metadata={"example": 3, "description": "A <i>year</i>."})})


class Locked(Mark):
    """Wants a key."""

    def document(self, plan: t.Any) -> t.Iterable[t.Any]:
        yield Security("key", {"type": "apiKey", "in": "header", "name": "X-Key", "description": "A <b>key</b>."})


class Twin(errors.NotFound):
    """One of two errors with one name."""

    error_code = "sold"


class Undeclared(errors.Gone):
    """No operation says that it raises this."""

    error_code = "undeclared_by_all"


def make_app(**config: t.Any) -> App:
    """An application with one operation, whose words want to be HTML."""
    pets = Router("pets", url_prefix="/pets", description="All <b>about</b> pets.")

    @pets.route("")
    class Pets(Resource):
        """All pets."""

        @Locked()
        @response(200, {"id": fields.Integer(metadata={"description": "<img src=x> [x](javascript:alert(1))"})})
        @raises(Sold)
        def get(self) -> t.Any:
            """Show <script>alert(1)</script> & more."""
            return {"id": 1}

    app = App(__name__)
    app.config.update(API_TITLE='Pets & "friends" <x>', **config)
    app.register_router(pets)
    app.webhook("petSold", {"id": fields.Integer()}, summary="A <b>pet</b> was sold.")
    return app


@pytest.fixture
def client() -> t.Any:
    return make_app().test_client()


class Reader(html.parser.HTMLParser):
    """Collects the elements of a page, and refuses what its policy would refuse."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


PAGES = [
    *(
        "/docs",
        "/docs/swagger",
        "/docs/tags/pets",
        "/docs/operations/getPets",
        "/docs/schemas/",
        "/docs/schemas/Problem",
    ),
    *("/docs/authentication", "/docs/webhooks", "/docs/search?q=script"),
    *("/docs/errors/", "/docs/errors/sold", "/docs/errors/not_found"),
]


def test_the_document_is_served_in_json_and_yaml(client: t.Any) -> None:
    """Both say the same as ``App.openapi``."""
    as_json, as_yaml = client.get("/openapi.json"), client.get("/openapi.yaml")

    assert as_json.content_type == "application/json"
    assert as_json.get_json() == client.application.openapi
    assert as_yaml.mimetype == "application/yaml"
    assert yaml.safe_load(as_yaml.get_data()) == client.application.openapi


def test_what_has_not_changed_is_not_sent_again(client: t.Any) -> None:
    """The document and the pages are asked for each time, and answered by 304 while they are the same."""
    for path in ("/openapi.json", "/openapi.yaml", *PAGES):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        head = client.head(path)

        assert first.headers["Cache-Control"] == "no-cache"
        assert (again.status_code, again.get_data()) == (304, b"")
        assert (head.status_code, head.get_data(), head.headers["ETag"]) == (200, b"", first.headers["ETag"])


def test_behind_a_prefix_everything_has_it(client: t.Any) -> None:
    """Under a prefix the document names it as its server, and every address of the pages begins with it."""
    document = client.get("/openapi.json", environ_overrides={"SCRIPT_NAME": "/api"})
    pages = [Reader(client.get(path, environ_overrides={"SCRIPT_NAME": "/api"}).text) for path in PAGES]
    addresses = [
        value
        for page in pages
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("href", "src", "data-url", "data-oauth2")
    ]

    assert document.get_json()["servers"] == [{"url": "/api"}]
    assert len(addresses) > 20
    assert all(address and address.startswith(("/api/", "#")) for address in addresses)
    tried = [json.loads(str(each["data-call"])) for page in pages for each in page.all("button") if "data-call" in each]
    assert {each["u"] for each in tried} == {"/api"}


def test_configured_servers_stay_and_may_be_called() -> None:
    """Servers of the settings are what the document says, and the page's policy lets them be called."""
    client = make_app(API_SERVERS=[{"url": "https://api.invalid/v1"}, {"url": "/relative"}]).test_client()
    reply = client.get("/openapi.json", environ_overrides={"SCRIPT_NAME": "/api"})

    assert reply.get_json()["servers"][0] == {"url": "https://api.invalid/v1"}
    assert "connect-src 'self' https://api.invalid;" in client.get("/docs").headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_guarded(client: t.Any, path: str) -> None:
    """Each page has a strict policy, allows no sniffing, no frames, and gives no address away."""
    headers = client.get(path).headers

    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert "'unsafe" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", PAGES)
def test_pages_hold_no_script_and_no_style(client: t.Any, path: str) -> None:
    """Scripts and styles are files of the package; what others wrote stands there as text."""
    reply = client.get(path)
    page = Reader(reply.text)

    assert all(script["src"] for script in page.all("script"))
    assert not page.all("style")
    assert not page.all("b")
    assert not page.all("i")
    assert not page.all("x")
    assert not any(name.startswith("on") or name == "style" for _, each in page.elements for name in each)
    assert all(
        str(value).startswith(("/", "#"))
        for _, each in page.elements
        for name, value in each.items()
        if name in ("href", "src", "action")
    )
    assert 'Pets & "friends" <x>' in page.text


def test_the_pages_name_their_files(client: t.Any) -> None:
    """Swagger UI gets the document's address; each file that a page names is there and may be kept for ever."""
    swagger, page = Reader(client.get("/docs/swagger").text), Reader(client.get("/docs").text)
    place = next(each for each in swagger.all("div") if each["id"] == "swagger-ui")
    elements = [each for one in (page, swagger) for each in (*one.all("script"), *one.all("link"))]
    files = [str(each.get("src") or each.get("href")) for each in elements]

    assert place["data-url"] == "/openapi.json"
    assert len(files) == 10
    for file in files:
        with client.get(file) as reply:
            assert reply.status_code == 200
            assert {"public", "immutable", "max-age=31536000"} <= set(reply.headers["Cache-Control"].split(", "))
            assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_without_its_digest_is_asked_for_each_time(client: t.Any) -> None:
    """Only the address with the right digest may be kept; ETags work for all."""
    for query in ("", "?v=0000000000000000"):
        with client.get(f"/docs/static/reference.css{query}") as reply:
            assert reply.headers["Cache-Control"] == "no-cache"

    with client.get("/docs/static/reference.css", headers={"If-None-Match": reply.headers["ETag"]}) as again:
        assert again.status_code == 304


@pytest.mark.parametrize(
    "name", ["", "nothing.js", "VENDORED.txt", "../pages.py", "swagger-ui/../../pages.py", "%2e%2e/pages.py", "a\x00b"]
)
def test_no_other_file_is_served(client: t.Any, name: str) -> None:
    """Only the files of the pages are there, whatever is asked for."""
    assert client.get(f"/docs/static/{name}").status_code == 404


def test_the_errors_are_listed(client: t.Any) -> None:
    """The list has each error that an operation of the document answers with, and leads to its page."""
    page = Reader(client.get("/docs/errors/").text)
    links = [str(each["href"]) for each in page.all("a")]

    assert "/docs/errors/sold" in links
    assert "/docs/errors/internal_server_error" in links
    assert "/docs/errors/undeclared_by_all" not in links
    assert "until when & why" not in page.text


def test_an_error_is_explained(client: t.Any) -> None:
    """Its page has status, text, members, an example and the operations, with what is not a text of it left out."""
    page = Reader(client.get("/docs/errors/sold").text)

    assert "409 Conflict" in page.text
    assert "The pet is <b>sold</b>." in page.text
    assert "It says until when & why." in page.text
    assert "not for readers" not in page.text
    assert "A <i>year</i>." in page.text
    assert '"until": 3' in page.text
    assert "Show <script>alert(1)</script> & more." in page.text
    assert {"href": "/docs#operation-getPets"} in page.all("a")


def test_the_type_of_a_real_problem_leads_to_its_page(client: t.Any) -> None:
    """The address in ``type`` is that of the page, also behind a prefix."""
    overrides = {"environ_overrides": {"SCRIPT_NAME": "/api"}}
    kind = client.get("/nowhere", **overrides).get_json()["type"]
    reply = client.get(kind.removeprefix("/api"), **overrides)

    assert kind == "/api/docs/errors/not_found"
    assert reply.status_code == 200


def test_errors_that_no_operation_declares_have_a_page_too(client: t.Any) -> None:
    """The address of an undeclared error's ``type`` is not broken; the page says that nobody declares it."""
    assert "No operation of the document declares this error." in client.get("/docs/errors/undeclared_by_all").text


def test_an_unknown_name_is_not_found(client: t.Any) -> None:
    """A name that no error has is a 404, and nothing of it comes back as HTML."""
    reply = client.get("/docs/errors/<script>alert(1)</script>")

    assert reply.status_code == 404
    assert reply.mimetype == "application/problem+json"


def test_pages_can_be_switched_off() -> None:
    """Without docs there is no page and no catalogue; without the JSON document the page takes the YAML."""
    without = make_app(DOCS_PATH=None).test_client()
    yaml_only = make_app(OPENAPI_JSON_PATH=None).test_client()
    neither = make_app(OPENAPI_JSON_PATH=None, OPENAPI_YAML_PATH=None).test_client()

    assert without.get("/docs").status_code == 404
    assert without.get("/openapi.json").status_code == 200
    assert (
        without.application.openapi["components"]["responses"]["InternalServerError"]["content"][
            "application/problem+json"
        ]["example"]["type"]
        == "about:blank"
    )
    assert 'data-url="/openapi.yaml"' in yaml_only.get("/docs/swagger").text
    assert {"is not served here" in neither.get(path).text for path in ("/docs", "/docs/swagger")} == {True}
    for path in PAGES:
        reply = neither.get(path)
        assert "/pets" not in reply.text or "/errors/" in path
        assert reply.status_code == (
            200 if path.startswith(("/docs/errors", "/docs/se", "/docs/sw")) or path == "/docs" else 404
        )


def test_the_vendored_files_are_those_that_were_recorded() -> None:
    """Each vendored file has the digest that stands beside its version and licence, and none is without."""
    text = (STATIC / "VENDORED.txt").read_text()
    recorded = dict(reversed(line.split("  ")) for line in re.findall(r"^[0-9a-f]{64}  .+$", text, re.MULTILINE))
    found = {
        f"swagger-ui/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest()
        for file in (STATIC / "swagger-ui").iterdir()
    }

    assert found == recorded
    assert "5.35.0" in text
    assert {"swagger-ui/LICENSE", "swagger-ui/NOTICE"} <= set(found)


def test_an_example_in_a_page_is_the_one_of_the_document(client: t.Any) -> None:
    """The page of an error and the document show the same example."""
    page = client.get("/docs/errors/not_found").text
    shown = json.loads(Reader(page).text.split("Example", 1)[1].split("Operations", 1)[0])

    assert shown["type"] == "/docs/errors/not_found"
    assert shown["status"] == 404
