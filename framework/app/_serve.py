"""Serving an application in development, and talking to it in tests: doors to rooms above, looked up when used.

Floor 6.
"""

from __future__ import annotations

import typing as t

from ..context import Context, current_or_none
from ._base import AppBase

if t.TYPE_CHECKING:
    from ..testing import AppClient, AppCliRunner


class Serve(AppBase):
    """The part of :class:`App` that is used around requests."""

    test_client_class: type[AppClient] | None = None
    """The class of :meth:`test_client`. Default: :class:`framework.testing.AppClient`."""

    test_cli_runner_class: type[AppCliRunner] | None = None
    """The class of :meth:`test_cli_runner`. Default: :class:`framework.testing.AppCliRunner`."""

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: t.Any,
    ) -> None:
        """Serve with the development server; not for production.

        :param host: Default: that of ``SERVER_NAME``, or 127.0.0.1.
        :param port: Default: that of ``SERVER_NAME``, or 5000.
        :param debug: Default: as it is set.
        :param load_dotenv: Whether ``.env`` and ``.frameworkenv`` are read.
        :param options: For werkzeug's ``run_simple``.
        """
        from ..cli.server import serve

        try:
            serve(t.cast(t.Any, self), host, port, debug, load_dotenv, **options)
        finally:
            # A reloader may run this module again in the same process: its set-up must be accepted then.
            self._got_first_request = False

    def test_client(self, use_cookies: bool = True, **kwargs: t.Any) -> AppClient:
        """A client that calls the application without a server.

        :param use_cookies: Whether it keeps cookies.
        :param kwargs: For the class.
        """
        from ..testing import AppClient

        cls: t.Any = self.test_client_class or AppClient
        return t.cast("AppClient", cls(self, self.response_class, use_cookies=use_cookies, **kwargs))

    def test_cli_runner(self, **kwargs: t.Any) -> AppCliRunner:
        """A runner for the application's commands.

        :param kwargs: For the class.
        """
        from ..testing import AppCliRunner

        cls: t.Any = self.test_cli_runner_class or AppCliRunner
        return t.cast("AppCliRunner", cls(self, **kwargs))

    def app_context(self) -> Context:
        """A context without a request, for code outside of requests; push it, or use it with ``with``."""
        return Context(t.cast(t.Any, self))

    def test_request_context(self, *args: t.Any, **kwargs: t.Any) -> Context:
        """A context for a made-up request.

        :param args: As for werkzeug's ``EnvironBuilder``: path, base_url, query_string, method, json, data, ...
        """
        from ..testing import EnvironBuilder

        builder = EnvironBuilder(t.cast(t.Any, self), *args, **kwargs)
        try:
            return t.cast(Context, t.cast(t.Any, self).request_context(builder.get_environ()))
        finally:
            builder.close()

    def make_shell_context(self) -> dict[str, t.Any]:
        """The names of ``framework shell``: ``app``, ``g``, and what the context processors add."""
        names: dict[str, t.Any] = {"app": self, "g": None}
        ctx = current_or_none()
        if ctx is not None:
            names["g"] = ctx.g
        for processor in self.shell_context_processors:
            names.update(processor())
        return names
