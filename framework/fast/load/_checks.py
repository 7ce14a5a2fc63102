"""The code that checks a value by each known validator, as text.

A validator that is known exactly may be asked twice: generated code asks first, and where the answer is no, the field
itself makes the messages. Users' validators are asked once, by the field's own order.

Knows validators; knows nothing of fields.
Floor 1.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from marshmallow import validate

from .. import _plain as plain
from .._codegen import Writer
from ..strict import fields as strict_fields
from ..strict import lexical

_SIMPLE = frozenset({str, int, float, bool, type(None)})
_CONTAINERS = frozenset({list, tuple, set, frozenset, dict})
_NUMBERS = frozenset({int, float})

#: Where a mail address is shorter than this, no part of it can be too long.
_LABEL_ROOM = 64
#: The usual mail addresses of such a length: all of them are what lexical.is_email takes.
#: PERF: 0.16 us, where the pattern that counts takes 0.35.
is_usual_email = lexical.whole(
    r"[A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+@(?:[A-Za-z0-9]++(?:-++[A-Za-z0-9]++)*+\.)++[A-Za-z]{2,}+"
)


def checks(writer: Writer, validators: t.Sequence[object], var: str, kind: type) -> list[str] | None:
    """Write expressions that are true when all validators take a value, in their order.

    Expressions may raise :exc:`marshmallow.ValidationError` in place of being false.

    :param var: The variable that holds the value.
    :param kind: The exact type of the value.
    :return: ``None`` when one of the validators is not known exactly.
    """
    made: list[str] = []
    for validator in validators:
        expression = _check(writer, validator, var, kind)
        if expression is None:
            return None
        made += expression
    return made


def _check(writer: Writer, validator: object, var: str, kind: type) -> list[str] | None:
    if not plain.is_plain_validator(validator):
        return None
    match validator:
        case validate.Length() if kind in (str, list, dict):
            return _length(validator, var)
        case validate.Range() if kind in _NUMBERS:
            return _range(validator, var)
        case validate.ContainsOnly() | validate.ContainsNoneOf():
            return None
        case validate.OneOf() if kind in (str, int, float, bool):
            if _is_simple(validator.choices):
                return [f"{var} in {writer.bind(validator.choices, 'choices')}"]
        case validate.NoneOf() if kind in (str, int, float, bool):
            if _is_simple(validator.iterable):
                return [f"{var} not in {writer.bind(validator.iterable, 'refused')}"]
        case validate.Equal() if type(validator.comparable) in _SIMPLE and kind in (str, int, float, bool):
            return [f"{var} == {writer.bind(validator.comparable, 'comparable')}"]
        case validate.Regexp() if kind is str and isinstance(validator.regex.pattern, str):
            name = "fullmatch" if isinstance(validator, strict_fields.Regexp) else "match"
            return [f"{writer.bind(getattr(validator.regex, name), name)}({var}) is not None"]
        case strict_fields.EmailValidator() if kind is str:
            usual, is_email = writer.bind(is_usual_email, "is_usual_email"), writer.bind(lexical.is_email, "is_email")
            short = f"len({var}) < {_LABEL_ROOM} and {usual}({var}) is not None"
            return [f"({short} or len({var}) <= {lexical.EMAIL_MAX_LENGTH} and {is_email}({var}) is not None)"]
        case validate.Email() if kind is str and _has_plain_message(validator):
            return [f"{writer.bind(_mail_test(validator), 'is_email')}({var})"]
        case validate.URL() if kind is str:
            return [f"{writer.bind(validator, 'check_url')}({var}) is {var}"]
    return None


def _length(validator: validate.Length, var: str) -> list[str] | None:
    bounds = [validator.equal, validator.min, validator.max]
    if any(bound is not None and type(bound) is not int for bound in bounds):
        return None
    if validator.equal is not None:
        return [f"len({var}) == {validator.equal}"]
    low = f"{validator.min} <= " if validator.min is not None else ""
    high = f" <= {validator.max}" if validator.max is not None else ""
    return [f"{low}len({var}){high}"] if low or high else []


def _range(validator: validate.Range, var: str) -> list[str] | None:
    """The comparisons of marshmallow, negated: NaN fails neither, so it passes both."""
    if any(bound is not None and type(bound) not in _NUMBERS for bound in (validator.min, validator.max)):
        return None
    made = []
    for bound, sign, inclusive in (
        (validator.min, "<", validator.min_inclusive),
        (validator.max, ">", validator.max_inclusive),
    ):
        if bound is not None:
            number = repr(bound) if bound == bound and abs(bound) != float("inf") else f"float({str(bound)!r})"
            made.append(f"not {var} {sign if inclusive else sign + '='} {number}")
    return made


def _is_simple(choices: cabc.Iterable[object]) -> bool:
    """Return whether asking a collection for a member runs no code but the interpreter's."""
    return type(choices) in _CONTAINERS and all(type(each) in _SIMPLE for each in choices)


def _has_plain_message(validator: validate.Email) -> bool:
    """Return whether making the message, which this validator does for good values too, can neither fail nor be
    noticed."""
    return validator.error == validate.Email.default_message and set(vars(validator)) == {"error"}


def _mail_test(validator: validate.Email) -> t.Callable[[str], bool]:
    local, domain, local_names = validator.USER_REGEX.match, validator.DOMAIN_REGEX.match, validator.DOMAIN_WHITELIST

    def is_email(text: str) -> bool:
        user, at, host = text.rpartition("@")
        return bool(at) and local(user) is not None and (host in local_names or domain(host) is not None)

    return is_email
