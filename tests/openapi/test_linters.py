"""What other people's linters and generators say of the documents.

They are programs of Node; where ``node_modules/.bin`` of the folder named by ``NODE_TOOLS``, or of the working folder,
does not have them the tests are skipped.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess

import pytest

from framework.openapi.document import build
from tests.openapi.everything import make_app

VERSIONS = ["3.1.0", "3.0.3"]


def program(name: str) -> str:
    """The path of a program; skips the test where it is not installed."""
    folder = pathlib.Path(os.environ.get("NODE_TOOLS", ".")) / "node_modules" / ".bin"
    path = folder / name
    if not path.exists():
        pytest.skip(f"no {name}: npm install it, and name the folder in NODE_TOOLS")
    return str(path.resolve() if os.name == "nt" else path.absolute())


def run(folder: pathlib.Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder of its own."""
    return subprocess.run(
        [program(name), *arguments],
        cwd=folder,
        env={**os.environ, "REDOCLY_TELEMETRY": "off"},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(params=VERSIONS)
def folder(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with the document of the application that uses everything."""
    document = build(make_app(), request.param)
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    (tmp_path / ".spectral.yaml").write_text('extends: ["spectral:oas"]\n')
    return tmp_path


def test_redocly_finds_nothing(folder: pathlib.Path) -> None:
    """``redocly lint`` with its strictest rules has no error and no warning."""
    done = run(folder, "redocly", "lint", "--extends=recommended-strict", "openapi.json")

    assert done.returncode == 0, done.stdout + done.stderr


def test_spectral_finds_nothing(folder: pathlib.Path) -> None:
    """``spectral lint`` has no finding, not even a hint."""
    arguments = ("lint", "openapi.json", "--ruleset", ".spectral.yaml", "--fail-severity", "hint")
    done = run(folder, "spectral", *arguments)

    assert done.returncode == 0, done.stdout + done.stderr


def test_typescript_compiles_the_generated_types(folder: pathlib.Path) -> None:
    """The types that ``openapi-typescript`` makes compile strictly, and an answer's id is no optional."""
    made = run(folder, "openapi-typescript", "openapi.json", "-o", "api.ts")
    compiled = run(folder, "tsc", "--strict", "--noEmit", "api.ts")
    pet = (folder / "api.ts").read_text().partition("        Pet: {")[2].partition("        };")[0]

    assert made.returncode == 0, made.stdout + made.stderr
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    assert " id: number;" in pet
