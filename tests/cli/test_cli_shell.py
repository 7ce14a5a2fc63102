"""The interactive shell."""

from __future__ import annotations

import pytest

from framework import App
from framework.cli import FrameworkGroup


@pytest.fixture
def shell(runner, monkeypatch):
    monkeypatch.delenv("PYTHONSTARTUP", raising=False)
    app = App("mine")

    @app.shell_context_processor
    def more():
        return {"answer": 42}

    return lambda text: runner.invoke(FrameworkGroup(create_app=lambda: app), ["shell"], input=text).output


def test_the_shell_has_the_application_at_hand(shell):
    """app, g and what the shell context processors give are there, in the application's context."""
    output = shell("print(app.name, answer, g)\nfrom framework import current_app\nprint(current_app.name * 2)\n")

    assert "App: mine" in output
    assert "mine 42 <framework.g of 'mine'>" in output
    assert "minemine" in output


def test_the_startup_file_is_run(shell, write, monkeypatch):
    """PYTHONSTARTUP is run in the shell's namespace; the application's names win over its own."""
    write("start.py", "own = 1\nanswer = 0\n")
    monkeypatch.setenv("PYTHONSTARTUP", "start.py")

    assert "1 42" in shell("print(own, answer)\n")


def test_a_missing_startup_file_is_passed_over(shell, monkeypatch):
    """A PYTHONSTARTUP that does not exist does no harm."""
    monkeypatch.setenv("PYTHONSTARTUP", "nowhere.py")

    assert "42" in shell("print(answer)\n")
