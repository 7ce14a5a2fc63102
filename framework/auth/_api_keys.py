"""API keys: how they are written, made, verified, replaced and ended.

Not here: where they are kept (``auth._api_key_stores``), their operations (``auth._api_key_router``). Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import datetime as dt
import hashlib
import hmac
import re
import secrets
import string
import time
import typing as t
import zlib

from .._background import always_after_response
from ..context import request_context_or_none
from ..errors import Conflict, NotFound
from ..marks.base import Outcome
from ..marks.raises import raised_by
from ..marks.security import APIKey, Grant
from ..stores.base import PAUSE, StoreAway
from ..texts import message
from ..tokens import TokenExpired, TokenRevoked
from ._errors import AuthenticationUnavailable, setup_error
from ._off_loop import call_users, off_loop

if t.TYPE_CHECKING:
    from ..app import App
    from ..marks.security import SchemeOptions

    Settings: t.TypeAlias = cabc.Mapping[str, t.Any]

_T = t.TypeVar("_T")

EXTENSION: t.Final = "framework.api_keys"
LETTERS: t.Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
ID_LENGTH: t.Final = 16
SECRET_LENGTH: t.Final = 43
"""62 letters to the power of 43 are more than 2 to the power of 256."""
CHECKSUM_LENGTH: t.Final = 6
USED_EVERY: t.Final = 60
"""Seconds for which the time of the last use is not written again."""
MOST_REMEMBERED: t.Final = 10_000
_PREFIX = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_NOBODY = "0" * 64


class APIKeyNotFound(NotFound):
    """No API key has this id."""

    description = message("api_key_not_found.detail")


class APIKeyInactive(Conflict):
    """The API key is expired, revoked or already replaced."""

    description = message("api_key_inactive.detail")


class TooManyAPIKeys(Conflict):
    """The user has as many API keys as allowed. Revoke one first."""

    description = message("too_many_api_keys.detail")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class APIKeyRecord:
    """The stored data of a key, without the key."""

    id: str
    """16 letters, part of the key."""
    hash: str = dataclasses.field(repr=False)
    """The SHA-256 of the key, in hexadecimal digits."""
    name: str
    """Its purpose, in the words of its owner."""
    owner: str
    """The id of the owner."""
    scopes: tuple[str, ...] = ()
    created_at: dt.datetime
    expires_at: dt.datetime | None = None
    """``None``: never."""
    revoked_at: dt.datetime | None = None
    replaced_by: str | None = None
    """The id of the key that takes its place."""
    last_used_at: dt.datetime | None = None
    """At most a minute old."""

    def is_active(self, now: dt.datetime) -> bool:
        """Return whether the key is good."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclasses.dataclass(frozen=True, slots=True)
class CreatedAPIKey:
    """A new key, which is shown once."""

    key: str = dataclasses.field(repr=False)
    record: APIKeyRecord


@t.runtime_checkable
class APIKeyStore(t.Protocol):
    """The place where records of keys are kept. Each method is one atomic step.

    A store that does not answer raises :class:`framework.stores.base.StoreAway`.
    """

    def add(self, record: APIKeyRecord) -> None:
        """Keep a new record."""

    def get(self, key_id: str) -> APIKeyRecord | None:
        """Return a record; ``None`` where there is none."""

    def list(self, owner: str | None, limit: int) -> cabc.Sequence[APIKeyRecord]:
        """Return records, the newest first.

        :param owner: Those of one owner; ``None``: all.
        :param limit: At most so many.
        """

    def revoke(self, key_id: str, at: dt.datetime) -> bool:
        """End a key, unless it was ended before; return whether there is one."""

    def replace(self, key_id: str, expires_at: dt.datetime, new: APIKeyRecord) -> bool:
        """Keep a new record, and let the old one refer to it and expire at a moment, unless it expires before.

        :return: Whether it was done. ``False``: there is no such key, or it was revoked or replaced before.
        """

    def touch(self, key_id: str, at: dt.datetime) -> None:
        """Write when a key was used."""


