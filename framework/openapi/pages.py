"""What the docs rules answer: the document, the documentation pages, their files, and the error catalogue.

Everything comes from this package; no page asks another host for anything.
Floor 7: imports ``context``, ``helpers`` (floor 3), ``errors`` (floor 0), ``openapi.*``.
"""

from __future__ import annotations

import functools
import hashlib
import json
import pathlib
import typing as t
from urllib.parse import urlsplit

from .. import context
from ..errors import NotFound
from ..helpers import send_file, url_for
from . import catalogue, html
from . import plain as plain_html
from .document import built, title, to_yaml

if t.TYPE_CHECKING:
    from ..app.app import App
    from ..context import Context
    from ..wrappers import Response

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


def document_json() -> Response:
    """The document in JSON."""
    ctx = context.current()
    text = json.dumps(served_document(ctx), ensure_ascii=False, separators=(",", ":"))
    return cached(ctx, text, "application/json")


def document_yaml() -> Response:
    """The document in YAML (RFC 9512)."""
    ctx = context.current()
    return cached(ctx, to_yaml(served_document(ctx)), "application/yaml")


def docs() -> Response:
    """The page with Swagger UI."""
    ctx = context.current()
    document_url = address("openapi.json") or address("openapi.yaml")
    body = html.docs_body(
        document_url,
        # Without a digest: providers of OAuth 2 know the address by heart.
        url_for("openapi.static", filename="swagger-ui/oauth2-redirect.html"),
        [asset("swagger-ui/swagger-ui-bundle.js"), asset("init.js")],
        address("openapi.errors"),
        address("openapi.plain"),
    )
    styles = [asset("swagger-ui/swagger-ui.css"), asset("page.css")]
    text = html.page(title(ctx.app), body, styles, asset("swagger-ui/favicon-32x32.png"), "docs")
    hosts = " ".join(["'self'", *server_origins(ctx.app)])
    return guarded(cached(ctx, text, "text/html"), _POLICY.format(hosts=hosts))


def plain() -> Response:
    """The document on one page that needs no script."""
    ctx = context.current()
    made = built(ctx.app)
    if address("openapi.json") is None and address("openapi.yaml") is None:
        # Who serves no document does not want this one read either.
        body = html.docs_body(None, "", (), address("openapi.errors"))
        return plain_page(ctx, title(ctx.app), body)
    errors: dict[str, list[plain_html.Reference]] = {}
    for cls, operations in made.uses.items():
        code, status = cls.error_code, t.cast(int, cls.code)
        found = plain_html.Reference(status, code, address("openapi.error", name=code))
        for operation in dict.fromkeys(operations):
            errors.setdefault(operation.operation_id, []).append(found)
    body = plain_html.plain_body(made.document, ctx.request.root_url, links(ctx.app), errors)
    return plain_page(ctx, title(ctx.app), body)


def static(filename: str) -> Response:
    """A file of the pages.

    With the digest of its content in the query (``?v=...``) it may be kept for ever, else it is asked for each time.

    :raises NotFound: there is no such file among those that are served.
    """
    kind = _FILES.get(filename)
    if kind is None:
        raise NotFound("The documentation pages have no such file.")
    digest = digests()[filename]
    fixed = context.current().request.args.get("v") == digest[:16]
    response = send_file(_FOLDER / filename, mimetype=kind, etag=digest[:32], max_age=_YEAR if fixed else None)
    if fixed:
        response.cache_control.public = True
        response.cache_control.immutable = True
    policy = _POLICY.format(hosts="'self'") if kind == "text/html" else _PLAIN_POLICY
    return guarded(response, policy)


def error_list() -> Response:
    """The catalogue of all errors of the document."""
    ctx = context.current()
    found = catalogue.entries(ctx.app, built(ctx.app))
    body = html.errors_body(found, links(ctx.app), lambda code: t.cast(str, address("openapi.error", name=code)))
    return plain_page(ctx, f"Errors - {title(ctx.app)}", body)


def error_page(name: str) -> Response:
    """The page that the ``type`` of a problem leads to.

    :param name: an ``error_code``.
    :raises NotFound: no error has it.
    """
    ctx = context.current()
    found = catalogue.find(ctx.app, built(ctx.app), name)
    if not found:
        raise NotFound("No error has this name.")
    body = html.error_body(found, links(ctx.app), address("openapi.docs"))
    return plain_page(ctx, f"{name} - {title(ctx.app)}", body)


# What the pages share.


def served_document(ctx: Context) -> dict[str, t.Any]:
    """The document as it is true for this request: without configured servers the API is where the request came in."""
    document = built(ctx.app).document
    root = ctx.request.script_root
    if not root or ctx.app.config["API_SERVERS"]:
        return document
    return {**document, "servers": [{"url": root}]}


def plain_page(ctx: Context, name: str, body: t.Any) -> Response:
    """A page without a script."""
    text = html.page(name, body, [asset("page.css")], asset("swagger-ui/favicon-32x32.png"))
    return guarded(cached(ctx, text, "text/html"), _PLAIN_POLICY)


def links(app: App) -> dict[str, str]:
    """The navigation of the plain pages, as far as its goals are served."""
    found = {
        title(app): address("openapi.docs"),
        "Operations": address("openapi.plain"),
        "Errors": address("openapi.errors"),
    }
    return {text: href for text, href in found.items() if href is not None}


def cached(ctx: Context, text: str, kind: str) -> Response:
    """An answer that is asked for each time, and sent only if it has changed."""
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


def address(endpoint: str, **values: t.Any) -> str | None:
    """The path of one of the docs rules; ``None`` where it is switched off."""
    return url_for(endpoint, **values) if endpoint in context.current().app.view_functions else None


def asset(filename: str) -> str:
    """The path of a file, with the digest of its content, so that it may be cached for ever."""
    return url_for("openapi.static", filename=filename, v=digests()[filename][:16])


@functools.cache
def digests() -> dict[str, str]:
    """The SHA-256 of each file that is served."""
    return {name: hashlib.sha256((_FOLDER / name).read_bytes()).hexdigest() for name in _FILES}


def server_origins(app: App) -> list[str]:
    """The origins of the configured servers, which the page may call to try an operation out."""
    found: dict[str, None] = {}
    for server in app.config["API_SERVERS"] or ():
        parts = urlsplit(server["url"])
        if parts.scheme in ("http", "https") and parts.netloc and not set(parts.netloc) & set("{};, '\""):
            found[f"{parts.scheme}://{parts.netloc}"] = None
    return list(found)
