"""The English of the package: how docstrings open."""

from __future__ import annotations

import ast
import pathlib
import re

import framework

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
