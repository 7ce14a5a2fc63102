"""A marshmallow field in the words of JSON Schema, as one side of the conversation sees it.

What is read from a request is described from the rules that strict fields run by (``fast.strict._published``), what is
sent from what fields write. A field of the user's own is described like the field it derives from, as far as its own
methods leave that true, by its metadata, and by a method ``__json_schema__(described, role)`` that returns the schema
to take instead. Not here: names and components (``openapi.document._components``). Floor 7."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import decimal
import enum
import functools
import inspect
import typing as t

import marshmallow as ma

from ... import fields as own
from ..._sentinel import MISSING
from ...fast.strict import ISO_FORMATS, Rules, is_json_part, latest, lexical, longest, published, twin, words
from ...fast.strict import fields as strict_fields
from ...fields import AnyField
from ...texts import message, sentences
from ...typing import JSONObject
from ..schema import (
    DELIMITERS,
    WORDS,
    both,
    decimals,
    not_null,
    nullable,
    plain,
    regexes,
    type_of,
    unique,
    without_misfits,
)
from ._validators import constrain, written

Role: t.TypeAlias = t.Literal["input", "output", "patch"]

FieldDescriber: t.TypeAlias = "cabc.Callable[[t.Any, SchemaUse, SchemaNames], JSONObject]"
"""Make the schema of a field; each takes fields of some classes."""

_EMPTY_MAKERS: tuple[type, ...] = (list, dict, tuple, set, frozenset, str, int, float, bool)
_ANNOTATED: dict[object, JSONObject] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    dict: {"type": "object"},
    list: {"type": "array", "items": {}},
}
_SAY_KINDS = frozenset({"type", "$ref", "enum", "const", "anyOf", "oneOf", "allOf"})
"""The words of which one says whether null is a value."""
_STYLES = {delimiter: style for style, delimiter in DELIMITERS.items()}


@dataclasses.dataclass(frozen=True, slots=True)
class SchemaUse:
    """One side of the conversation.

    :param role: ``"input"``, ``"patch"`` (an input of which every member may be absent) or ``"output"``.
    :param location: Where an input comes from: ``"json"``, ``"form"``, ``"multipart"`` (a form whose objects are JSON),
        ``"query"``, ``"path"``, ``"header"``, ``"cookie"``.
    :param unknown: What the mark said of undeclared members, at every depth; ``None`` when it said nothing.
    :param partial: The names that an outer schema lets be absent here, by names with a dot.
    :param sparse: Whether an output may lack any member, at every depth, because the client asks for some.
    """

    role: Role = "input"
    location: str = "json"
    unknown: str | None = None
    sparse: bool = False
    partial: tuple[str, ...] = ()

    @property
    def reads(self) -> bool:
        """Return whether the server reads it."""
        return self.role != "output"

    @property
    def text(self) -> bool:
        """Return whether the values are texts."""
        return self.reads and self.location != "json"

    @property
    def parameter(self) -> bool:
        """Return whether it is outside of the body."""
        return self.location not in ("json", "form", "multipart")


class SchemaNames(t.Protocol):
    """The component names that a field may ask for."""

    rules: Rules
    """The strict rules for what is read."""

    def nested(self, schema: ma.Schema, view: SchemaUse, unknown: str | None) -> JSONObject:
        """The schema of one object, a reference where it has a name."""

    def enumeration(self, members: type[enum.Enum], values: list[object], by_value: bool) -> JSONObject:
        """The schema of an enumeration, a reference."""


def describe(field: AnyField, view: SchemaUse, names: SchemaNames) -> JSONObject:
    """Give the schema of a field's values.

    :param field: A field, bound to a schema or not.
    :param view: The side that reads it, and its location.
    :param names: Gives references for nested schemas and enumerations.
    """
    if view.location == "multipart" and is_json_part(field):
        view = dataclasses.replace(view, location="json")
    made = _kind(field, view, names)
    own_code = own_method(type(field), READS if view.reads else WRITES)
    if own_code is not None:
        made = _left_by(own_code, made, field, view)
    made = constrain(made, field, view.role, whole=names.rules.patterns, own=own_code is not None)
    made = _with_default(made, field, view)
    made = _with_metadata(made, field, view, names)
    if view.reads and isinstance(field, ma.fields.String):
        made = _without_nul(made, field, view, names)
    if field.allow_none and not view.text:  # no text says null
        made = nullable(made)
    elif not made.keys() & _SAY_KINDS and view.reads and not field.allow_none:
        made = {**not_null(), **made}
    teller = getattr(type(field), "__json_schema__", None)
    if teller is None:
        return made
    return without_misfits(t.cast(JSONObject, resolved(teller(field, made, view.role), view, names)), made)


READS, WRITES = ("deserialize", "_deserialize"), ("serialize", "_serialize")
"""The methods that decide what a field takes, and what it writes."""
_KNOWN_PACKAGES = frozenset({"marshmallow", "framework", "webargs"})


def own_method(cls: type, names: tuple[str, ...]) -> object:
    """Return the first of some methods that a class of the user's own overrides; ``None`` where it overrides none."""
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] in _KNOWN_PACKAGES:
            return None
        for name in names:
            if name in vars(base):
                return vars(base)[name]
    return None


