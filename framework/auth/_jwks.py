"""``JWKS``: the public keys of another server, kept, and fetched again when they change.

Not here: the request (``auth._fetching``). Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import concurrent.futures
import logging
import os
import ssl
import threading
import time
import typing as t

from ._errors import AuthenticationUnavailable, TokenRefusal, setup_error
from ._fetching import FetchFailed, address_of, fetch
from ._jws import json_object
from ._jwt import MAX_KEYS, texts
from ._keys import ALGORITHMS, Misfit, TokenKey, check_algorithm
from ._off_loop import wait_until_done

logger: t.Final = logging.getLogger("framework.auth")

AFTER_FAILURE: t.Final = 5.0
"""Seconds after a failure until the server is asked again."""
LISTED: t.Final = 100
"""The greatest number of keys in a document."""


class JWKS:
    """The keys at a URL (RFC 7517, section 5): those of an identity provider, mostly.

    They are fetched at the first token, and again in the background when they are older than ``max_age``. A token with
    an unknown ``kid`` makes one more request, at most one in ``cooldown`` seconds, for which all such tokens wait.
    While the server is away the known keys are used for ``stale`` seconds more; then tokens are answered with 503.

    :param url: The address: https, or http on a loopback address. Redirects are not followed.
    :param algorithms: The algorithms that are taken. No shared secrets.
    :param max_age: Seconds after which keys are fetched again. Default: 600.
    :param stale: Seconds for which older keys are used while the server is away. Default: 3600. A key that the server
        takes back in the meantime is good for as long.
    :param cooldown: Seconds between two requests for unknown keys. Default: 30.
    :param timeout: Seconds for one request. Default: 5.
    :param max_length: The longest document, in bytes. Default: 256 KiB.
    :param ssl_context: How the server proves who it is. Default: by the certificates of the system.
    :param clock: Gives the time in seconds.
    :raises SetupError: An argument is not good.
    """

    is_remote = True

    def __init__(
        self,
        url: str,
        *,
        algorithms: cabc.Iterable[str],
        max_age: float = 600,
        stale: float = 3600,
        cooldown: float = 30,
        timeout: float = 5,
        max_length: int = 256 * 1024,
        ssl_context: ssl.SSLContext | None = None,
        clock: cabc.Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address_of(url)
        self.url = url
        self.algorithms = texts("algorithms", algorithms, "the algorithms that are taken, like ['RS256']")
        for algorithm in self.algorithms:
            check_algorithm(algorithm)
            if ALGORITHMS[algorithm][0] == "oct":
                raise setup_error(
                    f"{algorithm} needs a shared secret, and keys at a URL are public. Take the algorithm of the"
                    " server, like 'RS256'."
                )
        for name, value in (("max_age", max_age), ("stale", stale), ("cooldown", cooldown), ("timeout", timeout)):
            if not isinstance(value, (int, float)) or value < (0 if name == "stale" else 0.01):
                raise setup_error(f"Invalid {name!r} of JWKS: {value!r}. Give seconds.")
        self.max_age = max_age
        self.stale = stale
        self.cooldown = cooldown
        self.timeout = timeout
        self.max_length = max_length
        self._ssl = ssl_context
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: tuple[TokenKey, ...] = ()
        self._fetched_at: float | None = None
        self._asked_at: float | None = None
        self._failed = False
        self._flight: concurrent.futures.Future[None] | None = None
        self._pid = os.getpid()

    def __repr__(self) -> str:
        return f"JWKS({self._address.shown!r})"

    def find(self, kid: str | None, algorithm: str) -> list[TokenKey]:
        """Return the keys that may have signed a token.

        :raises AuthenticationUnavailable: The keys cannot be had.
        """
        if not self._is_usable():
            self._wait(self._start(AFTER_FAILURE if self._failed else 0))
            if not self._is_usable():
                raise self._away()
        elif self._age() > self.max_age:
            self._start(AFTER_FAILURE if self._failed else 0)  # not waited for
        found = self._named(kid, algorithm)
        if not found:
            flight = self._start(self.cooldown)
            self._wait(flight)
            found = self._named(kid, algorithm)
            if not found and self._failed:
                raise self._away()
        return found

    def _age(self) -> float:
        return float("inf") if self._fetched_at is None else self._clock() - self._fetched_at

    def _is_usable(self) -> bool:
        return self._age() <= self.max_age + self.stale

    def _named(self, kid: str | None, algorithm: str) -> list[TokenKey]:
        """Return the keys of that name; those of the algorithm where a token names none."""
        return [key for key in self._keys if key.algorithm == algorithm and (kid is None or key.kid == kid)][:MAX_KEYS]

    def _away(self) -> AuthenticationUnavailable:
        return AuthenticationUnavailable(retry_after=round(AFTER_FAILURE))

    def _start(self, pause: float) -> concurrent.futures.Future[None] | None:
        """Ask the server in a thread, or join one that asks; ``None`` where it was asked within the pause."""
        with self._lock:
            if self._pid != os.getpid():  # a fork has no threads of its parent
                self._pid, self._flight = os.getpid(), None
            if self._flight is not None:
                return self._flight
            now = self._clock()
            if self._asked_at is not None and now - self._asked_at < pause:
                return None
            self._asked_at = now
            flight = self._flight = concurrent.futures.Future()
        threading.Thread(target=self._fly, args=(flight,), name="framework-jwks", daemon=True).start()
        return flight

    def _wait(self, flight: concurrent.futures.Future[None] | None) -> None:
        if flight is None:
            return
        try:
            wait_until_done(flight, self.timeout + 1)
        except TimeoutError:  # a name that is looked up for long, for instance
            raise self._away() from None

    def _fly(self, flight: concurrent.futures.Future[None]) -> None:
        try:
            keys = self._parse(fetch(self._address, self.timeout, self.max_length, self._ssl))
        except (FetchFailed, TokenRefusal) as error:
            self._lost(str(error))
        except Exception as error:  # noqa: BLE001 - whoever waits must go on
            self._lost(type(error).__name__)
        else:
            self._found(keys)
        finally:
            with self._lock:
                self._flight = None
            flight.set_result(None)

    def _found(self, keys: tuple[TokenKey, ...]) -> None:
        was_away, self._failed = self._failed, False
        self._keys, self._fetched_at = keys, self._clock()
        if was_away:
            logger.warning("The keys at %s can be fetched again.", self._address.shown)

    def _lost(self, why: str) -> None:
        was_away, self._failed = self._failed, True
        if not was_away:
            left = max(0, self.max_age + self.stale - self._age())
            logger.error(
                "The keys at %s cannot be fetched: %s. Known keys are used for %d seconds more; then requests with a"
                " token are answered with 503. This is logged once.",
                self._address.shown,
                why,
                left,
            )

    def _parse(self, body: bytes) -> tuple[TokenKey, ...]:
        """Return the keys of a document that fit a listed algorithm; others are left out (RFC 7517, section 5).

        :raises TokenRefusal: It is not a document of keys.
        :raises FetchFailed: It has none, or too many.
        """
        listed = json_object(body, "document").get("keys")
        if not isinstance(listed, list) or len(listed) > LISTED:
            raise FetchFailed(f"the document has no list of at most {LISTED} keys")
        found = []
        for jwk in listed:
            if not isinstance(jwk, dict) or "d" in jwk:  # a private key that is published is everyone's
                continue
            for algorithm in sorted(self.algorithms):
                try:
                    found.append(TokenKey.of_jwk(algorithm, jwk))
                except Misfit:
                    continue
        if not found:
            raise FetchFailed("the document has no key for the algorithms that are taken")
        return tuple(found)
