"""The value that stands for a value that is not there, where ``None`` is one.

Not here: marshmallow's own ``missing``, which schemas and compiled functions use.
Floor 0.
"""

from __future__ import annotations

import enum
import typing as t


class Missing(enum.Enum):
    """The class of :data:`MISSING`: copies and pickles of it are the same object, and it prints as its name."""

    MISSING = "MISSING"

    def __repr__(self) -> str:
        return self.name


# Any: it is the default of parameters of every type.
MISSING: t.Final[t.Any] = Missing.MISSING
"""No value was given, found or made."""
