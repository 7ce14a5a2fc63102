"""TypedDicts for the schemas of a module: what each loads, and what each dumps.

Not here: the command (``cli.types``). Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import decimal
import enum
import ipaddress
import keyword
import re
import types
import typing as t
import uuid

import marshmallow as ma
from werkzeug.datastructures import FileStorage

from ..errors import SetupError
from ..fields import AnyField, DelimitedList, DelimitedTuple, File, OneOf

Way: t.TypeAlias = t.Literal["Load", "Dump"]

_PLAIN: t.Final[tuple[tuple[type[AnyField], type, type], ...]] = (
    (ma.fields.UUID, uuid.UUID, str),
    (ma.fields.String, str, str),
    (ma.fields.Integer, int, int),
    (ma.fields.Float, float, float),
    (ma.fields.Decimal, decimal.Decimal, decimal.Decimal),
    (ma.fields.Boolean, bool, bool),
    (ma.fields.Date, dt.date, str),
    (ma.fields.DateTime, dt.datetime, str),
    (ma.fields.Time, dt.time, str),
    (ma.fields.TimeDelta, dt.timedelta, float),
    (ma.fields.IPv4, ipaddress.IPv4Address, str),
    (ma.fields.IPv6, ipaddress.IPv6Address, str),
    (ma.fields.IPv4Interface, ipaddress.IPv4Interface, str),
    (ma.fields.IPv6Interface, ipaddress.IPv6Interface, str),
    (File, FileStorage, FileStorage),
)
"""Fields, the more special ones first, with what they load and what they dump."""

_ADDRESSES: t.Final = {
    ma.fields.IP: "ipaddress.IPv4Address | ipaddress.IPv6Address",
    ma.fields.IPInterface: "ipaddress.IPv4Interface | ipaddress.IPv6Interface",
}


class TypedDicts:
    """The TypedDicts of schemas, in the making.

    :param module: The module with the schemas.
    """

    def __init__(self, module: types.ModuleType) -> None:
        self.module = module
        self._names: dict[object, str] = {}
        self._written: dict[str, str] = {}
        """The texts of types by their names, those that others name first."""
        self._open: set[str] = set()
        """The names of types that are not written so far, since what they name comes before them."""
        self._imports: set[str] = set()
        self._needed: set[str] = set()
        """The modules of enums, which are imported for type checkers alone: one may be the module of the schemas."""

    def text(self) -> str:
        """Return the text of the module with the TypedDicts.

        :raises SetupError: The module has no schemas, or one cannot be made without arguments.
        """
        schemas = [
            each
            for each in vars(self.module).values()
            if isinstance(each, type) and issubclass(each, ma.Schema) and each.__module__ == self.module.__name__
        ]
        if not schemas:
            raise SetupError(f"The module {self.module.__name__!r} has no schemas. Name the one that defines them.")
        for cls in dict.fromkeys(schemas):
            for way in t.get_args(Way):
                self.name_of(instance_of(cls), way)
        return "".join((self._head(), *self._written.values()))

    def _head(self) -> str:
        name = self.module.__name__
        words = [f'"""Types of the schemas of ``{name}``, written by ``framework types {name}``: do not edit."""']
        others = sorted(each for each in self._imports if each.startswith("werkzeug"))
        standard = sorted({*self._imports, "typing as t"} - set(others))
        words += ["", "# fmt: off", "", *(f"import {each}" for each in standard), ""]
        if others:
            words += [*(f"import {each}" for each in others), ""]
        if self._needed:
            words += ["if t.TYPE_CHECKING:", *(f"    import {each}" for each in sorted(self._needed)), ""]
        return "\n".join(words)

    def name_of(self, schema: ma.Schema, way: Way, hint: str = "") -> str | None:
        """Return the name of the TypedDict of a schema, which is written if it was not.

        :param hint: The name of a variant: a schema with ``only``, ``exclude`` or ``partial``.
        :return: ``None`` if it has no fields that way.
        """
        members = schema.load_fields if way == "Load" else schema.dump_fields
        cls = type(schema)
        kept = tuple(sorted(members)), tuple(sorted(schema.partial)) if is_names(schema.partial) else schema.partial
        key = (cls, way, kept)
        known = self._names.get(key)
        if known is not None:
            return known
        if not members:
            return None
        stem = cls.__name__.removesuffix("Schema") or cls.__name__
        name = self._free(f"{hint or stem}{way}")
        self._names[key] = name
        self._open.add(name)
        text = self._typed_dict(name, schema, members, way)
        self._open.discard(name)
        self._written[name] = text
        return name

    def _free(self, name: str) -> str:
        number, free = 2, name
        while free in self._written or free in self._open:
            free = f"{name}{number}"
            number += 1
        return free

    def _typed_dict(self, name: str, schema: ma.Schema, members: cabc.Mapping[str, AnyField], way: Way) -> str:
        cls = type(schema)
        keys: dict[str, str] = {}
        for each, field in members.items():
            key = (field.attribute or each) if way == "Load" else each if field.data_key is None else field.data_key
            if way == "Load" and "." in key:
                key = key.partition(".")[0]
                keys[key] = "dict[str, t.Any]"
                continue
            stem = name.removesuffix(way) + "".join(part.capitalize() for part in each.split("_"))
            found = self._quoted(self.type_of(field, way, stem))
            keys[key] = found if is_there(field, schema, each, way) else f"t.NotRequired[{found}]"
        verb = "loads" if way == "Load" else "dumps"
        hooks = cls._hooks.get("post_load" if way == "Load" else "post_dump")
        before = ", before its hooks change it" if hooks else ""
        text = f"The values that ``{cls.__name__}`` {verb}{before}."
        if all(key.isidentifier() and not keyword.iskeyword(key) and not key.startswith("__") for key in keys):
            lines = [f"    {key}: {found}" for key, found in keys.items()]
            return "\n".join(["", "", f"class {name}(t.TypedDict):", f'    """{text}"""', "", *lines, ""])
        lines = [f"    {key!r}: {found}," for key, found in keys.items()]
        return "\n".join(["", "", f"# {text}", f'{name} = t.TypedDict("{name}", {{', *lines, "})", ""])

    def _quoted(self, found: str) -> str:
        """Return a type in quotes, if it names one that is not there when the module runs, or not so far."""
        words = set(re.findall(r"[A-Za-z_][\w.]*", found))
        later = words & self._open or any(word.startswith(f"{each}.") for word in words for each in self._needed)
        return repr(found) if later else found

    def type_of(self, field: AnyField, way: Way, stem: str) -> str:
        """Return the type of what a field loads or dumps, as it is written.

        :param stem: The beginning of the name of a variant of a nested schema.
        """
        found = self._type_of(field, way, stem)
        default = field.load_default if way == "Load" else field.dump_default
        if (field.allow_none or default is None) and found != "t.Any":
            return f"{found} | None"
        return found

    def _type_of(self, field: AnyField, way: Way, stem: str) -> str:
        if isinstance(field, (DelimitedList, DelimitedTuple)) and way == "Dump":
            return "str"
        if isinstance(field, ma.fields.Pluck) and way == "Dump":
            inner = self.type_of(field.schema.fields[field.field_name], way, stem)
            return f"list[{inner}]" if field.many or field.schema.many else inner
        if isinstance(field, ma.fields.Nested):
            return self._nested(field, way, stem)
        if isinstance(field, OneOf):
            names = [self.name_of(field.member(tag), way) or "dict[str, t.Any]" for tag in field.schemas]
            return " | ".join(dict.fromkeys(names))
        if isinstance(field, ma.fields.List):
            return f"list[{self.type_of(field.inner, way, stem)}]"
        if isinstance(field, ma.fields.Tuple):
            return f"tuple[{', '.join(self.type_of(each, way, stem) for each in field.tuple_fields)}]"
        if isinstance(field, ma.fields.Mapping):
            key = "str" if field.key_field is None else self.type_of(field.key_field, way, stem)
            value = "t.Any" if field.value_field is None else self.type_of(field.value_field, way, stem)
            return f"dict[{key}, {value}]"
        if isinstance(field, ma.fields.Enum):
            return self._enum(field, way, stem)
        if isinstance(field, ma.fields.Constant):
            return self._literal([field.constant]) or "t.Any"
        plain, choices = self._plain(field, way), choices_of(field)
        if choices and all(type(each).__name__ == plain for each in choices):
            return self._literal(choices) or plain
        return plain

    def _nested(self, field: ma.fields.Nested, way: Way, stem: str) -> str:
        schema = field.schema
        whole = instance_of(type(schema))
        is_variant = schema.fields.keys() != whole.fields.keys() or schema.partial != whole.partial
        name = self.name_of(schema, way, stem if is_variant else "") or "dict[str, t.Any]"
        return f"list[{name}]" if field.many or schema.many else name

    def _enum(self, field: ma.fields.Enum[enum.Enum], way: Way, stem: str) -> str:
        if way == "Dump":
            if not field.by_value:
                return self._literal(list(field.enum.__members__)) or "str"
            values = [each.value for each in field.enum]
            return self._literal(values) or self.type_of(field.field, way, stem)
        if "<locals>" in field.enum.__qualname__:
            return "t.Any"
        self._needed.add(field.enum.__module__)
        return f"{field.enum.__module__}.{field.enum.__qualname__}"

    def _plain(self, field: AnyField, way: Way) -> str:
        for kind, loaded, dumped in _PLAIN:
            if isinstance(field, kind):
                found = loaded if way == "Load" else dumped
                if way == "Dump" and isinstance(field, ma.fields.Number) and field.as_string:
                    return "str"
                if way == "Dump" and isinstance(field, ma.fields.DateTime) and field.format in _NUMBERS:
                    return "float"
                return self._name(found)
        for base, text in _ADDRESSES.items():
            if isinstance(field, base):
                if way == "Load":
                    self._imports.add("ipaddress")
                return text if way == "Load" else "str"
        return "t.Any"

    def _name(self, cls: type) -> str:
        if cls.__module__ == "builtins":
            return cls.__name__
        module = "werkzeug.datastructures" if cls is FileStorage else cls.__module__
        self._imports.add(module)
        return f"{module}.{cls.__qualname__}"

    def _literal(self, values: cabc.Sequence[object] | None) -> str | None:
        """Return the ``Literal`` of values, if all of them are ones that it takes."""
        if not values or not all(type(each) in (str, int, bool) for each in values):
            return None
        return f"t.Literal[{', '.join(map(repr, dict.fromkeys(values)))}]"


_NUMBERS: t.Final = ("timestamp", "timestamp_ms")


def instance_of(cls: type[ma.Schema]) -> ma.Schema:
    """Return an instance of a schema class.

    :raises SetupError: It needs arguments.
    """
    try:
        return cls()
    except TypeError as error:
        raise SetupError(
            f"{cls.__qualname__} cannot be made without arguments: {error}. Give its parameters defaults."
        ) from error


def is_names(partial: object) -> t.TypeGuard[cabc.Collection[str]]:
    """Return whether ``partial`` of a schema names some of its fields."""
    return isinstance(partial, cabc.Collection) and not isinstance(partial, (str, bool))


def is_there(field: AnyField, schema: ma.Schema, name: str, way: Way) -> bool:
    """Return whether a member is always there in what is loaded or dumped."""
    if way == "Dump":
        computed = isinstance(field, (ma.fields.Method, ma.fields.Constant))
        return field.required or field.dump_default is not ma.missing or computed
    if schema.partial is True or (is_names(schema.partial) and name in schema.partial):
        return False
    return field.required or field.load_default is not ma.missing


def choices_of(field: AnyField) -> list[object] | None:
    """Return the values that the validators of a field allow, if they list them."""
    for each in field.validators:
        if type(each) is ma.validate.OneOf:
            return list(each.choices)
        if type(each) is ma.validate.Equal:
            return [each.comparable]
    return None
