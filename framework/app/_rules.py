"""The rules of an application: what a rule knows beyond matching, and which path has two owners.

Floor 6.
"""

from __future__ import annotations

import collections.abc as cabc
import re
import typing as t

from werkzeug.routing import Rule, RuleFactory

from ..errors import RouteConflict
from ..fast.routing import VARIABLE, OrderedMap
from ..resources.resource import Resource

if t.TYPE_CHECKING:
    from .. import typing as ft
    from ..resources.pairs import Names
    from ._app import App

    Builder: t.TypeAlias = cabc.Callable[..., tuple[str, str]]


class AppRule(Rule):
    """werkzeug's rule, with what a route says beyond matching."""

    provide_automatic_options: bool = False
    operation_id: str | tuple[str | None, str | None] | None = None
    """The name in place of the class name; a pair for a class of two paths."""
    handlers: Names | None = None
    """The methods of a class of two paths that answer here."""
    version: str | None = None
    by_request: bool = False
    """True if the request says the version, so that there is one rule for each at the same path."""

    def _compile_builder(self, append_unknown: bool = True) -> Builder:
        """Return the function that builds a URL of the rule, compiled when the first one is built.

        Defaults are turned into text at once, so that a wrong one is found where the rule is added.
        """
        if self.defaults:
            return super()._compile_builder(append_unknown)
        # PERF: werkzeug compiles two functions for each rule, 0.4 ms and 6 KB, and most URLs are never built.
        return _first_build_unknown if append_unknown else _first_build


def _first_builder(name: str, append_unknown: bool) -> Builder:
    """Make the function that builds the first URL of a rule, and leaves the compiled function for the next.

    :param name: The attribute of the rule that has the compiled function.
    """

    def build(rule: AppRule, **values: object) -> tuple[str, str]:
        made: Builder = super(AppRule, rule)._compile_builder(append_unknown).__get__(rule, None)
        setattr(rule, name, made)
        return made(**values)

    return build


_first_build = _first_builder("_build", append_unknown=False)
_first_build_unknown = _first_builder("_build_unknown", append_unknown=True)


class AppMap(OrderedMap):
    """A map that tells its application of every new rule, also of those that are added by hand."""

    on_add: cabc.Callable[[], object] | None = None

    def add(self, rulefactory: RuleFactory) -> None:
        super().add(rulefactory)
        if self.on_add is not None:
            self.on_add()


def check_conflict(app: App, rule: Rule, view_func: ft.RouteCallable) -> None:
    """Note which path and method this rule answers, and refuse a second owner where a Resource is concerned."""
    view_class = getattr(view_func, "view_class", None)
    is_resource = view_class is not None and issubclass(view_class, Resource)
    pattern = pattern_of(rule.rule)
    place, mine = rule.host or rule.subdomain or "", (rule.endpoint, is_resource)
    version = getattr(rule, "version", None) if getattr(rule, "by_request", False) else None
    if rule.build_only or rule.alias or rule.websocket:
        return
    for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
        owner = app._owners.setdefault((place, version, pattern, method), mine)
        if version is not None:  # other versions may have the path, and nobody else
            app._owners.setdefault((place, "", pattern, method), mine)
        owner = app._owners.get((place, "" if version is None else None, pattern, method), owner)
        if owner[0] != rule.endpoint and (is_resource or owner[1]):
            raise RouteConflict(
                f"Cannot route {rule.rule!r} to {rule.endpoint!r}: {owner[0]!r} already answers {method} there."
                " Give one of them another path, or merge their methods into one Resource.",
                rule=rule.rule,
                owner=owner[0],
            )


def pattern_of(rule: str) -> str:
    """A rule without the names of its variables: two rules of one pattern match the same paths."""

    def without_name(match: re.Match[str]) -> str:
        arguments = "" if match["args"] is None else f"({match['args']})"
        converter = (match["kind"] or "") + arguments
        return "<>" if converter in ("string", "default") else f"<{converter}>"

    return VARIABLE.sub(without_name, rule)
