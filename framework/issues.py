"""Codes for messages: programs read the code of a refusal, people read its text.

A :class:`ErrorText` is a text that carries a code and the limits of the rule it speaks of. It passes through
marshmallow's stores and merges like any text; :func:`told` turns a tree of messages into the members ``errors`` and
``issues`` of an answer.
Not here: which field and which validator has which code (``fast.strict._codes``).
Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import types
import typing as t

from marshmallow.exceptions import SCHEMA as SCHEMA

from .texts import ENGLISH, MessageText

AnyMessages: t.TypeAlias = t.Any
"""Messages as marshmallow shapes them: a text, a list of messages, or a dict of them by names and indexes."""

INVALID: t.Final = "invalid"
"""The code of a text that carries none."""
UNKNOWN: t.Final = "unknown"
MAX_DEPTH: t.Final = 400
"""Deeper messages, which no request can cause, have no issues."""

CODES: t.Final[cabc.Mapping[str, tuple[str, str]]] = types.MappingProxyType(
    {
        "required": ("", "The value is missing, or the whole body."),
        "null": ("", "The value is null, and null is not allowed."),
        UNKNOWN: ("", "No schema declares this name."),
        "given_twice": ("", "The value is given more than once."),
        "read_only": ("", "The value cannot be changed by a client."),
        INVALID: ("", "The value is invalid for a reason without a code."),
        "invalid_string": ("", "Not a string."),
        "invalid_utf8": ("", "Text that is not Unicode."),
        "forbidden_character": ("", "A text with the character U+0000."),
        "invalid_integer": ("", "Not an integer."),
        "invalid_number": ("", "Not a number."),
        "not_finite": ("", "NaN or infinity."),
        "invalid_boolean": ("", "Not a boolean."),
        "invalid_datetime": ("", "Not a date with a time, in the format of the field."),
        "offset_required": ("", "A date with a time that lacks its offset from UTC."),
        "offset_forbidden": ("", "A date with a time that has an offset from UTC."),
        "invalid_date": ("", "Not a date, in the format of the field."),
        "invalid_time": ("", "Not a time, in the format of the field."),
        "invalid_duration": ("", "Not a duration."),
        "invalid_uuid": ("", "Not a UUID."),
        "invalid_email": ("", "Not a mail address."),
        "invalid_url": ("", "Not a URL."),
        "invalid_ip": ("", "Not an IP address."),
        "invalid_ipv4": ("", "Not an IPv4 address."),
        "invalid_ipv6": ("", "Not an IPv6 address."),
        "invalid_ip_interface": ("", "Not an IP interface."),
        "invalid_ipv4_interface": ("", "Not an IPv4 interface."),
        "invalid_ipv6_interface": ("", "Not an IPv6 interface."),
        "invalid_list": ("", "Not a list."),
        "invalid_object": ("", "Not an object."),
        "invalid_json": ("", "A part of a form that is not valid JSON."),
        "invalid_cursor": ("", "Not a cursor of this list."),
        "invalid_file": ("", "Not an uploaded file."),
        "invalid_file_type": ("choices", "A file of another type."),
        "invalid_file_extension": ("choices", "A file whose name ends in another way."),
        "too_short": ("min, max", "A text, list or object with too few characters, items or members."),
        "too_long": ("min, max", "A text, list or object with too many characters, items or members."),
        "wrong_length": ("equal", "A text, list or object of another length."),
        "too_small": ("min, max", "A number, date or file below the least one."),
        "too_large": ("min, max", "A number, date or file above the greatest one, or a number with too many digits."),
        "too_many": ("max", "More values than the server reads."),
        "not_one_of": ("choices", "Not one of the choices."),
        "item_not_one_of": ("choices", "A list with an item that is not one of the choices."),
        "forbidden": ("values", "One of the values that are refused."),
        "item_forbidden": ("values", "A list with an item that is refused."),
        "not_equal": ("value", "Not equal to the only value that is allowed."),
        "indivisible": ("divisor", "A number that is not a multiple of another."),
        "pattern": ("", "A text that does not match the pattern of the field."),
    }
)
"""The codes of the framework: the names of their params, and what is wrong."""


class Issue(t.TypedDict):
    """One thing that is wrong with a request."""

    location: str
    """The part of the request: ``json``, ``query``, ``path``, ``headers``, ``cookies``, ``form`` or ``files``."""
    path: list[str | int]
    """Member names and indexes, from the root of the location; empty for the location as a whole."""
    code: str
    """The rule that is broken."""
    params: dict[str, object]
    """The limits of the rule."""
    message: str
    """The text that ``errors`` has for it."""


class ErrorText(MessageText):
    """A message for people that carries a code for programs.

    It is a text everywhere. Raise it from a validator, or give it as ``error=`` of a validator or in
    ``error_messages`` of a field; ``{...}`` in it are filled in as in any text there.

    :param text: The message.
    :param code: The name of the rule, in snake case. It is part of your API: keep it when the text changes.
    :param params: The limits of the rule, as JSON can write them. They are sent to the client, so never put a value of
        the client or a secret in them.
    """

    __slots__ = ("code", "params")

    code: str
    params: dict[str, object]

    def __new__(cls, text: str, code: str = INVALID, /, **params: object) -> t.Self:
        made = str.__new__(cls, text)
        made.code = code
        made.params = params
        made.source = ""
        made.values = _NO_VALUES
        return made

    def format(self, *args: object, **kwargs: object) -> ErrorText:
        """Fill in the text; code and params stay."""
        made = str.__new__(ErrorText, str.format(self, *args, **kwargs))
        made.code = self.code
        made.params = self.params
        made.source = self.source or str(self)
        made.values = kwargs
        return made

    def with_text(self, text: str) -> ErrorText:
        """Return another text with the same code and params."""
        made = str.__new__(ErrorText, text)
        made.code = self.code
        made.params = self.params
        origin = text if isinstance(text, MessageText) else self
        made.source = origin.source or str(origin)
        made.values = origin.values
        return made


_NO_VALUES: t.Final[cabc.Mapping[str, object]] = {}


def issue(key: str, /, **params: t.Any) -> ErrorText:
    """Return a message of the catalogue for a field.

    :param key: Its code, perhaps with a dot and the case: ``"too_many.query"``.
    :param params: The limits of the rule, which the text may mention.
    """
    key = f"issues.{key}"
    template = ENGLISH[key]
    made = ErrorText(template.format(**params) if params else template, key.split(".")[1], **params)
    made.source = key
    made.values = params
    return made


class Hidden(str):
    """A name within messages that is not in the client's data, such as ``"value"`` in those of a dict."""

    __slots__ = ()


