"""Write Python functions, keep their text readable, and remember what was made for which schema.

Generated code is ordinary code: its text is in :mod:`linecache`, so tracebacks and debuggers show it, and
``fast.source`` shows what was generated for a schema.

Knows text and schemas; knows nothing of loading or dumping.
Floor 1.
"""

from __future__ import annotations

import builtins
import collections.abc as cabc
import itertools
import keyword
import linecache
import threading
import typing as t
import weakref

import marshmallow as ma

#: Compiling is rare and short: one lock for all of it. Resolving a nested schema may come back here.
LOCK = threading.RLock()
_numbers = itertools.count(1)


class Writer:
    """The text of a module in the making, and the objects that its code names.

    :param local_names: The variables that the code uses as they are; no object gets such a name.
    """

    def __init__(self, local_names: cabc.Iterable[str] = ()) -> None:
        self.lines: list[str] = []
        self.objects: dict[str, object] = {}
        self._taken: set[str] = {*keyword.kwlist, *dir(builtins), *local_names}

    def name(self, hint: str) -> str:
        """Give a name that nothing else here has, as near to ``hint`` as that allows."""
        base = hint if hint.isidentifier() and hint.isascii() else "x_" + "".join(filter(str.isalnum, hint))
        if not base.isascii():
            base = "x"
        made = base
        for number in itertools.count(2):
            if made not in self._taken:
                break
            made = f"{base}_{number}"
        self._taken.add(made)
        return made

    def bind(self, value: object, hint: str) -> str:
        """Let the code name an object.

        :return: The name; the same one for the same object and hint.
        """
        if self.objects.get(hint, self) is value or vars(builtins).get(hint, self) is value:
            return hint
        made = self.name(hint)
        self.objects[made] = value
        return made

    def write(self, *lines: str, depth: int = 0) -> None:
        """Append lines, all of them indented ``depth`` levels deeper than they are."""
        self.lines += indented(lines, depth)

    def compile(self, title: str) -> dict[str, t.Any]:
        """Run the text and give its namespace; the text stays to be read under ``<framework title>``."""
        filename = f"<framework {title} #{next(_numbers)}>"
        text = "\n".join(self.lines) + "\n"
        namespace = {**self.objects, "__name__": "framework.fast.generated"}
        exec(compile(text, filename, "exec"), namespace)  # noqa: S102
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        for value in namespace.values():
            if getattr(getattr(value, "__code__", None), "co_filename", None) == filename:
                weakref.finalize(value, linecache.cache.pop, filename, None).atexit = False
                break
        return namespace


def indented(lines: cabc.Iterable[str], depth: int = 1) -> list[str]:
    """Indent lines by ``depth`` levels."""
    return ["    " * depth + line for line in lines]


class SchemaPlan(t.Protocol):
    """A plan that is made for a schema, and kept with it."""

    def __init__(self, schema: ma.Schema) -> None: ...

    def is_current(self) -> bool:
        """Return whether the schema still has the fields that the plan was made for."""
        ...


_P = t.TypeVar("_P", bound=SchemaPlan)


class CodeRecord:
    """The code of one schema instance: plans by kind, and the texts in the order of their making.

    It lives in the instance, so it goes when the schema goes. A copy of the schema is another schema: it finds a
    record that is not its own and gets a new one. Pickles and deep copies leave it out.
    """

    __slots__ = ("owner", "plans", "texts")

    def __init__(self, schema: ma.Schema) -> None:
        self.owner = weakref.ref(schema)
        self.plans: dict[type, SchemaPlan] = {}
        self.texts: list[str] = []

    def __reduce__(self) -> tuple[object, ...]:
        return (_nothing, ())

    def __deepcopy__(self, memo: object) -> None:
        return None


def _nothing() -> None:
    """Return nothing: a pickled record is made anew."""


def record(schema: ma.Schema) -> CodeRecord:
    """Give the record of a schema, a new one if it has none."""
    found = vars(schema).get("_framework_fast")
    if not isinstance(found, CodeRecord) or found.owner() is not schema:
        found = vars(schema)["_framework_fast"] = CodeRecord(schema)
    return found


def plan(schema: ma.Schema, kind: type[_P]) -> _P:
    """Give the plan of one kind for a schema, made by ``kind(schema)``.

    It is made anew when the schema has other fields than it was made for.
    """
    made = record(schema).plans.get(kind)
    if made is None or not made.is_current():
        with LOCK:
            made = record(schema).plans.get(kind)
            if made is None or not made.is_current():
                made = record(schema).plans[kind] = kind(schema)
    return t.cast(_P, made)


def source(schema: ma.Schema) -> str:
    """Return the text of the functions generated for a schema so far; empty where nothing was generated yet."""
    return "\n".join(record(schema).texts)
