"""A mistake in the set-up, as a command shows it: the message with file and line, and a traceback only on request.

Floor 7.
"""

from __future__ import annotations

import contextlib
import os
import re
import traceback
import typing as t

import click

from ..config import PACKAGE_DIRECTORY
from ..errors import SetupError
from ..helpers import get_debug_flag
from ..resources.declared import why_empty

if t.TYPE_CHECKING:
    from ..app import App

_CLICK = os.path.dirname(os.path.abspath(click.__file__)) + os.sep
_PLACE = re.compile(r"\S:\d+\b")


def describe(error: SetupError) -> str:
    """The message of a mistake, with the line of the application's code that made it.

    :param error: The mistake. Its own text counts where it names a file and a line.
    """
    text = f"{type(error).__name__}: {error}"
    if _PLACE.search(str(error)):
        return text
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith((PACKAGE_DIRECTORY, _CLICK, "<")):
            return f"{text}\n  at {frame.filename}:{frame.lineno}: {frame.line}"
    return text


def say_why_empty(app: App) -> None:
    """Say on standard error why a document is empty; in debug mode the log has said it."""
    text = "" if app.debug else why_empty(app, app.operations)
    if text:
        click.echo(text, err=True)


@contextlib.contextmanager
def setup_errors() -> t.Iterator[None]:
    """End a command with the message of a :exc:`SetupError`; in debug mode the traceback is shown.

    :raises click.ClickException: There was one.
    """
    try:
        yield
    except SetupError as error:
        if get_debug_flag():
            raise
        raise click.ClickException(f"{describe(error)}\n\nUse '--debug' to see the traceback.") from error
