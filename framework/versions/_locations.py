"""The version of an API that a request asks for: by its path, a header, the query string or a media type.

Not here: what the versions are (``versions._versions``), what is routed in each (``regions``).
Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import re
import typing as t

from marshmallow import Schema, fields
from werkzeug.http import parse_accept_header

from ..errors import APIError, BadRequest, NotAcceptable, SetupError, UnsupportedMediaType
from ..fast import json as fast_json
from ..http.media import MAX_ACCEPT
from ..http.reading import media_type, query_values
from ..texts import listed, message

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    Names: t.TypeAlias = cabc.Mapping[str, str]
    """The versions by their names in small letters."""

_PLACE = "{version}"
_FALL_BACK = ("*/*", "application/*", "application/json")


class KnownVersions(Schema):
    """The versions that there are."""

    class Meta:
        description = message("schemas.versions")

    versions = fields.List(fields.String(), required=True, metadata={"description": message("schemas.versions")})


class UnknownVersion(BadRequest):
    """The request specifies an unknown version, two versions, or none where one is required."""

    schema = KnownVersions


class VersionNotAcceptable(NotAcceptable):
    """The response is requested in an unknown version, or in none where one is required."""

    schema = KnownVersions


class UnsupportedVersion(UnsupportedMediaType):
    """The request body has an unknown version, or another one than the requested response."""

    schema = KnownVersions


class VersionSource:
    """One way in which a request says its version. Join several with ``|``."""

    by_request = True
    """True if several versions share one path, so that the request as a whole decides."""

    vary: tuple[str, ...] = ()
    """The request headers that it reads."""

    refusals: tuple[type[APIError], ...] = ()
    """The refusals that it may answer with."""

    def __or__(self, other: VersionSource | VersionSources) -> VersionSources:
        return VersionSources((self,)) | other

    def read(self, environ: WSGIEnvironment, names: Names) -> str | None:
        """The version that a request names here; ``None`` where it names none.

        :raises APIError: There is none of that name.
        """
        raise NotImplementedError

    def missing(self, names: Names) -> APIError:
        """The refusal of a request that names no version, where there is no default."""
        text = message("unknown_version.missing", place=self.told, versions=listing(names))
        return UnknownVersion(text, versions=list(names.values()))

    @property
    def told(self) -> str:
        """Return what a client sets, for messages."""
        return repr(self)


class VersionSources:
    """Several ways, any of which a request may use.

    :param ways: They.
    """

    def __init__(self, ways: tuple[VersionSource, ...]) -> None:
        self.ways = ways

    def __or__(self, other: VersionSource | VersionSources) -> VersionSources:
        return VersionSources((*self.ways, *(other.ways if isinstance(other, VersionSources) else (other,))))

    def __repr__(self) -> str:
        return " | ".join(map(repr, self.ways))


class PathPrefix(VersionSource):
    """The version is the beginning of the path: ``/v1/pets``.

    :param template: What the paths begin with; ``{version}`` stands for the version.
    :raises SetupError: The template has no place for it.
    """

    by_request = False

    def __init__(self, template: str = "/{version}") -> None:
        if _PLACE not in template or not template.startswith("/"):
            raise SetupError(f"PathPrefix got {template!r}. Give a path with {_PLACE} in it, like '/{{version}}'.")
        self.template = template.rstrip("/")

    def __repr__(self) -> str:
        return f"PathPrefix({self.template!r})"

    def prefix(self, name: str) -> str:
        """Return what the paths of a version begin with."""
        return self.template.replace(_PLACE, name)


class HeaderVersion(VersionSource):
    """The version is in a header: ``API-Version: v1``.

    :param name: The name of the header.
    """

    refusals = (UnknownVersion,)

    def __init__(self, name: str = "API-Version") -> None:
        self.name = name
        self.vary = (name,)
        self._key = f"HTTP_{name.upper().replace('-', '_')}"

    def __repr__(self) -> str:
        return f"HeaderVersion({self.name!r})"

    @property
    def told(self) -> str:
        return message("places.header", name=self.name)

    def read(self, environ: WSGIEnvironment, names: Names) -> str | None:
        given = environ.get(self._key)
        return None if given is None else known(given.strip(), names)


class QueryVersion(VersionSource):
    """The version is in the query string: ``?version=v1``.

    :param name: The name of the parameter.
    """

    refusals = (UnknownVersion,)

    def __init__(self, name: str = "version") -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"QueryVersion({self.name!r})"

    @property
    def told(self) -> str:
        return message("places.parameter", name=self.name)

    def read(self, environ: WSGIEnvironment, names: Names) -> str | None:
        if self.name not in environ.get("QUERY_STRING", ""):  # a name that is written in another way is not a name here
            return None
        found = {known(given, names) for given in query_values(environ).get(self.name, ())}
        if len(found) > 1:
            raise two_versions(found, names)
        return found.pop() if found else None


class MediaTypeVersion(VersionSource):
    """The version is in the media type that is accepted or sent: ``application/vnd.shop.v1+json``.

    :param template: The media type; ``{version}`` stands for the version.
    :raises SetupError: It is none, or has no place for the version.
    """

    vary = ("Accept",)
    refusals = (VersionNotAcceptable, UnsupportedVersion)

    def __init__(self, template: str) -> None:
        if _PLACE not in template or not re.fullmatch(r"[a-z]+/[a-z0-9.{}_-]+\+json", template):
            raise SetupError(
                f"MediaTypeVersion got {template!r}. Give a media type in small letters that ends with +json and has"
                f" {_PLACE} in it, like 'application/vnd.shop.{{version}}+json'."
            )
        self.template = template
        before, after = map(re.escape, template.split(_PLACE, 1))
        self._pattern = re.compile(f"{before}([a-z0-9._-]+){after}")

    def __repr__(self) -> str:
        return f"MediaTypeVersion({self.template!r})"

    @property
    def told(self) -> str:
        return message("places.media_type", name=self.template)

    def media_type(self, name: str) -> VersionedJSON:
        """JSON under the media type of a version."""
        return VersionedJSON(self.template.replace(_PLACE, name.lower()))

    def missing(self, names: Names) -> APIError:
        text = message("version_not_acceptable.missing", media_type=self.template, versions=listing(names))
        return VersionNotAcceptable(text, versions=list(names.values()))

    def read(self, environ: WSGIEnvironment, names: Names) -> str | None:
        wanted = self._accepted(environ.get("HTTP_ACCEPT"), names)
        found = self._pattern.fullmatch(media_type(environ))
        if found is None:
            return wanted
        sent = names.get(found[1])
        if sent is None or wanted not in (None, sent):
            text = message("unsupported_version.name", given=shown(found[1]), versions=listing(names))
            if sent:
                text = message("unsupported_version.other", given=sent, wanted=wanted, versions=listing(names))
            raise UnsupportedVersion(
                text,
                headers={"Accept": ", ".join(self.media_type(name).name for name in names)},
                versions=list(names.values()),
            )
        return sent

    def _accepted(self, header: str | None, names: Names) -> str | None:
        """The version that is wanted most; another media type that is wanted as well leaves it open."""
        if not header or len(header) > MAX_ACCEPT:
            return None
        ranges = ranges_of(header)
        asked = [found[1] for each in ranges if (found := self._pattern.fullmatch(each)) is not None]
        chosen = next((names[name] for name in asked if name in names), None)
        if chosen is None and asked and not any(each in _FALL_BACK for each in ranges):
            text = message("unknown_version.name", given=shown(asked[0]), versions=listing(names))
            raise VersionNotAcceptable(text, versions=list(names.values()))
        return chosen


class VersionedJSON:
    """JSON under the media type of a version, one of those of ``marks.negotiation``.

    :param name: The media type.
    """

    is_text = False

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"VersionedJSON({self.name!r})"

    def dump(self, value: object) -> bytes:
        """The text of a value."""
        return fast_json.encode(value)

    def load(self, data: bytes) -> object:
        """The value of a text.

        :raises ValueError: It is not JSON.
        """
        return fast_json.decode(data)


class VersionNegotiator:
    """Finds the version of a request.

    :param ways: Those that look at the request as a whole.
    :param names: The versions, oldest first.
    :param default: The version of a request that names none; ``None``: it is refused.
    """

    def __init__(self, ways: tuple[VersionSource, ...], names: tuple[str, ...], default: str | None) -> None:
        self.ways = ways
        self.names = {name.lower(): name for name in names}
        self.default = default
        self.vary = tuple(dict.fromkeys(name for way in ways for name in way.vary))

    def __call__(self, environ: WSGIEnvironment) -> str:
        """The version.

        :raises APIError: The request names one that is not there, two, or none and there is no default.
        """
        try:
            found = None
            for way in self.ways:
                name = way.read(environ, self.names)
                if name is not None and found not in (None, name):
                    raise two_versions({t.cast(str, found), name}, self.names)
                found = name or found
            if found is None and self.default is None:
                raise self.ways[0].missing(self.names)
            return t.cast(str, found or self.default)
        except APIError as error:
            error.headers += self.vary_header
            raise

    @property
    def vary_header(self) -> list[tuple[str, str]]:
        """``Vary``, as a header of an error."""
        return [("Vary", ", ".join(self.vary))] if self.vary else []


@functools.lru_cache(maxsize=256)
def ranges_of(header: str) -> tuple[str, ...]:
    """The media types of an ``Accept`` header, those that are wanted most first."""
    return tuple(each.partition(";")[0].strip().lower() for each, quality in parse_accept_header(header) if quality)


def known(given: str, names: Names) -> str:
    """The version of a name.

    :raises UnknownVersion: There is none.
    """
    found = names.get(given.lower())
    if found is None:
        text = message("unknown_version.name", given=shown(given), versions=listing(names))
        raise UnknownVersion(text, versions=list(names.values()))
    return found


def two_versions(found: set[str], names: Names) -> UnknownVersion:
    """The refusal of a request that names several versions."""
    text = message("unknown_version.several", given=listed(sorted(found), "and"))
    return UnknownVersion(text, versions=list(names.values()))


def listing(names: Names) -> str:
    """Return the versions as a text."""
    return ", ".join(names.values())


def shown(given: str) -> str:
    """Return what a client wrote, short enough to be shown to it."""
    return given if len(given) <= 40 else f"{given[:40]}..."
