"""What other people's linters and generators say of the documents.

They are programs of Node; where ``node_modules/.bin`` of the folder named by ``NODE_TOOLS``, or of the working folder,
does not have them the tests are skipped.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

from framework import App
from framework.openapi.document import build, to_json
from sample_api import create_app
from tests.openapi.everything import make_app

VERSIONS = ["3.2.1", "3.1.0", "3.0.3"]


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


def make_sample() -> App:
    """The sample; its document needs no database."""
    return create_app({"SECRET_KEY": "only for tests", "DATABASE_URL": "sqlite://"})


APPS = {"everything": make_app, "sample": make_sample}


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """A version of OpenAPI."""
    return str(request.param)


@pytest.fixture(params=["everything", pytest.param("sample", marks=pytest.mark.extended)])
def folder(request: pytest.FixtureRequest, version: str, tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with the document of an application: of the one that uses everything, or of the sample."""
    document = build(APPS[request.param](), version)
    (tmp_path / "openapi.json").write_text(to_json(document))
    (tmp_path / ".spectral.yaml").write_text('extends: ["spectral:oas"]\n')
    return tmp_path


def test_openapi_spec_validator_finds_nothing(folder: pathlib.Path) -> None:
    """``openapi-spec-validator``, which reads JSON as YAML, takes the document."""
    done = subprocess.run(
        [sys.executable, "-m", "openapi_spec_validator", "openapi.json"], cwd=folder, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_redocly_finds_nothing(folder: pathlib.Path) -> None:
    """``redocly lint`` with its strictest rules has no error and no warning."""
    done = run(folder, "redocly", "lint", "--extends=recommended-strict", "openapi.json")

    assert done.returncode == 0, done.stdout + done.stderr


def test_spectral_finds_nothing(folder: pathlib.Path) -> None:
    """``spectral lint`` has no finding, not even a hint."""
    arguments = ("lint", "openapi.json", "--ruleset", ".spectral.yaml", "--fail-severity", "hint")
    done = run(folder, "spectral", *arguments)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.extended
@pytest.mark.parametrize(
    ("name", "schema"), [("everything", "Pet"), pytest.param("sample", "Comment", marks=pytest.mark.extended)]
)
def test_typescript_compiles_the_generated_types(name: str, schema: str, tmp_path: pathlib.Path) -> None:
    """The types that ``openapi-typescript`` makes of either version compile strictly; an answer's id is no optional."""
    for version in VERSIONS:
        (tmp_path / f"{version}.json").write_text(json.dumps(build(APPS[name](), version)))
        made = run(tmp_path, "openapi-typescript", f"{version}.json", "-o", f"{version}.ts")
        told = (tmp_path / f"{version}.ts").read_text().partition(f"        {schema}: {{")[2].partition("        };")[0]

        assert made.returncode == 0, made.stdout + made.stderr
        assert "warn" not in (made.stdout + made.stderr).lower()
        assert " id: number;" in told

    compiled = run(tmp_path, "tsc", "--strict", "--noEmit", *(f"{version}.ts" for version in VERSIONS))

    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
