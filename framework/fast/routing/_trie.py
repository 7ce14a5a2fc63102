"""The trie of rules: one level per segment, searched in the order in which werkzeug searches its own.

A state knows what may follow and which rules end there. Where only werkzeug knows the answer, ``ASIDE``
takes the place of a rule. It knows nothing of domains or requests.

Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import itertools
import re
import typing as t

from werkzeug.routing import Rule

from ._converters import accepts, convert, is_pristine
from ._patterns import RulePart, Seat

__all__ = ["ASIDE", "COMMON_METHODS", "Leaf", "Node", "TrieWalk"]

# The methods a rule without methods is looked up for; any other method takes the longer road.
COMMON_METHODS = ("GET", "HEAD", "QUERY", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_Accept: t.TypeAlias = cabc.Callable[[str], object]


class Leaf:
    """The end of a rule's path: what a match there gives.

    :ivar aside: Only werkzeug knows the answer here (a redirect, or an order that is not known).
    :ivar settled: Whether it is known which rules of this state werkzeug looks at before this one.
    """

    __slots__ = (
        "aside",
        "defaults",
        "exact",
        "make",
        "methods",
        "names",
        "rule",
        "seat",
        "settled",
        "strict",
        "websocket",
    )

    def __init__(self, rule: Rule, seat: Seat, names: cabc.Sequence[str], parts: cabc.Iterable[RulePart]) -> None:
        self.rule = rule
        self.seat = seat
        self.names = names
        self.aside = False
        self.settled = True
        self.methods = None if rule.methods is None else frozenset(rule.methods)
        self.strict = bool(rule.strict_slashes)
        self.websocket = bool(rule.websocket)
        self.defaults: dict[str, object] = dict(rule.defaults or ())
        own = [converter for part in parts for converter in part.converters]
        self.exact = all(map(is_pristine, own))
        self.make = self._maker([(convert(c) if self.exact else None) or c.to_python for c in own])

    def _maker(self, makes: list[cabc.Callable[[str], object]]) -> cabc.Callable[[list[str]], dict[str, object]]:
        """Give the function that turns the texts of a match into the rule's values."""
        defaults = self.defaults
        if len(makes) == 1 and not defaults:
            (name,), (make,) = self.names, makes
            if make is str:
                return lambda texts: {name: texts[0]}
            return lambda texts: {name: make(texts[0])}
        if len(makes) == 2 and not defaults:
            # PERF: 0.5 us less than the loop below.
            (one, two), (first, second) = self.names, makes
            return lambda texts: {one: first(texts[0]), two: second(texts[1])}
        pairs = tuple(zip(self.names, makes, strict=True))

        def values(texts: list[str]) -> dict[str, object]:
            made = {name: make(text) for (name, make), text in zip(pairs, texts, strict=True)}
            made.update(defaults)
            return made

        return values

    def allows(self, method: str) -> bool:
        """Tell whether a plain request of this method may end here."""
        return not self.websocket and (self.methods is None or method in self.methods)


# Stands where a path leaves what is known. It allows every method.
ASIDE = Leaf(Rule("/"), Seat(0, 0, False), (), ())
ASIDE.aside = True


class Edge:
    """A way to the next state for the segments that a part takes; without *child*, only werkzeug knows which."""

    __slots__ = ("accept", "child", "final", "pattern", "seats", "suffixed", "weight", "width")

    def __init__(self, part: RulePart | None = None) -> None:
        self.seats: list[Seat] = []
        self.child: Node | None = None
        self.accept: _Accept | None = None
        if part is None:
            return
        self.weight, self.final, self.suffixed = part.weight, part.final, part.suffixed
        self.width = len(part.converters)
        try:
            self.pattern = re.compile(part.content)
        except re.error:
            # Werkzeug compiles the pattern when a path gets here, and that request fails.
            return
        self.child = Node()
        # One variable and nothing else: the whole segment is its text.
        if self.width == 1 and not part.final and part.weight[0] == 0:
            self.accept = accepts(part.converters[0]) or self.pattern.match

    def take(self, parts: list[str], at: int) -> tuple[list[str], bool] | None:
        """Take one segment, or all that are left.

        :return: The texts of the variables and whether a trailing slash is left over, ``None`` when the
            text is not of this form.
        """
        if self.accept is not None:
            return ([parts[at]], False) if self.accept(parts[at]) else None
        match = self.pattern.match("/".join(parts[at:]) if self.final else parts[at])
        if match is None:
            return None
        return [match[f"_{n}_"] for n in range(self.width)], self.suffixed and match["_slash_"] == "/"