def _left_by(function: object, made: JSONObject, field: AnyField, view: SchemaUse) -> JSONObject:
    """Return what remains true of a type that a method of the user's own reads or writes.

    What is read is a text, an array or an object as before; its form, and which number it is, are the method's matter.
    What is written is what the method is annotated to return.
    """
    if not view.reads:
        return _returns(function, without_null=True)
    if isinstance(field, (ma.fields.Nested, ma.fields.List, ma.fields.Tuple, ma.fields.Mapping)):
        return made
    return {"type": "string"} if view.text or made.get("type") == "string" else {}


def _without_nul(made: JSONObject, field: AnyField, view: SchemaUse, names: SchemaNames) -> JSONObject:
    """A text that is read has no NUL, unless its class reads by itself, or the text is one of a known form."""
    refuses = names.rules.nul and (names.rules.text if view.text else names.rules.types)
    if not refuses or made.keys() & {"enum", "const", "$ref"} or made.get("type") != "string":
        return made
    if twin(type(field), text=view.text) is type(field) and not isinstance(field, strict_fields.String):
        return made
    return {**made, "pattern": regexes.without_nul(made.get("pattern"))}


def written_name(name: str, field: AnyField) -> str:
    """The name of a member in JSON."""
    return field.data_key if field.data_key is not None else name


def always_sent(field: AnyField) -> bool:
    """Return whether a member is in every answer.

    All are but those that say ``metadata={"optional": True}``, or whose schema does: ``Meta.optional`` is ``True`` for
    all of its members, or has their names.
    """
    said = field.metadata.get("optional")
    if said is None:
        names = getattr(getattr(field.parent, "Meta", None), "optional", ())
        said = names if isinstance(names, bool) else field.name in names
    return not said


def is_sent(field: AnyField) -> bool:
    """Return whether a member can be in an answer; a ``Method`` without a method to ask never is."""
    return not (isinstance(field, ma.fields.Method) and field.serialize_method_name is None)


def style(field: AnyField, location: str) -> JSONObject:
    """Return how a parameter with several values is written, in the words of a Parameter Object.

    :param location: ``"query"``, ``"path"``, ``"header"`` or ``"cookie"``.
    :return: ``style`` and ``explode``; empty for one value.
    """
    delimiter = getattr(field, "delimiter", None)
    if not isinstance(field, (ma.fields.List, ma.fields.Tuple)):
        return {}
    if location in ("header", "path"):
        return {"style": "simple", "explode": False}
    if delimiter is None:
        return {"style": "form", "explode": True}
    return {"style": _STYLES.get(delimiter, "form"), "explode": False}


def is_array_parameter(field: AnyField, view: SchemaUse) -> bool:
    """Return whether the pieces of one delimited text can be described as an array: a parameter with a delimiter
    OpenAPI knows."""
    known = _STYLES if view.location == "query" else (",",)
    return view.parameter and getattr(field, "delimiter", None) in known


def _kind(field: AnyField, view: SchemaUse, names: SchemaNames) -> JSONObject:
    """The schema of the field's type alone."""
    give = _giver(t.cast(t.Any, type(field)))
    return _scalar(field, view) if give is None else give(field, view, names)


@functools.lru_cache(maxsize=1024)
def _giver(cls: type[AnyField]) -> FieldDescriber | None:
    """Return what describes the fields of a class, where there is more to say than its type."""
    return next((give for kinds, give in _KINDS if issubclass(cls, kinds)), None)


