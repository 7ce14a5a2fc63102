"""Say a Python regular expression in the words of ECMA-262, which JSON Schema uses.

A pattern is translated exactly or not at all: :func:`translate` gives ``None`` for what has no equal there (conditional
groups, back-references, atomic groups, flags for a part). Flags at the front, and those that were compiled in, are
written out. The result means the same to Python's :mod:`re` and in ECMA-262's Unicode mode, and has printable
characters alone. The pattern is taken as :func:`fast.lexical.in_ascii` compiles it, so ``\\d``, ``\\w`` and ``\\b`` are
ASCII.
Floor 7.
"""

from __future__ import annotations

import re
import typing as t

_SPACES = r" \t\n\r\f\v"
_SYNTAX = frozenset("^$\\.*+?()[]{}|/")
_PLAIN_ESCAPES = frozenset("dDwWtnrfv")
_COUNT = re.compile(r"\{(\d+(?:,\d*)?|,\d+)\}", re.ASCII)
_HEX = {"x": 2, "u": 4, "U": 8}
_SUPPORTED_FLAGS = re.IGNORECASE | re.DOTALL | re.ASCII | re.UNICODE | re.MULTILINE | re.VERBOSE
_FLAGS = re.compile(r"\(\?[aimsux]+\)", re.ASCII)
_NUL_IN_CLASS = re.compile(r"\\x00|\\u0000|\\0|\\[DWS]")
NOT_SHOWN: t.Final = "\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff"
"""Characters, as those of a class: DEL and C1, line separators, surrogates, the BOM. Readers of YAML refuse them, or
they do not show."""
_UNPRINTABLE = re.compile(f"[\x00-\x1f{NOT_SHOWN}]")


class _Untranslatable(Exception):
    """The pattern has no equal."""


def translate(regex: re.Pattern[str]) -> str | None:
    """Give the text of the pattern in ECMA-262, without anchors added.

    :param regex: A compiled pattern over text.
    :return: ``None`` where it has no exact translation.
    """
    if not isinstance(regex.pattern, str) or regex.flags & ~_SUPPORTED_FLAGS:
        return None
    try:
        return _Translation(regex).text()
    except (_Untranslatable, IndexError):
        return None


class _Translation:
    """One pattern, read from left to right."""

    def __init__(self, regex: re.Pattern[str]) -> None:
        self.pattern = _FLAGS.sub("", regex.pattern, count=1) if _FLAGS.match(regex.pattern) else regex.pattern
        self.ignore_case = bool(regex.flags & re.IGNORECASE)
        self.lines = bool(regex.flags & re.MULTILINE)
        self.verbose = bool(regex.flags & re.VERBOSE)
        self.dot = r"[\s\S]" if regex.flags & re.DOTALL else r"[^\n]"
        self.at = 0
        self.depth = 0

    def text(self) -> str:
        parts: list[str] = []
        while self.at < len(self.pattern):
            parts.append(self._next())
        return "".join(parts)

    def _take(self) -> str:
        self.at += 1
        return self.pattern[self.at - 1]

    def _next(self) -> str:
        char = self._take()
        if char == "\\":
            return self._escape()
        if char == "[":
            return self._class()
        if char == "(":
            self.depth += 1
            return self._group()
        if char == ".":
            return self.dot
        if char == "$":
            return self._end()
        if char in "*+?":
            return self._repeat(char)
        if self.verbose and (char.isspace() or char == "#"):
            return self._comment(char)
        if char == "{":
            count = _COUNT.match(self.pattern, self.at - 1)
            if count is None:
                return r"\{"
            self.at = count.end()
            text = count[1]
            return self._repeat("{0" + text + "}" if text.startswith(",") else count[0])
        if char == ")":
            self.depth -= 1
        if char == "^" and self.lines:
            return r"(?:^|(?<=\n))"
        if char in "^)|":
            return char
        return self._literal(char)

    def _comment(self, char: str) -> str:
        """Skip what ``re.VERBOSE`` leaves out; before a quantifier it would tear it from what it counts."""
        if char == "#":
            end = self.pattern.find("\n", self.at)
            self.at = len(self.pattern) if end < 0 else end + 1
        while self.at < len(self.pattern) and self.pattern[self.at].isspace():
            self.at += 1
        return ""

    def _repeat(self, text: str) -> str:
        if self.pattern[self.at : self.at + 1] == "+":
            raise _Untranslatable  # possessive
        return text

    def _end(self) -> str:
        """``$``: Python lets a newline follow, which a match of the whole text rules out only at the very end."""
        if self.lines:
            return r"(?:$|(?=\n))"
        rest = self.pattern[self.at :]
        if rest.strip(")") and not (self.depth == 0 and rest.startswith("|")):
            raise _Untranslatable
        return "$"

    def _literal(self, char: str) -> str:
        if self.ignore_case and char.isascii() and char.isalpha():
            return f"[{char.lower()}{char.upper()}]"
        return literal(char)

    def _escape(self) -> str:
        char = self._take()
        if char == "A":
            return "^"
        if char == "Z":
            return "$"
        if char == "s":
            return f"[{_SPACES}]"
        if char == "S":
            return f"[^{_SPACES}]"
        if char in _PLAIN_ESCAPES or char in "bB":
            return "\\" + char
        return self._literal(self._character(char))

    def _character(self, char: str) -> str:
        """The one character that an escape stands for."""
        if char in _HEX:
            digits = self.pattern[self.at : self.at + _HEX[char]]
            self.at += _HEX[char]
            return chr(int(digits, 16))
        if char == "a":
            return "\a"
        if char == "0" and not self.pattern[self.at : self.at + 1].isdigit():
            return "\0"
        if char.isalnum() and char.isascii():
            raise _Untranslatable  # a back-reference, an octal number, \N{...}
        return char

    def _group(self) -> str:
        if self.pattern[self.at : self.at + 1] != "?":
            return "("
        for text, made in (("?:", "(?:"), ("?=", "(?="), ("?!", "(?!"), ("?<=", "(?<="), ("?<!", "(?<!")):
            if self.pattern.startswith(text, self.at):
                self.at += len(text)
                return made
        name = re.compile(r"\?P<\w+>").match(self.pattern, self.at)
        if name is None:
            raise _Untranslatable
        self.at = name.end()
        return "("

    def _class(self) -> str:
        parts = ["["]
        if self.pattern[self.at] == "^":
            parts.append(self._take())
        first = True
        while first or self.pattern[self.at] != "]":
            first = False
            low = self._member()
            if self.pattern[self.at] == "-" and self.pattern[self.at + 1] != "]":
                self.at += 1
                parts.append(self._range(low, self._member()))
            else:
                parts.append(self._single(low))
        self.at += 1
        return "".join(parts) + "]"

    def _member(self) -> str:
        """One character of a class, or an escape that stands for several, which begins with a backslash."""
        char = self._take()
        if char != "\\":
            return char
        char = self._take()
        if char in "dDwW":
            return "\\" + char
        if char == "s":
            return "\\s"
        if char == "S":
            raise _Untranslatable
        if char == "b":
            return "\b"
        if char in "tnrfv":
            return {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}[char]
        return self._character(char)

    def _single(self, member: str) -> str:
        if len(member) == 2:
            return _SPACES if member == "\\s" else member
        if self.ignore_case and member.isascii() and member.isalpha():
            return member.lower() + member.upper()
        return in_class(member)

    def _range(self, low: str, high: str) -> str:
        if len(low) != 1 or len(high) != 1:
            raise _Untranslatable
        text = f"{in_class(low)}-{in_class(high)}"
        if self.ignore_case:
            for first, last in (("a", "z"), ("A", "Z")):
                start, end = max(low, first), min(high, last)
                if start <= end:
                    text += f"{start.swapcase()}-{end.swapcase()}"
        return text


