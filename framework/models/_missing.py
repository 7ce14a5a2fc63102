"""``MISSING``, the value of a member that was not sent, and its type, which annotations name.

At run time it is marshmallow's own ``missing``, so no schema dumps it. Type checkers see an enumeration of one value,
because they narrow a union by ``is not MISSING`` only then.
Floor 0.
"""

from __future__ import annotations

import copyreg
import typing as t

import marshmallow as ma

if t.TYPE_CHECKING:
    import enum

    class Missing(enum.Enum):
        """The type of :data:`MISSING`: ``name: str | Missing = MISSING``."""

        MISSING = "MISSING"

        def __bool__(self) -> t.Literal[False]: ...

    MISSING: t.Final = Missing.MISSING
    """The value of a member that was not sent."""
else:
    Missing = type(ma.missing)
    MISSING = ma.missing

    def _missing() -> Missing:
        return MISSING

    # A pickle of it is the same object again, as ``is MISSING`` demands.
    copyreg.pickle(Missing, lambda value: (_missing, ()))
