"""The random comparison is strong enough: each of these faults in the matcher makes it fail."""

from __future__ import annotations

import itertools
import pathlib
import sys
import types
import typing as t

import pytest

import framework.fast.routing._matcher
from tests.fast.routing.matching import run

pytestmark = pytest.mark.extended

ROOM = pathlib.Path(framework.fast.routing._matcher.__file__).parent
MODULES = ("_converters", "_patterns", "_trie", "_matcher")
NUMBERS = itertools.count()

# Module, what stands there (once), what the fault puts in its place.
MUTANTS = [
    ("_converters", "value < low", "value <= low"),
    ("_converters", "value > high", "value >= high"),
    ("_converters", "len(text) != digits", "len(text) > digits"),
    ("_converters", "if least == 1 and most is None:", "if most is None:"),
    ("_converters", "least <= len(text) <= most", "least <= len(text) < most"),
    ("_converters", "least = int(match[1])", "least = 1"),
    ("_converters", "_TO_PYTHON.get(type(converter))", "type(converter).to_python"),
    ("_converters", "return uuid.UUID", "return str"),
    ("_converters", "frozenset(converter.items).__contains__", "bool"),
    ("_patterns", "if rule.merge_slashes else rule.rule", "if True else rule.rule"),
    ("_patterns", "final = final or not converter.part_isolating", "final = not converter.part_isolating"),
    ("_patterns", "(?<!/)(?P<_slash_>", "(?P<_slash_>"),
    ("_patterns", 'parts.append(RulePart(""))', "pass"),
    ("_patterns", "re.escape(p) if", "p if"),
    ("_patterns", "        -len(texts),\n", "        len(texts),\n"),
    ("_patterns", "(number, -len(text))", "(number, len(text))"),
    ("_patterns", "tuple(variable.weight for variable in variables),", "(),"),
    ("_patterns", "return self[:5]", "return self[:1]"),
    ("_patterns", "return self.sure and self.place < other.place", "return True"),
    ("_patterns", "return self.sure and self.place == 0 and self.group < other.group", "return True"),
    ("_patterns", "for r in same}) == 1", "for r in same}) >= 1"),
    ("_patterns", "rule.redirect_to is not None or", ""),
    ("_patterns", "(rule.alias or given)", "given"),
    ("_patterns", "(rule.alias or given)", "rule.alias"),
    ("_trie", "(convert(c) if self.exact else None) or", "convert(c) or"),
    ("_trie", "            made.update(defaults)\n", ""),
    ("_trie", "return not self.websocket and (", "return ("),
    ("_trie", "part.weight[0] == 0", "True"),
    ("_trie", "self.width == 1", "True"),
    ("_trie", 'and match["_slash_"] == "/"', ""),
    ("_trie", "edges = sorted(self.edges, key=lambda edge: edge.weight)", "edges = list(self.edges)"),
    ("_trie", "edges[known:] = [Edge()]", "pass"),
    ("_trie", "edge.child is None:\n                break", "edge.child is None:\n                continue"),
    ("_trie", "self.leaves = leaves = [ASIDE]", "pass"),
    ("_trie", "next((leaf for leaf in leaves", "next((leaf for leaf in reversed(leaves)"),
    ("_trie", "if not leaf.aside:", "if leaf is not ASIDE:"),
    ("_trie", "edge.child is None:\n                return ASIDE", "edge.child is None:\n                continue"),
    ("_trie", "            del self.texts[mark:]\n", ""),
    ("_trie", '[""] if slash else []', "[]"),
    ("_trie", "if not leaf.strict)", ")"),
    ("_trie", "if found is not None and found.strict:", "if found is None:"),
    ("_trie", "self.methods |= leaf.methods", "self.methods = set(leaf.methods)"),
    ("_trie", "self.websocket = True", "pass"),
    ("_matcher", 'if not path or "//" in path or not path.isascii():', 'if not path or "//" in path:'),
    ("_matcher", 'if not path or "//" in path or not path.isascii():', "if not path.isascii():"),
    ("_matcher", "not leaf.aside and not leaf.names", "not leaf.aside"),
    ("_matcher", "if leaf is not None and not leaf.aside and", "if leaf is not None and"),
    ("_matcher", "            if rule.build_only:\n                continue\n", ""),
    ("_matcher", "self._complete = False", "pass"),
    ("_matcher", "self._tables.get(url_map.default_subdomain,", 'self._tables.get("",'),
    ("_matcher", "defaults.copy()", "defaults"),
    ("_matcher", '        if "//" in path or', "        if"),
    ("_matcher", " or not path.isascii():\n            return", ":\n            return"),
    ("_matcher", "        if parts[0]:\n            return None\n", ""),
    ("_matcher", "refused=True)", "refused=False)"),
    ("_matcher", "method.upper()", "method"),
    ("_matcher", "return _miss(search) if self._complete else None", "return _miss(search)"),
    ("_matcher", "if leaf.settled else None", ""),
    ("_matcher", "    if search.methods:\n        return Miss(search.methods)\n", ""),
    ("_matcher", "return None if search.websocket else _NOT_FOUND", "return _NOT_FOUND"),
    ("_matcher", "\n            if not leaf.exact and", "\n            if False and"),
]


def load(module: str | None = None, old: str = "", new: str = "") -> tuple[t.Any, t.Any]:
    """Load the room under a name of its own, with one place of one module changed.

    :return: the classes ``Matcher`` and ``OrderedMap``.
    """
    package = f"mutant_{next(NUMBERS)}"
    sys.modules[package] = types.ModuleType(package)
    loaded = {}
    for name in MODULES:
        source = (ROOM / f"{name}.py").read_text()
        if name == module:
            assert source.count(old) == 1, f"{old!r} is in {name} {source.count(old)} times."
            source = source.replace(old, new)
        loaded[name] = sys.modules[f"{package}.{name}"] = types.ModuleType(f"{package}.{name}")
        loaded[name].__package__ = package
        exec(compile(source, f"<{package}.{name}>", "exec"), vars(loaded[name]))
    for name in [package, *(f"{package}.{name}" for name in MODULES)]:
        del sys.modules[name]
    return loaded["_matcher"].Matcher, loaded["_patterns"].OrderedMap


def test_the_code_without_a_fault_passes():
    """Loaded in this way but unchanged, the matcher agrees with werkzeug."""
    matcher, ordered = load()

    assert run(matcher, ordered, range(100)).total() == 6_000


@pytest.mark.parametrize(("module", "old", "new"), MUTANTS)
def test_a_fault_is_noticed(module, old, new):
    """A matcher with a fault differs from werkzeug on some random map, or fails."""
    matcher, ordered = load(module, old, new)

    with pytest.raises(Exception):  # noqa: B017  a fault may show in any way
        run(matcher, ordered, range(3_000))
