"""Python's regular expressions in the words of ECMA-262."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import validate

from framework import fields
from framework.fast.strict._lexical import in_ascii
from framework.openapi.document import Components
from framework.openapi.schema._regexes import together, translate, whole, without_nul

PATTERNS = [
    r"[A-Z]{2}\d+",
    r"\A(?P<year>\d{4})-(?P<month>\d\d)\Z",
    r"^a|b$",
    r"[\w.-]+@[\w]+\.(?:de|fr)",
    r"[]a^-]+",
    r"[^\]\s]*",
    r"a.c",
    r"a{,3}b{2,}c{1}?",
    r"\x41B\U00000043",
    r"a\-b\ c\#d\&e\~f",
    r"\s\S\d\D\w\W\b",
    r"(?=a)a(?!b).(?<=c)",
    r"a/b{c}",
    r"[\b\t\n]",
    r"a{x}",
    r"\.\*\+\?\(\)\[\]\{\}\|\^\$\\",
    r"[a\-z]",
    r"[\[\]&~|-]",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=st.text(alphabet="abcABCdez019 -_.@/{}[]()^$\\&~#\n\t|*+?x", max_size=8))
def test_a_translation_takes_the_same_texts(pattern: str, text: str) -> None:
    """The translated pattern, anchored, takes the texts that the strict pattern takes as a whole."""
    regex = in_ascii(re.compile(pattern))
    translated = translate(regex)
    assert translated is not None
    # ECMA-262 lets nothing follow its "$"; Python calls that "\Z".
    python = re.compile(re.sub(r"(?<!\\)\$", r"\\Z", whole(translated)), re.ASCII)

    assert bool(python.search(text)) is bool(regex.fullmatch(text))


@pytest.mark.parametrize("text", ["abc", "ABC", "aBx", "Z", "z5", "{", "k", "K"])
@pytest.mark.parametrize("pattern", ["abc", "[a-c]+[^y-z]", "[Z]", r"[\w]\d", "[X-c]"])
def test_letters_of_both_cases_are_written_out(pattern: str, text: str) -> None:
    """JSON Schema has no flags: ``re.IGNORECASE`` becomes classes with both letters."""
    regex = in_ascii(re.compile(pattern, re.IGNORECASE))
    translated = translate(regex)

    assert translated is not None
    assert bool(re.fullmatch(translated, text, re.ASCII)) is bool(regex.fullmatch(text))


@pytest.mark.parametrize(
    "pattern",
    [r"(a)\1", r"(?P<x>a)(?P=x)", r"(?i:a)", r"a$b", r"(?>a)", r"a*+", r"[^\S]", r"(a)?(?(1)b|c)", r"(?#x)a", r"\07"],
)
def test_what_has_no_equal_is_not_translated(pattern: str) -> None:
    """Back-references, groups with flags, atomic and conditional groups and the like give no pattern at all."""
    assert translate(re.compile(pattern)) is None


@pytest.mark.parametrize(
    "text", ["ab", "AB", "a\nb", "b\na", "\na", "a\n", "a b", "a\tb", "x#y", "a", "", "aab", "a  "]
)
@pytest.mark.parametrize(
    "pattern",
    [
        "(?i)ab",
        "(?is)a.b",
        "(?m)^a$",
        "(?m)^a$[^c]*^b$|b$\n^a",
        "(?x) a + [ ] b # the end",
        "(?x) a \\  b | x\\#y | [ #] a",
        "(?ix)\n a (?: b )? # a comment with ( in it\n b",
        "(?s)a.b",
    ],
)
def test_flags_are_written_out(pattern: str, text: str) -> None:
    """JSON Schema has no flags: those at the front of a pattern are said by the pattern itself."""
    regex = in_ascii(re.compile(pattern))
    translated = translate(regex)
    assert translated is not None
    python = re.compile(re.sub(r"(?<!\\)\$", r"\\Z", whole(translated)), re.ASCII)

    assert bool(python.search(text)) is bool(regex.fullmatch(text))


@pytest.mark.parametrize("code", [0, 7, 0x1F, 0x7F, 0x80, 0x9F, 0x2028, 0x2029, 0xD800, 0xDFFF, 0xFEFF])
@pytest.mark.parametrize("pattern", ["{}", "[{}a]", "[^{}]", "[{}-\uffdc]"])
def test_a_translation_is_printable(pattern: str, code: int) -> None:
    """What does not show is an escape: readers of YAML refuse control characters, and a surrogate is not UTF-8."""
    regex = re.compile(pattern.format(chr(code)))
    translated = translate(regex)

    assert translated is not None
    assert translated.isprintable()
    for text in (chr(code), "a", "\u3042"):
        assert bool(re.fullmatch(translated, text)) is bool(regex.fullmatch(text))


def test_spaces_are_those_of_ascii() -> None:
    """``\\s`` of ECMA-262 takes every space of Unicode, so the six of ASCII are written out."""
    assert translate(in_ascii(re.compile(r"\s"))) == r"[ \t\n\r\f\v]"
    assert translate(in_ascii(re.compile(r"[\s,]"))) == r"[ \t\n\r\f\v,]"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("a", "^a$"), ("^a$", "^a$"), (r"a\$", r"^a\$$"), (r"a\\$", r"^a\\$"), ("a|b", "^(?:a|b)$"), ("^a", "^a$")],
)
def test_anchors_stand_once(pattern: str, expected: str) -> None:
    """A pattern is anchored at both ends, without doubling anchors that it has."""
    assert whole(pattern) == expected


PAIRED = ["^[ab]*$", "^(?:a|b)b?$", r"^[^\u0000]*$", "^(?:[|(]|a)*$", "^a{2,}$", "^a|b$", "a", r"^a\$", "^(?:.*b)$"]
UNSURE = {"^a|b$", "a", r"^a\$", r"^(a)\1$"}


@pytest.mark.parametrize(("one", "other"), list(itertools.product([*PAIRED, r"^(a)\1$"], repeat=2)))
def test_two_patterns_are_one(one, other):
    """A text has the one pattern if and only if it has both, and what cannot be said for certain is not said."""
    made = together(one, other)
    if made is None:
        assert UNSURE & {one, other}
        return
    for length in range(5):
        for letters in itertools.product("ab|(\0", repeat=length):
            text = "".join(letters)
            assert bool(re.search(made, text)) == bool(re.search(one, text) and re.search(other, text)), (made, text)


@pytest.mark.parametrize("pattern", PAIRED)
def test_a_pattern_without_nul_takes_the_other_texts(pattern):
    """Also one that a part of a text may match."""
    made = without_nul(pattern)
    for letters in itertools.product("ab|\0", repeat=3):
        text = "".join(letters)
        assert bool(re.search(made, text)) == (bool(re.search(pattern, text)) and "\0" not in text), (made, text)


def test_two_patterns_stand_in_one_word():
    """Generators of clients make a class of an ``allOf``."""
    described = Components().field(fields.String(validate=[validate.Regexp("[a-c]+"), validate.Regexp("a.*")]), "input")

    assert described == {"type": "string", "pattern": r"^(?![^\u0000]*\u0000)(?=[a-c]+$)a[^\n]*$"}