NO_NUL = r"^[^\u0000]*$"
"""The pattern of texts without the character U+0000."""


def without_nul(pattern: str | None) -> str:
    """Return a pattern that takes what another takes, but no text with the character U+0000.

    :param pattern: A pattern as :func:`whole` gives it; ``None`` takes everything.
    """
    if pattern is None:
        return NO_NUL
    if _inside_anchors(pattern) is None and not _NUMBERED.search(pattern):
        # A part of the text matches: what stands around it may be anything else.
        return rf"^(?=[\s\S]*?(?:{pattern}))[^\u0000]*$"
    if not admits_nul(pattern):
        return pattern
    return rf"^(?![^\u0000]*\u0000){pattern.removeprefix('^')}" if pattern.startswith("^") else pattern


_NUMBERED = re.compile(r"\\[1-9]|\\k<|\(\?<\w")
"""Groups that are referred to: another pattern in front would count them anew."""


def together(one: str, other: str) -> str | None:
    """Return the pattern of the texts that match two patterns as a whole.

    :return: ``None`` where it cannot be said for certain.
    """
    inner = [_inside_anchors(each) for each in (one, other)]
    if None in inner or any(_NUMBERED.search(each) for each in (one, other)):
        return None
    for no_nul, rest in ((one, other), (other, one)):
        if no_nul == NO_NUL and not admits_nul(rest):
            return rest
    return f"^(?={inner[0]}$){inner[1]}$"


def _inside_anchors(pattern: str) -> str | None:
    """Return the pattern between ``^`` and ``$``; ``None`` where they do not apply to the whole of a pattern."""
    if not pattern.startswith("^") or not re.search(r"(?<!\\)(?:\\\\)*\$\Z", pattern):
        return None
    inner = pattern[1:-1]
    depth, at, in_class = 0, 0, False
    while at < len(inner):
        char = inner[at]
        if char == "\\":
            at += 1
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and depth == 0:
            return None
        at += 1
    return inner


def admits_nul(pattern: str) -> bool:
    """Return whether a text with U+0000 may match: ``False`` is exact, ``True`` may be a mistake.

    :param pattern: A pattern as :func:`translate` writes it.
    """
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "[":
            end = at + 1
            while pattern[end] != "]":
                end += 2 if pattern[end] == "\\" else 1
            members, negated = pattern[at + 1 : end].removeprefix("^"), pattern[at + 1] == "^"
            if (_NUL_IN_CLASS.search(members) is not None) is not negated:
                return True
            at = end + 1
        elif char == "\\":
            if pattern[at + 1] in "DWS" or _NUL_IN_CLASS.match(pattern, at):
                return True
            at += 2
        else:
            if char == ".":
                return True
            at += 1
    return False


def whole(pattern: str) -> str:
    """Anchor a pattern at both ends, in as few signs as can be read without doubt."""
    if "|" in pattern:
        return f"^(?:{pattern})$"
    inner = pattern.removeprefix("^")
    if re.search(r"(?<!\\)(?:\\\\)*\$\Z", inner):
        inner = inner[:-1]
    return f"^{inner}$"


def printable(pattern: str) -> str:
    """Write the control characters of a pattern, and others that do not show, as escapes."""
    return _UNPRINTABLE.sub(_escaped, pattern)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    named = {9: r"\t", 10: r"\n", 11: r"\v", 12: r"\f", 13: r"\r"}.get(code)
    return named or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def literal(char: str) -> str:
    """Write a character that stands for itself."""
    return "\\" + char if char in _SYNTAX and char != "/" else printable(char)


def in_class(char: str) -> str:
    """Write a character as a member of a class."""
    return "\\" + char if char in r"\]^-[" else printable(char)
