"""Say of a path that no rule answers which rules come near, and why each of them fails.

Works on werkzeug's rules; knows nothing of requests or of commands.
Floor 7.
"""

from __future__ import annotations

import difflib
import re
import typing as t

from werkzeug.routing import BaseConverter, Rule, ValidationError

from ..fast.routing import VARIABLE, names_in


class NearMiss(t.NamedTuple):
    """A rule that does not answer.

    :param rule: The rule.
    :param nearness: How near it comes, from 0 to 1.
    :param reason: Why it fails: a sentence without its period.
    """

    rule: Rule
    nearness: float
    reason: str


def nearest(rules: t.Iterable[Rule], path: str, method: str, limit: int = 3) -> list[NearMiss]:
    """Find the rules that come nearest to a path, the nearest first.

    :param rules: Rules that belong to a map, none of which answers.
    :param path: The path, unquoted, from its first slash on.
    :param method: The HTTP method, in capitals.
    :param limit: How many to give at most.
    """
    misses = [explain_miss(rule, path, method) for rule in rules if not rule.build_only]
    near = sorted((miss for miss in misses if miss.nearness > 0.3), key=lambda miss: -miss.nearness)
    return near[:limit]


def explain_miss(rule: Rule, path: str, method: str) -> NearMiss:
    """Compare a rule with a path, segment by segment; the first difference is the reason."""
    converters: t.Mapping[str, BaseConverter] = rule._converters
    wanted, given = _segments(rule.rule), _segments(path)
    if any(not converter.part_isolating for converter in converters.values()):
        return _compare_whole(rule, path, method, converters)

    reason, likeness = None, 0.0
    for segment, part in zip(wanted, given, strict=False):
        difference, alike = _compare_segment(segment, part, converters)
        reason = reason or difference
        likeness += alike

    nearness = likeness / max(len(wanted), len(given), 1)
    if reason is None and len(given) != len(wanted):
        missing, surplus = "/".join(wanted[len(given) :]), "/".join(given[len(wanted) :])
        reason = f"{missing!r} is missing" if missing else f"{surplus!r} is too much"
        reason += " at the end of the path"

    return _compare_rest(rule, path, method) if reason is None else NearMiss(rule, nearness, reason)


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _compare_segment(segment: str, given: str, converters: t.Mapping[str, BaseConverter]) -> tuple[str | None, float]:
    """Compare one segment; gives the reason of a difference, or ``None``, and how alike the two are."""
    names = names_in(segment)
    if not names:
        if segment == given:
            return None, 1.0

        return f"{given!r} is not {segment!r}", difflib.SequenceMatcher(None, segment, given).ratio() * 0.9

    found = re.fullmatch(_pattern(segment, converters), given)
    if found is None:
        return f"{given!r} is not of the form {segment}", 0.5

    for name in names:
        try:
            converters[name].to_python(found[name])
        except ValidationError:
            return f"{found[name]!r} is not accepted by {segment}", 0.6

    return None, 1.0


def _pattern(text: str, converters: t.Mapping[str, BaseConverter]) -> str:
    """Write a rule, or a segment of one, as a regular expression with a group for each variable."""
    pattern, end = "", 0
    for found in VARIABLE.finditer(text):
        name = found["name"]
        pattern += re.escape(text[end : found.start()]) + f"(?P<{name}>{converters[name].regex})"
        end = found.end()

    return pattern + re.escape(text[end:])


def _compare_whole(rule: Rule, path: str, method: str, converters: t.Mapping[str, BaseConverter]) -> NearMiss:
    """Compare a rule of which a variable spans several segments."""
    if re.fullmatch(_pattern(rule.rule, converters), path) is None:
        static = VARIABLE.split(rule.rule, maxsplit=1)[0]
        likeness = difflib.SequenceMatcher(None, static, path[: len(static)]).ratio()
        return NearMiss(rule, likeness * 0.6, f"the path is not of the form {rule.rule}")

    return _compare_rest(rule, path, method)


def _compare_rest(rule: Rule, path: str, method: str) -> NearMiss:
    """Find the reason where all segments fit."""
    if rule.methods is not None and method not in rule.methods:
        return NearMiss(rule, 0.98, f"it answers {', '.join(sorted(rule.methods))}, not {method}")

    if path.endswith("/") and not rule.rule.endswith("/"):
        return NearMiss(rule, 0.95, "the slash at the end of the path is too much")

    if rule.subdomain or rule.host:
        return NearMiss(rule, 0.9, f"it answers on {(rule.host or rule.subdomain)!r} only")

    return NearMiss(rule, 0.9, "another rule or a redirect comes first")
