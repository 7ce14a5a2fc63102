"""Read the rules of a werkzeug map: their parts, their order, and which of them redirect.

Werkzeug says all of this by its public attributes, but for one thing: in which order rules of several
endpoints were added. What is certain of it is decided here, rule by rule; :class:`OrderedMap` knows it all.
It knows nothing of paths that come with requests.

Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import itertools
import re
import typing as t

from werkzeug.routing import BaseConverter, Map, Rule, RuleFactory, parse_converter_args

__all__ = ["VARIABLE", "OrderedMap", "RulePart", "Seat", "Unreadable", "in_order", "names_in", "parse", "redirected"]

_VARIABLE = r"<(?:(?P<kind>\w+)(?:\((?P<args>.*?)\))?:)?(?P<name>\w+)>"
_TOKEN = _VARIABLE + r"|(?P<text>[^</]+)|(?P<slash>/)"

VARIABLE = re.compile(_VARIABLE, re.ASCII)
"""A variable in the text of a rule, with its ``kind`` (of converter), its ``args`` and its ``name``."""


class OrderedMap(Map):
    """A werkzeug map that remembers in which order its rules were added.

    A plain map lists its rules by endpoint, and where two patterns of equal weight take the same text
    the first added wins. With a plain map such places are left to werkzeug; with this one they are not.

    :ivar added: Every rule, in the order in which it was added.
    """

    added: list[Rule]

    def add(self, rulefactory: RuleFactory) -> None:
        """Add a rule, or the rules of a factory, as :meth:`werkzeug.routing.Map.add` does.

        :param rulefactory: Rules that are not bound to a map yet.
        """
        added = vars(self).setdefault("added", [])
        for rule in rulefactory.get_rules(self):
            super().add(rule)
            added.append(rule)


class Unreadable(Exception):
    """A rule that only werkzeug understands: nothing can be said about any path of its map."""


class RulePart(t.NamedTuple):
    """An edge of the trie: a segment, or with *final* all segments that are left."""

    content: str
    dynamic: bool = False
    final: bool = False
    suffixed: bool = False
    weight: tuple[object, ...] = ()
    converters: tuple[BaseConverter, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """Two parts of one key lead to one state, whatever their converters' arguments."""
        return self[:5]


class Seat(t.NamedTuple):
    """The place of a rule in the order of adding.

    :ivar group: The place of its endpoint, by the endpoint's first rule.
    :ivar place: Its place among the rules of the endpoint.
    :ivar sure: Whether *place* is the order of adding too.
    """

    group: int
    place: int
    sure: bool

    def before(self, other: Seat) -> bool:
        """Tell whether this rule was certainly added before the other."""
        if self.group == other.group:
            return self.sure and self.place < other.place
        return self.sure and self.place == 0 and self.group < other.group


def parse(rule: Rule) -> tuple[list[str], list[RulePart]]:
    """Read a rule's text after the leading slash.

    :return: The names of its variables, and its parts in order.
    :raises Unreadable: For a rule that is not read as werkzeug's own are.
    """
    if type(rule).compile is not Rule.compile or type(rule).bind is not Rule.bind:
        raise Unreadable
    text = re.sub("/{2,}", "/", rule.rule) if rule.merge_slashes else rule.rule
    names: list[str] = []
    segments: list[list[str | BaseConverter]] = [[]]
    end, final = 0, False
    for token in re.finditer(_TOKEN, text, re.ASCII):
        if token.start() != end:
            raise Unreadable
        end = token.end()
        if token["name"] is not None:
            converter = _converter(rule, token)
            final = final or not converter.part_isolating
            names.append(token["name"])
            segments[-1].append(converter)
        elif token["slash"] is None or final:
            segments[-1].append(token[0])
        else:
            segments.append([])
    if end != len(text) or segments[0] or len(set(names)) != len(names):
        raise Unreadable
    parts = [_make_part(pieces) for pieces in segments[1:]]
    if parts[-1].suffixed:
        parts.append(RulePart(""))
    return names, parts


def names_in(text: str) -> list[str]:
    """Return the names of the variables in the text of a rule or host, in their order."""
    return [found["name"] for found in VARIABLE.finditer(text)]


def _converter(rule: Rule, token: re.Match[str]) -> BaseConverter:
    """Give the converter object of a variable: the rule's own, for ``Map.converters`` may have changed since."""
    own = vars(rule).get("_converters", {}).get(token["name"])
    if own is None:
        args, kwargs = parse_converter_args(token["args"] or "")
        own = rule.get_converter(token["name"], token["kind"] or "default", args, kwargs)
    if not isinstance(own.regex, str) or not isinstance(own.weight, int | float):
        raise Unreadable
    return t.cast(BaseConverter, own)


def _make_part(pieces: list[str | BaseConverter]) -> RulePart:
    """Make one part of fixed texts, variables and, in a final part, slashes."""
    variables = [piece for piece in pieces if not isinstance(piece, str)]
    if not variables:
        return RulePart("".join(map(str, pieces)))
    numbers = iter(range(len(variables)))
    patterns = [re.escape(p) if isinstance(p, str) else f"(?P<_{next(numbers)}_>{p.regex})" for p in pieces]
    final = not all(variable.part_isolating for variable in variables)
    suffixed = final and pieces[-1] == "/"
    if suffixed:
        # Whether the path has the last slash is asked at the next state.
        patterns[-1] = "(?<!/)(?P<_slash_>/?)"
    texts = [piece for piece in pieces if isinstance(piece, str) and piece != "/"]
    weight = (
        -len(texts),
        tuple((number, -len(text)) for number, text in enumerate(texts)),
        -len(variables),
        tuple(variable.weight for variable in variables),
    )
    return RulePart("".join(patterns) + r"\Z", True, final, suffixed, weight, tuple(variables))


def in_order(url_map: Map, rules: cabc.Sequence[Rule]) -> cabc.Iterator[tuple[Rule, Seat]]:
    """Give the rules with what is known of the order in which they were added."""
    added = list(getattr(url_map, "added", ()))
    if sorted(map(id, added)) == sorted(map(id, rules)):
        yield from ((rule, Seat(place, 0, True)) for place, rule in enumerate(added))
        return
    # A plain map keeps its endpoints in order of adding, but sorts the rules of one for building URLs.
    for group, (_, members) in enumerate(itertools.groupby(rules, key=lambda rule: rule.endpoint)):
        same = list(members)
        sure = len({(bool(r.alias), len(r.arguments), len(r.defaults or ())) for r in same}) == 1
        yield from ((rule, Seat(group, place, sure)) for place, rule in enumerate(same))


def redirected(url_map: Map, rules: cabc.Iterable[Rule]) -> set[int]:
    """Give the ids of the rules whose match may be a redirect."""
    found = set()
    givers: dict[object, list[Rule]] = {}
    for rule in rules:
        earlier = givers.setdefault(rule.endpoint, [])
        # A rule listed before this one may say that values are its defaults, and wants to be asked for itself.
        given = any(giver != rule and giver.arguments == rule.arguments for giver in earlier)
        if rule.redirect_to is not None or (url_map.redirect_defaults and (rule.alias or given)):
            found.add(id(rule))
        if rule.defaults and not rule.build_only:
            earlier.append(rule)
    return found