class APIKeys:
    """The API keys of an application.

    A key reads ``prefix_id_secret``, with a checksum at its end: programs that look for secrets in public code
    recognise it, and a mistyped one is refused without a question to the store. The secret has 256 random bits. Kept is
    its SHA-256 alone: no one can guess such a secret, so no slow hash is needed, which passwords do need.

    :param store: Where the records are kept.
    :param prefix: Letters, digits and ``_`` that name your service, like ``"shop"`` or ``"shop_live"``.
    :param app: The application; see :meth:`init_app`.
    :param clock: Gives the time in seconds since 1970.
    :raises SetupError: The prefix or the store is not good.
    """

    def __init__(
        self,
        store: APIKeyStore,
        *,
        prefix: str,
        app: App | None = None,
        clock: cabc.Callable[[], float] = time.time,
    ) -> None:
        if not isinstance(prefix, str) or len(prefix) > 32 or not _PREFIX.fullmatch(prefix):
            raise setup_error(
                f"Invalid prefix of API keys: {prefix!r}. Give small letters, digits and single '_', 32 at most, like"
                " 'shop_live'."
            )
        if not isinstance(store, APIKeyStore):
            raise setup_error(
                f"{store!r} is not a store of API keys. Give a MemoryAPIKeyStore, a SQLAlchemyAPIKeyStore, or an object"
                " with the methods of framework.auth.APIKeyStore."
            )
        self.store = store
        self.prefix = prefix
        self._clock = clock
        tail = SECRET_LENGTH + CHECKSUM_LENGTH
        self._form = re.compile(rf"{prefix}_([0-9A-Za-z]{{{ID_LENGTH}}})_[0-9A-Za-z]{{{tail}}}")
        self._length = len(prefix) + ID_LENGTH + tail + 2
        self._written: dict[str, float] = {}
        if app is not None:
            self.init_app(app)

    def __repr__(self) -> str:
        return f"APIKeys({self.store!r}, prefix={self.prefix!r})"

    def init_app(self, app: App) -> None:
        """Name the keys of an application, for the command ``framework keys``.

        :raises SetupError: It has others.
        """
        if app.extensions.setdefault(EXTENSION, self) is not self:
            raise setup_error(f"{app.name!r} has API keys already. Give one APIKeys to an application.")

    def scheme(
        self,
        load: cabc.Callable[[APIKeyRecord], object] | None = None,
        key: str = "X-API-Key",
        **options: t.Unpack[SchemeOptions],
    ) -> ManagedAPIKey:
        """Return a security scheme that takes the keys in a header.

        :param load: Called with the record, may be asynchronous. Returns the user, or ``None`` for an owner who is
            gone; the user has the scopes of the key, unless it returns a ``Grant``. Default: the record is the user.
        :param key: The name of the header.
        :param options: See :class:`~framework.marks.security.SchemeOptions`.
        """
        return ManagedAPIKey(self, load, key, **options)

    def create(
        self,
        name: str,
        owner: str,
        *,
        scopes: cabc.Iterable[str] = (),
        expires_in: float | dt.timedelta | None = None,
    ) -> CreatedAPIKey:
        """Make a key.

        :param name: What it is for.
        :param owner: The id of the owner.
        :param scopes: What it is good for.
        :param expires_in: Seconds, or a ``timedelta``. Default: it never expires.
        :raises ValueError: A scope is not one, or it would never be good.
        :raises AuthenticationUnavailable: The store does not answer.
        """
        made = self._made(name, owner, scopes, self._now(), span(expires_in))
        self._ask(self.store.add, made.record)
        return made

    def verify(self, key: str) -> APIKeyRecord | None:
        """Return the record of a key; ``None`` where it is not one of these.

        :raises TokenExpired: Its time is over.
        :raises TokenRevoked: It was ended.
        :raises AuthenticationUnavailable: The store does not answer.
        """
        match = self._form.fullmatch(key) if len(key) == self._length else None
        if match is None or key[-CHECKSUM_LENGTH:] != checksum(key[:-CHECKSUM_LENGTH]):
            return None
        record = self._ask(self.store.get, match[1])
        if not hmac.compare_digest(digest(key), _NOBODY if record is None else record.hash) or record is None:
            return None
        now = self._now()
        if record.revoked_at is not None:
            raise TokenRevoked()
        if not record.is_active(now):
            raise TokenExpired()
        self._used(record, now)
        return record

    def list(self, owner: str | None = None, limit: int = 1000) -> cabc.Sequence[APIKeyRecord]:
        """Return the keys of an owner, or of all, the newest first.

        :raises AuthenticationUnavailable: The store does not answer.
        """
        return self._ask(self.store.list, owner, limit)

    def get(self, key_id: str) -> APIKeyRecord:
        """Return a record.

        :raises APIKeyNotFound: There is none.
        :raises AuthenticationUnavailable: The store does not answer.
        """
        record = self._ask(self.store.get, key_id)
        if record is None:
            raise APIKeyNotFound()
        return record

    def rotate(self, key_id: str, *, overlap: float | dt.timedelta = 86_400) -> CreatedAPIKey:
        """Make a key that takes the place of another: of the same name, owner, scopes and span of life.

        :param key_id: The id of the old key.
        :param overlap: For how long the old key stays good: seconds, or a ``timedelta``. Default: a day.
        :raises APIKeyNotFound: There is no such key.
        :raises APIKeyInactive: It is expired, revoked, or replaced already.
        :raises AuthenticationUnavailable: The store does not answer.
        """
        old, now = self.get(key_id), self._now()
        if not old.is_active(now):
            raise APIKeyInactive()
        lifetime = None if old.expires_at is None else old.expires_at - old.created_at
        made = self._made(old.name, old.owner, old.scopes, now, lifetime)
        until = now + (span(overlap) or dt.timedelta())
        if not self._ask(self.store.replace, key_id, until, made.record):
            raise APIKeyInactive()
        return made

    def revoke(self, key_id: str) -> None:
        """End a key at once.

        :raises APIKeyNotFound: There is no such key.
        :raises AuthenticationUnavailable: The store does not answer.
        """
        if not self._ask(self.store.revoke, key_id, self._now()):
            raise APIKeyNotFound()

    def _made(
        self, name: str, owner: str, scopes: cabc.Iterable[str], now: dt.datetime, lifetime: dt.timedelta | None
    ) -> CreatedAPIKey:
        found = tuple(scopes)
        if isinstance(scopes, str) or not all(isinstance(each, str) and each.split() == [each] for each in found):
            raise ValueError(f"Invalid scopes: {scopes!r}. Give a list of texts without spaces.")
        if not name or not owner:
            raise ValueError("An API key needs a name and an owner.")
        if lifetime is not None and lifetime <= dt.timedelta():
            raise ValueError("An API key cannot expire before it is made. Give a time of more than 0 seconds.")
        key_id = "".join(secrets.choice(LETTERS) for _ in range(ID_LENGTH))
        text = f"{self.prefix}_{key_id}_{letters(secrets.randbelow(62**SECRET_LENGTH), SECRET_LENGTH)}"
        text += checksum(text)
        record = APIKeyRecord(
            id=key_id,
            hash=digest(text),
            name=name,
            owner=owner,
            scopes=found,
            created_at=now,
            expires_at=None if lifetime is None else now + lifetime,
        )
        return CreatedAPIKey(text, record)

    def _used(self, record: APIKeyRecord, now: dt.datetime) -> None:
        """Write when a key was used, after the answer, and at most once a minute."""
        if record.last_used_at is not None and now - record.last_used_at < dt.timedelta(seconds=USED_EVERY):
            return
        moment = now.timestamp()
        if moment - self._written.get(record.id, 0) < USED_EVERY:
            return
        if len(self._written) >= MOST_REMEMBERED:
            self._written.clear()
        self._written[record.id] = moment
        if request_context_or_none() is None:
            self._ask(self.store.touch, record.id, now)
        else:
            always_after_response(self.store.touch, record.id, now)

    def _now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self._clock(), dt.UTC)

    def _ask(self, function: cabc.Callable[..., _T], *arguments: object) -> _T:
        try:
            return off_loop(function, *arguments)
        except StoreAway:
            raise AuthenticationUnavailable(retry_after=max(1, round(PAUSE))) from None


