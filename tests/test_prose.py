"""The English of the package: how docstrings open."""

from __future__ import annotations

import ast
import pathlib
import re

import framework
from framework.texts import ENGLISH

PACKAGE = pathlib.Path(framework.__file__).parent
IS_NO = re.compile(r"(?<![Tt]here )\bis no (?!longer|greater|such|more|less|other)")
QUESTIONS = {"What", "Whether", "How", "Which", "Who", "Whose", "Where", "When", "Why", "That"}


def test_docstrings_open_with_a_verb_or_a_noun():
    """The docstring of a function begins with a verb, that of a class with a noun; none with a question or a clause."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                words = (ast.get_docstring(node) or "").split()
                if words and words[0].strip("`*,.:;") in QUESTIONS:
                    found.append(f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}")

    assert found == []


def test_messages_say_what_a_value_is_not_in_plain_words():
    """No text says that something "is no" thing: it "is not a" thing, or it is invalid."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise):
                for each in ast.walk(node):
                    if isinstance(each, ast.Constant) and isinstance(each.value, str) and IS_NO.search(each.value):
                        found.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")

    assert found == []


# Words

BANNED = {
    r"stands?(?! for\b)": "is",
    r"told": "reported, known",
    r"beside": "next to, in addition to",
    r"(?<!everything\s)(?<!anything\s)(?<!something\s)(?<!nothing\s)else": "otherwise",
    r"shall": "must",
    r"passe[sd] by|passed over|passing over": "skipped, ignored",
    r"of (?:its|one's|their|your|his) own": "custom, its",
    r"whoever|somebody|nobody": "the client, the caller, no client",
    r"comes? back|came back": "is returned, retries",
    r"is said|are said": "is declared",
    r"the way there": "the path",
    r"holds? for|holds? everywhere|holds? there|holds? here": "applies",
}
"""Words that read as translated, with what an engineer writes."""
WORDS = re.compile("|".join(rf"\b(?:{pattern})\b" for pattern in BANNED), re.IGNORECASE)
QUOTED = re.compile(r":(?:param|ivar) \w+:|``.*?``|`[^`]*`|\"[^\"]*\"|'[^'\s]*'|“[^”]*”", re.DOTALL)
EXCEPTED = "prose: ok"
"""A comment, or a comment of reStructuredText, with this and a reason excepts its line and the next one."""


def prose_of(text: str) -> dict[int, str]:
    """Return the lines of prose of reStructuredText by number, without code, literals, directives and quotations."""
    found: dict[int, str] = {}
    blocked: int | None = None  # the indentation of the line whose block is left out
    shell = False
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        indent = len(line) - len(line.lstrip())
        if not stripped:
            shell = False
            continue
        if blocked is not None:
            if indent > blocked:
                continue
            blocked = None
        if stripped.startswith(">>>") or shell:
            shell = True
            continue
        if re.match(r"\.\. (?!note|warning|tip|glossary|important|seealso)\S*", stripped):
            blocked = indent
            continue
        if stripped.endswith("::") and not stripped.startswith(".. "):
            blocked = indent
        if EXCEPTED in (lines[number - 2] if number > 1 else "") or EXCEPTED in line:
            continue
        found[number] = line
    whole = "\n".join(found.get(number, "") for number in range(1, len(lines) + 1))
    whole = QUOTED.sub(lambda match: "\n" * match[0].count("\n"), whole)
    return dict(enumerate(whole.split("\n"), 1))


def banned_in(text: str, name: str, first: int = 1) -> list[str]:
    """Return where a text has a banned word."""
    return [
        f"{name}:{first + number - 1} {match[0]}"
        for number, line in prose_of(text).items()
        for match in WORDS.finditer(line)
    ]


def texts_of(path: pathlib.Path) -> list[tuple[str, int]]:
    """Return the docstrings of a module, of attributes too, and the texts that it raises, with their lines."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            values = [(each.value, each.lineno) for each in body if isinstance(each, ast.Expr)]
        elif isinstance(node, ast.Raise):
            values = [(each, each.lineno) for each in ast.walk(node) if isinstance(each, ast.Constant)]
        else:
            continue
        found += [
            (value.value, line)
            for value, line in values
            if isinstance(value, ast.Constant) and isinstance(value.value, str)
        ]
    return found


def test_the_docs_use_no_banned_words():
    """The prose of the pages and of the readme has none of the banned words."""
    pages = [*sorted((PACKAGE.parent / "docs").rglob("*.rst")), PACKAGE.parent / "README.rst"]
    found = [
        each
        for path in pages
        for each in banned_in(path.read_text(encoding="utf-8"), str(path.relative_to(PACKAGE.parent)))
    ]

    assert len(pages) > 70
    assert found == []


def test_the_catalogue_uses_no_banned_words():
    """No English text for customers has a banned word."""
    assert [key for key, text in ENGLISH.items() if WORDS.search(QUOTED.sub("", text))] == []


def test_the_code_uses_no_banned_words():
    """No docstring and no message of the package has one of the banned words."""
    found = {
        str(path.relative_to(PACKAGE))
        for path in sorted(PACKAGE.rglob("*.py"))
        for text, line in texts_of(path)
        if banned_in(text, "", line)
    }

    assert found == set()


def test_fields_of_docstrings_begin_with_a_capital():
    """What ``:param x:`` and the like say begins with a capital or a literal."""
    found = {
        str(path.relative_to(PACKAGE))
        for path in sorted(PACKAGE.rglob("*.py"))
        for text, _ in texts_of(path)
        if re.search(r":(?:param|return|raises|ivar)\b[^:\n]*:\s+[a-z]", text)
    }

    assert found == set()


def test_the_words_are_found_in_prose_alone():
    """Code, literals, quotations and excepted lines are left out; the rest is read."""
    text = """Nobody is told.

A ``nobody`` and a "whoever".

>>> nobody
beside

.. code-block:: python

    nobody

.. prose: ok, a proverb
Nobody is perfect.

It stands here, and nothing else.
"""
    assert banned_in(text, "page") == ["page:1 Nobody", "page:1 told", "page:15 stands"]
