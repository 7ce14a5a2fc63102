"""``schema_of``: the marshmallow schema of an annotated class, made once.

Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import threading
import typing as t

import marshmallow as ma

from ..errors import SetupError
from ..fields import AnyField, OneOf, PartialOption, inner_fields
from ._faults import called, fault
from ._fields import FieldMaker
from ._hints import name_of, peel
from ._making import InstanceMaker, maker_of
from ._markers import options_of
from ._members import ModelKind, class_of, key_of, kind_of, members_of, not_a_model
from ._partial import Partial

_SCHEMAS: t.Final = "__framework_schemas__"
_PARTIAL: t.Final = "_framework_partial_instance"
_BUILDS: t.Final = threading.RLock()

_Key: t.TypeAlias = tuple[type, tuple[object, ...]]


class ModelSchema(ma.Schema):
    """The base of the schemas of annotated classes.

    A hook makes the instance of what was loaded. Compiled functions know it, and call :attr:`framework_maker` alone.
    """

    class Meta:
        register = False

    framework_model: t.ClassVar[type]
    """The class."""
    framework_maker: t.ClassVar[InstanceMaker | None] = None
    """The way to an instance; ``None`` for a ``TypedDict``, whose values are mappings."""
    framework_partial: bool = False
    """True if a partial load gives a :class:`Partial`, not a mapping."""

    @ma.post_load(pass_collection=True)
    def _framework_make(
        self, data: t.Any, *, many: bool = False, partial: PartialOption = None, **kwargs: object
    ) -> object:
        return self.framework_made_all(data, partial) if many else self.framework_made(data, partial)

    def framework_made_all(
        self, values: cabc.Iterable[dict[str, object]], partial: PartialOption = None
    ) -> list[object]:
        """Return the instances of many, as :meth:`framework_made` makes each.

        :raises ValidationError: The class refuses some: the messages are by their indexes.
        """
        made: list[object] = []
        errors: dict[object, object] = {}
        for index, each in enumerate(values):
            try:
                made.append(self.framework_made(each, partial))
            except ma.ValidationError as error:
                errors[index] = error.normalized_messages()  # type: ignore[no-untyped-call]
        if errors:
            raise ma.ValidationError(errors)
        return made

    def framework_made(self, data: dict[str, object], partial: PartialOption = None) -> object:
        """Return the instance; of a partial load, which may lack members, the mapping itself or a :class:`Partial`.

        :raises ValidationError: The class refuses the values.
        """
        if partial:
            return Partial(data, self.framework_model) if self.framework_partial else data
        maker = self.framework_maker
        return data if maker is None else maker.make(data)

    def framework_check_loads(self) -> None:
        """Refuse a schema that cannot load an instance.

        :raises SetupError: The constructor of the class, or of one within it, needs a member that clients never send.
        """
        _check_loads(self, set())


def _check_loads(schema: ma.Schema, seen: set[type]) -> None:
    """Check a schema, and those within it, each class once."""
    if schema.partial or type(schema) in seen:
        return
    seen.add(type(schema))
    maker = schema.framework_maker if isinstance(schema, ModelSchema) else None
    if isinstance(schema, ModelSchema) and maker is not None:
        loaded = {name if field.attribute is None else field.attribute for name, field in schema.load_fields.items()}
        for name in maker.needed:
            if name not in loaded:
                model = schema.framework_model
                raise fault(
                    model,
                    name,
                    f"a {model.__name__} cannot be made of a request: its member {name!r} is never sent, and has no"
                    " default. Give it one, or take a class without it as the input.",
                )
    for field in schema.load_fields.values():
        for nested in _nested_in(field):
            _check_loads(nested, seen)


def _nested_in(field: AnyField) -> cabc.Iterator[ma.Schema]:
    """Return the schemas that a field loads by."""
    if isinstance(field, ma.fields.Nested):
        yield field.schema
    elif isinstance(field, OneOf):
        yield from map(field.member, field.schemas)
    else:
        for inner in inner_fields(field):
            yield from _nested_in(inner)


def schema_of(cls: t.Any) -> type[ma.Schema]:
    """Return the marshmallow schema of an annotated class: always the same one, which can be subclassed.

    Loading by it gives an instance, or a mapping for a ``TypedDict``; dumping reads attributes or keys.

    :param cls: A dataclass, a ``TypedDict``, a ``NamedTuple``, an attrs class, a ``msgspec.Struct``, or a generic one
        with its arguments, as in ``Page[Pet]``.
    :raises SetupError: It is none of these, or an annotation cannot be expressed as a field.
    """
    found = class_of(cls)
    if found is None:
        raise SetupError(not_a_model(cls))
    return _made(*found) or _Build().whole(*found)


def schema_for(annotation: t.Any) -> ma.Schema | OneOf | None:
    """Return the schema that an annotation stands for, where a mark takes one.

    :param annotation: An annotated class; ``list`` of one, for many; ``Partial`` of one; or a union of some, for a
        value that is one of several objects.
    :return: An instance, or a field for a union; ``None`` for what is no annotation of such.
    :raises SetupError: The class cannot be expressed.
    """
    annotation = getattr(annotation, "__value__", annotation)  # what an alias of Python 3.12 stands for
    origin, given = t.get_origin(annotation), t.get_args(annotation)
    if origin is list and given and class_of(given[0]) is not None:
        return schema_of(given[0])(many=True)
    if origin is Partial:
        return partial_schema_of(given[0])
    peeled = peel(annotation)
    if peeled.allow_none and any(class_of(peel(each).kind) for each in peeled.arms or (peeled.kind,)):
        raise SetupError(
            f"{called(annotation)} is not a schema: a body or an answer as a whole is not null. Leave None out; an"
            " answer without a body is response(204)."
        )
    if peeled.arms and all(class_of(peel(each).kind) for each in peeled.arms):
        return t.cast(OneOf, field_for(annotation, annotation))
    return schema_of(peeled.kind)() if class_of(peeled.kind) is not None else None


def field_for(annotation: t.Any, owner: object, where: str = "") -> AnyField:
    """Return the field of an annotation that is not that of a member.

    :param annotation: The annotation.
    :param owner: The class that has it, for messages.
    :param where: Its name there.
    :raises SetupError: It cannot be expressed.
    """
    with _BUILDS:
        build = _Build()
        field = FieldMaker(owner, build).inner(annotation, where)
        build.finish()
    return field


def partial_schema_of(cls: t.Any) -> ma.Schema:
    """Return the schema of ``Partial[cls]``: its members may all be absent, and its value is a :class:`Partial`."""
    schema = t.cast("type[ModelSchema]", schema_of(cls))
    made: ModelSchema | None = vars(schema).get(_PARTIAL)
    if made is None:
        made = schema(partial=True)
        made.framework_partial = True
        setattr(schema, _PARTIAL, made)
    return made


def _made(cls: type, arguments: tuple[object, ...]) -> type[ma.Schema] | None:
    """Return the schema class that was made before; ``None`` if it was not."""
    made: dict[tuple[object, ...], type[ma.Schema]] | None = vars(cls).get(_SCHEMAS)
    return None if made is None else made.get(arguments)


class _Build:
    """The making of one schema class, and of those that it holds; nothing is kept if one of them cannot be made."""

    def __init__(self) -> None:
        self.open: dict[_Key, type[ma.Schema] | None] = {}
        self.endings: list[cabc.Callable[[], None]] = []

    def whole(self, cls: type, arguments: tuple[object, ...]) -> type[ma.Schema]:
        """Make a schema class and all that it needs."""
        with _BUILDS:
            made = _made(cls, arguments)
            if made is None:
                made = self._make(cls, arguments)
                self.finish()
        return made

    def finish(self) -> None:
        """Finish the fields that waited for other classes, and keep what was made."""
        while self.endings:
            self.endings.pop()()
        for (cls, arguments), made in self.open.items():
            if _SCHEMAS not in vars(cls):
                setattr(cls, _SCHEMAS, {})
            vars(cls)[_SCHEMAS][arguments] = made

    def nested(self, cls: type, arguments: tuple[object, ...]) -> type[ma.Schema] | cabc.Callable[[], ma.Schema]:
        """Return the schema class of another class, or a function while that is being made."""
        key = (cls, arguments)
        if self.open.get(key, cls) is None:
            return lambda: self.made(cls, arguments)()
        return _made(cls, arguments) or self.open.get(key) or self._make(cls, arguments)

    def made(self, cls: type, arguments: tuple[object, ...]) -> type[ma.Schema]:
        """Return a schema class that has been made."""
        return t.cast("type[ma.Schema]", _made(cls, arguments) or self.open[cls, arguments])

    def when_made(self, finish: cabc.Callable[[], None]) -> None:
        """Call a function as soon as all schema classes are made."""
        self.endings.append(finish)

    def _make(self, cls: type, arguments: tuple[object, ...]) -> type[ma.Schema]:
        self.open[cls, arguments] = None
        owner = cls[arguments] if arguments else cls  # type: ignore[index]
        options, members = options_of(cls), members_of(cls, arguments)
        maker = FieldMaker(owner, self)
        fields: dict[str, AnyField] = {each.name: maker.member(each, key_of(cls, each)) for each in members}
        _check_keys(owner, fields)
        kind = t.cast("ModelKind", kind_of(cls))
        name = name_of(cls, arguments)
        meta: dict[str, object] = {"unknown": options.unknown} if options.unknown is not None else {}
        space: dict[str, object] = {
            **fields,
            "__module__": cls.__module__,
            "__qualname__": cls.__qualname__,
            "__doc__": _docstring(cls),
            "Meta": type("Meta", (ModelSchema.Meta,), meta),
            "framework_model": owner,
            "framework_maker": None if kind == "typed dict" else maker_of(cls, kind, members, fields),
        }
        component = options.name or vars(cls).get("__component__")
        if component is not None:
            space["__component__"] = component
        made = t.cast("type[ma.Schema]", type(f"{name}Schema", (ModelSchema,), space))
        self.open[cls, arguments] = made
        return made


def _check_keys(owner: object, fields: cabc.Mapping[str, AnyField]) -> None:
    """Refuse two members of one name in JSON.

    :raises SetupError: There are.
    """
    seen: dict[str, str] = {}
    for name, field in fields.items():
        key = name if field.data_key is None else field.data_key
        if key in seen:
            raise fault(owner, name, f"it is called {key!r} in JSON, like {seen[key]!r}. Give one another data_key.")
        seen[key] = name


def _docstring(cls: type) -> str | None:
    """Return the docstring of a class, but for the one that a library makes of its members."""
    text: str | None = vars(cls).get("__doc__")
    made = (f"{cls.__name__}(", ")")
    return None if text is not None and text.startswith(made[0]) and text.rstrip().endswith(made[1]) else text