def coded(text: str, code: str, /, **params: object) -> ErrorText:
    """Return a text as a message with a code; one that has a code keeps it."""
    return text if isinstance(text, ErrorText) else ErrorText(text, code, **params)


def told(
    errors: AnyMessages, most: int | None = None, say: cabc.Callable[[str], str] | None = None
) -> tuple[AnyMessages, list[Issue]]:
    """Return messages as plain texts, and what they say for programs, in the same order.

    :param errors: Messages by location and path; anything else, which an application may raise, has no issues.
    :param most: The most issues that are listed.
    :param say: Gives a message in the language of the answer. Default: as it is.
    """
    if not isinstance(errors, cabc.Mapping):
        return errors, []
    issues: list[Issue] = []
    walk = _Walk(issues, most, say)
    return {location: walk.of(messages, location, []) for location, messages in errors.items()}, issues


class _Walk:
    """Copies messages as plain texts, and notes an issue for each."""

    def __init__(self, issues: list[Issue], most: int | None, say: cabc.Callable[[str], str] | None) -> None:
        self.issues = issues
        self.most = most
        self.say = say

    def of(self, messages: AnyMessages, location: str, path: list[str | int]) -> AnyMessages:
        """Copy messages of any shape.

        :param path: Where they are within the location.
        """
        if len(path) > MAX_DEPTH:
            return messages
        if isinstance(messages, dict):
            plain: dict[object, object] = {}
            for name, found in messages.items():
                if name == SCHEMA:
                    inner = path if not _is_unknown(found) else [*path, SCHEMA]
                elif type(name) is Hidden:
                    name, inner = str(name), path
                else:
                    inner = [*path, name if isinstance(name, (str, int)) else str(name)]
                plain[name] = self.of(found, location, inner)
            return plain
        if not isinstance(messages, (list, tuple)):
            return self.of([messages], location, path)[0]
        # PERF: one loop, without a call for each message: an answer with three errors makes 6 calls fewer.
        texts: list[object] = []
        for message in messages:
            is_coded = isinstance(message, ErrorText)
            if not is_coded and isinstance(message, (dict, list, tuple)):
                texts.append(self.of(message, location, path))
                continue
            is_text = is_coded or isinstance(message, str)
            text = self.say(message) if is_text and self.say is not None else str(message)
            texts.append(text if is_text else message)
            if self.most is not None and len(self.issues) >= self.most:
                continue
            code, params = (message.code, dict(message.params)) if is_coded else (INVALID, {})
            self.issues.append({"location": location, "path": path, "code": code, "params": params, "message": text})
        return texts


def _is_unknown(messages: AnyMessages) -> bool:
    """Return whether messages say that no schema declares a member that happens to be called like a schema's own."""
    return isinstance(messages, list) and bool(messages) and getattr(messages[0], "code", "") == UNKNOWN