def _scalar(field: AnyField, view: SchemaUse) -> JSONObject:
    made = dict(published.keywords(field))
    if view.reads and twin(type(field), text=view.text) is type(field) and not isinstance(field, _OWN):
        made.pop("pattern", None)  # the class reads by itself, what exactly is not known
    return made


def _nested(field: ma.fields.Nested, view: SchemaUse, names: SchemaNames) -> JSONObject:
    schema = field.schema
    made = names.nested(schema, view, field.unknown)
    return {"type": "array", "items": made} if field.many or schema.many else made


def _pluck(field: ma.fields.Pluck, view: SchemaUse, names: SchemaNames) -> JSONObject:
    made = describe(field.schema.fields[field.field_name], view, names)
    return {"type": "array", "items": made} if field.many or field.schema.many else made


def _list(field: ma.fields.List[t.Any], view: SchemaUse, names: SchemaNames) -> JSONObject:
    if getattr(field, "delimiter", None) is not None and not is_array_parameter(field, view):
        return {"type": "string"}
    return {"type": "array", "items": describe(field.inner, view, names)}


def _tuple(field: ma.fields.Tuple, view: SchemaUse, names: SchemaNames) -> JSONObject:
    if getattr(field, "delimiter", None) is not None and not is_array_parameter(field, view):
        return {"type": "string"}
    members = [describe(each, view, names) for each in field.tuple_fields]
    made: JSONObject = {"type": "array", "prefixItems": members, "minItems": len(members), "maxItems": len(members)}
    if members and all(member == members[0] for member in members):
        del made["prefixItems"]  # all places are alike, and generators of clients understand "items" better
        return {**made, "items": members[0]}
    return {**made, "items": {}}


def _mapping(field: ma.fields.Mapping[t.Any], view: SchemaUse, names: SchemaNames) -> JSONObject:
    made: JSONObject = {"type": "object"}
    if field.value_field is not None:
        made["additionalProperties"] = describe(field.value_field, view, names)
    else:
        made["additionalProperties"] = True
    if field.key_field is not None:
        keys = describe(field.key_field, dataclasses.replace(view, location="query"), names)
        keys = _as_text(keys)
        if keys.keys() - {"type"}:
            made["propertyNames"] = keys
    return made


def _as_text(keys: JSONObject) -> JSONObject:
    """The names of members are texts, also those that stand for numbers."""
    if keys.get("type") == "integer":
        return _integer_keys(keys)
    if keys.get("type") == "number":
        return {"pattern": published.anchored(lexical.NUMBER_PATTERN)}
    if keys.get("type") == "boolean":
        return {"enum": ["true", "false"]}
    return keys


def _integer_keys(keys: JSONObject) -> JSONObject:
    """The texts of integers within bounds, or of some integers; minus zero is zero."""
    chosen = keys.get("enum", [keys["const"]] if "const" in keys else None)
    if chosen is not None:
        texts = [text for value in chosen for text in (["0", "-0"] if value == 0 else [str(value)])]
        return {"enum": texts}
    low, high = (keys.get(word, keys.get(f"exclusive{word[:1].upper()}{word[1:]}")) for word in ("minimum", "maximum"))
    bounds = decimals.within(
        None if low is None else decimal.Decimal(low),
        "minimum" in keys,
        None if high is None else decimal.Decimal(high),
        "maximum" in keys,
    )
    made: JSONObject = {"pattern": published.anchored(lexical.INTEGER_PATTERN)}
    return made if bounds is None else both(made, {"pattern": published.anchored(bounds)})


def _enum(field: ma.fields.Enum[t.Any], view: SchemaUse, names: SchemaNames) -> JSONObject:
    members = t.cast("type[enum.Enum]", field.enum)
    if field.by_value is False:
        return names.enumeration(members, list(members.__members__), False)
    values = unique(plain(member.value) for member in members)
    if field.by_value is True:
        return names.enumeration(members, [value for value in values if value is not MISSING], True)
    texts = unique(written(field.field, member.value) for member in members)
    return {**describe(field.field, view, names), "enum": [text for text in texts if text is not MISSING]}


def _constant(field: ma.fields.Constant[t.Any], view: SchemaUse, names: SchemaNames) -> JSONObject:
    value = plain(field.constant)
    if value is MISSING:
        return {}
    kind = type_of([value])
    return {"const": value} if kind is None else {"type": kind, "const": value}


