"""The ``shell`` command: an interactive Python with the application at hand.

Floor 7.
"""

from __future__ import annotations

import code
import os
import sys

import click

from .. import context
from .script import with_appcontext


def _run_startup_file(namespace: dict[str, object]) -> None:
    """Run the file of ``PYTHONSTARTUP`` in the shell's namespace, as Python's own interactive mode does."""
    path = os.environ.get("PYTHONSTARTUP")
    if not path or not os.path.isfile(path):
        return

    with open(path, "rb") as file:
        source = file.read()

    # Run in a namespace that starts without the application's names: those must win over the file's afterwards.
    exec(compile(source, path, "exec"), namespace)  # noqa: S102


def _complete_names(namespace: dict[str, object]) -> None:
    """Let the completion of the terminal know the shell's namespace, where there is a terminal with readline."""
    hook = getattr(sys, "__interactivehook__", None)
    if hook is None:
        return

    hook()
    try:
        import readline
        from rlcompleter import Completer
    except ImportError:
        return

    readline.set_completer(Completer(namespace).complete)


@click.command("shell", short_help="Run a shell in the app context.")
@with_appcontext
def shell_command() -> None:
    """Run an interactive Python shell in the context of the application.

    It starts with 'app', 'g' and whatever the application's shell context processors give. The file named by
    PYTHONSTARTUP is run first.
    """
    app = context.current().app
    app.freeze()
    namespace: dict[str, object] = {}
    _run_startup_file(namespace)
    namespace.update(app.make_shell_context())
    _complete_names(namespace)

    code.interact(
        banner=f"Python {sys.version} on {sys.platform}\nApp: {app.import_name}\nInstance: {app.instance_path}",
        local=namespace,
    )
