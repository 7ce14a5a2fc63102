"""The members of annotated classes, in one form for all kinds: dataclasses, ``TypedDict``, ``NamedTuple``, attrs
classes and ``msgspec.Struct``.

Not here: which field a member becomes (``models._fields``).
Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import inspect
import types
import typing as t

import msgspec

from .._sentinel import MISSING as NOTHING
from ._faults import called, fault
from ._hints import arguments_by_name, hints_of, substituted
from ._markers import options_of, renamed

ModelKind: t.TypeAlias = t.Literal["dataclass", "typed dict", "named tuple", "attrs", "struct"]

_Factory: t.Final[type] = type(msgspec.defstruct("Probe", [("a", list, [])]).__struct_defaults__[0])
"""The class of a Struct's default that is made anew for each instance."""


@dataclasses.dataclass(slots=True)
class ModelMember:
    """One member of a class.

    :ivar name: Its attribute or key.
    :ivar annotation: The resolved annotation, with type parameters replaced.
    :ivar default: The value where none is given; ``NOTHING`` without one.
    :ivar factory: Makes that value anew each time; ``None`` without one.
    :ivar argument: The name that the constructor has for it; empty where it takes none.
    :ivar keyword: True if the constructor takes it by name only.
    :ivar hidden: True if instances have no such attribute.
    :ivar optional: True if the constructor can do without it.
    :ivar data_key: The name that the class itself says it has in JSON; ``None`` where it says nothing.
    """

    name: str
    annotation: t.Any
    default: object = NOTHING
    factory: cabc.Callable[[], object] | None = None
    argument: str = ""
    keyword: bool = False
    hidden: bool = False
    optional: bool = False
    data_key: str | None = None


def kind_of(cls: object) -> ModelKind | None:
    """Return the kind of an annotated class; ``None`` for anything else."""
    if not isinstance(cls, type) or isinstance(cls, types.GenericAlias):
        return None
    if "__struct_fields__" in dir(cls) and issubclass(cls, msgspec.Struct):
        return None if cls is msgspec.Struct else "struct"
    if isinstance(vars(cls).get("__attrs_attrs__"), tuple):
        return "attrs"
    if dataclasses.is_dataclass(cls):
        return "dataclass"
    if issubclass(cls, tuple) and hasattr(cls, "_fields") and hasattr(cls, "_field_defaults"):
        return "named tuple"
    if issubclass(cls, dict) and hasattr(cls, "__total__") and hasattr(cls, "__required_keys__"):
        return "typed dict"
    return None


def class_of(annotation: object) -> tuple[type, tuple[object, ...]] | None:
    """Return the class and the type arguments of ``Pet`` or ``Page[Pet]``; ``None`` for anything else."""
    origin = t.get_origin(annotation)
    if origin is None:
        return (t.cast(type, annotation), ()) if kind_of(annotation) is not None else None
    return (origin, t.get_args(annotation)) if kind_of(origin) is not None else None


def key_of(cls: type, member: ModelMember) -> str:
    """Return the name of a member in JSON, where its annotation does not say another."""
    return renamed(member.name, options_of(cls).rename) if member.data_key is None else member.data_key


def members_of(cls: type, arguments: tuple[object, ...] = ()) -> list[ModelMember]:
    """Return the members of a class, in their order.

    :param arguments: The type arguments of a generic class.
    :raises SetupError: An annotation cannot be resolved, or a member has none.
    """
    kind = kind_of(cls)
    hints, parameters = hints_of(cls), arguments_by_name(cls, arguments)
    made = _READERS[t.cast(ModelKind, kind)](cls)
    for member in made:
        if member.name not in hints:
            raise fault(cls, member.name, "it has no annotation. Give it one, such as 'str'.")
        member.annotation = substituted(hints[member.name], parameters.get(member.name, {}))
    return made


def _dataclass(cls: t.Any) -> list[ModelMember]:
    made = []
    for each in cls.__dataclass_fields__.values():
        kind = each._field_type.name
        if kind == "_FIELD_CLASSVAR":
            continue
        has_factory = each.default_factory is not dataclasses.MISSING
        made.append(
            ModelMember(
                each.name,
                None,
                NOTHING if each.default is dataclasses.MISSING else each.default,
                each.default_factory if has_factory else None,
                each.name if each.init else "",
                each.kw_only is True,
                hidden=kind == "_FIELD_INITVAR",
                optional=has_factory or each.default is not dataclasses.MISSING,
            )
        )
    return made


def _typed_dict(cls: t.Any) -> list[ModelMember]:
    return [
        ModelMember(name, None, argument=name, optional=name not in cls.__required_keys__)
        for name in cls.__annotations__
    ]


def _named_tuple(cls: t.Any) -> list[ModelMember]:
    defaults = cls._field_defaults
    return [
        ModelMember(name, None, defaults.get(name, NOTHING), argument=name, optional=name in defaults)
        for name in cls._fields
    ]


def _attrs(cls: t.Any) -> list[ModelMember]:
    made = []
    for each in cls.__attrs_attrs__:
        # attrs is not imported for this: NOTHING and Factory are known by what they are.
        is_factory = type(each.default).__name__ == "Factory" and hasattr(each.default, "takes_self")
        has_default = repr(each.default) != "NOTHING"
        made.append(
            ModelMember(
                each.name,
                None,
                NOTHING if is_factory or not has_default else each.default,
                each.default.factory if is_factory and not each.default.takes_self else None,
                (each.alias or each.name.lstrip("_")) if each.init else "",
                each.kw_only,
                optional=has_default,
            )
        )
    return made


def _struct(cls: t.Any) -> list[ModelMember]:
    config = cls.__struct_config__
    if config.tag is not None:
        raise fault(
            cls,
            "",
            f"it has the tag {config.tag!r}, which is not a member. Declare the member, as in"
            f' \'{config.tag_field}: Literal["{config.tag}"] = "{config.tag}"\', and leave the tag out.',
        )
    names, written, defaults = cls.__struct_fields__, cls.__struct_encode_fields__, cls.__struct_defaults__
    lacking = len(names) - len(defaults)
    parameters = inspect.signature(cls).parameters
    positional = {name for name, each in parameters.items() if each.kind is each.POSITIONAL_OR_KEYWORD}
    made = []
    for number, (name, key) in enumerate(zip(names, written, strict=True)):
        default = defaults[number - lacking] if number >= lacking else msgspec.NODEFAULT
        is_factory = type(default) is _Factory
        has_default = default is not msgspec.NODEFAULT
        made.append(
            ModelMember(
                name,
                None,
                NOTHING if is_factory or not has_default else default,
                t.cast(t.Any, default).factory if is_factory else None,
                name,
                keyword=name not in positional,
                optional=has_default,
                data_key=key if key != name else None,
            )
        )
    return made


_READERS: t.Final[cabc.Mapping[ModelKind, cabc.Callable[[t.Any], list[ModelMember]]]] = {
    "dataclass": _dataclass,
    "typed dict": _typed_dict,
    "named tuple": _named_tuple,
    "attrs": _attrs,
    "struct": _struct,
}


def not_a_model(given: object) -> str:
    """Return the words for what is not an annotated class."""
    return (
        f"{called(given)} is not an annotated class. Give a dataclass, a TypedDict, a NamedTuple, an attrs class"
        " or a msgspec.Struct."
    )
