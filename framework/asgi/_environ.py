"""The WSGI environment of an ASGI request.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import io
import sys
import typing as t
from urllib.parse import unquote_to_bytes

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Scope: t.TypeAlias = cabc.MutableMapping[str, t.Any]
ASGIMessage: t.TypeAlias = cabc.MutableMapping[str, t.Any]
Receive: t.TypeAlias = cabc.Callable[[], cabc.Awaitable[ASGIMessage]]
Send: t.TypeAlias = cabc.Callable[[ASGIMessage], cabc.Awaitable[None]]

MORE_ENVIRON: t.Final = "framework.environ"
"""The key of a scope for more of the environment, from who calls the application in the same process."""

SOCKET: t.Final = "framework.socket"
"""The key of an environment for the exchange of a handshake that may become a WebSocket."""

MOST_REPEATS: t.Final = 100
"""The most repetitions of a header."""


class WrongRequest(ValueError):
    """No environment can be made of the request."""


@functools.lru_cache(500)
def key_of(name: bytes) -> str | None:
    """The key of a header; ``None`` where it is left out.

    A name with an underscore would pass for the name with a dash that a proxy has set. ``Proxy`` would become
    ``HTTP_PROXY``, which libraries take for a setting of the process.
    """
    if b"_" in name or name.lower() == b"proxy":
        return None
    word = name.decode("latin-1").upper().replace("-", "_")
    return word if word in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{word}"


def make_environ(scope: Scope) -> WSGIEnvironment:
    """Make the environment (PEP 3333) of an ASGI scope, with an empty body.

    :raises WrongRequest: A header is repeated too often.
    """
    server, client = scope.get("server"), scope.get("client")
    root: str = scope.get("root_path") or ""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": root if root.isascii() else root.encode().decode("latin-1"),
        "PATH_INFO": _path(scope, root),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        # The body ends where it ends, so that one without Content-Length can be read too.
        "wsgi.input_terminated": True,
        "asgi.scope": scope,
    }
    if server:
        environ["SERVER_NAME"], environ["SERVER_PORT"] = server[0], str(server[1] or 80)
    else:
        environ["SERVER_NAME"], environ["SERVER_PORT"] = "localhost", "80"
    if client:
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = client[0], str(client[1])
    repeats = 0
    for name, value in scope["headers"]:
        key = key_of(name)
        if key is None:
            continue
        text: str = value.decode("latin-1")
        if key in environ:
            repeats += 1
            if repeats >= MOST_REPEATS:
                raise WrongRequest("A header is repeated too often.")
            # HTTP/2 splits cookies (RFC 9113, section 8.2.3); other fields are joined by RFC 9110, section 5.3.
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    more = scope.get(MORE_ENVIRON)
    if more is not None:
        environ.update(more)
    return environ


def _path(scope: Scope, root: str) -> str:
    """The path below the root, each byte as a character.

    Taken from ``raw_path``: ``path`` is decoded already, with a replacement for what is not UTF-8.
    """
    path: str = scope["path"]
    if not path.isascii() or "%" in path:
        raw: bytes | None = scope.get("raw_path")
        if raw is None:
            path = path.encode("utf-8", "surrogateescape").decode("latin-1")
        else:
            path = unquote_to_bytes(raw.partition(b"?")[0]).decode("latin-1")
            root = root.encode().decode("latin-1")
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
        return path[len(root) :]
    return path


def has_body(scope: Scope, environ: WSGIEnvironment) -> bool:
    """Return whether a body may come with the request."""
    length = environ.get("CONTENT_LENGTH")
    if length is not None:
        return bool(length != "0")
    if "HTTP_TRANSFER_ENCODING" in environ:
        return True
    # HTTP/2 and HTTP/3 end a body without saying its length before.
    return not scope["http_version"].startswith("1") and scope["method"] not in ("GET", "HEAD", "OPTIONS", "DELETE")
