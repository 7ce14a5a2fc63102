"""Server-sent events as text (HTML standard, section 9.2): one event, and what keeps a quiet stream open.

Knows nothing of requests or schemas.
Floor 2.
"""

from __future__ import annotations

import functools
import re
import typing as t

MEDIA_TYPE = "text/event-stream"
KEEP_ALIVE = b":\n\n"
"""A comment, which clients pass over."""

LAST_EVENT: t.Final = b"event: shutdown\ndata: {}\n\n"
"""The event that a stream sends last where its server ends. It has no id: a client goes on from the one before it."""

RESET: t.Final = "reset"
"""The type of the event of a channel after which a client may have missed some."""
SKIPPED: t.Final = "skipped"
"""The type of the event of a channel that says how many a slow client has missed."""
SHUTDOWN: t.Final = "shutdown"
"""The type of :data:`LAST_EVENT`."""

CONTROL_EVENTS: t.Final = (RESET, SHUTDOWN, SKIPPED)
"""The types of the events that the server itself sends. Their data are an object of JSON."""

_BREAK = re.compile(r"\r\n|\r|\n")
_CONTROL = re.compile(rb'event: (?:reset\n(?:id: [^\n]*\n)?data: \{\}|skipped\ndata: \{"skipped":\d+\})\n\n')


class Event(t.NamedTuple):
    """One event of a stream.

    :param data: What the client gets: a value for the stream's schema, or text where it has none.
    :param id: Its id, which the client sends back in ``Last-Event-ID`` when it comes again.
    :param event: Its type. Default: ``message``.
    :param retry: Milliseconds that the client waits before it comes again.
    """

    data: object
    id: str | int | None = None
    event: str | None = None
    retry: int | None = None


class SharedEvent(Event):
    """An event that many streams send: it is dumped and written once for all of them.

    Its data is what JSON has; nothing may change it.

    :param text: The data as it is sent: JSON, or the text where the data is one.
    :param schema: What has dumped the data. ``True``: the text is sent, whatever the schema of the stream.
    """

    text: str
    """The data as it is sent."""
    schema: object
    """What has dumped the data, ``None``, or ``True``."""

    def __new__(
        cls,
        data: object,
        id: str | int | None = None,
        event: str | None = None,
        retry: int | None = None,
        *,
        text: str,
        schema: object = None,
    ) -> t.Self:
        self = super().__new__(cls, data, id, event, retry)
        self.text = text
        self.schema = schema
        return self

    @functools.cached_property
    def written(self) -> bytes:
        """The event as it is sent."""
        return write_event(self.text, self)

    @property
    def is_control(self) -> bool:
        """True for what a channel itself says: no filter applies to it."""
        return self.schema is True and self.event in (RESET, SKIPPED)


def write_event(data: str, event: Event) -> bytes:
    """An event as text.

    :param data: Its data, as text. Each line of it becomes a separate field.
    :param event: The name of the event, for the client's listeners.
    :raises ValueError: Its id or type has a line break, or the id a null character.
    """
    lines = []
    if event.event is not None:
        lines.append(f"event: {_one_line(event.event, 'type')}")
    if event.id is not None:
        name = _one_line(str(event.id), "id")
        if "\0" in name:
            raise ValueError(f"The id {name!r} of an event has a null character: clients pass such an id over.")
        lines.append(f"id: {name}")
    if event.retry is not None:
        lines.append(f"retry: {int(event.retry)}")
    lines.extend(f"data: {line}" for line in _BREAK.split(data))
    return ("\n".join(lines) + "\n\n").encode()


def data_of(event: bytes) -> bytes:
    """The data of an event as it is sent.

    Nothing for a comment, a time to wait, :data:`LAST_EVENT`, and what a channel itself says.
    """
    if event == LAST_EVENT or _CONTROL.fullmatch(event):
        return b""
    lines = (line.partition(b":") for line in event.split(b"\n"))
    return b"\n".join(value.removeprefix(b" ") for name, _, value in lines if name == b"data")


def read_event(event: bytes) -> dict[str, object]:
    """Return the fields of an event as it is sent, with its data as text; without a field that it does not have.

    :param event: One event, without comments.
    """
    found: dict[str, object] = {}
    lines: list[str] = []
    for line in event.decode("utf-8", "replace").split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            lines.append(value)
        elif name in ("event", "id"):
            found[name] = value
        elif name == "retry" and value.isdecimal():
            found[name] = int(value)
    return {**found, "data": "\n".join(lines)} if lines else found


def _one_line(text: str, what: str) -> str:
    if _BREAK.search(text):
        raise ValueError(f"The {what} {text!r} of an event has a line break. Leave it out.")
    return text
