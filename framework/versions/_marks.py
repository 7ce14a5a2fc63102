"""``since`` and ``until``: in which versions an operation is; and the mark that makes an operation that of a version.

Not here: how a request says its version (``versions._locations``), how older schemas are made
(``versions._migrations``), mounting (``versions._versions``). Floor 5."""

from __future__ import annotations

import collections.abc as cabc
import copy
import typing as t

import msgspec
from marshmallow import fields, validate

from ..errors import SetupError
from ..http.response import Reply, add_vary, set_header
from ..marks.base import Header, Mark, Parameter, Phase, Plan, Record, ReplyStep, Steps
from ..marks.inputs import ArgumentsMark, PatchMark
from ..marks.lists import ListMark, SparseMark, narrows
from ..marks.negotiation import ConsumesMark, MediaMark, ProducesMark
from ..marks.raises import error_outcome
from ..marks.responses import AltResponseMark, ResponseMark
from ..texts import message
from ._locations import HeaderVersion, MediaTypeVersion, QueryVersion

if t.TYPE_CHECKING:
    from marshmallow import Schema

    from ..context import Context
    from ..http.media import MediaType
    from ..marks.base import Call
    from ._locations import VersionNegotiator
    from ._migrations import OlderShapes

    _M = t.TypeVar("_M", bound=Mark)


_W = t.TypeVar("_W", bound="HeaderVersion | QueryVersion")
_OWN_HANDLER: t.Final = (
    "Write a separate handler for that version, and mark the two with since() and until(); or leave the field out."
)


class SpanMark(Mark):
    """The versions that an operation is in; see :func:`since` and :func:`until`. All that reach it apply together.

    :param first: The first version; empty: from the beginning.
    :param last: The last one; empty: to the newest.
    """

    def __init__(self, first: str = "", last: str = "") -> None:
        self.first = first
        self.last = last

    def __repr__(self) -> str:
        return f"since({self.first!r})" if self.first else f"until({self.last!r})"

    def holds(self, name: str, names: tuple[str, ...]) -> bool:
        """Return whether a version is among them.

        :param names: All versions, oldest first.
        :raises SetupError: There is no version of the mark's name.
        """
        own = self.first or self.last
        if own not in names:
            raise SetupError(f"Unknown version in {self!r}: {own!r}. Known versions: {', '.join(names)}.")
        at, place = names.index(name), names.index(own)
        return at >= place if self.first else at <= place

    def run(self, plan: Plan) -> Steps:
        if getattr(plan.rule, "version", None) is None:
            raise SetupError(
                f"{plan.called} is marked {self!r}, and its route {plan.rule.rule!r} is in no version."
                " Put it on a router, and mount that with the 'mount' of your Versions."
            )
        return ()


def since(version: str) -> SpanMark:
    """Say that an operation came with a version: in those before there is no such method, or no such path.

    For a handler, a Resource class or a router.

    :param version: The first version that has it.
    """
    return SpanMark(first=version)


def until(version: str) -> SpanMark:
    """Say that an operation went after a version: in those behind there is no such method, or no such path.

    For a handler, a Resource class or a router.

    :param version: The last version that has it.
    """
    return SpanMark(last=version)


