"""The answers of the docs rules: the document, the documentation pages, and their files.

Everything comes from this package; no page asks another host for anything.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import re
import typing as t
from urllib.parse import urlsplit

from ... import context
from ...errors import NotFound
from ...helpers import send_file
from ...texts import message
from ...typing import JSONObject
from ...wrappers import Response
from ..document import to_json
from . import _catalogue as catalogue
from . import _guides as guides
from . import _html as html
from . import _reference as reference
from ._brand import brand_css
from ._site import FILES, FOLDER, ICON, RequestSite, digests

if t.TYPE_CHECKING:
    from ...context import Context

_YEAR = 31_536_000
_MAX_SEARCH = 100
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; font-src 'self';"
    " connect-src {hosts}; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_FILE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def show(page: str, document: str, values: cabc.Mapping[str, object]) -> Response:
    """Answer a docs rule.

    :param page: The name of the function below that makes it.
    :param document: The name of the document.
    :param values: The variables of the rule.
    """
    ctx = context.current()
    return PAGES[page](RequestSite(ctx, ctx.app.documents[document]), **values)


def document_json(site: RequestSite) -> Response:
    """The document in JSON."""
    return cached(site.ctx, to_json(site.served()), "application/json")


def document_yaml(site: RequestSite) -> Response:
    """The document in YAML (RFC 9512)."""
    from ..document import to_yaml  # PERF: it imports the library, which no other page needs

    return cached(site.ctx, to_yaml(site.served()), "application/yaml")


def docs(site: RequestSite) -> Response:
    """The reference, or its first page."""
    if not site.is_served:
        return page(site, guides.not_served_page(site))
    return page(site, reference.first_page(site))


def plain(site: RequestSite) -> Response:
    """The old address of the page without a script."""
    response: Response = site.ctx.app.response_class(status=308)
    response.headers["Location"] = t.cast(str, site.address("docs"))
    return response


def tag_page(site: RequestSite, name: str) -> Response:
    """The operations of a tag."""
    return found_page(site, ("tag", name), lambda: reference.tag_page(site, name))


def operation_page(site: RequestSite, name: str) -> Response:
    """One operation."""
    return found_page(site, ("operation", name), lambda: reference.operation_page(site, name))


def schema_list(site: RequestSite) -> Response:
    """The names of the schemas."""
    return found_page(site, "schemas", lambda: reference.schema_list(site))


def schema_page(site: RequestSite, name: str) -> Response:
    """One schema."""
    return found_page(site, ("schema", name), lambda: reference.schema_page(site, name))


def authentication(site: RequestSite) -> Response:
    """The security schemes."""
    return found_page(
        site, "authentication", lambda: guides.authentication_page(site) if site.has("authentication") else None
    )


def webhooks(site: RequestSite) -> Response:
    """The webhooks."""
    return found_page(site, "webhooks", lambda: guides.webhooks_page(site) if site.has("webhooks") else None)


def changelog(site: RequestSite) -> Response:
    """The changes since older documents."""
    from ._changelog import changelog_page

    return found_page(site, "changelog", lambda: changelog_page(site) if site.has("changelog") else None)


def search(site: RequestSite) -> Response:
    """The entries with the words of ``?q``."""
    words = site.ctx.request.args.get("q", "")[:_MAX_SEARCH]
    return page(site, guides.search_page(site, words))


def search_index(site: RequestSite) -> Response:
    """The index of the search, for the script of the pages."""
    text = site.text("index", lambda: html.to_text(guides.search_index(site)))
    return cached(site.ctx, text, "application/json")


def swagger(site: RequestSite) -> Response:
    """The page with Swagger UI."""
    body = html.swagger_body(
        site,
        site.address("json") or site.address("yaml"),
        site.file("swagger-ui/oauth2-redirect.html"),  # providers of OAuth 2 know the address by heart
        site.base,
    )
    styles = [site.asset("swagger-ui/swagger-ui.css"), site.asset("reference.css")]
    text = html.bare_page(site.title, body, styles, site.asset(ICON), site.say.language)
    return page(site, text)


def static(site: RequestSite, filename: str) -> Response:
    """A file of the pages.

    With the digest of its content in the query (``?v=...``) it may be kept for ever, otherwise it is revalidated each
    time.

    :raises NotFound: There is no such file among those that are served.
    """
    kind = FILES.get(filename)
    if kind is None:
        raise NotFound(message("not_found.docs_file"))
    digest = digests()[filename]
    fixed = site.ctx.request.args.get("v") == digest[:16]
    response = send_file(FOLDER / filename, mimetype=kind, etag=digest[:32], max_age=_YEAR if fixed else None)
    if fixed:
        response.cache_control.public = True
        response.cache_control.immutable = True
    policy = _POLICY.format(hosts="'self'", images="'self' data:") if kind == "text/html" else _FILE_POLICY
    return guarded(response, policy)


def brand(site: RequestSite) -> Response:
    """The style sheet with the colour of the application.

    :raises NotFound: It has none.
    """
    color = site.config["DOCS_COLOR"]
    if not color:
        raise NotFound(message("not_found.docs_file"))
    return guarded(cached(site.ctx, brand_css(color), "text/css"), _FILE_POLICY)


def error_list(site: RequestSite) -> Response:
    """The catalogue of all errors of the document."""
    return page(
        site, site.text("error list", lambda: guides.errors_page(site, catalogue.entries(site.app, site.built)))
    )


def error_page(site: RequestSite, name: str) -> Response:
    """The page that the ``type`` of a problem leads to.

    :param name: An ``error_code``.
    :raises NotFound: No error has it.
    """
    found = catalogue.find(site.app, site.built, name)
    if not found:
        raise NotFound(message("not_found.error_name"))
    return page(site, site.text(("error", name), lambda: guides.error_page(site, name, found)))


PAGES: cabc.Mapping[str, cabc.Callable[..., Response]] = {
    each.__name__: each
    for each in (
        *(document_json, document_yaml, docs, plain, tag_page, operation_page, schema_list, schema_page),
        *(authentication, webhooks, changelog, search, search_index, swagger, static, brand, error_list, error_page),
    )
}


# What the pages share.


def found_page(site: RequestSite, key: object, make: cabc.Callable[[], str | None]) -> Response:
    """A page of the document.

    :raises NotFound: It has no such page, or the document is not served.
    """
    if site.is_served:
        text = site.text(key, lambda: make() or "")
        if text:
            return page(site, text)
    raise NotFound(message("not_found.docs_page"))


def page(site: RequestSite, text: str) -> Response:
    """A page that may load what comes with it, and call the API."""
    hosts = " ".join(["'self'", *(server_origins(site.built.document) if site.is_served else ())])
    images = " ".join(["'self' data: blob:", *origins([site.config["DOCS_LOGO"] or ""])])
    return guarded(cached(site.ctx, text, "text/html"), _POLICY.format(hosts=hosts, images=images))


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


def server_origins(document: JSONObject) -> list[str]:
    """The origins of the servers in a document, which the page may call to try an operation out."""
    servers = list(document.get("servers", ()))
    for item in document.get("paths", {}).values():
        for each in (item, *(operation for operation in item.values() if isinstance(operation, dict))):
            servers += each.get("servers", ())
    return origins(server["url"] for server in servers)


def origins(addresses: cabc.Iterable[str]) -> list[str]:
    """The origins of web addresses, as a policy names them; those that it cannot name are left out."""
    found: dict[str, None] = {}
    for address in addresses:
        parts = urlsplit(address)
        # The policy has a word for any subdomain, and for no other variable.
        place = re.sub(r"^\{[^{}]*\}(?=\.)", "*", parts.netloc)
        if parts.scheme in ("http", "https") and place and not set(place) & set("{};, '\""):
            found[f"{parts.scheme}://{place}"] = None
    return list(found)
