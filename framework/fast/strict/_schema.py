"""Make a schema that refuses what the document refuses.

``strict(schema, location)`` gives an instance of the same class, with the same hooks, messages and options, whose
fields are the twins of ``fast.strict._fields`` and ``fast.strict._dates``. The schema it is given, and the fields it
shares with its class, are not touched. Nested schemas are made strict when they are first needed, so names, lambdas and
schemas that contain themselves stay as lazy as marshmallow has them; equal ones are made once, so the depth of a body
costs no memory.

Knows nothing of requests. What goes with it is re-exported: reading texts from multi-dicts (``fast.strict._text``) and
hints for unknown names (``fast.strict._hints``). Floor 1."""

from __future__ import annotations

import collections.abc as cabc
import copy
import functools
import typing as t

import marshmallow as ma
import msgspec
from marshmallow import EXCLUDE, INCLUDE, RAISE, validate
from marshmallow.types import Validator

from ...fields import AnyField, DateTime, OneOf, PartialOption, leading_in
from ...fields import Nested as NestedField
from . import _codes as coding
from . import _dates as dates
from . import _fields as twins
from ._hints import hint, unknown_message
from ._text import from_multidict, is_json_part

__all__ = [
    "ALL_RULES",
    "LOCATIONS",
    "Rules",
    "StrictPlan",
    "from_multidict",
    "hint",
    "strict",
    "twin",
    "unknown_message",
]

#: marshmallow's EXCLUDE, INCLUDE and RAISE.
Unknown = t.Literal["exclude", "include", "raise"]

#: Where values come from. ``json`` has typed values, every other place has texts.
#: A form of ``multipart`` has objects too, in parts of JSON: see ``fast.text.is_json_part``.
LOCATIONS = frozenset({"json", "query", "path", "headers", "cookies", "form", "files", "multipart"})
#: Places where names that nobody has declared are the rule: browsers and proxies add their own.
OPEN_LOCATIONS = frozenset({"headers", "cookies"})


class Rules(msgspec.Struct, frozen=True):
    """The strict rules. Each can be relaxed by itself; then marshmallow's own meaning applies.

    :param types: Exact JSON types in bodies.
    :param text: The document's lexical rule for texts in query, path, headers, cookies and forms.
    :param patterns: ``Regexp`` matches the whole text, ``Email`` and ``URL`` check the pattern that is published.
    :param nested_partial: ``partial`` does not reach into nested schemas.
    :param unknown: One policy for unknown names at every depth.
    :param nul: Texts hold no U+0000.
    """

    types: bool = True
    text: bool = True
    patterns: bool = True
    nested_partial: bool = True
    unknown: bool = True
    nul: bool = True

    @classmethod
    def from_config(cls, config: cabc.Mapping[str, object]) -> Rules:
        """Read the rules from ``STRICT_TYPES``, ``STRICT_TEXT`` and so on; what is not set holds."""
        return cls(**{name: bool(config.get(f"STRICT_{name.upper()}", True)) for name in cls.__struct_fields__})


ALL_RULES: t.Final[Rules] = Rules()


def strict(
    schema: ma.Schema,
    location: str,
    *,
    unknown: Unknown | None = None,
    default_unknown: Unknown = RAISE,
    rules: Rules = ALL_RULES,
) -> ma.Schema:
    """Make a schema of the same behaviour that refuses what the document refuses.

    A field whose own class overrides ``_deserialize`` keeps it: its code decides. A class that only sets
    something up is strict like the field it derives from.

    Unknown names are judged, at every depth, by the first of: ``unknown``; what the user wrote as ``Meta.unknown``,
    as ``Nested(unknown=...)`` or as the argument of the instance; ``default_unknown``. (An instance made with
    ``unknown=RAISE`` cannot be distinguished from one made without, so it follows the default.) In headers and cookies
    unknown names are never refused.

    :param schema: Any marshmallow schema instance; it is not changed.
    :param location: One of :data:`LOCATIONS`.
    :param unknown: The policy that was asked for in this place, or ``None``.
    :param default_unknown: The policy where none is declared.
    :param rules: Which rules hold; all of them by default.
    :return: An instance of the class of ``schema``.
    :raises ValueError: When the location or a policy is none.
    """
    if location not in LOCATIONS:
        raise ValueError(
            f"Cannot make a schema strict for location {location!r}: there is no such place."
            f" Name one of {', '.join(sorted(LOCATIONS))}."
        )
    for policy in (unknown, default_unknown):
        if policy not in (None, RAISE, INCLUDE, EXCLUDE):
            raise ValueError(
                f"Cannot treat unknown names as {policy!r}: there is no such policy."
                " Give marshmallow's RAISE, INCLUDE or EXCLUDE."
            )
    plan = StrictPlan(location=location, unknown=unknown, default_unknown=default_unknown, rules=rules)
    made = plan.schema(schema)
    if location in OPEN_LOCATIONS and made.unknown == RAISE and rules.unknown:
        made.unknown = EXCLUDE
    return made


