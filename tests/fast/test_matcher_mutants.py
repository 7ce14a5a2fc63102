"""The random comparison is strong enough: each of these faults in the matcher makes it fail."""

from __future__ import annotations

import itertools
import pathlib
import sys
import types
import typing as t

import pytest

import framework.fast.matcher
from tests.fast.matching import run

ROOM = pathlib.Path(framework.fast.matcher.__file__).parent
MODULES = ("converters", "patterns", "trie", "matcher")
NUMBERS = itertools.count()

# Module, what stands there (once), what the fault puts in its place.
MUTANTS = [
    ("converters", "value < low", "value <= low"),
    ("converters", "value > high", "value >= high"),
    ("converters", "len(text) != digits", "len(text) > digits"),
    ("converters", "if least == 1 and most is None:", "if most is None:"),
    ("converters", "least <= len(text) <= most", "least <= len(text) < most"),
    ("converters", "least = int(match[1])", "least = 1"),
    ("converters", "_TO_PYTHON.get(type(converter))", "type(converter).to_python"),
    ("converters", "return uuid.UUID", "return str"),
    ("converters", "frozenset(converter.items).__contains__", "bool"),
    ("patterns", "if rule.merge_slashes else rule.rule", "if True else rule.rule"),
    ("patterns", "final = final or not converter.part_isolating", "final = not converter.part_isolating"),
    ("patterns", "(?<!/)(?P<_slash_>", "(?P<_slash_>"),
    ("patterns", 'parts.append(RulePart(""))', "pass"),
    ("patterns", "re.escape(p) if", "p if"),
    ("patterns", "        -len(texts),\n", "        len(texts),\n"),
    ("patterns", "(number, -len(text))", "(number, len(text))"),
    ("patterns", "tuple(variable.weight for variable in variables),", "(),"),
    ("patterns", "return self[:5]", "return self[:1]"),
    ("patterns", "return self.sure and self.place < other.place", "return True"),
    ("patterns", "return self.sure and self.place == 0 and self.group < other.group", "return True"),
    ("patterns", "for r in same}) == 1", "for r in same}) >= 1"),
    ("patterns", "rule.redirect_to is not None or", ""),
    ("patterns", "(rule.alias or given)", "given"),
    ("patterns", "(rule.alias or given)", "rule.alias"),
    ("trie", "(convert(c) if self.exact else None) or", "convert(c) or"),
    ("trie", "            made.update(defaults)\n", ""),
    ("trie", "return not self.websocket and (", "return ("),
    ("trie", "part.weight[0] == 0", "True"),
    ("trie", "self.width == 1", "True"),
    ("trie", 'and match["_slash_"] == "/"', ""),
    ("trie", "edges = sorted(self.edges, key=lambda edge: edge.weight)", "edges = list(self.edges)"),
    ("trie", "edges[known:] = [Edge()]", "pass"),
    ("trie", "edge.child is None:\n                break", "edge.child is None:\n                continue"),
    ("trie", "self.leaves = leaves = [ASIDE]", "pass"),
    ("trie", "next((leaf for leaf in leaves", "next((leaf for leaf in reversed(leaves)"),
    ("trie", "if not leaf.aside:", "if leaf is not ASIDE:"),
    ("trie", "edge.child is None:\n                return ASIDE", "edge.child is None:\n                continue"),
    ("trie", "            del self.texts[mark:]\n", ""),
    ("trie", '[""] if slash else []', "[]"),
    ("trie", "if not leaf.strict)", ")"),
    ("trie", "if found is not None and found.strict:", "if found is None:"),
    ("trie", "self.methods |= leaf.methods", "self.methods = set(leaf.methods)"),
    ("trie", "self.websocket = True", "pass"),
    ("matcher", 'if not path or "//" in path or not path.isascii():', 'if not path or "//" in path:'),
    ("matcher", 'if not path or "//" in path or not path.isascii():', "if not path.isascii():"),
    ("matcher", "not leaf.aside and not leaf.names", "not leaf.aside"),
    ("matcher", "if leaf is not None and not leaf.aside and", "if leaf is not None and"),
    ("matcher", "            if rule.build_only:\n                continue\n", ""),
    ("matcher", "self._complete = False", "pass"),
    ("matcher", "self._tables.get(url_map.default_subdomain,", 'self._tables.get("",'),
    ("matcher", "defaults.copy()", "defaults"),
    ("matcher", '        if "//" in path or', "        if"),
    ("matcher", " or not path.isascii():\n            return", ":\n            return"),
    ("matcher", "        if parts[0]:\n            return None\n", ""),
    ("matcher", "refused=True)", "refused=False)"),
    ("matcher", "method.upper()", "method"),
    ("matcher", "return _miss(search) if self._complete else None", "return _miss(search)"),
    ("matcher", "if leaf.settled else None", ""),
    ("matcher", "    if search.methods:\n        return Miss(search.methods)\n", ""),
    ("matcher", "return None if search.websocket else _NOT_FOUND", "return _NOT_FOUND"),
    ("matcher", "\n            if not leaf.exact and", "\n            if False and"),
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
    return loaded["matcher"].Matcher, loaded["patterns"].OrderedMap


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
