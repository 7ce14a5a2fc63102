"""Protected resource metadata (RFC 9728): where clients get a token for the API.

Not here: the challenge that names it (``marks.security``).
Floor 7.
"""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

from ..context import current
from ..errors import SetupError
from ..fast import json as fast_json
from ..http.authorization import resource_metadata_url
from ..marks.doc import doc
from ..marks.security import Bearer, OpenIDConnect, RequiresMark, public
from ._tools import mark_of

if t.TYPE_CHECKING:
    import collections.abc as cabc

    from ..app import App
    from ..resources.operation import Operation
    from ..typing import JSONObject
    from ..wrappers import Response

_DISCOVERY: t.Final = "/.well-known/openid-configuration"


def serve_metadata(app: App) -> None:
    """Serve the metadata of ``OAUTH_RESOURCE``, and of the tools where there are some."""
    resource = app.config["OAUTH_RESOURCE"].rstrip("/")
    paths = ["", *([] if app.config["MCP_PATH"] is None else [app.config["MCP_PATH"]])]
    for number, path in enumerate(paths):
        address = resource + path

        def metadata(address: str = address, only_tools: bool = bool(path)) -> Response:
            app = current().app
            made = app.response_class(
                fast_json.encode(described(app, address, only_tools)), mimetype="application/json"
            )
            # Pages of any origin may read it: it has no secret, and clients in browsers begin here.
            made.headers.extend([("Access-Control-Allow-Origin", "*"), ("Cache-Control", "public, max-age=300")])
            return made

        rule = urlsplit(resource_metadata_url(address)).path
        app.add_url_rule(rule, f"framework_oauth_{number}", public(doc(hidden=True)(metadata)), methods=["GET"])


def described(app: App, resource: str, only_tools: bool) -> JSONObject:
    """Return the metadata.

    :param resource: The identifier of the resource, an absolute URL.
    :param only_tools: Whether scopes of tools alone are named.
    """
    operations = [each for each in app.operations if not each.hidden and (mark_of(each) is not None or not only_tools)]
    scopes = sorted({scope for each in operations for scope in scopes_of(each)})
    made: JSONObject = {"resource": resource, "authorization_servers": authorization_servers(app)}
    if scopes:
        made["scopes_supported"] = scopes
    return {**made, "bearer_methods_supported": ["header"], "resource_name": str(app.config["API_TITLE"] or app.name)}


def bearers(operation: Operation) -> list[Bearer]:
    """Return the schemes of an operation that take a token in ``Authorization: Bearer``."""
    marks = [mark for mark in operation.marks if isinstance(mark, RequiresMark)]
    found = [scheme for mark in marks for scheme in mark.schemes if isinstance(scheme, Bearer)]
    return [each for each in found if each.word.lower() == "bearer"]


def scopes_of(operation: Operation) -> cabc.Iterable[str]:
    """Return the scopes that an operation asks a token for."""
    names = {each.name for each in bearers(operation)}
    return [scope for each in operation.security if each.name in names for scope in each.scopes]


def authorization_servers(app: App) -> list[str]:
    """Return the issuers of tokens: those of the setting, or of the schemes that name their provider."""
    chosen = app.config["OAUTH_AUTHORIZATION_SERVERS"]
    if chosen:
        return list(chosen)
    schemes = [each for operation in app.operations for each in bearers(operation) if isinstance(each, OpenIDConnect)]
    return list(dict.fromkeys(each.url.removesuffix(_DISCOVERY) for each in schemes))


def check_metadata(app: App) -> None:
    """Make sure that there is something to say.

    :raises SetupError: No authorization server is known.
    """
    if not authorization_servers(app):
        raise SetupError(
            "OAUTH_RESOURCE is set, and no authorization server is known. Set OAUTH_AUTHORIZATION_SERVERS to the"
            " issuers of the tokens, like ['https://id.example.org'], or require OpenIDConnect(...)."
        )
