"""The documentation pages as files of a folder, with relative links, for a server of files.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import hashlib
import pathlib
import posixpath
import re
import typing as t
from urllib.parse import quote

from ...errors import SetupError
from ...typing import JSONObject
from ..document import to_json, to_yaml
from . import _catalogue as catalogue
from . import _guides as guides
from . import _reference as reference
from ._brand import brand_css
from ._changelog import changelog_page
from ._html import to_text
from ._reading import filled
from ._site import FILES, FOLDER, Site

if t.TYPE_CHECKING:
    from ...app import App, Document

_PLACES: t.Final = {
    "docs": "index.html",
    "authentication": "authentication.html",
    "webhooks": "webhooks.html",
    "changelog": "changelog.html",
    "errors": "errors/index.html",
    "schemas": "schemas/index.html",
    "index": "search.json",
    "brand": "brand.css",
    "json": "openapi.json",
    "yaml": "openapi.yaml",
}
_FOLDERS: t.Final = {"tag": "tags", "operation": "operations", "schema": "schemas", "error": "errors"}
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class FileSite(Site):
    """The pages as files.

    :param server: The address of the API.
    :param here: The file whose links are made.
    """

    def __init__(self, app: App, which: Document, server: str, here: str) -> None:
        super().__init__(app, which)
        self.server = server
        self.here = here

    @property
    def root(self) -> str:
        return self.server

    @property
    def base(self) -> str:
        return self.server.rstrip("/")

    def address(self, kind: str, **values: t.Any) -> str | None:
        path = path_of(kind, values)
        if path is None:
            return None
        made = quote(posixpath.relpath(path, posixpath.dirname(self.here) or "."))
        return f"{made}?v={values['v']}" if "v" in values else made

    def docs_of(self, which: Document) -> str | None:
        return self.address("docs") if which is self.which else None

    def text(self, key: object, make: cabc.Callable[[], str]) -> str:
        return make()  # its links are those of one file


def path_of(kind: str, values: cabc.Mapping[str, object]) -> str | None:
    """The file of a page; ``None`` for one that needs the application."""
    if kind in _PLACES:
        return _PLACES[kind]
    if kind == "static":
        return f"static/{values['filename']}"
    if kind in _FOLDERS:
        return f"{_FOLDERS[kind]}/{file_name(str(values['name']))}.html"
    return None


def file_name(name: str) -> str:
    """A name as that of a file; one with other signs gets a digest in their place."""
    if _SAFE.fullmatch(name) and name != "index":
        return name
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', name)[:50].strip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def server_of_site(site: Site, given: str | None) -> str:
    """Return the address of the API, for the samples.

    :raises SetupError: None is given, and the document names none.
    """
    servers = site.built.document.get("servers", ())
    found = given or next(
        (filled(each) for each in servers if str(each["url"]).startswith(("http://", "https://"))), ""
    )
    if not found:
        raise SetupError(
            f"The document {site.which.name!r} names no server with a scheme, so that the samples have no address. Give"
            " '--server https://api.example.org', or set API_SERVERS."
        )
    return found


def write_site(app: App, which: Document, folder: pathlib.Path, server: str | None = None) -> int:
    """Write the pages of a document.

    :param folder: The folder, made if it is not there. Files of the same names are replaced, others stay.
    :param server: The address of the API. Default: the first server of the document that has a scheme.
    :return: The number of files.
    :raises SetupError: The samples have no address.
    """
    whole = Site(app, which)
    address = server_of_site(whole, server)
    count = 0
    document = whole.built.document if server is None else {**whole.built.document, "servers": [{"url": server}]}
    for path, content in files_of(app, which, address, document):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        count += 1
    return count


def files_of(app: App, which: Document, server: str, document: JSONObject) -> cabc.Iterator[tuple[str, bytes]]:
    """The paths and contents of the files."""

    def at(kind: str, **values: object) -> FileSite:
        return FileSite(app, which, server, t.cast(str, path_of(kind, values)))

    first = at("docs")
    yield "openapi.json", to_json(document).encode()
    yield "openapi.yaml", to_yaml(document).encode()
    for name in FILES:
        if not name.endswith(("bundle.js", "swagger-ui.css", "init.js")) and "oauth2" not in name:
            yield f"static/{name}", (FOLDER / name).read_bytes()
    if first.config["DOCS_COLOR"]:
        yield "brand.css", brand_css(first.config["DOCS_COLOR"]).encode()
    yield "search.json", to_text(guides.search_index(first)).encode()
    for site, text in pages_of(first, at):
        yield site.here, text.encode()


def pages_of(first: FileSite, at: cabc.Callable[..., FileSite]) -> cabc.Iterator[tuple[FileSite, str]]:
    """The pages.

    :param at: Makes the site of one of them.
    """
    yield first, reference.first_page(first)
    singles = (
        ("schemas", reference.schema_list),
        ("authentication", guides.authentication_page),
        ("webhooks", guides.webhooks_page),
        ("changelog", changelog_page),
    )
    for kind, make in singles:
        if first.has(kind):
            yield (site := at(kind)), make(site)
    named: tuple[tuple[str, cabc.Iterable[str], cabc.Callable[[Site, str], str | None]], ...] = (
        ("tag", [each.name for each in first.reading.tags], reference.tag_page),
        ("operation", first.reading.operations, reference.operation_page),
        ("schema", first.reading.schemas, reference.schema_page),
    )
    for kind, names, make_named in named:
        for name in names:
            yield (site := at(kind, name=name)), make_named(site, name) or ""
    entries = catalogue.entries(first.app, first.built)
    yield (site := at("errors")), guides.errors_page(site, entries)
    for code in dict.fromkeys(each.code for each in entries):
        found = [each for each in entries if each.code == code]
        yield (site := at("error", name=code)), guides.error_page(site, code, found)
