"""The conversion of values to JSON and back for an application: ``app.json``.

Used by ``jsonify``, plain views, ``request.get_json`` and the ``tojson`` filter. Declared operations write their bytes
by ``fast.json`` while the provider is the default one.
Not here: the tagged JSON of sessions (``http.tagged``).
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import decimal
import json
import json.encoder
import math
import typing as t
import weakref

from ..http.tagged import plain
from ..typing import Application

if t.TYPE_CHECKING:
    from ..wrappers import Response


SPACED: t.Final = (", ", ": ")
COMPACT: t.Final = (",", ":")
"""The separators of ``json.dumps``, and those of answers."""

ChunkWriter: t.TypeAlias = cabc.Callable[[object, int], cabc.Iterable[str]]
"""The encoder of the standard library in C: gives the text of a value, at a depth, in pieces."""


class AnsweringApplication(Application, t.Protocol):
    """An application that makes responses."""

    @property
    def response_class(self) -> type[Response]:
        """The class of responses."""


class JSONProvider:
    """The protocol of ``app.json``. Write :meth:`dumps` and :meth:`loads` to use another library.

    Set ``App.json_provider_class``, or give ``app.json`` an instance.

    :param app: The application; kept as a weak reference.
    """

    def __init__(self, app: AnsweringApplication) -> None:
        self._app = t.cast("AnsweringApplication", weakref.proxy(app))

    def dumps(self, obj: object, **kwargs: object) -> str:
        """Write a value as JSON text.

        :param obj: The value.
        :param kwargs: Whatever the library takes.
        """
        raise NotImplementedError

    def dump(self, obj: object, fp: t.IO[str], **kwargs: object) -> None:
        """Write a value as JSON text to a file.

        :param obj: The value.
        :param fp: A file open for text, in UTF-8.
        :param kwargs: As of :meth:`dumps`.
        """
        fp.write(self.dumps(obj, **kwargs))

    def loads(self, s: str | bytes, **kwargs: object) -> t.Any:
        """Read JSON text.

        :param s: Text, or bytes in UTF-8.
        :param kwargs: Whatever the library takes.
        :raises ValueError: The text is not JSON.
        """
        raise NotImplementedError

    def load(self, fp: t.IO[t.AnyStr], **kwargs: object) -> t.Any:
        """Read JSON text from a file.

        :param fp: A file open for text or bytes.
        :param kwargs: As of :meth:`loads`.
        """
        return self.loads(fp.read(), **kwargs)

    def response(self, *args: object, **kwargs: object) -> Response:
        """An answer with JSON.

        One positional argument is the value itself, several are a list, keyword arguments are an object.

        :raises TypeError: Positional and keyword arguments are mixed.
        """
        obj = self._prepare_response_obj(args, kwargs)
        response: Response = self._app.response_class(self.dumps(obj), mimetype="application/json")
        return response

    def _prepare_response_obj(self, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        """The value that the arguments of :meth:`response` mean."""
        if args and kwargs:
            raise TypeError(
                "app.json.response() takes either args or kwargs, not both."
                " Pass one value, or the members of an object."
            )
        if len(args) == 1:
            return args[0]
        return args or kwargs or None


class DefaultJSONProvider(JSONProvider):
    """JSON by the :mod:`json` module of the standard library.

    Beyond what that knows it writes datetimes (RFC 3339, a naive one as UTC), dates, decimals, UUIDs, dataclasses and
    objects with ``__html__``.
    """

    default: t.Callable[[t.Any], t.Any] = staticmethod(plain)
    """Called with a value that JSON has no word for; returns one that it has, or raises ``TypeError``."""

    ensure_ascii = True
    """Write everything beyond ASCII as an escape."""

    sort_keys = True
    """Sort the members of objects, so that equal values give equal text. Keys must then be of one type."""

    compact: bool | None = None
    """Write answers without spaces and line breaks. ``None``: but for debug mode."""

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name != "_app" and self._app.config.on_change is not None:
            self._app.config.on_change()  # answers that go straight to the wire must not do so any more

    mimetype = "application/json"
    """The media type of :meth:`response`."""

    def dumps(self, obj: object, **kwargs: object) -> str:
        """Write a value as JSON text.

        :param obj: The value.
        :param kwargs: As of :func:`json.dumps`. Defaults: the attributes above, and ``allow_nan=False``.
        :raises TypeError: A value inside has no form in JSON.
        :raises ValueError: A number inside is not finite, and JSON has no word for it (RFC 8259, section 6).
        """
        if not kwargs:
            return self._writer(SPACED)(obj)
        if len(kwargs) == 1 and kwargs.get("separators") == COMPACT:
            return self._writer(COMPACT)(obj)
        kwargs.setdefault("default", self.default)
        kwargs.setdefault("ensure_ascii", self.ensure_ascii)
        kwargs.setdefault("sort_keys", self.sort_keys)
        return dump_finite(obj, **kwargs)

    def _writer(self, separators: tuple[str, str]) -> cabc.Callable[[object], str]:
        """Return what writes as :meth:`dumps` does with these separators and the attributes as they are now."""
        found = self.__dict__.get("_writers")
        wanted = (self.default, self.ensure_ascii, self.sort_keys)
        if found is None or found[0] != wanted:
            made = {each: text_writer(*wanted, each) for each in (SPACED, COMPACT)}
            found = self.__dict__["_writers"] = (wanted, made)
        return t.cast("cabc.Callable[[object], str]", found[1][separators])

    def encoder(self) -> cabc.Callable[[object], bytes]:
        """Return what writes the text of :meth:`response`, without its line end, by the attributes as they are now."""
        if not self.is_compact:
            return lambda value: self.dumps(value, indent=2).encode()
        if type(self).dumps is not DefaultJSONProvider.dumps or "dumps" in self.__dict__:
            return lambda value: self.dumps(value, separators=COMPACT).encode()
        write = self._writer(COMPACT)
        return lambda value: write(value).encode()

    @property
    def is_compact(self) -> bool:
        """Return whether answers are written without spaces and line breaks."""
        return self.compact if self.compact is not None else not self._app.debug

    def loads(self, s: str | bytes, **kwargs: object) -> t.Any:
        """Read JSON text.

        :param s: Text, or bytes in UTF-8.
        :param kwargs: As of :func:`json.loads`.
        :raises ValueError: The text is not JSON, or is nested deeper than the interpreter can follow.
        """
        return load_bounded(s, **kwargs)

    def response(self, *args: object, **kwargs: object) -> Response:
        """An answer with JSON, one line each; in debug mode indented, unless :attr:`compact` decides.

        :raises TypeError: Positional and keyword arguments are mixed.
        """
        obj = self._prepare_response_obj(args, kwargs)
        layout: dict[str, object] = {"separators": COMPACT} if self.is_compact else {"indent": 2}
        response: Response = self._app.response_class(f"{self.dumps(obj, **layout)}\n", mimetype=self.mimetype)
        return response


def dump_finite(obj: object, **kwargs: t.Any) -> str:
    """:func:`json.dumps` that refuses ``NaN`` and the infinities, and says where they are."""
    kwargs.setdefault("allow_nan", False)
    try:
        return json.dumps(obj, **kwargs)
    except ValueError as error:
        where = None if kwargs["allow_nan"] else not_finite_in(obj)
        if where is None:
            raise
        raise where from error


def text_writer(
    default: cabc.Callable[[t.Any], t.Any], ensure_ascii: bool, sort_keys: bool, separators: tuple[str, str]
) -> cabc.Callable[[object], str]:
    """Return what writes as :func:`dump_finite` does with these options.

    ``json.dumps`` makes an encoder for each call, which takes six times as long as a short text; this one is kept.
    """
    options: dict[str, t.Any] = {
        "default": default,
        "ensure_ascii": ensure_ascii,
        "sort_keys": sort_keys,
        "separators": separators,
    }
    chunks_of = _chunk_writer(options)
    if chunks_of is None:
        return lambda obj: dump_finite(obj, **options)
    join = "".join

    def write(obj: object) -> str:
        try:
            return join(chunks_of(obj, 0))
        except RecursionError:
            pass  # too deep, or a value that holds itself: json.dumps can tell
        except ValueError as error:
            where = not_finite_in(obj)
            if where is None:
                raise
            raise where from error
        return dump_finite(obj, **options)

    return write


_PROBE: t.Final = {"b": [1, 1.5, None, True, "\u00e9\x7f/"], "a": {}, "c": decimal.Decimal(1)}


def _chunk_writer(options: dict[str, t.Any]) -> ChunkWriter | None:
    """Return the encoder of the standard library in C, made for some options; ``None`` where it is another one.

    It keeps no note of the values that it is in, so that threads can share it.
    """
    item, key = options["separators"]
    text = json.encoder.encode_basestring_ascii if options["ensure_ascii"] else json.encoder.encode_basestring

    make: t.Any = getattr(json.encoder, "c_make_encoder", None)

    def made(default: object) -> ChunkWriter:
        writer: ChunkWriter = make(None, default, text, None, key, item, options["sort_keys"], False, False)
        return writer

    try:  # a Python without it, or with one that takes other arguments
        same = "".join(made(str)(_PROBE, 0)) == json.dumps(_PROBE, **{**options, "default": str})
        return made(options["default"]) if same else None
    except (TypeError, ValueError):
        return None


def not_finite_in(obj: object) -> ValueError | None:
    """Return the error for the first number in a value that JSON does not have; ``None`` where there is none."""
    try:
        where = find_not_finite(obj)
    except RecursionError:  # a value that holds itself, about which the first error speaks
        return None
    if where is None:
        return None
    return ValueError(f"Cannot write {where[1]!r} as JSON, at {where[0]!r}: JSON has finite numbers only.")


def load_bounded(text: str | bytes, **kwargs: t.Any) -> t.Any:
    """:func:`json.loads` whose every refusal is a ``ValueError``."""
    try:
        return json.loads(text, **kwargs)
    except RecursionError:
        raise ValueError("The text is nested too deeply.") from None


def find_not_finite(obj: object, path: str = "$") -> tuple[str, float] | None:
    """The path (``$.price``, ``$[0].x``) and value of the first number that is not finite, in plain containers."""
    if isinstance(obj, float):
        return None if math.isfinite(obj) else (path, obj)
    items: cabc.Iterable[tuple[str, object]] = ()
    if isinstance(obj, dict):
        items = ((f"{path}.{key}", value) for key, value in obj.items())
    elif isinstance(obj, (list, tuple)):
        items = ((f"{path}[{index}]", value) for index, value in enumerate(obj))
    for inner_path, value in items:
        found = find_not_finite(value, inner_path)
        if found is not None:
            return found
    return None
