"""The rules of a field's validators, in the words of JSON Schema.

``validate.And`` is taken apart. A validator of the user's own says what it asks by a method
``__json_schema__(described, role)`` that returns further words; one that has none leaves no trace. Knows nothing of
schemas.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import decimal
import typing as t

import marshmallow as ma
from marshmallow import validate

from ..._sentinel import MISSING
from ...fast.strict import anchored, lexical, validator_keywords
from ...fields import AnyField
from ...texts import message, sentences
from ...typing import JSONObject
from ..schema import both, decimals, in_order, plain, regexes, type_of, unique

FieldValidator: t.TypeAlias = cabc.Callable[[object], object]

_COUNTS = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}
_NUMBERS = frozenset({"integer", "number"})
_TEXTS_OF_NUMBERS = frozenset(map(anchored, (lexical.DECIMAL_PATTERN, lexical.NUMBER_PATTERN, lexical.FLOAT_PATTERN)))


def flat(validators: cabc.Iterable[object]) -> cabc.Iterator[object]:
    """The single validators, those inside ``And`` in its place."""
    for each in validators:
        if isinstance(each, validate.And):
            yield from flat(each.validators)
        else:
            yield each


def constrain(
    described: JSONObject, field: AnyField, role: str, *, whole: bool = True, own: bool = False
) -> JSONObject:
    """Add what the validators of a field ask for.

    :param described: The schema of the field's type.
    :param field: The field; its own ``_serialize`` writes choices and bounds.
    :param role: ``"input"``, ``"output"`` or ``"patch"``, for validators that describe themselves.
    :param whole: Whether a ``Regexp`` has to match the whole text, as strict fields have it.
    :param own: Whether code of the user's own reads or writes the values: validators look at what is loaded, so then
        only those count that describe themselves, and choices, as the field writes them.
    :return: The schema with them; the given one is not changed.
    """
    validators = list(flat(field.validators))
    if not validators:
        return described
    made = dict(described)
    if not own or role == "output":
        made = _choices(made, field, validators)
    if not own:
        made = _members(made, field, validators)
    for each in validators:
        teller = getattr(type(each), "__json_schema__", None)
        if teller is not None:
            made = both(made, teller(each, made, role))
        elif own:
            continue
        elif isinstance(each, validate.Range):
            made = _range(made, field, each)
        elif isinstance(each, validate.Length):
            made = _length(made, each) if not _in_one_text(made, field) else both(made, _pieces(field, each))
        elif isinstance(each, validate.Regexp):
            made = _regexp(made, each, whole)
        elif isinstance(each, (validate.Email, validate.URL)):
            made = _text(made, validator_keywords(each), whole)
    return made


def written(field: AnyField, value: object) -> object:
    """Give a Python value as the field would write it; :data:`MISSING` when it cannot."""
    try:
        text = field._serialize(value, None, None)
    except (ValueError, TypeError, AttributeError, KeyError, ArithmeticError):
        text = value
    return plain(text)


def _choices(made: JSONObject, field: AnyField, validators: list[object]) -> JSONObject:
    """``OneOf`` and ``Equal`` become ``enum`` and ``const``, ``NoneOf`` a ``not``."""
    allowed: list[object] | None = None
    refused: list[object] = []
    for each in validators:
        if isinstance(each, validate.Equal):
            values = [each.comparable]
        elif isinstance(each, validate.OneOf) and not isinstance(each, validate.ContainsOnly):
            values = in_order(each.choices)
        elif isinstance(each, validate.NoneOf) and not isinstance(each, validate.ContainsNoneOf):
            described = _of_texts(made, field, each.iterable)
            if described is not None:
                made = both(made, {"not": described})
            else:
                refused.extend(written(field, value) for value in in_order(each.iterable))
            continue
        else:
            continue
        described = _of_texts(made, field, values)
        if described is not None:
            made = {**made, **described} if "anyOf" not in described else both(_without_type(made), described)
            continue
        texts = [written(field, value) for value in values]
        allowed = texts if allowed is None else [text for text in allowed if text in texts]
    if allowed is not None:
        allowed = unique(text for text in allowed if text is not MISSING)
        made = _only(made, allowed)
    refused = unique(text for text in refused if text is not MISSING)
    if refused:
        made = both(made, {"not": {"enum": refused}})
    return made


def _without_type(made: JSONObject) -> JSONObject:
    return {word: value for word, value in made.items() if word not in ("type", "pattern")}


def _of_texts(made: JSONObject, field: AnyField, values: cabc.Iterable[object]) -> JSONObject | None:
    """The schema of the texts, and the numbers, that equal one of some numbers; ``None`` for another kind of field."""
    kinds = made.get("type", ())
    if not isinstance(field, ma.fields.Decimal) or "string" not in kinds:
        return None
    numbers = [decimal.Decimal(str(value)) for value in in_order(values)]
    texts: JSONObject = {"type": "string", "pattern": anchored("|".join(map(decimals.equal, numbers)))}
    if "number" not in kinds:
        return texts
    return {"anyOf": [texts, {"type": "number", "enum": [plain(number) for number in numbers]}]}


def _only(made: JSONObject, allowed: list[object]) -> JSONObject:
    """Narrow a schema to some values."""
    if "enum" in made:
        allowed = [value for value in allowed if value in made["enum"]]
    if "type" not in made and "$ref" not in made:
        kind = type_of(allowed)
        made = made if kind is None else {"type": kind, **made}
    if len(allowed) == 1 and "enum" not in made:
        return both(made, {"const": allowed[0]})
    return {**made, "enum": allowed}


def _members(made: JSONObject, field: AnyField, validators: list[object]) -> JSONObject:
    """``ContainsOnly`` and ``ContainsNoneOf`` speak of the items of an array, and of the characters of a text."""
    if _in_one_text(made, field):
        return made  # they speak of the pieces, which are in one text
    if made.get("type") == "string":
        return _characters(made, validators)
    if "items" not in made:
        return made
    inner = getattr(field, "inner", None)

    def texts(values: cabc.Iterable[object]) -> list[object]:
        return unique(plain(value) if inner is None else written(inner, value) for value in in_order(values))

    items = made["items"]
    for each in validators:
        if isinstance(each, validate.ContainsOnly):
            chosen = texts(each.choices)
            items = both(items, {"enum": chosen}) if "$ref" in items else _only(items, chosen)
        elif isinstance(each, validate.ContainsNoneOf):
            items = both(items, {"not": {"enum": texts(each.iterable)}})
    return made if items is made["items"] else {**made, "items": items}


def _characters(made: JSONObject, validators: list[object]) -> JSONObject:
    """The pattern of the texts that have only some characters, or none of them."""
    for each in validators:
        if isinstance(each, validate.ContainsOnly):
            allowed, values = True, each.choices
        elif isinstance(each, validate.ContainsNoneOf):
            allowed, values = False, each.iterable
        else:
            continue
        chars = [value for value in in_order(values) if isinstance(value, str) and len(value) == 1]
        if chars:
            made = both(made, {"pattern": f"^[{'' if allowed else '^'}{''.join(map(regexes.in_class, chars))}]*$"})
        elif allowed:
            made = both(made, {"maxLength": 0})
    return made


def _range(made: JSONObject, field: AnyField, each: validate.Range) -> JSONObject:
    """Bounds of a number; of other values, which JSON Schema cannot compare, they become words."""
    made = dict(made)
    kinds = made.get("type", ())
    numeric = bool(_NUMBERS.intersection([kinds] if isinstance(kinds, str) else kinds))
    if (
        isinstance(field, ma.fields.Decimal)
        and "string" in kinds
        and not isinstance(each.min or each.max, dt.timedelta)
    ):
        made = _range_of_texts(made, each)
        if not numeric:
            return made
    for bound, inclusive, word, exclusive, more in (
        (each.min, each.min_inclusive, "minimum", "exclusiveMinimum", True),
        (each.max, each.max_inclusive, "maximum", "exclusiveMaximum", False),
    ):
        if bound is None:
            continue
        value = written(field, bound) if isinstance(bound, dt.timedelta) or not numeric else plain(bound)
        if value is MISSING:
            continue
        if numeric:
            _bound(made, word if inclusive else exclusive, value, more)
        else:
            made[f"x-{word if inclusive else exclusive}"] = value
            made = both(made, _dates(made, bound, inclusive, more))
            relation = ("at_least" if inclusive else "after") if more else ("at_most" if inclusive else "before")
            text = message(f"schemas.{relation}", value=value)
            made["description"] = sentences(made.get("description", ""), text)
    return made


def _range_of_texts(made: JSONObject, each: validate.Range) -> JSONObject:
    """Bounds of a number that is written as text, by a pattern."""
    low, high = (None if bound is None else decimal.Decimal(str(bound)) for bound in (each.min, each.max))
    pattern = decimals.within(low, each.min_inclusive, high, each.max_inclusive)
    if pattern is not None and "pattern" in made and made["pattern"] not in _TEXTS_OF_NUMBERS:
        return both(made, {"pattern": anchored(pattern)})
    return made if pattern is None else {**made, "pattern": anchored(pattern)}


def _dates(made: JSONObject, bound: object, inclusive: bool, more: bool) -> JSONObject:
    """The pattern of the dates from a bound on, or up to it; nothing for what is not a date or past the calendar's
    end."""
    if made.get("format") != "date" or type(bound) is not dt.date:
        return {}
    try:
        day = bound if inclusive else bound + dt.timedelta(days=1 if more else -1)
    except OverflowError:
        return {}
    return {"pattern": anchored((lexical.date_pattern_from if more else lexical.date_pattern_until)(day))}


def _bound(made: JSONObject, word: str, value: object, more: bool) -> None:
    """Set a bound where it is narrower than the one there."""
    if word not in made or (value > made[word] if more else value < made[word]):
        made[word] = value


def _length(made: JSONObject, each: validate.Length) -> JSONObject:
    """Return how long a text, an array or an object is."""
    made = dict(made)
    kinds = made.get("type", list(_COUNTS))
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        if kind not in _COUNTS:
            continue
        least, most = _COUNTS[kind]
        low = each.min if each.equal is None else each.equal
        high = each.max if each.equal is None else each.equal
        if low is not None:
            made[least] = max(low, made.get(least, 0))
        if high is not None:
            made[most] = min(high, made.get(most, high))
    return made


def _in_one_text(made: JSONObject, field: AnyField) -> bool:
    """Return whether a list is written as one text, of which a count of its members says nothing."""
    return made.get("type") == "string" and getattr(field, "delimiter", None) is not None


def _pieces(field: t.Any, each: validate.Length) -> JSONObject:
    """The pattern of the texts of so many pieces; an empty text has none. Words, for a delimiter of several signs."""
    low = (each.min if each.equal is None else each.equal) or 0
    high = each.max if each.equal is None else each.equal
    if len(field.delimiter) != 1:
        key = "schemas.pieces.open" if high is None else "schemas.pieces"
        return {"description": message(key, min=low, max=high)}
    if high is not None and high < 1:
        return {"maxLength": 0}
    piece = f"[^{regexes.in_class(field.delimiter)}]"
    further = f"(?:{regexes.literal(field.delimiter)}{piece}*)"
    most = "" if high is None else high - 1
    if low == 0:
        pattern = f"{piece}*{further}{{0,{most}}}"
    elif low == 1:  # one piece of no sign is an empty text
        pattern = f"{piece}+{further}{{0,{most}}}"
        pattern += "" if high == 1 else f"|{further}{{1,{most}}}"
    else:
        pattern = f"{piece}*{further}{{{low - 1},{most}}}"
    return {"pattern": anchored(pattern)}


def _regexp(made: JSONObject, each: validate.Regexp, whole: bool) -> JSONObject:
    """The pattern in ECMA-262; one that cannot be said there is shown as it is, and judges nothing."""
    if not isinstance(each.regex.pattern, str):
        return made
    regex = lexical.in_ascii(each.regex)
    text = regexes.translate(regex)
    if text is None:
        return {**made, "x-python-pattern": each.regex.pattern}
    return both(made, {"pattern": regexes.whole(text) if whole else f"^(?:{text})"})


def _text(made: JSONObject, words: JSONObject, whole: bool) -> JSONObject:
    """A format, and with it the very pattern that the server checks, if it does."""
    made = {**made, "format": made.get("format", words["format"])}
    if not whole:
        return made
    if "maxLength" in words:
        made["maxLength"] = min(words["maxLength"], made.get("maxLength", words["maxLength"]))
    return both(made, {"pattern": words["pattern"]})