class StrictPlan:
    """The decisions of one call of :func:`strict`; its nested fields ask it again when their schema is needed."""

    def __init__(self, *, location: str, unknown: Unknown | None, default_unknown: Unknown, rules: Rules) -> None:
        self.location = location
        self.unknown = unknown
        self.default_unknown = default_unknown
        self.rules = rules
        #: Strict nested schemas by what they were declared with; the declaration is kept, for its id is in the key.
        self._nested: dict[tuple[object, ...], tuple[object, ma.Schema]] = {}

    @functools.cached_property
    def parts(self) -> StrictPlan:
        """The same for parts of a form that are JSON."""
        return StrictPlan(location="json", unknown=self.unknown, default_unknown=self.default_unknown, rules=self.rules)

    def schema(self, schema: ma.Schema, *, top: bool = True) -> ma.Schema:
        """Copy a schema with strict fields."""
        made = copy.copy(schema)
        text = self.location != "json"
        made.fields = _replaced(
            schema.fields, {name: self.field(field, made, made, text=text) for name, field in schema.fields.items()}
        )
        made.load_fields = _replaced(schema.load_fields, made.fields)
        made.dump_fields = _replaced(schema.dump_fields, made.fields)
        made.declared_fields = _replaced(schema.declared_fields, {**schema.declared_fields, **made.fields})
        made.unknown = self._policy(schema, top=top)
        made.error_messages = coding.schema_messages(schema)
        return made

    def nested(self, field: ma.fields.Nested, resolve: cabc.Callable[[], ma.Schema]) -> ma.Schema:
        """Give the strict schema of a nested field: one for all fields that declare the same.

        Without that a body of nested lists could make as many schemas as it has objects.

        :param resolve: Gives the schema as marshmallow makes it.
        """
        declared = field.nested
        name = f"{field.name}."
        key = (
            declared if isinstance(declared, str) else id(declared),
            type(field),
            None if field.only is None else tuple(field.only),
            tuple(field.exclude),
            field.many,
            *(
                tuple(sorted(each for each in getattr(field.root, option, ()) if each.startswith(name)))
                for option in ("load_only", "dump_only")
            ),
        )
        found = self._nested.get(key)
        if found is None:
            found = self._nested[key] = (declared, self.schema(resolve(), top=False))
        return found[1]

    def member(self, cls: type[ma.Schema]) -> ma.Schema:
        """Give the strict schema of a class that a :class:`~framework.fields.OneOf` chooses: one for all of them."""
        found = self._nested.get((cls,))
        if found is None:
            found = self._nested[cls,] = (cls, self.schema(cls(), top=False))
        return found[1]

    def field(self, field: AnyField, parent: ma.Schema | AnyField, root: ma.Schema | None, *, text: bool) -> AnyField:
        """Copy a field into its twin, and its members with it.

        :param parent: The strict schema or field that holds it.
        :param root: The strict schema at the top of the parents, ``None`` for a field that is bound to none.
        :param text: Whether its values are texts.
        """
        if self.location == "multipart" and is_json_part(field):
            return self.parts.field(field, parent, root, text=False)
        made = copy.copy(field)
        made.parent = parent if field.parent is not None else None
        made.root = root if field.root is not None else None
        if isinstance(made.load_default, (list, dict, set, bytearray)):
            # All requests would share it: each gets a copy.
            made.load_default = functools.partial(copy.deepcopy, made.load_default)
        made.error_messages = coding.field_messages(field)
        anchored = map(_anchored, field.validators) if self.rules.patterns else field.validators
        made.validators = [coding.coded_validator(each, field) for each in anchored]
        if isinstance(made, ma.fields.Nested):
            self._nest(made)
            return made
        if isinstance(made, OneOf):
            made.strict_plan = self
        if self.rules.text if text else self.rules.types:
            made.__class__ = twin(type(field), text=text)
            if isinstance(made, twins.String) and not self.rules.nul:
                made.refuses_nul = False
        if isinstance(made, ma.fields.List):
            made.inner = self.field(made.inner, made, root, text=text or _is_delimited(made))
        elif isinstance(made, ma.fields.Tuple):
            inner_text = text or _is_delimited(made)
            made.tuple_fields = [self.field(each, made, root, text=inner_text) for each in made.tuple_fields]
            made.validate_length = coding.coded_validator(made.validate_length, field)
        elif isinstance(made, ma.fields.Mapping):
            if made.key_field is not None:  # the keys of a JSON object are texts
                made.key_field = self.field(made.key_field, made, root, text=True)
            if made.value_field is not None:
                made.value_field = self.field(made.value_field, made, root, text=text)
        elif isinstance(made, ma.fields.Enum):
            made.field = self.field(made.field, made, root, text=text)
        elif isinstance(made, ma.fields.Method) and isinstance(parent, ma.Schema):
            _rebind(made, parent)
        return made

    def _nest(self, field: ma.fields.Nested) -> None:
        field.__class__ = nested_twin(type(field))
        t.cast(OwnNested, field).strict_plan = self
        if self.rules.unknown and self.unknown is not None:
            field.unknown = self.unknown

    def _policy(self, schema: ma.Schema, *, top: bool) -> Unknown:
        if self.unknown is not None and (top or self.rules.unknown):
            return self.unknown
        if not self.rules.unknown or wrote_unknown(schema):
            return schema.unknown
        return self.default_unknown


