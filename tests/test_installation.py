"""How to install: nothing sends anybody to the project of the same name on the public index."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import tomllib
import zipfile
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
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        text = re.sub(r'"\n\s+f?"', "", text)  # one text that is written in two
    assert BY_NAME.findall(text) == []


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


def test_the_wheel_says_what_it_brings(tmp_path: Path) -> None:
    """The wheel has a bill of materials (PEP 770, CycloneDX) of the files of others in it, with their digests."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=300,
    )
    (wheel,) = tmp_path.iterdir()
    with zipfile.ZipFile(wheel) as files:
        (name,) = [each for each in files.namelist() if ".dist-info/sboms/" in each]
        bill = json.loads(files.read(name))
        listed = {
            part["name"]: part["hashes"]
            for component in bill["components"]
            for part in component["components"]
            if component["version"] in component["purl"]
        }
        found = {
            each: [{"alg": "SHA-256", "content": hashlib.sha256(files.read(each)).hexdigest()}]
            for each in files.namelist()
            if "/static/swagger-ui/" in each
        }
    recorded = (ROOT / "framework" / "openapi" / "docs" / "static" / "VENDORED.txt").read_text(encoding="utf-8")
    integrity = re.search(r"sha512-(\S+)", recorded)

    assert name.endswith("vendored.cdx.json")
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert listed == found
    assert integrity is not None
    assert bill["components"][0]["hashes"] == [{"alg": "SHA-512", "content": base64.b64decode(integrity[1]).hex()}]


def test_the_page_lists_the_extras() -> None:
    """Each extra for users is in the table, with the library that it brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (ROOT / "docs" / "installation.rst").read_text(encoding="utf-8")
    for extra, needs in project["optional-dependencies"].items():
        if extra not in {"all", "sample", "test", "dev", "docs", "bench"}:
            library = re.match(r"[\w-]+", needs[0]).group()  # type: ignore[union-attr]
            assert re.search(rf"^``{extra}`` +``{library}``", page, re.MULTILINE), extra
