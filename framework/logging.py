"""The application's logger: the standard library's, with a handler where the application has set up none.

Not here: what is logged (``app._app``).
Floor 3.
"""

from __future__ import annotations

import logging
import sys
import typing as t

from werkzeug.local import LocalProxy

from . import context

if t.TYPE_CHECKING:
    from .typing import Application


def _errors_stream() -> t.TextIO:
    ctx = context.request_context_or_none()
    if ctx is None or ctx.environ is None:
        return sys.stderr
    return t.cast(t.TextIO, ctx.environ["wsgi.errors"])


wsgi_errors_stream: t.TextIO = t.cast(t.TextIO, LocalProxy(_errors_stream))
"""The stream of errors: the server's in a request, ``sys.stderr`` elsewhere."""

default_handler: logging.StreamHandler[t.TextIO] = logging.StreamHandler(wsgi_errors_stream)
"""The handler that :func:`create_logger` adds. Remove it with ``app.logger.removeHandler(default_handler)``."""
default_handler.setFormatter(logging.Formatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s"))


def has_level_handler(logger: logging.Logger) -> bool:
    """Return whether some handler, of the logger or of one it hands on to, takes messages of the logger's level.

    :param logger: The logger.
    """
    level = logger.getEffectiveLevel()
    current: logging.Logger | None = logger
    while current is not None:
        if any(handler.level <= level for handler in current.handlers):
            return True
        current = current.parent if current.propagate else None
    return False


def create_logger(app: Application) -> logging.Logger:
    """The logger of an application, named like it.

    In debug mode its level becomes ``DEBUG``, unless one is set. It gets :data:`default_handler`, unless there is a
    handler for its level: so configure logging before the logger is first used.

    :param app: The application.
    """
    logger = logging.getLogger(app.name)
    if app.debug and not logger.level:
        logger.setLevel(logging.DEBUG)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger


def printable(text: str) -> str:
    """Return text for a line of a log: what a client sent neither begins a new line nor moves the cursor.

    :param text: What a client sent. Text that prints as it is stays as it is; in other text each character that does
        not print is escaped as Python writes it.
    """
    return text if text.isprintable() else repr(text)[1:-1]
