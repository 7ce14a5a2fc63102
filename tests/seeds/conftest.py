"""Programs as they are written for Flask, renamed and imported."""

from __future__ import annotations

import importlib.util
import sys
import textwrap

import pytest

from tests.seeds.renaming import renamed


@pytest.fixture
def program(tmp_path):
    """Write a program with its files, rename it, import it: ``program(text, {"templates/x.html": "..."})``."""
    made = []

    def make(text, files=None, name="application"):
        for path, content in (files or {}).items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(content)
        path = tmp_path / f"{name}.py"
        path.write_text(renamed(textwrap.dedent(text)))
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        made.append(name)
        spec.loader.exec_module(module)
        return module

    yield make
    for name in made:
        del sys.modules[name]
