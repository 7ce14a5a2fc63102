"""How to install: nothing sends anybody to the project of the same name on the public index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ((".", ("*.rst", "Makefile")), ("docs", ("**/*.rst",)), ("sample_api", ("**/*.rst", "**/*.py")))
TEXTS = sorted(
    path
    for folder, kinds in (
        (".", ("*.rst", "Makefile")),
        ("docs", ("**/*.rst",)),
        ("sample_api", ("**/*.rst", "**/*.py")),
    )
    for kind in kinds
    for path in (ROOT / folder).glob(kind)
)
SOURCES = sorted((ROOT / "framework").rglob("*.py"))
BY_NAME = re.compile(
    r"""(?:pip|pipx|uv|poetry|pdm)\b[^\n`]*?\b(?:install|add)\s[^\n`]*?(?<![\w./-])["']?framework(?![\w.-])(?:\[[\w,-]*\])?["']?(?!\s*(?:\[[\w,-]*\]\s*)?@)"""
)


@pytest.mark.parametrize("path", [*TEXTS, *SOURCES], ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_installed_by_its_mere_name(path: Path) -> None:
    """Docs and messages name a path, a wheel or an address, or the library that is missing."""
    assert BY_NAME.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "pip install framework",
        "pip install 'framework[async]'",
        "pip install framework[a,b] uvicorn",
        "uv add framework",
    ],
)
def test_the_search_finds_what_it_is_for(line: str) -> None:
    """The pattern above is not an empty one, and lets an address pass."""
    assert BY_NAME.search(line)
    assert not BY_NAME.search("pip install './framework-0.2.0-py3-none-any.whl[async]'")
    assert not BY_NAME.search('pip install "framework[async] @ git+https://git.example.com/framework.git"')


def test_the_page_lists_the_extras() -> None:
    """Each extra for users is in the table, with the library that it brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (ROOT / "docs" / "installation.rst").read_text(encoding="utf-8")
    for extra, needs in project["optional-dependencies"].items():
        if extra not in {"all", "sample", "test", "dev", "docs", "bench"}:
            library = re.match(r"[\w-]+", needs[0]).group()  # type: ignore[union-attr]
            assert re.search(rf"^``{extra}`` +``{library}``", page, re.MULTILINE), extra
