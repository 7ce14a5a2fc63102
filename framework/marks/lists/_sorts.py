"""``sorts`` and ``searches``: the order of a list, and the items in which words are found.

Not here: how items are put in order and searched (``marks.lists._sequences``, ``marks.lists._selects``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import typing as t

from marshmallow import Schema, validate

from ... import fields
from ...errors import SetupError
from ...issues import issue
from ...texts import message
from ..base import Call
from ..inputs import ArgumentsMark
from ..schemas import SchemaLike, as_schema
from ..values import ValueMark
from ._base import Columns, ListMark, asking, check_columns, check_names, find_field, source_of
from ._fields import Known, Pieces
from ._sequences import ordered, searched
from ._terms import SORTED, LoadedParameters, SortKey

MAX_QUERY: t.Final = 200
"""The greatest number of characters of a search."""


class Sorting(cabc.Sequence[SortKey]):
    """The order that a client asks for, or the usual one.

    :param keys: The first counts first.
    """

    def __init__(self, keys: cabc.Iterable[SortKey]) -> None:
        self.keys = tuple(keys)

    def __repr__(self) -> str:
        return f"Sorting({list(self.keys)!r})"

    def __len__(self) -> int:
        return len(self.keys)

    @t.overload
    def __getitem__(self, index: int) -> SortKey: ...
    @t.overload
    def __getitem__(self, index: slice) -> tuple[SortKey, ...]: ...
    def __getitem__(self, index: int | slice) -> SortKey | tuple[SortKey, ...]:
        return self.keys[index]

    def apply(self, collection: object) -> t.Any:
        """A collection in that order: a select for a select, otherwise a list."""
        return ordered(collection, self.keys) if self.keys else collection


class SortsMark(ListMark):
    """The order of a list; see :func:`sorts`."""

    nearest_counts = True

    order = 30

    def __init__(
        self,
        schema: Schema,
        names: cabc.Sequence[str],
        columns: Columns,
        *,
        default: str,
        apply: bool,
        parameter: str,
        hidden: bool,
    ) -> None:
        self.name = f"sorts({type(schema).__name__})"
        if not names:
            raise SetupError(f'{self.name} sorts by nothing. Name fields: sorts(PetSchema, "name", "born").')
        check_names(names, self.name)
        check_columns(columns, names, self.name)
        self.keys: dict[str, SortKey] = {}
        written: dict[str, str] = {}
        self.described, self.parameter = schema, parameter
        self.found = {name: find_field(schema, name, self.name) for name in names}
        for name, found in self.found.items():
            key = SortKey(found.written, source_of(found, name, columns))
            self.keys[found.written] = key
            self.keys[f"-{found.written}"] = key._replace(descending=True)
            written |= {name: found.written, f"-{name}": f"-{found.written}"}
        asked = [name.strip() for name in default.split(",") if name.strip()]
        others = [name for name in asked if name not in written]
        if others:
            raise SetupError(f"{self.name}: the default {others[0]!r} is none of {', '.join(written)}.")
        usual = [written[name] for name in asked]
        self.usual = tuple(self.keys[name] for name in usual)
        super().__init__(self.parameters(usual or None), apply, asking(schema, self.found, columns, hidden))

    def parameters(self, usual: list[str] | None) -> Schema:
        """The schema of the parameter.

        :param usual: The order where the client names none; ``None`` where it has no words.
        """
        inner = fields.String(validate=Known(self.keys, issue("not_one_of.sort")))
        text = message("parameters.sort")
        most = len(self.keys) // 2
        field = Pieces(inner, most, load_default=usual, data_key=self.parameter, metadata={"description": text})
        return Schema.from_dict({"sort": field})()

    def in_body(self) -> ArgumentsMark:
        made = super().in_body()
        made.schema.fields["sort"].metadata = {"description": message("parameters.sort.list")}
        return made

    def renamed(self, words: cabc.Mapping[str, str | None]) -> t.Self | None:
        made = copy.copy(self)
        made.keys = {}
        for name, key in self.keys.items():
            written = words.get(key.name, key.name)
            if written is not None:
                made.keys[f"-{written}" if name.startswith("-") else written] = key
        if not made.keys and not self.usual:
            return None
        called = {key: name for name, key in made.keys.items()}
        usual = [called[key] for key in self.usual] if all(key in called for key in self.usual) else None
        made = made.with_schema(made.parameters(usual))
        made.origin = self
        return made

    def __repr__(self) -> str:
        return self.name

    def asked(self, value: LoadedParameters) -> Sorting:
        chosen: dict[str, SortKey] = {}
        if value["sort"] is None:
            return Sorting(self.usual)
        for name in value["sort"]:
            key = self.keys[name]
            chosen.setdefault(key.name, key)  # what comes after the first of a name changes nothing
        return Sorting(chosen.values())

    def note(self, call: Call, asked: object) -> None:
        if isinstance(asked, Sorting) and asked.keys:
            call.notes[SORTED] = asked.keys


@t.overload
def sorts(
    schema: SchemaLike,
    *names: str,
    default: str = "",
    columns: Columns | None = None,
    apply: t.Literal[True] = True,
    parameter: str = "sort",
    hidden: bool = False,
) -> SortsMark: ...
@t.overload
def sorts(
    schema: SchemaLike,
    *names: str,
    default: str = "",
    columns: Columns | None = None,
    apply: t.Literal[False],
    parameter: str = "sort",
    hidden: bool = False,
) -> ValueMark[Sorting]: ...
def sorts(
    schema: SchemaLike,
    *names: str,
    default: str = "",
    columns: Columns | None = None,
    apply: bool = True,
    parameter: str = "sort",
    hidden: bool = False,
) -> SortsMark:
    """Let clients choose the order of a list: ``?sort=-born,name``.

    :param schema: What has the fields: what is sent.
    :param names: The fields to sort by; dotted names for those of nested objects.
    :param default: The order where the client asks for none: some of the names with commas, ``-`` before one to go
        down. Default: as the handler has it.
    :param columns: Where the values are, by the names of fields, see :func:`filters`.
    :param apply: Whether what the handler returns is put in order. With ``False`` the handler gets a :class:`Sorting`.
    :param parameter: The name of the parameter.
    :param hidden: Whether clients may sort by fields that the answer never sends, and so find out their values.
    :raises SetupError: A name is not a field that can be sorted by; at start-up: the answer never sends it.
    """
    return SortsMark(
        as_schema(schema), names, columns or {}, default=default, apply=apply, parameter=parameter, hidden=hidden
    )


class Search:
    """The words that a client looks for.

    :param words: Each must be found.
    :param sources: Where: in any of these.
    """

    def __init__(self, words: cabc.Iterable[str], sources: cabc.Iterable[object]) -> None:
        self.words = tuple(words)
        self.sources = tuple(sources)

    def __repr__(self) -> str:
        return f"Search({list(self.words)!r})"

    def __bool__(self) -> bool:
        return bool(self.words)

    def apply(self, collection: object) -> t.Any:
        """The items of a collection in which each word is found: a select for a select, otherwise a list."""
        return searched(collection, self.sources, self.words) if self.words else collection


class SearchesMark(ListMark):
    """The items in which words are found; see :func:`searches`."""

    nearest_counts = True

    order = 20

    def __init__(
        self, schema: Schema, names: cabc.Sequence[str], columns: Columns, *, apply: bool, parameter: str, hidden: bool
    ) -> None:
        self.name = f"searches({type(schema).__name__})"
        if not names:
            raise SetupError(f'{self.name} searches nothing. Name fields: searches(PetSchema, "name", "notes").')
        check_names(names, self.name)
        check_columns(columns, names, self.name)
        self.described, self.parameter = schema, parameter
        self.found = {name: find_field(schema, name, self.name) for name in names}
        self.where = {each.written: source_of(each, name, columns) for name, each in self.found.items()}
        super().__init__(self.parameters(self.where), apply, asking(schema, self.found, columns, hidden))

    def parameters(self, names: cabc.Iterable[str]) -> Schema:
        """The schema of the parameter.

        :param names: Where words are looked for, as clients write it.
        """
        text = message("parameters.search", names=", ".join(f"`{name}`" for name in names))
        field = fields.String(
            load_default="",
            validate=validate.Length(max=MAX_QUERY),
            data_key=self.parameter,
            metadata={"description": text},
        )
        return Schema.from_dict({"q": field})()

    def renamed(self, words: cabc.Mapping[str, str | None]) -> t.Self | None:
        called = {name: words.get(name, name) for name in self.where}
        names = [written for written in called.values() if written is not None]
        if not names:
            return None
        made = self.with_schema(self.parameters(names))
        made.where = {name: source for name, source in self.where.items() if called[name] is not None}
        return made

    def __repr__(self) -> str:
        return self.name

    def asked(self, value: LoadedParameters) -> Search:
        return Search(value["q"].split(), self.where.values())


@t.overload
def searches(
    schema: SchemaLike,
    *names: str,
    columns: Columns | None = None,
    apply: t.Literal[True] = True,
    parameter: str = "q",
    hidden: bool = False,
) -> SearchesMark: ...
@t.overload
def searches(
    schema: SchemaLike,
    *names: str,
    columns: Columns | None = None,
    apply: t.Literal[False],
    parameter: str = "q",
    hidden: bool = False,
) -> ValueMark[Search]: ...
def searches(
    schema: SchemaLike,
    *names: str,
    columns: Columns | None = None,
    apply: bool = True,
    parameter: str = "q",
    hidden: bool = False,
) -> SearchesMark:
    """Let clients look for words in a list: ``?q=black dog``.

    :param schema: What has the fields: what is sent.
    :param names: The fields to look in; dotted names for those of nested objects.
    :param columns: Where the values are, by the names of fields, see :func:`filters`.
    :param apply: Whether it is applied to what the handler returns. With ``False`` the handler gets a :class:`Search`.
    :param parameter: The name of the parameter.
    :param hidden: Whether fields that the answer never sends are searched too, which tells clients their values.
    :raises SetupError: A name is not a field that can be searched; at start-up: the answer never sends it.
    """
    return SearchesMark(as_schema(schema), names, columns or {}, apply=apply, parameter=parameter, hidden=hidden)
