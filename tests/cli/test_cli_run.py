"""The options of ``run``, and what reaches the server."""

from __future__ import annotations

import os
import ssl
import sys
import types

import click
import pytest
from werkzeug import serving

from framework import App
from framework.cli import FrameworkGroup, run_command
from framework.cli import run as run_module


@pytest.fixture
def started(monkeypatch):
    """What would be served: the server itself is kept from starting."""
    calls = []
    monkeypatch.setattr(serving, "run_simple", lambda host, port, app, **options: calls.append((host, port, options)))
    return calls


def invoke(runner, *args):
    group = FrameworkGroup(create_app=lambda: App("mine"))
    return runner.invoke(group, list(args))


def test_the_server_starts_plain_without_debug(runner, started):
    """Neither reloader nor debugger run unless debug mode is on."""
    result = invoke(runner, "run")
    host, port, options = started[0]

    assert (host, port) == ("127.0.0.1", 5000)
    assert not options["use_reloader"]
    assert not options["use_debugger"]
    assert options["threaded"]
    assert "Debug mode: off" in result.output


@pytest.mark.parametrize("args", [("run", "--debug"), ("--debug", "run")])
def test_debug_brings_reloader_and_debugger(runner, started, args):
    """--debug may stand before the command or after it."""
    result = invoke(runner, *args)

    assert started[0][2]["use_reloader"]
    assert started[0][2]["use_debugger"]
    assert "Debug mode: on" in result.output


def test_reloader_and_debugger_can_be_chosen(runner, started):
    """Each has a switch of its own that goes before debug mode."""
    invoke(runner, "run", "--debug", "--no-reload", "--no-debugger", "--without-threads")
    invoke(runner, "run", "--no-debug", "--reload", "--debugger")

    assert [call[2]["use_reloader"] for call in started] == [False, True]
    assert [call[2]["use_debugger"] for call in started] == [False, True]
    assert not started[0][2]["threaded"]


def test_variables_set_the_address(runner, started, monkeypatch):
    """FRAMEWORK_RUN_PORT and FRAMEWORK_RUN_HOST are the options' variables."""
    monkeypatch.setenv("FRAMEWORK_RUN_PORT", "8000")
    monkeypatch.setenv("FRAMEWORK_RUN_HOST", "0.0.0.0")
    invoke(runner, "run")

    assert started[0][:2] == ("0.0.0.0", 8000)


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_an_impossible_port_is_refused(runner, started, port):
    """A port is a number from 0 to 65535."""
    result = invoke(runner, "run", "--port", port)

    assert result.exit_code == 2
    assert not started


def test_files_for_the_reloader_are_split(runner, started, write):
    """--extra-files and --exclude-patterns take several, separated as in PATH."""
    invoke(runner, "run", "--extra-files", os.pathsep.join(["a.txt", "b.txt"]), "--exclude-patterns", "*.log")

    assert started[0][2]["extra_files"] == ["a.txt", "b.txt"]
    assert started[0][2]["exclude_patterns"] == ["*.log"]


@pytest.mark.parametrize("order", [("--cert", "--key"), ("--key", "--cert")])
def test_certificate_and_key_come_as_a_pair(order):
    """Both files are given to the server together, in whatever order they were written."""
    ctx = run_command.make_context("run", [order[0], __file__, order[1], __file__])

    assert ctx.params["cert"] == (__file__, __file__)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--cert", __file__], "Required"),
        (["--key", __file__], '"--cert" too'),
        (["--cert", "no_such_file_or_module"], "does not exist"),
        (["--cert", "json"], "does not exist"),
    ],
)
def test_half_a_certificate_is_refused(args, words):
    """A certificate file needs its key, and the other way round; other names must be SSL contexts."""
    with pytest.raises(click.BadParameter, match=words):
        run_command.make_context("run", args)