def wrote_unknown(schema: ma.Schema) -> bool:
    """Return whether the user said what is to become of unknown names: in a ``Meta`` or to the instance."""
    if schema.unknown != RAISE:
        return True
    return any("unknown" in vars(base) for base in type(schema).Meta.__mro__ if base is not ma.Schema.Meta)


def _replaced(old: dict[str, AnyField], new: cabc.Mapping[str, AnyField]) -> dict[str, AnyField]:
    """Copy a mapping of fields, of whatever class it is, with other fields in it."""
    made = copy.copy(old)
    for name in old:
        made[name] = new[name]
    return made


def _is_delimited(field: AnyField) -> bool:
    """Return whether the members of a list are pieces of one text; webargs' fields are known by the same attribute."""
    return isinstance(getattr(field, "delimiter", None), str)


def _rebind(field: ma.fields.Method, schema: ma.Schema) -> None:
    """Let a Method field call the methods of the strict schema; binding found those of the old one."""
    if field.serialize_method_name:
        field._serialize_method = getattr(schema, field.serialize_method_name)
    if field.deserialize_method_name:
        field._deserialize_method = getattr(schema, field.deserialize_method_name)


class OwnNested(ma.fields.Nested):
    """A nested schema, strict, made when it is first needed. For a class that has its own ``_deserialize``."""

    strict_plan: StrictPlan

    @property
    def schema(self) -> ma.Schema:
        """The nested schema, strict."""
        made: ma.Schema | None = self.__dict__.get("strict_schema")
        if made is None:
            made = self.strict_plan.nested(self, functools.partial(getattr, super(), "schema"))
            self.__dict__["strict_schema"] = made
        return made


class Nested(OwnNested):
    """A nested schema, strict; ``partial`` ends here, unless the schema itself is partial, or names lead into it."""

    def _deserialize(
        self, value: object, attr: str | None, data: twins.Data, partial: PartialOption = None, **kwargs: object
    ) -> object:
        if self.strict_plan.rules.nested_partial:
            partial = leading_in(partial, self.schema)
        return super()._deserialize(value, attr, data, partial=partial, **kwargs)


class Pluck(Nested, ma.fields.Pluck):
    """One member of a nested schema, strict; ``partial`` ends here."""


