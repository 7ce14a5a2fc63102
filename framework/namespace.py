"""The namespace behind ``g``, and where the active context stands.

Not here: the context itself, and the proxies that lead to it (``context``).
Floor 3: imports nothing of the package at run time.
"""

from __future__ import annotations

import collections.abc as cabc
import contextvars
import typing as t

from .sentinel import MISSING

if t.TYPE_CHECKING:
    from .context import Context

_current: contextvars.ContextVar[Context] = contextvars.ContextVar("framework.context")


class _AppCtxGlobals:
    """The namespace behind ``g``: attributes live as long as the application context.

    Also ``"name" in g`` and ``iter(g)``.
    """

    def __getattr__(self, name: str) -> t.Any:
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: t.Any) -> None:
        self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

    def get(self, name: str, default: t.Any = None) -> t.Any:
        """The attribute ``name``, or ``default``."""
        return self.__dict__.get(name, default)

    def pop(self, name: str, default: t.Any = MISSING) -> t.Any:
        """Take the attribute ``name`` away and return it.

        :raises KeyError: It is not there and no default is given.
        """
        if default is MISSING:
            return self.__dict__.pop(name)
        return self.__dict__.pop(name, default)

    def setdefault(self, name: str, default: t.Any = None) -> t.Any:
        """The attribute ``name``, which becomes ``default`` if it is not there."""
        return self.__dict__.setdefault(name, default)

    def __contains__(self, item: str) -> bool:
        return item in self.__dict__

    def __iter__(self) -> cabc.Iterator[str]:
        return iter(self.__dict__)

    def __repr__(self) -> str:
        ctx = _current.get(None)
        if ctx is not None:
            return f"<framework.g of {ctx.app.name!r}>"
        return object.__repr__(self)
