"""Python code in lines, broken as formatters of code break it.

Not here: what is written (``sqlalchemy._eject``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import decimal
import typing as t

CodePiece: t.TypeAlias = "str | Group"
"""An expression: in one line, or with brackets in which it may be broken."""

INDENT: t.Final = "    "


class Group(t.NamedTuple):
    """An expression in brackets.

    :param opening: What is before its items: ``filters(``.
    :param items: What is before each item, such as ``kind=``, and the item.
    :param closing: The bracket behind them.
    :param is_display: Whether it is a list or dict, whose items are not put on one line together.
    """

    opening: str
    items: cabc.Sequence[tuple[str, CodePiece]]
    closing: str
    is_display: bool = False


def flat(piece: CodePiece) -> str:
    """Return an expression in one line."""
    if isinstance(piece, str):
        return piece
    items = ", ".join(before + flat(item) for before, item in piece.items)
    comma = "," if piece.opening == "(" and len(piece.items) == 1 else ""
    return f"{piece.opening}{items}{comma}{piece.closing}"


def broken(before: str, piece: CodePiece, after: str, indent: str, width: int) -> list[str]:
    """Return the lines of an expression.

    :param before: What is before it in its first line.
    :param after: What is behind it in its last line.
    :param indent: The indentation.
    :param width: The most characters of a line.
    """
    line = f"{indent}{before}{flat(piece)}{after}"
    if isinstance(piece, str) or not piece.items or len(line) <= width:
        return [line]
    inner = indent + INDENT
    together = inner + flat(piece._replace(opening="", closing=""))
    if not piece.is_display and len(together) <= width:
        lines = [together]
    else:
        lines = [each for name, item in piece.items for each in broken(name, item, ",", inner, width)]
    return [f"{indent}{before}{piece.opening}", *lines, f"{indent}{piece.closing}{after}"]


def quoted(text: str) -> str:
    """Return a text as a literal."""
    if "\\" in text and '"' not in text and text.isprintable() and not text.endswith("\\"):
        return f'r"{text}"'
    written = repr(text)
    return f'"{written[1:-1]}"' if written[0] == "'" and '"' not in text else written


def number(value: int) -> str:
    """Return a number as a literal: a limit of a type as a power of two."""
    for bits in (15, 31, 63):
        if value == -(2**bits):
            return f"-(2**{bits})"
        if value == 2**bits - 1:
            return f"2**{bits} - 1"
    return str(value)


def literal(value: object, name_of: cabc.Callable[[str, str, str], str]) -> CodePiece | None:
    """Return a value as code; ``None`` where it has none.

    :param name_of: Gets a module, the name by which it is imported or an empty text, and a name; returns that name in
        the code.
    """
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, (bool, float)):
        return repr(value)
    if isinstance(value, int) and type(value) is int:
        return number(value)
    if isinstance(value, decimal.Decimal):
        return Group(f"{name_of('decimal', '', 'decimal')}.Decimal(", [("", quoted(str(value)))], ")")
    if isinstance(value, dt.datetime) and value.tzinfo in (None, dt.UTC):
        name = name_of("datetime", "", "dt")
        parts = [value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond]
        while len(parts) > 3 and not parts[-1]:
            del parts[-1]
        zone = [("tzinfo=", f"{name}.UTC")] if value.tzinfo else []
        return Group(f"{name}.datetime(", [*(("", str(part)) for part in parts), *zone], ")")
    return None
