"""The store of an application for ended tokens and sessions, behind a circuit breaker.

Not here: what is kept there (``auth._blocklist``, ``auth._sessions``). Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from .. import context
from ..marks.traffic import guard_of, once, redis_store, store_url
from ..stores.base import PAUSE, Store, StoreAway
from ..stores.memory import MemoryStore
from ..stores.redis import RedisStore
from ._errors import AuthenticationUnavailable, setup_error
from ._off_loop import off_loop

if t.TYPE_CHECKING:
    from ..config import Config
    from ..typing import Application

_T = t.TypeVar("_T")

MAX_ENTRIES: t.Final = 100_000
"""The greatest number of entries in the memory of a process."""
CONSEQUENCE: t.Final = "Requests with a token are answered with 503."


class AuthStore:
    """A store, or the one of the settings: ``AUTH_STORE_URL``, otherwise ``STORE_URL``, otherwise the process's memory.

    :param own: The store; ``None``: that of the settings.
    """

    def __init__(self, own: Store | None = None) -> None:
        if own is not None and not isinstance(own, Store):
            raise setup_error(
                f"{own!r} is not a store. Give a MemoryStore, a RedisStore, or an object with the methods of"
                " framework.stores.base.Store; a URL belongs into the setting AUTH_STORE_URL."
            )
        self.own = own

    def may_be_away(self, config: Config) -> bool:
        """Return whether it may not answer."""
        if self.own is not None:
            return not isinstance(self.own, MemoryStore)
        return store_url(config, "AUTH") is not None

    def opened(self) -> Store:
        """Return the store for the current application."""
        return self.own if self.own is not None else _from_settings(context.current().app)

    def ask(self, function: cabc.Callable[..., _T], *arguments: object) -> _T:
        """Call a function that asks the store, off an event loop.

        :raises AuthenticationUnavailable: The store does not answer.
        """
        store = self.opened()
        if isinstance(store, MemoryStore):
            return function(store, *arguments)
        app = context.current().app
        guard = guard_of(app, store, CONSEQUENCE)

        def call() -> _T:
            return guard.run(app.logger, function, store, *arguments)

        try:
            return off_loop(call)
        except StoreAway:
            raise AuthenticationUnavailable(retry_after=max(1, round(PAUSE))) from None

    def read(self, keys: cabc.Sequence[str]) -> list[bytes | None]:
        """Return the values of several keys, from one Redis in one step.

        :raises AuthenticationUnavailable: The store does not answer.
        """
        return self.ask(_read, keys)


def _read(store: Store, keys: cabc.Sequence[str]) -> list[bytes | None]:
    if isinstance(store, RedisStore) and not store.is_cluster and len(keys) > 1:
        return t.cast("list[bytes | None]", store.ask("MGET", *(store.prefix + key for key in keys)))
    return [store.get(key) for key in keys]


def _from_settings(app: Application) -> Store:
    url = store_url(app.config, "AUTH")
    if url is not None:
        return redis_store(app, url)
    return once(app, "auth", lambda: MemoryStore(MAX_ENTRIES))
