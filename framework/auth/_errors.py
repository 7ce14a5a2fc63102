"""The errors of tokens and keys: what clients get, and mistakes in the set-up with file and line.

Floor 7.
"""

from __future__ import annotations

from ..errors import ServiceUnavailable, SetupError
from ..marks.outgoing import caller
from ..texts import message


class AuthenticationUnavailable(ServiceUnavailable):
    """Credentials cannot be checked at the moment. Retry later with the same credentials."""

    description = message("authentication_unavailable.detail")


class TokenRefusal(Exception):
    """A token that is not good; the text says why, for the log, and has nothing of the token in it."""


def setup_error(text: str) -> SetupError:
    """Return the error for a mistake in the set-up, with the line outside of the framework that made it."""
    file, line = caller()
    return SetupError(f"{text} ({file}:{line})" if file else text)
