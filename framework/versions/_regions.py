"""Regions: where the request says the version of the API, each version has its rules for the same paths.

Not here: how a request says it (``versions._locations``).
Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule

from .. import errors
from ..fast.routing import Matcher, Miss
from ..views import find_rule

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.routing import MapAdapter

    from ..context import Context
    from ..typing import Application
    from ._locations import VersionNegotiator

    FoundRule: t.TypeAlias = tuple[Rule, dict[str, object]]

_SETTINGS = ("default_subdomain", "strict_slashes", "redirect_defaults", "host_matching", "sort_parameters", "sort_key")


class VersionMap(t.NamedTuple):
    """The rules of one version, those of no version included."""

    url_map: Map
    """A copy of each rule; those of other versions only build URLs."""
    matcher: Matcher | None

    def find(self, ctx: Context, environ: WSGIEnvironment) -> FoundRule:
        """The rule of a request, as the application knows it, and the values of its path.

        :raises HTTPException: There is none, or it redirects.
        """
        rule: Rule
        values: cabc.Mapping[str, t.Any]
        found = None
        if self.matcher is not None and "HTTP_UPGRADE" not in environ:
            method: str = environ["REQUEST_METHOD"].upper()
            found = self.matcher.match(None, environ.get("PATH_INFO", ""), method)
        if isinstance(found, Miss):
            raise errors.MethodNotAllowed(sorted(found.methods)) if found.methods else errors.NotFound()
        if type(found) is tuple:
            rule, values = found
        else:
            rule, values = find_rule(t.cast("MapAdapter", ctx.url_adapter), ctx.app.view_functions)
        return getattr(rule, "original", rule), dict(values)


class VersionMaps:
    """The regions of an application.

    :param app: The application.
    :param choose: Finds the version of a request.
    :param make_matcher: Makes the compiled matcher of a map, where there is one.
    """

    def __init__(
        self, app: Application, choose: VersionNegotiator, make_matcher: cabc.Callable[[Map], Matcher | None]
    ) -> None:
        self.choose = choose
        self._app = app
        self._by_version: dict[str | None, VersionMap] = {}
        self._all = VersionMap(app.url_map, None)
        self.shared = {rule.rule for rule in app.url_map.iter_rules() if is_by_request(rule)}
        """The paths that several versions may have."""
        for name in (None, *choose.names.values()):
            url_map = copied_map(app.url_map, name)
            self._by_version[name] = VersionMap(url_map, make_matcher(url_map))

    def map_of(self, environ: WSGIEnvironment) -> Map:
        """The map that builds URLs and finds rules for a request."""
        return self._of(environ)[0].url_map

    def _of(self, environ: WSGIEnvironment) -> tuple[VersionMap, HTTPException | None]:
        """The region of a request; one whose version is refused still reaches what is in no version.

        A browser asks before it sends a header, so that its question is for all versions.
        """
        if environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
            return self._all, None
        try:
            return self._by_version[self.choose(environ)], None
        except HTTPException as error:
            return self._by_version[None], error

    def find(self, ctx: Context, environ: WSGIEnvironment) -> FoundRule:
        """The rule of a request in its version, and the values of its path.

        :raises HTTPException: There is none, it redirects, or the version is refused.
        """
        region, refusal = self._of(environ)
        try:
            return region.find(ctx, environ)
        except errors.MethodNotAllowed as refused:
            refused.headers += self.choose.vary_header
            raise
        except NotFound as missed:
            if not self._has_version(environ):
                raise
            # Another version has the path, so that the answer is not that of the path alone.
            raise refusal or errors.NotFound(headers=self.choose.vary_header) from missed

    def _has_version(self, environ: WSGIEnvironment) -> bool:
        """Return whether a path is there in any version."""
        try:
            self._app.url_map.bind_to_environ(environ).match()
        except NotFound:
            return False
        except HTTPException:
            return True
        return True


def is_by_request(rule: Rule) -> bool:
    """Return whether a rule is that of a version which the request says."""
    return bool(getattr(rule, "by_request", False))


def copied_map(url_map: Map, version: str | None) -> Map:
    """A map with the rules of a version, and those of none; the rules of other versions only build URLs there."""
    made: t.Any = type(url_map)()
    for name in _SETTINGS:
        setattr(made, name, getattr(url_map, name))
    made.merge_slashes = url_map.merge_slashes
    made.converters = dict(url_map.converters)
    for rule in getattr(url_map, "added", None) or list(url_map.iter_rules()):
        copied: t.Any = rule.empty()
        copied.websocket, copied.merge_slashes = rule.websocket, rule.merge_slashes
        copied.provide_automatic_options = getattr(rule, "provide_automatic_options", False)
        copied.build_only = rule.build_only or (is_by_request(rule) and rule.version != version)
        copied.original = rule
        made.add(copied)
    return t.cast(Map, made)