def _returned(field: ma.fields.Function | ma.fields.Method, view: SchemaUse, names: SchemaNames) -> JSONObject:
    """Return what the function of a ``Function`` or ``Method`` field is annotated to return, where that says
    something."""
    if view.reads:
        return {}
    if isinstance(field, ma.fields.Method):
        function = getattr(field.parent, field.serialize_method_name or "", None)
    else:
        function = field.serialize_func
    return _returns(function)


def _returns(function: object, *, without_null: bool = False) -> JSONObject:
    """The schema of what a function is annotated to return.

    :param without_null: Whether ``None`` in it says nothing.
    """
    try:
        annotation = t.get_type_hints(function).get("return") if inspect.isroutine(function) else None
    except (NameError, TypeError, AttributeError):
        return {}
    rest = [each for each in t.get_args(annotation) if each is not type(None)]
    if without_null and len(rest) == 1 and type(None) in t.get_args(annotation):
        annotation = rest[0]
    return _annotation(annotation)


def _annotation(annotation: object) -> JSONObject:
    """The schema of a simple type; empty for any other."""
    if annotation in _ANNOTATED:
        return dict(_ANNOTATED[annotation])
    arguments = t.get_args(annotation)
    origin = t.get_origin(annotation)
    if origin is list and len(arguments) == 1:
        return {"type": "array", "items": _annotation(arguments[0])}
    if origin is dict:
        return {"type": "object"}
    if type(None) in arguments and len(arguments) == 2:
        inner = _annotation(next(each for each in arguments if each is not type(None)))
        return nullable(inner) if inner else {}
    return {}


def _boolean(field: ma.fields.Boolean, view: SchemaUse, names: SchemaNames) -> JSONObject:
    """A Boolean with custom words takes those, and writes ``true`` and ``false`` all the same."""
    values = words(field)
    if values is None or not view.reads:
        return {"type": "boolean"}
    if view.text:
        return {"type": "string", "enum": [value for value in values if isinstance(value, str)]}
    known = [value for value in values if plain(value) is not MISSING]
    kind = type_of(known)
    return {"enum": known} if kind is None else {"type": kind, "enum": known}


def _float(field: ma.fields.Float, view: SchemaUse, names: SchemaNames) -> JSONObject:
    """Return what is written as text may have any size that a float has; what is read as text has a bound that can
    be said."""
    if view.reads or not field.as_string:
        return _scalar(field, view)
    return {"type": "string", "pattern": published.anchored(lexical.NUMBER_PATTERN)}


def _decimal(field: ma.fields.Decimal, view: SchemaUse, names: SchemaNames) -> JSONObject:
    """A Decimal is sent as text, so that no digit is lost, also without ``as_string``; then numbers are read too."""
    if view.reads or field.as_string:
        made = _scalar(field, view)
        if view.text and not field.as_string:  # the text of a number, as of any other
            made = {**{word: value for word, value in made.items() if word != "pattern"}, "type": "number"}
        return made
    return {"type": "string", "pattern": published.anchored(lexical.NUMBER_PATTERN)}


def _date_time(field: ma.fields.DateTime, view: SchemaUse, names: SchemaNames) -> JSONObject:
    made = _scalar(field, view)
    if field.format in ("timestamp", "timestamp_ms"):
        if view.reads:
            made["maximum"] = latest(field)
            if not (names.rules.text if view.text else names.rules.types):
                made["minimum"] = 0  # marshmallow itself reads nothing before 1970
        return {**made, "description": message(f"schemas.{field.format}")}
    if field.format in ("rfc", "rfc822"):
        return {**made, "description": message("schemas.rfc822")}
    if not made.keys() - {"type", "pattern"} and field.format not in ISO_FORMATS:
        return {**made, "description": message("schemas.date_format", format=field.format)}
    return made


def _duration(field: ma.fields.TimeDelta, view: SchemaUse, names: SchemaNames) -> JSONObject:
    made = {
        **_scalar(field, view),
        "description": message("schemas.duration", unit=field.precision),
        "x-unit": field.precision,
    }
    if view.reads:
        made["minimum"], made["maximum"] = -longest(field), longest(field)
    return made


def _address(field: ma.fields.IP, view: SchemaUse, names: SchemaNames) -> JSONObject:
    """Either kind of address; the type is in each, where generators of clients look for it."""
    made = _scalar(field, view)
    kinds = made.pop("anyOf", None)
    return made if kinds is None else {"anyOf": [{**made, **kind} for kind in kinds]}


