"""The strict twin of each marshmallow field and validator: what the document refuses, they refuse.

A twin is a subclass with the same state, messages and validators, whose ``_deserialize`` looks at the value before
marshmallow does. There are two kinds: those named as their field read JSON values, those named ``Text...`` read
the texts of a query, a path, a header, a cookie or a form. Only values that JSON or a text can carry are looked at:
a Decimal that a ``pre_load`` function has made is marshmallow's matter. ``List``, ``Tuple``, ``Dict``, ``Raw``,
``Function`` and ``Method`` have no twin: JSON gives them nothing to mistake, their members are replaced.
Not here: dates and times (``fast.strict._dates``).
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import decimal
import enum
import functools
import ipaddress
import math
import typing as t
import uuid

import marshmallow as ma
from marshmallow import validate

from ...fields import AnyField
from ...issues import ErrorText, issue
from ...texts import message
from ..json import Exact
from . import _lexical as lexical
from ._codes import written
from ._dates import ranges

Data = cabc.Mapping[str, object] | None
NUL: t.Final = issue("forbidden_character")


def same_json(one: object, other: object) -> bool:
    """Return whether two JSON values are equal; ``true`` is not ``1``."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def json_text(value: object) -> str | None:
    """The one text that means a JSON scalar in a query; ``None`` when there is no such text."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value + 0)  # a member of an IntEnum becomes the number it is
    return None


class String(ma.fields.String):
    """A JSON string: no bytes, no half of a surrogate pair, no NUL, which databases refuse."""

    refuses_nul = True
    """True if the character U+0000 is refused; an instance may say otherwise."""

    def _deserialize(self, value: object, attr: str | None, data: Data, **kwargs: object) -> str:
        if isinstance(value, bytes):
            raise self.make_error("invalid")
        if isinstance(value, str) and lexical.has_surrogate(value):
            raise self.make_error("invalid_utf8")
        if self.refuses_nul and isinstance(value, str) and "\0" in value:
            raise ma.ValidationError(NUL)
        return super()._deserialize(value, attr, data, **kwargs)


class Email(String, ma.fields.Email):
    """A string; its validator is :class:`EmailValidator`."""


class Url(String, ma.fields.Url):
    """A string; its validator is :class:`URLValidator`."""


class UUID(ma.fields.UUID):
    """A string in the form of RFC 9562, with its four hyphens."""

    def _deserialize(self, value: object, attr: str | None, data: Data, **kwargs: object) -> uuid.UUID:
        if isinstance(value, bytes) or (isinstance(value, str) and lexical.is_uuid(value) is None):
            raise self.make_error("invalid_uuid")
        return super()._deserialize(value, attr, data, **kwargs)


def _number_text(
    field: ma.fields.Integer | ma.fields.Float | ma.fields.Decimal,
    value: object,
    read: cabc.Callable[[str], object],
    *,
    text: bool,
) -> object:
    """Give the value that marshmallow goes on with, reading the value if the field takes texts.

    With ``as_string`` a number is documented as a string, in bodies too; then texts are taken and numbers are not.
    """
    if isinstance(value, (str, bytes)):
        if isinstance(value, bytes) or not (text or field.as_string):
            raise field.make_error("invalid", input=value)
        try:
            return read(value)
        except OverflowError as error:
            raise field.make_error("too_large", input=value) from error
        except ValueError as error:
            raise field.make_error("invalid", input=value) from error
    if field.as_string and isinstance(value, (int, float)):
        raise field.make_error("invalid", input=value)
    return value


def _float_text(text: str) -> str:
    """Check the text of a number that has the size of a float."""
    return lexical.number_like(text, lexical.FLOAT_PATTERN)


class Integer(ma.fields.Integer):
    """A JSON number without a fraction, so ``1.0`` is one; with ``as_string`` the text of an integer instead."""

    STRICT_TEXT: t.ClassVar[bool] = False

    def _deserialize(self, value: object, attr: str | None, data: Data, **kwargs: object) -> int:
        value = _number_text(self, value, lexical.integer, text=self.STRICT_TEXT)
        if isinstance(value, float):
            if not value.is_integer():
                raise self.make_error("invalid", input=value)
            value = int(value)
        return super()._deserialize(value, attr, data, **kwargs)


class TextInteger(Integer):
    """The text of an integer: ASCII digits, no spaces, no plus sign, no leading zeros."""

    STRICT_TEXT = True


class Float(ma.fields.Float):
    """A JSON number, finite; with ``as_string`` the text of one instead."""

    STRICT_TEXT: t.ClassVar[bool] = False

    def _deserialize(self, value: object, attr: str | None, data: Data, **kwargs: object) -> float:
        read = _float_text if self.as_string else lexical.number
        value = _number_text(self, value, read, text=self.STRICT_TEXT)
        result = super()._deserialize(value, attr, data, **kwargs)
        if not math.isfinite(result):
            raise self.make_error("special")
        return result


class TextFloat(Float):
    """The text of a number, as JSON writes it."""

    STRICT_TEXT = True


class Decimal(ma.fields.Decimal):
    """A finite number: a JSON number, or the text that answers have for it; with ``as_string`` the text alone.

    Bounds are those of the number as it was sent, before it is rounded to ``places``.
    """

    STRICT_TEXT: t.ClassVar[bool] = False

    def _deserialize(self, value: object, attr: str | None, data: Data, **kwargs: object) -> decimal.Decimal:
        if isinstance(value, Exact):
            value = self._exact(value)
        value = _number_text(self, value, self._read_text, text=True)
        result = super()._deserialize(value, attr, data, **kwargs)
        if self.places is not None and not isinstance(value, bool):
            check_bounds(self, decimal.Decimal(str(value)))
        if not result.is_finite():
            raise self.make_error("special")
        return result

    def _read_text(self, text: str) -> str:
        pattern = rounded_pattern(self)
        if pattern is not None and (self.as_string or not self.STRICT_TEXT):
            return lexical.number_like(text, pattern)
        if self.as_string:
            return lexical.number_like(text, lexical.DECIMAL_PATTERN)
        return lexical.number(text) if self.STRICT_TEXT else _float_text(text)

    def _exact(self, value: Exact) -> str:
        if self.as_string:
            raise self.make_error("invalid", input=value)
        return value.text


def rounded_pattern(field: ma.fields.Decimal) -> str | None:
    """Return the pattern of the texts that a field rounds to its ``places``.

    Rounding fails where the result has more digits than the decimal context, and it may add one in front.

    :return: ``None`` where nothing is rounded, or digits before the point are, which leaves an exponent.
    """
    if field.places is None:
        return None
    exponent = t.cast(int, field.places.as_tuple().exponent)
    return lexical.rounded_pattern(decimal.getcontext().prec + exponent - 1) if exponent <= 0 else None


def check_bounds(field: AnyField, value: object) -> None:
    """Hold a value against the ``Range`` validators of a field before it is rounded.

    :raises ValidationError: It is out of bounds.
    """
    for each in ranges(field):
        each(value)


class TextDecimal(Decimal):
    """The text of a number, as JSON writes it; with ``as_string`` without an exponent."""

    STRICT_TEXT = True


class Boolean(ma.fields.Boolean):
    """``true`` or ``false`` and nothing else.

    A field that names its own ``truthy`` or ``falsy`` words takes those, as marshmallow does: see :func:`words`.
    """

    STRICT_TEXT: t.ClassVar[bool] = False

    def _deserialize(self, value: object, attr: str | None, data: Data, **kwargs: object) -> bool:
        if words(self) is not None:
            return super()._deserialize(value, attr, data, **kwargs)
        if value is True or value is False:
            return bool(value)
        if self.STRICT_TEXT and isinstance(value, str) and value in ("true", "false"):
            return value == "true"
        raise self.make_error("invalid", input=value)


class TextBoolean(Boolean):
    """The texts ``true`` and ``false``."""

    STRICT_TEXT = True


def words(field: ma.fields.Boolean) -> tuple[object, ...] | None:
    """The values that a Boolean takes when it names its own words, for the document to list.

    :return: Truthy ones first, each group sorted by its text; ``None`` for a Boolean of ``true`` and ``false``. Python
        takes ``1`` and ``True`` for one value, so where one of them is a word the other one is too.
    """
    plain = ma.fields.Boolean
    if field.truthy is plain.truthy and field.falsy is plain.falsy:
        return None
    return (*_words(field.truthy), *_words(field.falsy))


def _words(values: cabc.Set[object]) -> list[object]:
    twins = [twin for number, twin in ((1, True), (0, False)) if number in values]
    plain = [int(value) if isinstance(value, bool) else value for value in values]
    return sorted([*plain, *twins], key=str)


class IP(ma.fields.IP):
    """The text of an IP address, without a zone."""

    def _deserialize(
        self, value: object, attr: str | None, data: Data, **kwargs: object
    ) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        if not isinstance(value, str) or "%" in value:
            raise self.make_error("invalid_ip")
        return super()._deserialize(value, attr, data, **kwargs)


class IPv4(IP, ma.fields.IPv4):
    """The text of an IPv4 address."""


class IPv6(IP, ma.fields.IPv6):
    """The text of an IPv6 address, without a zone."""


class IPInterface(ma.fields.IPInterface):
    """The text of an IP interface: its network given by a length, no mask, no zone."""

    STRICT_KINDS: t.ClassVar[tuple[int, ...]] = (4, 6)

    def _deserialize(
        self, value: object, attr: str | None, data: Data, **kwargs: object
    ) -> ipaddress.IPv4Interface | ipaddress.IPv6Interface:
        fits = isinstance(value, str) and (
            (4 in self.STRICT_KINDS and lexical.is_ipv4_interface(value))
            or (6 in self.STRICT_KINDS and lexical.is_ipv6_interface(value))
        )
        if not fits:
            raise self.make_error("invalid_ip_interface")
        return super()._deserialize(value, attr, data, **kwargs)


class IPv4Interface(IPInterface, ma.fields.IPv4Interface):
    """The text of an IPv4 interface."""

    STRICT_KINDS = (4,)


class IPv6Interface(IPInterface, ma.fields.IPv6Interface):
    """The text of an IPv6 interface."""

    STRICT_KINDS = (6,)


class Enum(ma.fields.Enum[enum.Enum]):
    """The name of a member, or with ``by_value`` a value that a member really has: ``true`` is not ``1``."""

    STRICT_TEXT: t.ClassVar[bool] = False

    def _deserialize(self, value: object, attr: str | None, data: Data, **kwargs: object) -> enum.Enum:
        if self.by_value is True and not isinstance(value, self.enum):
            for member in self.enum:
                if same_json(member.value, value) or (self.STRICT_TEXT and value == json_text(member.value)):
                    return member
            raise self.make_error("unknown", choices=self.choices_text)
        return super()._deserialize(value, attr, data, **kwargs)


class TextEnum(Enum):
    """As :class:`Enum`; values that are numbers or booleans are given by their text."""

    STRICT_TEXT = True


class Constant(ma.fields.Constant[object]):
    """The constant itself, where it is a value that JSON can carry."""

    STRICT_TEXT: t.ClassVar[bool] = False

    def _deserialize(self, value: object, *args: object, **kwargs: object) -> object:
        wanted = self.constant
        if isinstance(wanted, (str, int, float, list, dict, type(None))) and not (
            same_json(value, wanted) or (self.STRICT_TEXT and value == json_text(wanted))
        ):
            value = written(None, wanted)
            text = message("issues.not_equal", other=wanted)
            params = {} if value is None else {"value": value}
            raise ma.ValidationError(ErrorText(text, "not_equal", **params).with_text(text))
        return super()._deserialize(value, *args, **kwargs)


class TextConstant(Constant):
    """As :class:`Constant`; a number or a boolean is given by its text."""

    STRICT_TEXT = True


class Regexp(validate.Regexp):
    """A pattern that must match the whole text: the document publishes it as ``^(?:...)$``."""

    def __call__(self, value: t.Any) -> t.Any:
        if self.regex.fullmatch(value) is None:
            raise ma.ValidationError(self._format_error(value))
        return value


class EmailValidator(validate.Email):
    """A mail address by :data:`lexical.EMAIL_PATTERN`, which the document publishes."""

    def __call__(self, value: str) -> str:
        if len(value) > lexical.EMAIL_MAX_LENGTH or lexical.is_email(value) is None:
            raise ma.ValidationError(self._format_error(value))
        return value


class URLValidator(validate.URL):
    """A URL by the pattern of its options, see :func:`pattern_of`, which the document publishes."""

    def __call__(self, value: str) -> str:
        if len(value) > lexical.URL_MAX_LENGTH or _whole(pattern_of(self))(value) is None:
            raise ma.ValidationError(self._format_error(value))
        return value


_whole = functools.lru_cache(maxsize=256)(lexical.whole)


def pattern_of(validator: validate.URL) -> str:
    """The pattern of a URL validator, strict or not, without anchors."""
    return lexical.url_pattern(
        frozenset(validator.schemes),
        relative=validator.relative,
        absolute=validator.absolute,
        require_tld=validator.require_tld,
    )


def anchor(validator: validate.Regexp) -> None:
    """Let the pattern of a validator mean ASCII, as the document has it; patterns over bytes stay."""
    if isinstance(validator.regex.pattern, str):
        validator.regex = lexical.in_ascii(validator.regex)
