"""Tags and dates of values and answers: versions of objects, bytes, and headers that are there.

Not here: what is decided by them (``marks.conditional._conditions``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import typing as t

from ..._sentinel import MISSING
from ...http.conditional import Tag, digest, parse_tag
from ...http.response import header_of

if t.TYPE_CHECKING:
    from ...http.response import Reply


Getter: t.TypeAlias = str | cabc.Sequence[str] | cabc.Callable[[object], t.Any]


def same_state(one: Tag, other: Tag) -> bool:
    """Return whether two tags of versions are of one state, in whatever representation."""
    return one.text.partition("-")[0] == other.text.partition("-")[0]


def getter(wanted: Getter) -> cabc.Callable[[object], t.Any]:
    """A function that reads a version or date from an object; the value for an object without one is distinct.

    :param wanted: The name of an attribute (or of a member of a mapping), several names, or a function.
    """
    if callable(wanted):
        return wanted
    if not isinstance(wanted, str):
        each = tuple(getter(name) for name in wanted)

        def read_all(found: object) -> t.Any:
            values = tuple(read(found) for read in each)
            return MISSING if any(value is MISSING for value in values) else values

        return read_all
    name = wanted

    def read(found: object) -> t.Any:
        if isinstance(found, cabc.Mapping):
            return found.get(name, MISSING)
        return getattr(found, name, MISSING)

    return read


def text_of(version: object) -> str:
    """Return what a version becomes in a tag: digits that tell nothing of it."""
    if type(version) is str or type(version) is int:
        return digest(str(version).encode("utf-8", "surrogatepass"))
    return digest(*_parts(version))


def _parts(version: object) -> cabc.Iterator[bytes]:
    if isinstance(version, (tuple, list)):
        yield b"(%d" % len(version)
        for each in version:
            yield from _parts(each)
        return
    if isinstance(version, dt.datetime) and version.tzinfo is not None:
        version = version.astimezone(dt.UTC)
    yield version if isinstance(version, bytes) else str(version).encode("utf-8", "surrogatepass")


def tag_on(reply: Reply) -> Tag | None:
    """The tag that an answer carries already."""
    header = header_of(reply, "ETag")
    return None if header is None else parse_tag(header)