class VersionMark(Mark):
    """The mark that makes an operation that of a version: its schemas, parameters and headers.

    :param name: The version.
    :param shapes: The older shapes of schemas.
    :param chooser: Where the request decides; ``None`` where the path says it.
    :param header: The header of an answer that names the version; ``None``: there is none.
    """

    phase = Phase.HEADERS

    def __init__(self, name: str, shapes: OlderShapes, chooser: VersionNegotiator | None, header: str | None) -> None:
        self.name = name
        self.shapes = shapes
        self.chooser = chooser
        self.header = header
        self.varies = () if chooser is None else chooser.vary
        ways = () if chooser is None else chooser.ways
        self.media_types = tuple(way.media_type(name) for way in ways if isinstance(way, MediaTypeVersion))

    def __repr__(self) -> str:
        return f"version {self.name!r}"

    def __call__(self, target: object) -> t.NoReturn:
        raise SetupError(f"{self!r} is on {target!r}. Versions put it on what they mount; use since() or until().")

    def merge(self, inner: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """Make the marks below those of the version."""
        made = [self.of_version(mark, inner) for mark in inner]
        marks = tuple(mark for mark in made if mark is not None)
        if self.media_types:
            taken = any(isinstance(mark, ArgumentsMark) and "json" in mark.places for mark in marks)
            if any(isinstance(mark, ResponseMark) for mark in marks):
                marks = with_media_types(marks, ProducesMark, self.media_types)
            if taken:
                marks = with_media_types(marks, ConsumesMark, self.media_types)
        return (self, *marks)

    def as_schema(self, schema: Schema) -> Schema:
        """A schema as it is in the version."""
        return self.shapes.of(schema, self.name)

    def of_version(self, mark: Mark, beside: tuple[Mark, ...] = ()) -> Mark | None:
        """A mark with the schemas of the version; ``None`` where it has nothing to do there.

        :param beside: All marks of the operation.
        :raises SetupError: It reads a schema that has changed in a way that is not converted.
        """
        if isinstance(mark, (ResponseMark, AltResponseMark)):
            schema = mark.outcome.schema
            older = None if schema is None else self.as_schema(schema)
            if older is schema:
                return mark
            made = copy.copy(mark)
            made.origin = mark
            made.outcome = msgspec.structs.replace(mark.outcome, schema=older, examples=None, trusted=False)
            return made
        if isinstance(mark, ListMark):
            return self._of_list(mark)
        if isinstance(mark, SparseMark):
            return self._of_sparse(mark, beside)
        if isinstance(mark, ArgumentsMark) and mark.factory is None:
            return self._of_arguments(mark)
        return mark

    def _words(self, mark: Mark, schema: Schema) -> dict[str, str | None] | None:
        """See :meth:`OlderShapes.words`."""
        try:
            return self.shapes.words(schema, self.name)
        except Exception as error:
            raise SetupError(
                f"{mark!r}: what {type(schema).__name__} is called in the version {self.name!r} is found by leading an"
                f" example down, and that failed: {type(error).__name__}: {error}. {_OWN_HANDLER}"
            ) from error

    def _of_list(self, mark: ListMark) -> Mark | None:
        words = self._words(mark, mark.described)
        if words is None:
            return mark
        asked = [each.written for each in mark.found.values()]
        for name in asked:
            if name not in words:
                raise SetupError(
                    f"{mark!r} asks for {name!r}, which the version {self.name!r} makes into something else:"
                    f" it is not known what to compare with it there. {_OWN_HANDLER}"
                )
        if all(words[name] == name for name in asked):
            return mark
        made = mark.renamed(words)
        if made is None and not mark.apply:
            raise SetupError(
                f"{mark!r} asks for nothing that the version {self.name!r} has, and the handler wants what it asks for."
                f" {_OWN_HANDLER}"
            )
        return made

    def _of_sparse(self, mark: SparseMark, beside: tuple[Mark, ...]) -> Mark:
        words: dict[str, str | None] = {}
        for other in beside if mark.names else ():
            if isinstance(other, ResponseMark) and narrows(other.outcome):
                words.update(self._words(mark, t.cast("Schema", other.outcome.schema)) or {})
        names = [words.get(name, name) for name in mark.names]
        if names == list(mark.names):
            return mark
        made = SparseMark([name for name in names if name is not None], mark.parameter)
        if not made.names:
            raise SetupError(f"{mark!r} names no member that the version {self.name!r} has. {_OWN_HANDLER}")
        made.origin = mark
        return made

    def _of_arguments(self, mark: ArgumentsMark) -> Mark:
        older = self.as_schema(mark.schema)
        is_patch = isinstance(mark, PatchMark) and self.shapes.touches(type(mark.schema), self.name)
        if older is mark.schema and not is_patch:
            return mark
        if is_patch or mark.places != ("json",):
            raise SetupError(
                f"{mark!r} reads {type(mark.schema).__name__}, which is another in the version {self.name!r}. Only"
                " arguments in JSON are converted: write a separate handler for that version, and mark the two with"
                " since() and until()."
            )
        made = copy.copy(mark)
        made.origin = mark
        made.schema = older
        made.body = msgspec.structs.replace(mark.body, schema=older, examples=None)
        return made

    def run(self, plan: Plan) -> Steps:
        self.shapes.fast = plan.fast
        name, header = self.name, self.header
        vary = self.varies
        plan.query_names.update(way.name for way in self._ways(QueryVersion))

        def finish(ctx: Context, call: Call, reply: Reply) -> None:
            if header is not None:
                set_header(reply, header, name)
            if vary:
                add_vary(reply, vary)

        return [ReplyStep(Phase.HEADERS, finish, errors=True)] if header is not None or vary else []

    def _ways(self, kind: type[_W]) -> list[_W]:
        return [way for way in self.chooser.ways if isinstance(way, kind)] if self.chooser is not None else []

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        if self.header is not None:
            text = message("headers.version")
            yield Header(self.header, fields.String(), text, required=True)
        if self.chooser is None:
            return
        alone = len(self.chooser.ways) == 1 and self.chooser.default != self.name
        kinds: tuple[tuple[type[HeaderVersion | QueryVersion], t.Literal["header", "query"]], ...]
        kinds = ((HeaderVersion, "header"), (QueryVersion, "query"))
        for kind, place in kinds:
            for way in self._ways(kind):
                field = fields.String(required=alone, validate=validate.OneOf([self.name]))
                default = self.chooser.default
                text = message("parameters.version")
                if default is not None:
                    text = message("parameters.version.default", default=default)
                yield Parameter(way.name, place, field, text, checked=True)
        for cls in dict.fromkeys(cls for way in self.chooser.ways for cls in way.refusals):
            if cls.code != 415 or any(isinstance(mark, ConsumesMark) for mark in plan.marks):
                yield error_outcome(cls)


def with_media_types(marks: tuple[Mark, ...], kind: type[MediaMark], own: tuple[MediaType, ...]) -> tuple[Mark, ...]:
    """The marks with media types in front of those that one of them declares."""
    known = next((mark for mark in marks if isinstance(mark, kind)), None)
    made = kind((*own, *(known.media_types if known is not None else ())))
    return (made, *(mark for mark in marks if mark is not known))
