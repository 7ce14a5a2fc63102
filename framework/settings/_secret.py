"""``Secret``: a text that no log, traceback or page shows.

Floor 3.
"""

from __future__ import annotations

import hmac
import typing as t

from ..config import MASK


class Secret:
    """A text that is shown as ``***`` wherever it is written, formatted or logged. ``secret.value`` is the text.

    :param value: The text.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError(f"A Secret is a text, not a {type(value).__name__}.")
        self._value = value

    @property
    def value(self) -> str:
        """The text itself."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> t.NoReturn:
        raise TypeError("A Secret is not pickled: it would be written as it is. Pickle what needs it without it.")