class Node:
    """A state of the trie: what may follow, and the rules that end here."""

    __slots__ = ("by_method", "edges", "index", "leaves", "quick", "static")

    def __init__(self) -> None:
        self.static: dict[str, Node] = {}
        self.edges: list[Edge] = []
        self.leaves: list[Leaf] = []
        # The leading edges of one variable each, for the first and short road.
        self.quick: tuple[tuple[_Accept, Node], ...] = ()
        # Method -> the leaf for it, where that is not a question.
        self.by_method: dict[str, Leaf] = {}
        # Part -> its edge, while building.
        self.index: dict[tuple[object, ...], Edge] = {}

    def add(self, parts: cabc.Iterable[RulePart], leaf: Leaf) -> None:
        """Add a rule under this state."""
        node = self
        for part in parts:
            if not part.dynamic:
                node = node.static.setdefault(part.content, Node())
                continue
            edge = node.index.get(part.key)
            if edge is None:
                edge = node.index[part.key] = Edge(part)
                node.edges.append(edge)
            edge.seats.append(leaf.seat)
            if edge.child is None:
                return
            node = edge.child
        node.leaves.append(leaf)

    def close(self) -> None:
        """Sort and settle this state and all below it, once all rules are in."""
        self._close_edges()
        self._close_leaves()
        self.index.clear()
        children = [edge.child for edge in self.edges if edge.child is not None]
        for child in [*self.static.values(), *children]:
            child.close()

    def _close_edges(self) -> None:
        """Sort the edges as werkzeug does, up to the first place where that order is not known."""
        edges = sorted(self.edges, key=lambda edge: edge.weight)
        for number, (edge, after) in enumerate(itertools.pairwise(edges)):
            first = edge.seats[0]
            if edge.weight == after.weight and not all(first.before(seat) for seat in after.seats):
                known = next(n for n in range(number + 1) if edges[n].weight == edge.weight)
                edges[known:] = [Edge()]
                break
        self.edges = edges
        quick = []
        for edge in edges:
            if edge.accept is None or edge.child is None:
                break
            quick.append((edge.accept, edge.child))
        self.quick = tuple(quick)

    def _close_leaves(self) -> None:
        """Settle which rule answers which method, and where the order of two rules would tell but is not known."""
        leaves = self.leaves
        if not all(leaf.seat.before(after.seat) for leaf, after in itertools.pairwise(leaves)):
            if _overlap(leaves):
                self.leaves = leaves = [ASIDE]
            for leaf in leaves:
                leaf.settled = False
        methods = {method for leaf in leaves for method in leaf.methods or COMMON_METHODS}
        for method in methods:
            leaf = next((leaf for leaf in leaves if leaf.allows(method)), ASIDE)
            if not leaf.aside:
                self.by_method[method] = leaf


def _overlap(leaves: list[Leaf]) -> bool:
    """Tell whether two of these rules allow the same method."""
    if any(leaf.methods is None for leaf in leaves):
        return True
    return sum(len(leaf.methods or ()) for leaf in leaves) > len({m for leaf in leaves for m in leaf.methods or ()})


class TrieWalk:
    """One walk through the trie in werkzeug's order, noting what werkzeug notes."""

    __slots__ = ("method", "methods", "texts", "websocket")

    def __init__(self, method: str) -> None:
        self.method = method
        self.texts: list[str] = []
        # The methods of the rules passed by, and whether a websocket rule was among them.
        self.methods: set[str] = set()
        self.websocket = False

    def below(self, node: Node, parts: list[str], at: int) -> Leaf | None:
        """Search the segments from *at* on below a state: fixed text first, then variables by weight."""
        if at == len(parts):
            return self._here(node)
        part = parts[at]
        child = node.static.get(part)
        if child is not None:
            found = self.below(child, parts, at + 1)
            if found is not None:
                return found
        for edge in node.edges:
            if edge.child is None:
                return ASIDE
            taken = edge.take(parts, at)
            if taken is None:
                continue
            texts, slash = taken
            mark = len(self.texts)
            self.texts += texts
            if edge.final:
                found = self.below(edge.child, [""] if slash else [], 0)
            else:
                found = self.below(edge.child, parts, at + 1)
            if found is not None:
                return found
            del self.texts[mark:]
        # Only the last segment may be empty: paths with two slashes in a row are not searched.
        if not part:
            return self._choose(leaf for leaf in node.leaves if not leaf.strict)
        return None

    def _here(self, node: Node) -> Leaf | None:
        """Choose among the rules that end here, then among those that end one slash later."""
        found = self._choose(node.leaves)
        if found is None and "" in node.static:
            found = next((leaf for leaf in node.static[""].leaves if leaf.allows(self.method)), None)
            if found is not None and found.strict:
                # The answer is a redirect to the path with a slash.
                return ASIDE
        return found

    def _choose(self, leaves: cabc.Iterable[Leaf]) -> Leaf | None:
        """Choose the first rule for the method."""
        for leaf in leaves:
            if leaf.methods is not None and self.method not in leaf.methods:
                self.methods |= leaf.methods
            elif leaf.websocket:
                self.websocket = True
            else:
                return leaf
        return None
