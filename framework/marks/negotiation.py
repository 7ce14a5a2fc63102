"""``produces`` and ``consumes``: answers and bodies in several media types, JSON the first of them.

The client chooses an answer by ``Accept`` and says by ``Content-Type`` what it sends. What a schema dumps and loads is
the same in all of them. Not here: how values become bytes (``http.media``), and who calls it (``marks.responses``,
``marks.inputs._bodies``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ..errors import NotAcceptable, SetupError
from ..http.response import add_vary
from ..http.semantics import BODILESS, JSON
from ..texts import message
from .base import Mark, Outcome, Phase, Plan, Record, ReplyStep, Step, Steps
from .raises import error_outcome

if t.TYPE_CHECKING:
    from ..context import Context
    from ..http.media import MediaType
    from ..http.response import Reply
    from .base import Call


class MediaMark(Mark):
    """Media types of an operation in addition to JSON."""

    def __init__(self, media_types: tuple[MediaType, ...]) -> None:
        self.media_types = media_types

    def __repr__(self) -> str:
        return f"{type(self).__name__.removesuffix('Mark').lower()}({', '.join(map(repr, self.media_types))})"


class ProducesMark(MediaMark):
    """Answers in several media types; see :func:`produces`."""

    nearest_counts = True

    phase = Phase.ACCEPT

    def run(self, plan: Plan) -> Steps:
        if not is_json(plan):
            return ()
        from ..http.media import (
            chooser,  # PERF: here and in ``marks.inputs._bodies``, 1 ms that an import need not wait for
        )

        names = [JSON, *(each.name for each in self.media_types)]
        choose, choices = chooser(names), (None, *self.media_types)
        listing = ", ".join(names)

        def accept(ctx: Context, call: Call) -> None:
            place = choose(ctx.request_environ.get("HTTP_ACCEPT"))
            if place is None:
                raise NotAcceptable(message("not_acceptable.media_types", available=listing))
            ctx.media_type = choices[place]

        def vary(ctx: Context, call: Call, reply: Reply) -> None:
            add_vary(reply, ("Accept",))

        return [Step(Phase.ACCEPT, accept), ReplyStep(Phase.HEADERS, vary, errors=True)]

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        if is_json(plan):
            yield error_outcome(NotAcceptable)


class ConsumesMark(MediaMark):
    """Bodies in several media types; see :func:`consumes`. ``marks.inputs._arguments`` reads them."""

    nearest_counts = True


def produces(*media_types: MediaType) -> ProducesMark:
    """Say that the operation answers in other media types too, as the client wants it by ``Accept``.

    Without the header, and where the client does not mind, the answer is JSON. Where it wants none of them it gets 406.
    Errors are JSON always.

    :param media_types: Objects like ``MessagePack()`` of :mod:`framework.http.media`, or your own.
    :raises SetupError: There are none, or one comes twice.
    """
    return ProducesMark(checked(media_types, "produces"))


def consumes(*media_types: MediaType) -> ConsumesMark:
    """Say that the operation reads its JSON body in other media types too, as ``Content-Type`` says.

    :param media_types: Objects like ``MessagePack()`` of :mod:`framework.http.media`, or your own.
    :raises SetupError: There are none, or one comes twice.
    """
    return ConsumesMark(checked(media_types, "consumes"))


def checked(media_types: tuple[MediaType, ...], name: str) -> tuple[MediaType, ...]:
    """The media types, each once.

    :raises SetupError: There are none, one comes twice, or is JSON.
    """
    names = [getattr(each, "name", None) for each in media_types]
    if not names or None in names or any(isinstance(each, type) for each in media_types):
        raise SetupError(
            f"{name}() takes objects with a media type's name, like MessagePack(). It got {media_types!r}."
        )
    twice = {each for each in names if names.count(each) > 1} | ({JSON} & set(names))
    if twice:
        raise SetupError(f"{name}() has {min(map(str, twice))!r} twice; JSON is always one of them. Give each once.")
    return media_types


def is_json(plan: Plan) -> bool:
    """Return whether an operation answers in JSON, so that there is a choice; a stream or a file is what it is."""
    said = [getattr(mark, "outcome", None) for mark in plan.marks if getattr(mark, "phase", None) is Phase.OUTCOME]
    with_body = [each for each in said if isinstance(each, Outcome) and each.status not in BODILESS]
    return not with_body or any(each.media_type == JSON for each in with_body)


def produced(plan: Plan) -> tuple[MediaType, ...]:
    """Return the media types of answers in addition to JSON."""
    return next((mark.media_types for mark in plan.marks if isinstance(mark, ProducesMark)), ())


def consumed(plan: Plan) -> dict[str, MediaType]:
    """Return the media types that an operation reads in addition to JSON, by name."""
    found = next((mark.media_types for mark in plan.marks if isinstance(mark, ConsumesMark)), ())
    return {each.name: each for each in found}