def _interface(field: ma.fields.IPInterface, view: SchemaUse, names: SchemaNames) -> JSONObject:
    return {**_scalar(field, view), "description": message("schemas.ip_interface")}


_KINDS: tuple[tuple[type[AnyField] | tuple[type[AnyField], ...], FieldDescriber], ...] = (
    (ma.fields.Pluck, _pluck),
    (ma.fields.Nested, _nested),
    (ma.fields.List, _list),
    (ma.fields.Tuple, _tuple),
    (ma.fields.Mapping, _mapping),
    (ma.fields.Enum, _enum),
    (ma.fields.Constant, _constant),
    ((ma.fields.Function, ma.fields.Method), _returned),
    (ma.fields.Boolean, _boolean),
    (ma.fields.Float, _float),
    (ma.fields.Decimal, _decimal),
    (ma.fields.DateTime, _date_time),
    (ma.fields.TimeDelta, _duration),
    (ma.fields.IP, _address),
    (ma.fields.IPInterface, _interface),
)
_OWN = (own.DateTime, own.File)


def _with_default(made: JSONObject, field: AnyField, view: SchemaUse) -> JSONObject:
    """Return the default of an absent member; only where one may be absent and the server fills it in."""
    if view.role != "input" or field.required or isinstance(field, (ma.fields.Constant, ma.fields.Pluck)):
        return made
    default = field.load_default
    if default in _EMPTY_MAKERS:
        default = default()
    if default is ma.missing or callable(default):
        return made
    if default is not None and is_array_parameter(field, view):
        value = plain(default)
    else:
        value = None if default is None else written(field, default)
    if value is MISSING or (value is None and view.text):
        return made
    return {**made, "default": value}


def _with_metadata(made: JSONObject, field: AnyField, view: SchemaUse, names: SchemaNames) -> JSONObject:
    """The words in the field's metadata, which win over those that were found out."""
    told: JSONObject = {}
    for word, value in field.metadata.items():
        if not isinstance(word, str):
            continue
        if word in ("x_", "x-") or (word not in WORDS and not word.startswith(("x_", "x-"))):
            continue
        told[word.replace("_", "-") if word.startswith("x_") else word] = resolved(value, view, names)
    if "example" in told:
        told.setdefault("examples", [told["example"]])
        del told["example"]
    if "default" in told and view.role != "input":
        del told["default"]
    if "examples" in told and isinstance(told["examples"], cabc.Mapping):
        told["examples"] = list(told["examples"].values())
    for word in ("readOnly", "writeOnly"):
        told.pop(word, None)
    if told.pop("nullable", False):
        made = nullable(made)
    if "description" in told and "description" in made:
        told["description"] = _joined(t.cast(str, told["description"]), t.cast(str, made["description"]))
    return {**made, **told} if "$ref" not in told else both(told, made)


def _joined(told: str, found: str) -> str:
    """The user's description, and after it what was found out."""
    text = told.rstrip()
    return sentences(text if text.endswith((".", "!", "?")) else f"{text}.", found)


def resolved(value: object, view: SchemaUse, names: SchemaNames) -> object:
    """A schema that users wrote, with the marshmallow schemas and fields in it described, at every depth."""
    if isinstance(value, type) and issubclass(value, ma.Schema):
        value = value()
    if isinstance(value, type) and issubclass(value, ma.fields.Field):
        value = value()
    if isinstance(value, ma.Schema):
        made = names.nested(value, view, None)
        return {"type": "array", "items": made} if value.many else made
    if isinstance(value, ma.fields.Field):
        return describe(value, view, names)
    if isinstance(value, cabc.Mapping):
        made = {key: resolved(member, view, names) for key, member in value.items()}
        if "propertyName" in made and isinstance(made.get("mapping"), dict):
            # The mapping of a discriminator holds addresses, not references (OpenAPI 3.1, section 4.8.25).
            made["mapping"] = {
                tag: each.get("$ref", each) if isinstance(each, dict) else each for tag, each in made["mapping"].items()
            }
        chooser = made.get("discriminator")
        mapping = chooser.get("mapping") if isinstance(chooser, dict) else None
        if isinstance(mapping, dict) and any(isinstance(each, dict) for each in mapping.values()):
            del made["discriminator"]  # schemas without a name have no address that it could lead to
        return made
    if isinstance(value, (list, tuple)):
        return [resolved(member, view, names) for member in value]
    found = plain(value)
    return str(value) if found is MISSING else found
