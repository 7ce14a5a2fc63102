"""The words of ``Annotated`` that are no validators and no fields: what a member is, and how it is called in JSON.

Not here: validators, also those of ``annotated-types`` and of msgspec (``models._metadata``).
Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import typing as t

from ..errors import SetupError

_C = t.TypeVar("_C", bound=type)

Rename: t.TypeAlias = t.Literal["camel"] | cabc.Callable[[str], str] | cabc.Mapping[str, str]
"""How all members of a class are called in JSON."""

OPTIONS: t.Final = "__framework_model__"
"""The attribute of a class that holds what :func:`model` was given."""


@dataclasses.dataclass(frozen=True, slots=True)
class Doc:
    """The description of a member in the document: ``Annotated[Decimal, Doc("In kilograms.")]``.

    ``typing_extensions.Doc`` and ``annotated_doc.Doc`` are taken too.
    """

    documentation: str
    _: dataclasses.KW_ONLY
    title: str | None = None
    """The title of the member."""
    examples: cabc.Sequence[object] | None = None
    """Values that the member may have, as they are in JSON."""
    deprecated: bool = False
    """True if clients should stop using the member."""


@dataclasses.dataclass(frozen=True, slots=True)
class data_key:
    """The name of a member in JSON: ``Annotated[str, data_key("from")]``."""

    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Direction:
    """The side of the conversation that a member belongs to; :data:`load_only` and :data:`dump_only` are the two."""

    name: t.Literal["load_only", "dump_only"]

    def __repr__(self) -> str:
        return self.name


load_only: t.Final = Direction("load_only")
"""A member that clients send and never get, such as a password: ``Annotated[str, load_only]``."""
dump_only: t.Final = Direction("dump_only")
"""A member that clients get and never send, such as an id: ``Annotated[int, dump_only]``."""


@dataclasses.dataclass(frozen=True, slots=True)
class ModelOptions:
    """The options of a class, see :func:`model`."""

    rename: Rename | None = None
    name: str | None = None
    unknown: str | None = None


def model(
    *, rename: Rename | None = None, name: str | None = None, unknown: str | None = None
) -> cabc.Callable[[_C], _C]:
    """Set options of an annotated class; a class without any needs no decorator.

    :param rename: The names of all members in JSON: ``"camel"`` (``bornAt`` for ``born_at``), a function of the name,
        or a mapping of names. ``data_key`` of a member takes precedence.
    :param name: The name of the component in the document. Default: that of the class.
    :param unknown: The policy for names that the class does not have: marshmallow's ``RAISE``, ``EXCLUDE`` or
        ``INCLUDE``.
    :return: A decorator, which returns the class.
    """
    if isinstance(rename, str) and rename != "camel":
        raise SetupError(f"model() got rename={rename!r}. Give 'camel', a function of the name, or a mapping of names.")
    options = ModelOptions(rename, name, unknown)

    def decorate(cls: _C) -> _C:
        setattr(cls, OPTIONS, options)
        return cls

    return decorate


def options_of(cls: type) -> ModelOptions:
    """Return the options of a class, or of the first of its bases that has some; the name is not inherited."""
    found = getattr(cls, OPTIONS, None)
    if not isinstance(found, ModelOptions):
        return ModelOptions()
    return found if OPTIONS in vars(cls) else dataclasses.replace(found, name=None)


def renamed(name: str, rename: Rename | None) -> str:
    """Return the name of a member in JSON."""
    if rename is None:
        return name
    if rename == "camel":
        first, *rest = name.strip("_").split("_")
        return first + "".join(part[:1].upper() + part[1:] for part in rest)
    return rename(name) if callable(rename) else rename.get(name, name)
