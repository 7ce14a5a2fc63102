"""The answers of the docs rules: the document, the documentation pages, their files, and the error catalogue.

Everything comes from this package; no page asks another host for anything.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import hashlib
import pathlib
import re
import typing as t
from urllib.parse import urlsplit

from ... import context
from ...app import HOST
from ...errors import NotFound
from ...helpers import send_file, url_for
from ...texts import message
from ...typing import JSONObject
from ..document import Built, built, title, to_json
from . import _catalogue as catalogue
from . import _html as html
from . import _plain as plain_html

if t.TYPE_CHECKING:
    from markupsafe import Markup

    from ...app import Document
    from ...context import Context
    from ...wrappers import Response

_FOLDER = pathlib.Path(__file__).parent / "static"
_YEAR = 31_536_000

# What is served, and as what; the licences and notes beside them are not.
_FILES = {
    "init.js": "text/javascript",
    "page.css": "text/css",
    "swagger-ui/swagger-ui-bundle.js": "text/javascript",
    "swagger-ui/swagger-ui.css": "text/css",
    "swagger-ui/favicon-32x32.png": "image/png",
    "swagger-ui/oauth2-redirect.html": "text/html",
    "swagger-ui/oauth2-redirect.js": "text/javascript",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src {hosts}; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_PLAIN_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def show(page: str, document: str, values: cabc.Mapping[str, object]) -> Response:
    """Answer a docs rule.

    :param page: The name of the function below that makes it.
    :param document: The name of the document.
    :param values: The variables of the rule.
    """
    ctx = context.current()
    return PAGES[page](Site(ctx, ctx.app.documents[document]), **values)


class Site:
    """The pages of one document, as a request sees them.

    :param ctx: The context of the request.
    :param which: The document.
    """

    def __init__(self, ctx: Context, which: Document) -> None:
        self.ctx = ctx
        self.app = ctx.app
        self.which = which
        self.config = which.config(ctx.app)

    @property
    def title(self) -> str:
        """The title of the API."""
        return title(self.app, self.config)

    @functools.cached_property
    def built(self) -> Built:
        """The document, with what was learnt in making it."""
        return built(self.app, self.which)

    def address(self, kind: str, **values: t.Any) -> str | None:
        """The path of one of the docs rules; ``None`` where it is switched off."""
        endpoint = self.which.endpoint(kind)
        if endpoint not in self.app.view_functions:
            return None
        if self.app.url_map.host_matching:
            values[HOST] = self.ctx.request.host
        return url_for(endpoint, **values)

    def file(self, filename: str, **values: object) -> str:
        """The path of a file, for those who know it by heart: without a digest."""
        return t.cast(str, self.address("static", filename=filename, **values))

    def asset(self, filename: str) -> str:
        """The path of a file, with the digest of its content, so that it may be cached for ever."""
        return self.file(filename, v=digests()[filename][:16])

    def served(self) -> JSONObject:
        """The document as it is true for this request: without configured servers the API is where it came in."""
        document = self.built.document
        root = self.ctx.request.script_root
        if not root or self.config["API_SERVERS"]:
            return document
        return {**document, "servers": [{"url": root}]}

    def links(self) -> dict[str, str]:
        """The navigation of the plain pages, as far as its goals are served."""
        found = {
            self.title: self.address("docs"),
            "Operations": self.address("plain"),
            "Errors": self.address("errors"),
        }
        return {text: href for text, href in found.items() if href is not None}

    def plain_page(self, name: str, body: Markup) -> Response:
        """A page without a script."""
        text = html.page(name, body, [self.asset("page.css")], self.asset("swagger-ui/favicon-32x32.png"))
        return guarded(cached(self.ctx, text, "text/html"), _PLAIN_POLICY)


def document_json(site: Site) -> Response:
    """The document in JSON."""
    return cached(site.ctx, to_json(site.served()), "application/json")


def document_yaml(site: Site) -> Response:
    """The document in YAML (RFC 9512)."""
    from ..document import to_yaml  # PERF: it imports the library, which no other page needs

    return cached(site.ctx, to_yaml(site.served()), "application/yaml")


def docs(site: Site) -> Response:
    """The page with Swagger UI."""
    body = html.docs_body(
        site.address("json") or site.address("yaml"),
        site.file("swagger-ui/oauth2-redirect.html"),  # providers of OAuth 2 know the address by heart
        [site.asset("swagger-ui/swagger-ui-bundle.js"), site.asset("init.js")],
        site.address("errors"),
        site.address("plain"),
    )
    styles = [site.asset("swagger-ui/swagger-ui.css"), site.asset("page.css")]
    text = html.page(site.title, body, styles, site.asset("swagger-ui/favicon-32x32.png"), "docs")
    hosts = " ".join(["'self'", *server_origins(site.built.document)])
    return guarded(cached(site.ctx, text, "text/html"), _POLICY.format(hosts=hosts))


def plain(site: Site) -> Response:
    """The document on one page that needs no script."""
    if site.address("json") is None and site.address("yaml") is None:
        # Who serves no document does not want this one read either.
        return site.plain_page(site.title, html.docs_body(None, "", (), site.address("errors")))
    errors: dict[str, list[plain_html.Reference]] = {}
    for cls, operations in site.built.uses.items():
        code, status = cls.error_code, t.cast(int, cls.code)
        found = plain_html.Reference(status, code, site.address("error", name=code))
        for operation in dict.fromkeys(operations):
            errors.setdefault(operation.operation_id, []).append(found)
    body = plain_html.plain_body(site.built.document, site.ctx.request.root_url, site.links(), errors)
    return site.plain_page(site.title, body)


def static(site: Site, filename: str) -> Response:
    """A file of the pages.

    With the digest of its content in the query (``?v=...``) it may be kept for ever, otherwise it is revalidated each
    time.

    :raises NotFound: There is no such file among those that are served.
    """
    kind = _FILES.get(filename)
    if kind is None:
        raise NotFound(message("not_found.docs_file"))
    digest = digests()[filename]
    fixed = site.ctx.request.args.get("v") == digest[:16]
    response = send_file(_FOLDER / filename, mimetype=kind, etag=digest[:32], max_age=_YEAR if fixed else None)
    if fixed:
        response.cache_control.public = True
        response.cache_control.immutable = True
    policy = _POLICY.format(hosts="'self'") if kind == "text/html" else _PLAIN_POLICY
    return guarded(response, policy)


def error_list(site: Site) -> Response:
    """The catalogue of all errors of the document."""
    found = catalogue.entries(site.app, site.built)
    body = html.errors_body(found, site.links(), lambda code: t.cast(str, site.address("error", name=code)))
    return site.plain_page(f"Errors - {site.title}", body)


def error_page(site: Site, name: str) -> Response:
    """The page that the ``type`` of a problem leads to.

    :param name: An ``error_code``.
    :raises NotFound: No error has it.
    """
    found = catalogue.find(site.app, site.built, name)
    if not found:
        raise NotFound(message("not_found.error_name"))
    # These pages need no script, so neither does what they lead to; where no document is served, nothing is shown.
    is_shown = site.address("json") or site.address("yaml")
    body = html.error_body(found, site.links(), site.address("plain") if is_shown else None)
    return site.plain_page(f"{name} - {site.title}", body)


PAGES: cabc.Mapping[str, cabc.Callable[..., Response]] = {
    each.__name__: each for each in (document_json, document_yaml, docs, plain, static, error_list, error_page)
}


# What the pages share.


def cached(ctx: Context, text: str, kind: str) -> Response:
    """An answer that is revalidated each time, and sent only if it has changed."""
    response: Response = ctx.app.response_class(text.encode(), content_type=f"{kind}; charset=utf-8")
    if kind == "application/json":
        response.headers["Content-Type"] = kind
    response.cache_control.no_cache = True
    response.add_etag()
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.make_conditional(ctx.request)
    return response


def guarded(response: Response, policy: str) -> Response:
    """Say what the page may load, and that it stays among itself."""
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@functools.cache
def digests() -> dict[str, str]:
    """The SHA-256 of each file that is served."""
    return {name: hashlib.sha256((_FOLDER / name).read_bytes()).hexdigest() for name in _FILES}


def server_origins(document: JSONObject) -> list[str]:
    """The origins of the servers in a document, which the page may call to try an operation out."""
    servers = list(document.get("servers", ()))
    for item in document.get("paths", {}).values():
        for each in (item, *(operation for operation in item.values() if isinstance(operation, dict))):
            servers += each.get("servers", ())
    found: dict[str, None] = {}
    for server in servers:
        parts = urlsplit(server["url"])
        # The policy has a word for any subdomain, and for no other variable.
        place = re.sub(r"^\{[^{}]*\}(?=\.)", "*", parts.netloc)
        if parts.scheme in ("http", "https") and place and not set(place) & set("{};, '\""):
            found[f"{parts.scheme}://{place}"] = None
    return list(found)