#: The twins that are the same for typed values and for texts.
_BOTH: dict[type[AnyField], type[AnyField]] = {
    ma.fields.String: twins.String,
    ma.fields.Email: twins.Email,
    ma.fields.Url: twins.Url,
    ma.fields.UUID: twins.UUID,
    ma.fields.Date: dates.Date,
    ma.fields.Time: dates.Time,
    ma.fields.IP: twins.IP,
    ma.fields.IPv4: twins.IPv4,
    ma.fields.IPv6: twins.IPv6,
    ma.fields.IPInterface: twins.IPInterface,
    ma.fields.IPv4Interface: twins.IPv4Interface,
    ma.fields.IPv6Interface: twins.IPv6Interface,
}
#: The twin of each marshmallow class for JSON values ...
JSON_TWINS: dict[type[AnyField], type[AnyField]] = {
    **_BOTH,
    ma.fields.Integer: twins.Integer,
    ma.fields.Float: twins.Float,
    ma.fields.Decimal: twins.Decimal,
    ma.fields.Boolean: twins.Boolean,
    DateTime: dates.OwnDateTime,
    ma.fields.DateTime: dates.DateTime,
    ma.fields.NaiveDateTime: dates.NaiveDateTime,
    ma.fields.AwareDateTime: dates.AwareDateTime,
    ma.fields.TimeDelta: dates.TimeDelta,
    ma.fields.Enum: twins.Enum,
    ma.fields.Constant: twins.Constant,
}
#: ... and for texts.
TEXT_TWINS: dict[type[AnyField], type[AnyField]] = {
    **_BOTH,
    ma.fields.Integer: twins.TextInteger,
    ma.fields.Float: twins.TextFloat,
    ma.fields.Decimal: twins.TextDecimal,
    ma.fields.Boolean: twins.TextBoolean,
    DateTime: dates.TextOwnDateTime,
    ma.fields.DateTime: dates.TextDateTime,
    ma.fields.NaiveDateTime: dates.TextNaiveDateTime,
    ma.fields.AwareDateTime: dates.TextAwareDateTime,
    ma.fields.TimeDelta: dates.TextTimeDelta,
    ma.fields.Enum: twins.TextEnum,
    ma.fields.Constant: twins.TextConstant,
}
_VALIDATOR_TWINS: dict[type, type] = {
    validate.Regexp: twins.Regexp,
    validate.Email: twins.EmailValidator,
    validate.URL: twins.URLValidator,
}


_NESTED_TWINS: dict[type[AnyField], type[AnyField]] = {
    ma.fields.Pluck: Pluck,
    ma.fields.Nested: Nested,
    NestedField: Nested,
}
_TABLES: dict[str, cabc.Mapping[t.Any, type]] = {
    "json": JSON_TWINS,
    "text": TEXT_TWINS,
    "nested": _NESTED_TWINS,
    "validator": _VALIDATOR_TWINS,
}


def twin(field_class: type[AnyField], *, text: bool) -> type[AnyField]:
    """Give the strict class of a field class: the class itself where it has none or decides for itself.

    :param text: Whether its values are texts.
    :return: For a user's subclass, a subclass of both it and the twin of the field that it derives from.
    """
    given: type = field_class
    return t.cast("type[AnyField]", _twin(given, "text" if text else "json"))


def nested_twin(field_class: type[ma.fields.Nested]) -> type[ma.fields.Nested]:
    """Give the strict class of ``Nested``, ``Pluck`` or a subclass; one that has its own ``_deserialize`` keeps it."""
    given: type = field_class
    made = given if issubclass(field_class, OwnNested) else _twin(given, "nested")
    return t.cast("type[ma.fields.Nested]", made)


@functools.lru_cache(maxsize=1024)
def _twin(given: type, kind: str) -> type:
    table = _TABLES[kind]
    method = "__call__" if kind == "validator" else "_deserialize"
    for base in given.__mro__:
        if base in table:
            made = table[base]
            return made if base is given else _mixed(made, given)
        if method in vars(base):
            return _mixed(OwnNested, given) if kind == "nested" else given
    return given


def _mixed(made: type, given: type) -> type:
    return type(given.__name__, (made, given), {"__module__": given.__module__, "__doc__": given.__doc__})


def _anchored(validator: Validator) -> Validator:
    """Give the strict twin of a validator, inside ``And`` too; a pattern over bytes is no matter of JSON."""
    if not isinstance(validator, (validate.And, *_VALIDATOR_TWINS)):
        return validator
    if isinstance(validator, validate.And):
        both = copy.copy(validator)
        both.validators = tuple(_anchored(each) for each in validator.validators)
        return both
    made = copy.copy(validator)
    given: type = type(made)
    made.__class__ = _twin(given, "validator")
    if isinstance(made, validate.Regexp):
        if type(made) is given or not isinstance(made.regex.pattern, str):
            return validator
        twins.anchor(made)
    return made
