"""The kinds of values that settings take: what each accepts, and what it makes of text.

A kind checks every write of a setting, and all settings once more when the application freezes, so that a wrong value
fails where it is written and not in a request.
Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import ipaddress
import math
import re
import typing as t

MASK: t.Final = "***"
"""The text shown in place of a secret."""

_SECRET_NAME = re.compile(r"(?:^|_)(?:SECRET|PASSWORD|PASSWD|TOKEN|CREDENTIALS?|PRIVATE|API_?KEY|DSN)(?:_|S?$)|_KEY$")
_WITH_USER = re.compile(r"\b([a-z][a-z0-9+.-]*://)([^\s/?#:]*)(:[^\s/?#]*)?@", re.I)
_IN_QUERY = re.compile(r"([?&](?:[a-z_]*password|passwd|secret|token|key)=)[^\s&#'\"]+", re.I)


class Kind:
    """A kind of value.

    :param said: What is accepted, as the end of the sentence "Set ...".
    :param optional: Whether ``None`` is accepted.
    """

    def __init__(self, said: str, optional: bool = False) -> None:
        self.optional = optional
        self.said = said + (" or None" if optional else "")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.said}>"

    def check(self, value: object) -> object:
        """Return the value to keep.

        :raises ValueError: The value is not of this kind.
        """
        return None if value is None and self.optional else self.read(value)

    def read(self, value: object) -> object:
        """Return the value to keep for one that is not ``None``, or that is not optional.

        :raises ValueError: The value is not of this kind.
        """
        raise NotImplementedError

    def parse(self, text: str, loads: cabc.Callable[[str], object]) -> object:
        """Return the value that text of the environment stands for; :meth:`check` follows."""
        try:
            return loads(text)
        except Exception:  # noqa: BLE001 - any failure of a user's loads means: this is plain text
            return text


class Anything(Kind):
    """Any value."""

    def __init__(self) -> None:
        super().__init__("any value")

    def read(self, value: object) -> object:
        return value


class Flag(Kind):
    """Yes or no. Text and the numbers 0 and 1 become what they say: the text ``"false"`` is not true.

    :param words: Texts that are accepted too.
    """

    WORDS: t.ClassVar = {"true": True, "1": True, "yes": True, "on": True}
    WORDS |= {"false": False, "0": False, "no": False, "off": False}

    def __init__(self, *, optional: bool = False, words: tuple[str, ...] = ()) -> None:
        super().__init__("True or False" + "".join(f" or {word!r}" for word in words), optional)
        self.words = words

    def read(self, value: object) -> object:
        if isinstance(value, str):
            if value in self.words:
                return value
            value = self.WORDS.get(value.strip().lower())
        if value is None or isinstance(value, float) or value not in (0, 1):
            raise ValueError
        return bool(value)


class Number(Kind):
    """A number. Text that is one becomes one.

    :param least: The least.
    :param most: The most.
    :param above: Whether it is above ``least``, and not equal to it.
    :param whole: Whether it has no fraction.
    """

    def __init__(
        self,
        least: float | None = None,
        most: float | None = None,
        *,
        above: bool = False,
        whole: bool = True,
        optional: bool = False,
        unit: str = "",
    ) -> None:
        said = "a whole number" if whole else "a number"
        said += f" of {unit}" if unit else ""
        if least is not None:
            said += f" above {least}" if above else f" from {least}"
        super().__init__(said + (f" to {most}" if most is not None else ""), optional)
        self.least, self.most, self.above, self.whole = least, most, above, whole

    def read(self, value: object) -> object:
        if isinstance(value, str):
            value = float(value) if re.search("[.e]", value, re.I) else int(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError
        if self.whole and value != int(value):
            raise ValueError
        if self.least is not None and (value < self.least or (self.above and value == self.least)):
            raise ValueError
        if self.most is not None and value > self.most:
            raise ValueError
        return int(value) if self.whole else value


class Duration(Number):
    """A length of time: seconds, or a ``timedelta``.

    :param whole: Whether seconds have no fraction.
    :param text: A pattern of texts that are accepted too.
    :param example: One of them.
    """

    def __init__(
        self,
        least: float | None = 0,
        *,
        whole: bool = False,
        optional: bool = False,
        text: str | None = None,
        example: str = "",
    ) -> None:
        super().__init__(least, whole=whole, optional=optional, unit="seconds")
        self.said = "a timedelta, or " + self.said + (f", or text like {example!r}" if text else "")
        self.text = text

    def read(self, value: object) -> object:
        if isinstance(value, dt.timedelta):
            if self.least is not None and value.total_seconds() < self.least:
                raise ValueError
            return value
        if isinstance(value, str) and self.text is not None and re.fullmatch(self.text, value, re.I):
            return value
        return super().read(value)


def seconds(value: float | dt.timedelta) -> float:
    """Return a length of time, as a :class:`Duration` takes it, in seconds."""
    return value.total_seconds() if isinstance(value, dt.timedelta) else value


class Text(Kind):
    """Text. What the environment gives stays text, also where it looks like a number.

    :param pattern: What the whole of it matches.
    :param said: What is accepted.
    """

    def __init__(self, said: str = "text", pattern: str | None = None, *, optional: bool = False) -> None:
        super().__init__(said, optional)
        self.pattern = pattern

    def read(self, value: object) -> object:
        if not isinstance(value, str) or (self.pattern is not None and not re.fullmatch(self.pattern, value)):
            raise ValueError
        return value

    def parse(self, text: str, loads: cabc.Callable[[str], object]) -> object:
        return parse_text(text, loads)


class LiteralText(Kind):
    """One of a few texts."""

    def __init__(self, *choices: str, optional: bool = False) -> None:
        *others, last = map(repr, choices)
        super().__init__(f"{', '.join(others)} or {last}", optional)
        self.choices = choices

    def read(self, value: object) -> object:
        if not isinstance(value, str) or value not in self.choices:
            raise ValueError
        return value

    def parse(self, text: str, loads: cabc.Callable[[str], object]) -> object:
        return parse_text(text, loads)


class Network(Kind):
    """An address, or a network of them: ``10.0.0.0/8``, ``::1``."""

    def __init__(self) -> None:
        super().__init__("an address or a network like '10.0.0.0/8'")

    def read(self, value: object) -> object:
        if not isinstance(value, str):
            raise ValueError
        ipaddress.ip_network(value, strict=False)
        return value


class SecretKey(Kind):
    """A secret key: text or bytes, not empty."""

    def __init__(self, *, optional: bool = False) -> None:
        super().__init__("a long random text or bytes, not empty", optional)

    def read(self, value: object) -> object:
        if not isinstance(value, (str, bytes)) or not value:
            raise ValueError
        return value

    def parse(self, text: str, loads: cabc.Callable[[str], object]) -> object:
        return parse_text(text, loads)


class Items(Kind):
    """A list, tuple or set of values of one kind. Text is refused: its letters would be taken for the members.

    :param member: The kind of the members.
    """

    def __init__(self, said: str, member: Kind, *, optional: bool = False) -> None:
        super().__init__(said, optional)
        self.member = member

    def read(self, value: object) -> object:
        if not isinstance(value, (list, tuple, set, frozenset)):
            raise ValueError
        for each in value:
            self.member.check(each)
        return value


class Members(Kind):
    """A mapping with texts as its keys."""

    def __init__(self, said: str, *, optional: bool = False) -> None:
        super().__init__(said, optional)

    def read(self, value: object) -> object:
        if not isinstance(value, cabc.Mapping) or not all(isinstance(key, str) for key in value):
            raise ValueError
        return value


class Function(Kind):
    """Something that can be called."""

    def __init__(self, said: str = "a function", *, optional: bool = False) -> None:
        super().__init__(said, optional)

    def read(self, value: object) -> object:
        if not callable(value):
            raise ValueError
        return value


class Union(Kind):
    """Any of several kinds, the first that accepts the value."""

    def __init__(self, said: str, *kinds: Kind, optional: bool = False) -> None:
        super().__init__(said, optional)
        self.kinds = kinds

    def read(self, value: object) -> object:
        for kind in self.kinds:
            try:
                return kind.check(value)
            except ValueError:
                continue
        raise ValueError


def parse_text(text: str, loads: cabc.Callable[[str], object]) -> object:
    """Return text of the environment as text: quotes and ``null`` are JSON, a number is not."""
    try:
        value = loads(text)
    except Exception:  # noqa: BLE001 - any failure of a user's loads means: this is plain text
        return text
    return value if value is None or isinstance(value, str) else text


def kind_of(default: object) -> Kind:
    """Return the kind that a default suggests, for a setting that names none."""
    if isinstance(default, bool):
        return Flag()
    if isinstance(default, int):
        return Number(0)
    if isinstance(default, float):
        return Number(0, whole=False)
    if isinstance(default, dt.timedelta):
        return Duration()
    return Text() if isinstance(default, str) else Anything()


def is_secret_name(name: object) -> bool:
    """Return whether the name of a setting says that its value is a secret."""
    return isinstance(name, str) and _SECRET_NAME.search(name) is not None


def shown(value: object, secret: bool = False, longest: int | None = None) -> str:
    """Return a value as it may be shown: a secret is masked, and so is a password in a URL.

    :param secret: Whether the whole value is a secret; what is not set is shown.
    :param longest: The most characters.
    """
    if secret and value not in (None, "", (), []):
        return MASK
    text = masked(value)
    return text if longest is None or len(text) <= longest else text[: longest - 3] + "..."


def masked(value: object) -> str:
    """Return the ``repr`` of a value without the passwords of URLs and of members that are called secret."""
    if isinstance(value, str):
        return repr(mask_urls(value))
    if type(value) is dict:
        pairs = (f"{key!r}: {shown(each, is_secret_name(str(key).upper()))}" for key, each in value.items())
        return "{" + ", ".join(pairs) + "}"
    if type(value) is list:
        return "[" + ", ".join(map(masked, value)) + "]"
    return mask_urls(repr(value))


def mask_urls(text: str) -> str:
    """Return text in which the passwords of URLs are masked."""
    if "://" not in text:
        return text
    return _IN_QUERY.sub(rf"\1{MASK}", _WITH_USER.sub(_mask, text))


def _mask(found: re.Match[str]) -> str:
    scheme, user, password = found.groups()
    return f"{scheme}{user}:{MASK}@" if password else f"{scheme}{MASK}@"
