"""The extension of ``docs/patterns/extensions``, as an installed package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
APP = """
from framework import App
from framework_usage import Usage

usage = Usage()


def create_app():
    app = App(__name__, marks=[usage.mark])
    usage.init_app(app)
    return app
"""


def install(folder):
    """Put the package where an installer would, with what it writes about it."""
    shutil.copy(ROOT / "docs" / "examples" / "framework_usage.py", folder)
    about = folder / "framework_usage-1.0.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: framework-usage\nVersion: 1.0.0\n")
    (about / "entry_points.txt").write_text("[framework.commands]\nusage-price = framework_usage:command\n")
    (folder / "shop.py").write_text(APP)


def test_an_installed_extension_adds_its_command(tmp_path):
    """``framework`` finds the command by the entry point of the package; the application runs with the extension."""
    install(tmp_path)
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{tmp_path}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    framework = [sys.executable, "-W", "error", "-m", "framework", "--app", "shop"]
    options = {"cwd": tmp_path, "env": environ, "capture_output": True, "text": True, "timeout": 60}
    made = subprocess.run([*framework, "usage-price", "250"], **options)
    listed = subprocess.run([*framework, "config"], **options)

    assert (made.returncode, made.stdout) == (0, "3\n"), made.stderr
    assert "USAGE_HEADER" in listed.stdout
