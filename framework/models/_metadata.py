"""The validators and texts in ``Annotated``: marshmallow's, those of ``annotated-types``, and ``msgspec.Meta``.

Not here: what a member is called, and which side has it (``models._markers``).
Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import decimal
import sys
import types
import typing as t

import marshmallow as ma
import msgspec
from marshmallow import validate

from ..fields import AnyField
from ..issues import issue
from ._markers import Direction, Doc, data_key

Divisor: t.TypeAlias = int | float | decimal.Decimal

_BOUNDS: t.Final = ("gt", "ge", "lt", "le")


class MultipleOf(validate.Validator):
    """A validator for numbers that are a multiple of another.

    :param divisor: The other number, above zero.
    """

    def __init__(self, divisor: Divisor) -> None:
        self.divisor = divisor

    def _repr_args(self) -> str:
        return f"divisor={self.divisor!r}"

    def __call__(self, value: object) -> object:
        # Of floats, what they are written as: 0.3 is a multiple of 0.1.
        if decimal.Decimal(str(value)) % decimal.Decimal(str(self.divisor)):
            raise ma.ValidationError(issue("indivisible", divisor=self.divisor))
        return value

    def __json_schema__(self, described: dict[str, object], role: str) -> dict[str, object]:
        return {"multipleOf": self.divisor} if described.get("type") in ("integer", "number") else {}


class Satisfies(validate.Validator):
    """A validator that asks a function, which the document cannot describe.

    :param function: Takes the value; a false answer refuses it.
    """

    def __init__(self, function: cabc.Callable[..., object], *, negated: bool = False) -> None:
        self.function = function
        self.negated = negated

    def _repr_args(self) -> str:
        return f"function={self.function!r}"

    def __call__(self, value: object) -> object:
        if bool(self.function(value)) is self.negated:
            raise ma.ValidationError(issue("invalid"))
        return value


@dataclasses.dataclass(slots=True)
class Metadata:
    """The words of one ``Annotated``, sorted.

    :ivar problem: The first word that cannot be meant, with its remedy; empty where all can.
    """

    field: AnyField | None = None
    validators: list[cabc.Callable[..., object]] = dataclasses.field(default_factory=list)
    texts: dict[str, object] = dataclasses.field(default_factory=dict)
    direction: str = ""
    data_key: str | None = None
    is_naive: bool | None = None
    problem: str = ""


def read(words: cabc.Iterable[object]) -> Metadata:
    """Sort the words of ``Annotated``; those of other libraries are left alone, as PEP 593 has it."""
    made = Metadata()
    bounds: dict[str, object] = {}
    lengths: dict[str, int] = {}
    for word in _flat(words):
        match word:
            case ma.fields.Field():
                if made.field is not None:
                    made.problem = made.problem or "it has two fields. Leave one."
                made.field = word
            case validate.Validator() | types.FunctionType():
                made.validators.append(t.cast("cabc.Callable[..., object]", word))
            case Doc():
                given = {"description": word.documentation, "title": word.title, "examples": word.examples}
                made.texts |= {key: value for key, value in given.items() if value is not None}
                if word.deprecated:
                    made.texts["deprecated"] = True
            case data_key():
                made.data_key = word.name
            case Direction():
                made.direction = word.name
            case msgspec.Meta():
                _read_meta(word, made, bounds, lengths)
            case type():
                _read_class(word, made)
            case ma.Schema():
                made.problem = made.problem or f"{word!r} is a schema. Write fields.Nested({type(word).__name__})."
            case _:
                _read_other(word, made, bounds, lengths)
    if bounds:
        made.validators.insert(0, _range(bounds))
    if lengths:
        made.validators.insert(0, _length(lengths))
    return made


def _flat(words: cabc.Iterable[object]) -> cabc.Iterator[object]:
    """The words, with groups such as ``annotated_types.Interval`` taken apart."""
    for word in words:
        if getattr(type(word), "__is_annotated_types_grouped_metadata__", False):
            yield from t.cast("cabc.Iterable[object]", word)
        else:
            yield word


def _read_class(word: type, made: Metadata) -> None:
    """Read a class: that of a field is a field without options; that of a validator was not called."""
    if issubclass(word, ma.fields.Field):
        try:
            made.field = word()
        except TypeError:
            made.problem = made.problem or f"fields.{word.__name__} needs arguments. Give an instance."
    elif issubclass(word, validate.Validator):
        made.problem = made.problem or f"{word.__name__} is a class. Call it: {word.__name__}(...)."
    elif issubclass(word, ma.Schema):
        made.problem = made.problem or f"{word.__name__} is a schema. Write fields.Nested({word.__name__})."
    elif issubclass(word, (Doc, data_key)):
        made.problem = made.problem or f"{word.__name__} is a class. Call it: {word.__name__}(...)."


def _read_meta(word: msgspec.Meta, made: Metadata, bounds: dict[str, object], lengths: dict[str, int]) -> None:
    bounds.update({name: value for name in _BOUNDS if (value := getattr(word, name)) is not None})
    if word.min_length is not None:
        lengths["min"] = word.min_length
    if word.max_length is not None:
        lengths["max"] = word.max_length
    if word.multiple_of is not None:
        made.validators.append(MultipleOf(word.multiple_of))
    if word.pattern is not None:
        made.validators.append(validate.Regexp(word.pattern))
    if word.tz is not None:
        made.is_naive = not word.tz
    made.texts |= {
        name: value for name in ("title", "description", "examples") if (value := getattr(word, name)) is not None
    }


def _read_other(word: object, made: Metadata, bounds: dict[str, object], lengths: dict[str, int]) -> None:
    """Read a word of ``annotated-types``, or the ``Doc`` of PEP 727; it is imported where there is one."""
    name, library = type(word).__name__, sys.modules.get("annotated_types")
    if name == "Doc" and isinstance(getattr(word, "documentation", None), str):
        made.texts["description"] = t.cast(t.Any, word).documentation
    if library is None or type(word) is not getattr(library, name, None):
        return
    given = t.cast(t.Any, word)
    match name:
        case "Gt" | "Ge" | "Lt" | "Le":
            bounds[name.lower()] = getattr(given, name.lower())
        case "MinLen":
            lengths["min"] = given.min_length
        case "MaxLen":
            lengths["max"] = given.max_length
        case "MultipleOf":
            made.validators.append(MultipleOf(given.multiple_of))
        case "Predicate":
            function = given.func
            negated = type(function) is getattr(library, "Not", None)
            made.validators.append(Satisfies(function.func if negated else function, negated=negated))
        case "Timezone":
            if given.tz is None or given.tz is ...:
                made.is_naive = given.tz is None
            else:
                made.problem = made.problem or f"{word!r} asks for one time zone. Check it in a validator."


def _range(bounds: cabc.Mapping[str, object]) -> validate.Range:
    """One validator for all bounds, so that its message names both."""
    return validate.Range(
        min=bounds.get("gt", bounds.get("ge")),
        max=bounds.get("lt", bounds.get("le")),
        min_inclusive="gt" not in bounds,
        max_inclusive="lt" not in bounds,
    )


def _length(lengths: cabc.Mapping[str, int]) -> validate.Length:
    low, high = lengths.get("min"), lengths.get("max")
    return validate.Length(equal=low) if low is not None and low == high else validate.Length(min=low, max=high)
