"""Matching the path of a request where the compiled matcher does not decide, and whose a path without a rule is.

Floor 6.
"""

from __future__ import annotations

import typing as t
from urllib.parse import unquote, urlsplit

from werkzeug import exceptions as http
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter, RequestRedirect, RoutingException

from .. import errors
from ..views import find_rule
from ._route_table import NO_ROUTES, RouterPath, RouteTable, split_router_path

if t.TYPE_CHECKING:
    from ..context import Context
    from ..versions import VersionMaps
    from ._app import App


def match_by_adapter(ctx: Context, route_table: RouteTable | None) -> None:
    """Match a request by werkzeug's adapter: for what the compiled matcher does not know, and without one."""
    try:
        adapter = ctx.url_adapter
        if adapter is None:
            return
        ctx.url_rule, values = find_rule(adapter, ctx.app.view_functions)
        ctx.view_args = dict(values)
    except HTTPException as error:
        ctx.routing_exception = own_routing_error(error)
        return
    if route_table is not None:
        _take_route(ctx, route_table)


def match_in_version(ctx: Context, route_table: RouteTable) -> None:
    """Match a request that says itself which version of the API it means."""
    try:
        ctx.url_rule, ctx.view_args = t.cast("VersionMaps", route_table.regions).find(ctx, ctx.request_environ)
    except HTTPException as error:
        ctx.routing_exception = own_routing_error(error)
        return
    _take_route(ctx, route_table)


def _take_route(ctx: Context, route_table: RouteTable) -> None:
    """Give a context the decisions for the rule that it has found."""
    method = ctx.request_environ["REQUEST_METHOD"].upper()
    route = route_table.routes.get(id(ctx.url_rule), NO_ROUTES).get(method)
    if route is not None:
        ctx.operation, ctx._router_path, ctx.hooks, ctx.is_direct = route


def routers_of_miss(app: App, ctx: Context) -> RouterPath:
    """Return the routers that a request without a rule belongs to, the innermost first; see ``App.router_path_of``."""
    if ctx.is_miss:  # found out without an adapter, where there are no subdomains
        found = _mount_of(app, ctx, app.url_map.default_subdomain)
    else:
        found = _owner_of(app, ctx, ctx.routing_exception)
    return tuple(name for name in found if "<" not in (app.mounts[name].url_prefix or ""))


def _owner_of(app: App, ctx: Context, error: HTTPException | None) -> RouterPath:
    adapter = t.cast(MapAdapter, ctx.url_adapter)
    if isinstance(error, http.MethodNotAllowed) and error.valid_methods:
        try:
            rule, _ = adapter.match(method=next(iter(error.valid_methods)), return_rule=True)
        except HTTPException:
            return ()
        return app.routers_of(rule.endpoint)
    if isinstance(error, RequestRedirect):
        root = adapter.script_name.rstrip("/")
        target = unquote(urlsplit(error.new_url).path).removeprefix(root)
        try:
            rule, _ = adapter.match(path_info=target, return_rule=True)
        except HTTPException:
            pass  # it leads to another host, or on to a further redirect
        else:
            return app.routers_of(rule.endpoint)
    return _mount_of(app, ctx, adapter.subdomain)


def _mount_of(app: App, ctx: Context, subdomain: str | None) -> RouterPath:
    path = ctx.request_environ.get("PATH_INFO", "").encode("latin1").decode(errors="replace")
    segments = [segment for segment in path.split("/") if segment]
    best: tuple[int, str] | None = None
    for name, mount in app.mounts.items():
        prefix = [segment for segment in (mount.url_prefix or "").split("/") if segment]
        if not prefix or (mount.subdomain or "") != (subdomain or ""):
            continue
        if prefix == segments[: len(prefix)] and (best is None or len(prefix) > best[0]):
            best = (len(prefix), name)
    return () if best is None else split_router_path(best[1])


def own_routing_error(error: HTTPException) -> HTTPException:
    """The framework's class for a routing error of werkzeug's, with the methods of a 405 in order."""
    if isinstance(error, (RequestRedirect, RoutingException)):
        return error
    if type(error) is http.NotFound:
        return errors.NotFound()
    if type(error) is http.MethodNotAllowed:
        return errors.MethodNotAllowed(sorted(error.valid_methods or ()))
    return error
