"""URLs of an application: matching the path of a request, and building the URL of an endpoint.

Floor 6.
"""

from __future__ import annotations

import sys
import typing as t
from urllib.parse import quote, unquote, urlsplit

from werkzeug import exceptions as http
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError, MapAdapter, RequestRedirect, RoutingException
from werkzeug.utils import redirect
from werkzeug.wsgi import get_host

from .. import errors
from ..context import Context, current, request_context_or_none
from ..fast.routing import Miss
from ..http.reading import is_utf8
from ._base import AppBase
from ._route_table import NO_ROUTES, VERSIONS, RouterPath, RouteTable, split_router_path

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.wrappers import Response as BaseResponse

    from ..versions import VersionMaps
    from ..wrappers import Request


class Urls(AppBase):
    """The part of :class:`App` that knows URLs."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what matches and builds URLs for a request, or outside of one.

        :param request: The request, or ``None``.
        :return: ``None`` outside of a request when ``SERVER_NAME`` is not set.
        :raises SecurityError: The host is none of ``TRUSTED_HOSTS`` (an answer 400).
        """
        if request is None:
            if self.config["SERVER_NAME"] is None:
                return None
            return self.url_map.bind(
                self.config["SERVER_NAME"],
                script_name=self.config["APPLICATION_ROOT"],
                url_scheme=self.config["PREFERRED_URL_SCHEME"],
            )
        trusted = self.config["TRUSTED_HOSTS"]
        if trusted is not None:
            request.trusted_hosts = trusted
        request.host = get_host(request.environ, request.trusted_hosts)
        server_name = self.config["SERVER_NAME"]
        subdomain = None
        if self.url_map.host_matching:
            server_name = None  # it would be taken for the host
        elif not self.subdomain_matching:
            subdomain = self.url_map.default_subdomain or ""
        regions = None if self._route_table is None else self._route_table.regions
        url_map = self.url_map if regions is None else regions.map_of(request.environ)
        return url_map.bind_to_environ(request.environ, server_name=server_name, subdomain=subdomain)

    def match_request(self, ctx: Context) -> None:
        """Find the rule, the values and the operation for the context's path; keep what goes wrong for later."""
        route_table = self._route_table
        environ: WSGIEnvironment = ctx.environ  # type: ignore[assignment]
        path = environ.get("PATH_INFO", "")
        if not path.isascii() and not is_utf8(path):
            # No name of a resource: a handler would get U+FFFD, the same for all bytes that are not UTF-8.
            ctx.routing_exception = errors.BadRequest("The path is not UTF-8.")
            return
        if route_table is not None and route_table.match is not None and "HTTP_UPGRADE" not in environ:
            # PERF: half of the matching, 0.5 us, where path and method are all that is to know.
            exact = route_table.exact.get(path, NO_ROUTES).get(environ["REQUEST_METHOD"])
            if exact is not None:
                ctx.operation, ctx._router_path, ctx.hooks = exact
                ctx.url_rule, ctx.view_args = exact.operation.rule, {}
                return
            if route_table.regions is not None:
                self._match_in_version(ctx, route_table)
                return
            method: str = environ["REQUEST_METHOD"].upper()
            found = route_table.match(None, path, method)
            if type(found) is tuple:
                ctx.url_rule, ctx.view_args = found
                route = route_table.routes.get(id(found[0]), NO_ROUTES).get(method)
                if route is not None:
                    ctx.operation, ctx._router_path, ctx.hooks = route
                return
            if isinstance(found, Miss):
                if found.methods:
                    ctx.routing_exception = errors.MethodNotAllowed(sorted(found.methods))
                else:
                    ctx.is_miss = True
                return
        if route_table is None and VERSIONS in self.extensions:
            route_table = t.cast(t.Any, self)._built()
        if route_table is not None and route_table.regions is not None:
            self._match_in_version(ctx, route_table)
        else:
            self._match_by_adapter(ctx, route_table)

    def _match_by_adapter(self, ctx: Context, route_table: RouteTable | None) -> None:
        """:meth:`match_request` by werkzeug's adapter: for what the matcher does not know, and without one."""
        environ: WSGIEnvironment = ctx.environ  # type: ignore[assignment]
        try:
            adapter = ctx.url_adapter
            if adapter is None:
                return
            ctx.url_rule, values = adapter.match(return_rule=True)
            ctx.view_args = dict(values)
        except HTTPException as error:
            ctx.routing_exception = own_routing_error(error)
            return
        if route_table is not None:
            route = route_table.routes.get(id(ctx.url_rule), NO_ROUTES).get(environ["REQUEST_METHOD"].upper())
            if route is not None:
                ctx.operation, ctx._router_path, ctx.hooks = route

    def _match_in_version(self, ctx: Context, route_table: RouteTable) -> None:
        """:meth:`match_request` where the request says the version of the API."""
        environ: WSGIEnvironment = ctx.environ  # type: ignore[assignment]
        try:
            ctx.url_rule, ctx.view_args = t.cast("VersionMaps", route_table.regions).find(ctx, environ)
        except HTTPException as error:
            ctx.routing_exception = own_routing_error(error)
            return
        route = route_table.routes.get(id(ctx.url_rule), NO_ROUTES).get(environ["REQUEST_METHOD"].upper())
        if route is not None:
            ctx.operation, ctx._router_path, ctx.hooks = route

    def router_path_of(self, ctx: Context) -> RouterPath:
        """The routers that serve a request, the innermost first.

        Those of the matched rule. For a path that no rule matches, those of the mount with the longest prefix that
        matches whole segments on that host; for another method or a redirect, those of the rule that matches else.
        A mount with a variable in its prefix serves matched rules alone: its hooks count on the variable's value.
        """
        if ctx._router_path is None:
            if ctx.url_rule is not None:
                ctx._router_path = split_router_path(ctx.url_rule.endpoint.rpartition(".")[0])
            elif not self.mounts or ctx._url_adapter is None:
                return ()
            else:
                if ctx.is_miss:  # found out without an adapter, where there are no subdomains
                    owner = self._mount_of(ctx, self.url_map.default_subdomain)
                elif ctx.routing_exception is not None:
                    owner = self._owner_of_miss(ctx, ctx.routing_exception)
                else:
                    return ()
                ctx._router_path = tuple(name for name in owner if "<" not in (self.mounts[name].url_prefix or ""))
        return ctx._router_path

    def _owner_of_miss(self, ctx: Context, error: HTTPException) -> RouterPath:
        adapter = t.cast(MapAdapter, ctx.url_adapter)
        if isinstance(error, http.MethodNotAllowed) and error.valid_methods:
            try:
                rule, _ = adapter.match(method=next(iter(error.valid_methods)), return_rule=True)
            except HTTPException:
                return ()
            return self.routers_of(rule.endpoint)
        if isinstance(error, RequestRedirect):
            root = adapter.script_name.rstrip("/")
            target = unquote(urlsplit(error.new_url).path).removeprefix(root)
            try:
                rule, _ = adapter.match(path_info=target, return_rule=True)
            except HTTPException:
                pass  # it leads to another host, or on to a further redirect
            else:
                return self.routers_of(rule.endpoint)
        return self._mount_of(ctx, adapter.subdomain)

    def _mount_of(self, ctx: Context, subdomain: str | None) -> RouterPath:
        path = t.cast(t.Any, ctx.environ).get("PATH_INFO", "").encode("latin1").decode(errors="replace")
        segments = [segment for segment in path.split("/") if segment]
        best: tuple[int, str] | None = None
        for name, mount in self.mounts.items():
            prefix = [segment for segment in (mount.url_prefix or "").split("/") if segment]
            if not prefix or (mount.subdomain or "") != (subdomain or ""):
                continue
            if prefix == segments[: len(prefix)] and (best is None or len(prefix) > best[0]):
                best = (len(prefix), name)
        return () if best is None else split_router_path(best[1])

    def inject_url_defaults(self, endpoint: str, values: dict[str, t.Any]) -> None:
        """Let the ``url_defaults`` functions add to the values of a URL, in place.

        :param endpoint: The endpoint to build for.
        :param values: The values given.
        """
        names: tuple[str | None, ...] = (None,)
        if "." in endpoint:
            names = (None, *reversed(self.routers_of(endpoint)))
        for name in names:
            for function in self.url_default_functions.get(name, ()):
                function(endpoint, values)

    def url_for(
        self,
        /,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: t.Any,
    ) -> str:
        """The URL of an endpoint.

        :param endpoint: Its name; with a dot in front, one of the current router's.
        :param _anchor: Goes behind ``#``.
        :param _method: The method whose rule is meant.
        :param _scheme: The scheme of an external URL.
        :param _external: Whether the URL is complete with scheme and host. Default: outside of requests only.
        :param values: The variables of the rule; unknown ones become the query string, ``None`` is left out.
        :raises RuntimeError: There is no request and no ``SERVER_NAME``.
        :raises BuildError: No rule of the endpoint takes these values (werkzeug's).
        """
        ctx = request_context_or_none()
        if ctx is not None:
            adapter = ctx.url_adapter
            if endpoint[:1] == ".":
                router_path = self.router_path_of(ctx) if ctx.url_rule is not None else ()
                endpoint = f"{router_path[0]}{endpoint}" if router_path else endpoint[1:]
            if _external is None:
                _external = _scheme is not None
        else:
            try:
                adapter = current().url_adapter
            except RuntimeError:
                adapter = self.create_url_adapter(None)
            if adapter is None:
                raise RuntimeError(
                    "Unable to build URLs outside an active request without 'SERVER_NAME' configured."
                    " Set it, and 'APPLICATION_ROOT' and 'PREFERRED_URL_SCHEME' as needed."
                )
            if _external is None:
                _external = True
        if adapter is None:
            raise RuntimeError("Unable to build URLs for a request whose host is refused. See 'TRUSTED_HOSTS'.")
        if _scheme is not None and not _external:
            raise ValueError("When specifying '_scheme', '_external' must be True. Leave one of them out.")
        self.inject_url_defaults(endpoint, values)
        try:
            url = adapter.build(endpoint, values, method=_method, url_scheme=_scheme, force_external=_external)
        except BuildError as error:
            values.update(_anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external)
            return self.handle_url_build_error(error, endpoint, values)
        if _anchor is not None:
            url = f"{url}#{quote(_anchor, safe='%!#$&()*+,/:;=?@' + chr(39))}"
        return url

    def redirect(self, location: str, code: int = 302) -> BaseResponse:
        """An answer that sends the client to another address.

        :param location: The address.
        :param code: A redirect status.
        """
        return redirect(location, code=code, Response=self.response_class)

    def handle_url_build_error(self, error: BuildError, endpoint: str, values: dict[str, t.Any]) -> str:
        """Ask the ``url_build_error_handlers``, in order, for the URL of a foreign endpoint.

        :raises BuildError: None of them knows it.
        """
        for handler in self.url_build_error_handlers:
            try:
                url = handler(error, endpoint, values)
            except BuildError as other:
                error = other
            else:
                if url is not None:
                    return url
        if error is sys.exc_info()[1]:
            raise
        raise error


def own_routing_error(error: HTTPException) -> HTTPException:
    """The framework's class for a routing error of werkzeug's, with the methods of a 405 in order."""
    if isinstance(error, (RequestRedirect, RoutingException)):
        return error
    if type(error) is http.NotFound:
        return errors.NotFound()
    if type(error) is http.MethodNotAllowed:
        return errors.MethodNotAllowed(sorted(error.valid_methods or ()))
    return error