def test_a_certificate_on_the_fly_needs_cryptography(monkeypatch):
    """--cert adhoc says which library is missing, and takes no key."""
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(click.BadParameter, match="pip install cryptography"):
        run_command.make_context("run", ["--cert", "adhoc"])

    monkeypatch.setitem(sys.modules, "cryptography", types.ModuleType("cryptography"))

    assert run_command.make_context("run", ["--cert", "adhoc"]).params["cert"] == "adhoc"
    with pytest.raises(click.BadParameter, match="Not used"):
        run_command.make_context("run", ["--cert", "adhoc", "--key", __file__])


def test_an_ssl_context_can_be_imported(monkeypatch):
    """--cert takes the import name of a context, and then no key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    monkeypatch.setitem(sys.modules, "holder", types.SimpleNamespace(context=context))

    assert run_command.make_context("run", ["--cert", "holder:context"]).params["cert"] is context
    with pytest.raises(click.BadParameter, match="Not used"):
        run_command.make_context("run", ["--cert", "holder:context", "--key", __file__])


def test_a_python_without_ssl_is_told(monkeypatch):
    """--cert says why it cannot work."""
    monkeypatch.setitem(sys.modules, "ssl", None)

    with pytest.raises(click.BadParameter, match="SSL"):
        run_command.make_context("run", ["--cert", __file__])


def test_an_error_after_a_reload_waits_for_requests(runner, started, monkeypatch, write, capsys):
    """The reloader's process lives on although the application cannot be imported; each request raises the error."""
    served = []
    monkeypatch.setattr(serving, "run_simple", lambda host, port, app, **options: served.append(app))
    monkeypatch.setattr(run_module, "is_running_from_reloader", lambda: True)
    write("failing3.py", "1 / 0\n")
    result = runner.invoke(FrameworkGroup(), ["--app", "failing3", "run", "--debug"])

    assert result.exit_code == 0
    assert "ZeroDivisionError" in result.stderr
    with pytest.raises(ZeroDivisionError):
        served[0]({}, lambda status, headers: None)


def test_an_error_at_the_first_start_ends_the_command(runner, started, write):
    """Nothing is served when the application cannot be imported."""
    write("failing4.py", "1 / 0\n")
    result = runner.invoke(FrameworkGroup(), ["--app", "failing4", "run", "--debug"])

    assert result.exit_code == 2
    assert not started


@pytest.mark.parametrize(
    ("server_name", "args", "address"),
    [
        (None, (), ("127.0.0.1", 5000)),
        ("api.example:80", (), ("api.example", 80)),
        ("api.example", (), ("api.example", 5000)),
        ("api.example:0", (), ("api.example", 0)),
        ("api.example:80", ("0.0.0.0", 0), ("0.0.0.0", 0)),
        ("api.example:80", (None, 9), ("api.example", 9)),
        (None, ("", 80), ("127.0.0.1", 80)),
    ],
)
def test_app_run_takes_its_address_from_the_server_name(started, server_name, args, address):
    """App.run listens where it is told, else where SERVER_NAME says, else on port 5000 of this machine."""
    app = App("mine")
    app.config["SERVER_NAME"] = server_name
    app.run(*args, load_dotenv=False)

    assert started[0][:2] == address


def test_app_run_follows_debug_mode(started):
    """debug=True brings reloader and debugger, options of one's own go before."""
    app = App("mine")
    app.run(debug=True, load_dotenv=False)
    app.run(use_reloader=False, load_dotenv=False)
    app.run(debug=False, load_dotenv=False)

    assert [call[2]["use_reloader"] for call in started] == [True, False, False]
    assert [call[2]["use_debugger"] for call in started] == [True, True, False]


def test_app_run_reads_the_variables(started, write, monkeypatch):
    """FRAMEWORK_DEBUG of a file counts, unless the files are not wanted."""
    write(".env", "FRAMEWORK_DEBUG=1\n")
    first, second = App("mine"), App("mine")
    first.run(load_dotenv=False)
    second.run()

    assert not first.debug
    assert second.debug


def test_app_run_is_passed_over_below_a_command(started, monkeypatch, capsys):
    """A module that calls App.run while a command imports it must not start a second server."""
    monkeypatch.setenv("FRAMEWORK_RUN_FROM_CLI", "true")
    App("mine").run()

    assert not started
    assert "Ignoring" in capsys.readouterr().err
