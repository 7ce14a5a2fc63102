"""Errors that explain a mistake to a developer, raised in debug mode alone.

Floor 0.
"""

from __future__ import annotations


class DebugFilesKeyError(KeyError, AssertionError):
    """The code reads a file, and the form sent only its name."""

    def __str__(self) -> str:
        return str(self.args[0])


class FormDataRoutingRedirect(AssertionError):
    """The routing redirects a request in a way that loses the form it carries."""