class ManagedAPIKey(APIKey):
    """The scheme of :meth:`APIKeys.scheme`: a key in a header, looked up in a store.

    :param keys: The keys.
    :param load: Returns the user of a record.
    :param key: The name of the header.
    :param options: See :class:`~framework.marks.security.SchemeOptions`.
    """

    def __init__(
        self,
        keys: APIKeys,
        load: cabc.Callable[[APIKeyRecord], object] | None,
        key: str,
        **options: t.Unpack[SchemeOptions],
    ) -> None:
        super().__init__(self._verify, key, **options)
        self.keys = keys
        self.load = load

    def outcomes(self, config: Settings) -> cabc.Iterable[Outcome]:
        """Return what ``load`` declares, and the 503 where the store may not answer."""
        if self.load is not None:
            yield from raised_by(self.load)
        if getattr(self.keys.store, "may_be_away", True):
            yield Outcome(503, error=AuthenticationUnavailable)

    def _verify(self, key: str) -> object:
        record = self.keys.verify(key)
        if record is None:
            return None
        user = record if self.load is None else call_users(self.load, record)
        if user is None or user is False or isinstance(user, Grant):
            return user
        return Grant(user, frozenset(record.scopes))


def letters(number: int, length: int) -> str:
    """Return a number in base 62, with leading zeros."""
    found = []
    for _ in range(length):
        number, rest = divmod(number, 62)
        found.append(LETTERS[rest])
    return "".join(reversed(found))


def checksum(text: str) -> str:
    """Return the CRC-32 of a text in base 62, as scanners for secrets expect it."""
    return letters(zlib.crc32(text.encode("ascii")), CHECKSUM_LENGTH)


def digest(key: str) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(key.encode("ascii")).hexdigest()


def span(value: float | dt.timedelta | None) -> dt.timedelta | None:
    """Return a length of time.

    :raises ValueError: It is less than 0.
    """
    if value is None or isinstance(value, dt.timedelta):
        found = value
    else:
        found = dt.timedelta(seconds=value)
    if found is not None and found < dt.timedelta():
        raise ValueError(f"A length of time cannot be less than 0: {value!r}.")
    return found
