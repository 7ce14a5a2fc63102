"""WSGI middleware: wrap ``app.wsgi_app`` with it.

Knows WSGI alone.
Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import re
import typing as t

from .errors import SetupError

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_TOKEN: t.Final = re.compile(r"[A-Z][A-Z0-9-]*\Z")
_NEVER: t.Final = frozenset({"CONNECT", "POST", "TRACE"})

ORIGINAL_METHOD: t.Final = "framework.original_method"
"""The key of the WSGI environment with the method that the client has really sent."""


class MethodOverride:
    """Let a POST name in a header the method that it stands for, where a proxy or a client lets through no other.

    Only POST is changed, so that no link, image or cached GET changes anything. Only a header is read: pages of other
    origins cannot set one without asking first (a preflight of CORS), as they can set a form field or a query. A method
    that is not allowed is ignored: the request stays a POST.

    :param wsgi_app: The application: ``app.wsgi_app = MethodOverride(app.wsgi_app)``.
    :param allowed: The methods that a POST may stand for.
    :param header: The header that names the method.
    :raises SetupError: ``allowed`` is empty or has something other than a method that may be stood for.
    """

    def __init__(
        self,
        wsgi_app: WSGIApplication,
        allowed: cabc.Iterable[str] = ("PUT", "PATCH", "DELETE"),
        *,
        header: str = "X-HTTP-Method-Override",
    ) -> None:
        if isinstance(allowed, str):
            raise SetupError(f"MethodOverride got allowed={allowed!r}. Give a list, like allowed=[{allowed!r}].")
        self.wsgi_app = wsgi_app
        self.allowed = frozenset(allowed)
        wrong = sorted(each for each in self.allowed if not _TOKEN.match(each) or each in _NEVER)
        if wrong or not self.allowed:
            raise SetupError(
                f"Invalid methods for MethodOverride: {', '.join(wrong) or 'none'}. Give some in capitals, like"
                f" allowed=['PUT', 'DELETE']; never {', '.join(sorted(_NEVER))}."
            )
        self.header = header
        self._key = f"HTTP_{header.upper().replace('-', '_')}"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        method = environ.get(self._key)
        if method is not None and environ["REQUEST_METHOD"] == "POST":
            method = method.strip().upper()
            if method in self.allowed:
                environ[ORIGINAL_METHOD] = "POST"
                environ["REQUEST_METHOD"] = method
        return self.wsgi_app(environ, start_response)
