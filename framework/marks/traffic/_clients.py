"""Keys of clients, by address or by user: limits and idempotency keys distinguish clients by them.

The address is that of the connection. Behind a proxy it is the client's only where ``ProxyFix`` puts it there: headers
such as ``X-Forwarded-For``, which anybody can send, are never read.
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import hashlib
import ipaddress
import typing as t
import uuid

from werkzeug.wsgi import get_host

from ...errors import SetupError
from ..base import Phase, Plan

if t.TYPE_CHECKING:
    from ...context import Context

ClientKey: t.TypeAlias = cabc.Callable[["Context"], "str | None"]
"""A function from the context of a request to who sends it; ``None``: by address."""

By: t.TypeAlias = t.Literal["address", "user"] | ClientKey

_LONGEST = 64


class Address:
    """Tell clients apart by their address.

    :param ipv6_prefix: How many bits of an IPv6 address count, from 1 to 128. Default: 64, since one client has that
        many addresses to choose from.
    :raises SetupError: The prefix is none.
    """

    phase = Phase.LIMIT_ADDRESS

    def __init__(self, ipv6_prefix: int = 64) -> None:
        if not 1 <= ipv6_prefix <= 128:
            raise SetupError(f"{ipv6_prefix!r} is not a length of an IPv6 prefix. Take one from 1 to 128.")
        self.ipv6_prefix = ipv6_prefix
        self._network = functools.lru_cache(maxsize=1024)(functools.partial(network_of, prefix=ipv6_prefix))

    def __repr__(self) -> str:
        return f"Address(ipv6_prefix={self.ipv6_prefix})"

    def __call__(self, ctx: Context) -> str:
        """The key of the client; ``address:`` alone where the server gives none."""
        address: str = ctx.request_environ.get("REMOTE_ADDR") or ""
        return "address:" + (self._network(address) if ":" in address else address)


def network_of(address: str, prefix: int) -> str:
    """The network of an IPv6 address; the address itself for one that only wraps an IPv4 address, or is none."""
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, prefix), strict=False))


class User:
    """Distinguish clients by their user (``ctx.user``); by address where there is none.

    Two users are one only if the same scheme has authenticated them, for the same tenant, with the same class and id.

    :param anonymous: What tells the others apart. Default: :class:`Address`.
    :param tenant: Takes the context and returns for which tenant the request is, where a header or a token says so.
        Default: the setting ``CLIENT_TENANT``.
    """

    phase = Phase.LIMIT_USER

    def __init__(self, anonymous: ClientKey | None = None, *, tenant: ClientKey | None = None) -> None:
        self._anonymous = anonymous or Address()
        self.tenant = tenant

    def __repr__(self) -> str:
        return f"User({self._anonymous!r})"

    def __call__(self, ctx: Context) -> str | None:
        """Return the key of the user."""
        user = ctx.user
        if user is not None:
            scheme, kind = ctx.scheme, type(user)
            # One scheme may know people and robots, each with an id 1.
            return (
                f"user:{'' if scheme is None else scheme.name}:{kind.__module__}.{kind.__qualname__}:{identity(user)}"
            )
        key = self._anonymous(ctx)
        return key if key is None or isinstance(self._anonymous, Address) else f"anonymous:{key}"


def identity(user: object) -> str:
    """Return what a user has that no other has, as text.

    Text, numbers and UUIDs are their own identity; mappings are asked for ``id`` or ``sub``, other objects for their
    attribute ``id``, or for ``get_id()``.

    :raises TypeError: Nothing of that is there.
    """
    plain = _kind(user)
    if plain:
        return f"{plain}:{user}"
    if isinstance(user, cabc.Mapping):
        found = next((user[name] for name in ("id", "sub") if user.get(name) is not None), None)
    else:
        found = getattr(user, "id", None)
        if found is None:
            get_id = getattr(user, "get_id", None)
            found = get_id() if callable(get_id) else None
    plain = _kind(found)
    if not plain:
        raise TypeError(
            f"Cannot tell users apart: an object of type {type(user).__name__!r} has no 'id' that is text, a number or"
            " a UUID. Give the mark a function: by=lambda ctx: ctx.user.number."
        )
    return f"{plain}:{found}"


def _kind(value: object) -> str:
    """The word for a type of identity, so that ``1`` and ``"1"`` are two; empty for what is none."""
    for kind in (str, int, uuid.UUID):
        if isinstance(value, kind):
            return kind.__name__
    return ""


def key_function(by: By, plan: Plan) -> cabc.Callable[[Context], str]:
    """The function of a ``by=``. Where a user's own gives ``None``, the address counts: no client gets round.

    :raises SetupError: It is nothing of the kind.
    """
    if by == "address":
        return Address()
    if by == "user":
        by = User()
    if not callable(by):
        raise SetupError(
            f"{plan.called}: {by!r} tells no clients apart. Give 'address', 'user', or a function that"
            " takes the context and returns text."
        )
    if isinstance(by, Address):
        return by
    if isinstance(by, User):
        return user_function(by, plan)
    ask, address = plan.ensure_sync(by), Address()

    def key(ctx: Context) -> str:
        given = ask(ctx)
        return address(ctx) if given is None else f"key:{given}"

    return key


def user_function(by: User, plan: Plan) -> cabc.Callable[[Context], str]:
    """Return the function from a context to its user, with the tenant, and with the host where hosts are tenants.

    A host that nothing checks is left out: a client could choose another for each request.
    """
    address = Address()
    tenant_of = tenant_function(by, plan)
    by_host = bool(plan.rule.subdomain or plan.rule.host or plan.config["TRUSTED_HOSTS"])

    def key(ctx: Context) -> str:
        given = by(ctx)
        if given is None:
            return address(ctx)
        if ctx.user is None or (tenant_of is None and not by_host):
            return given  # nobody is known: a client could name another tenant for each call
        host = get_host(ctx.request_environ) if by_host else ""
        return f"{host}\n{'' if tenant_of is None else tenant_of(ctx)}\n{given}"

    return key


def tenant_function(by: By, plan: Plan) -> cabc.Callable[[Context], t.Any] | None:
    """Return what names the tenant of a request; ``None`` where there are none."""
    tenant = (by.tenant if isinstance(by, User) else None) or plan.config["CLIENT_TENANT"]
    return None if tenant is None else plan.ensure_sync(tenant)


def phase_of(by: By) -> Phase:
    """Return when a key can be had: by address first of all, by anything else once it is known who asks."""
    if by == "address" or isinstance(by, Address):
        return Phase.LIMIT_ADDRESS
    return Phase.LIMIT_USER


def name_of(by: By) -> str:
    """A word for what tells clients apart."""
    if isinstance(by, str):
        return by
    if isinstance(by, (Address, User)):
        return type(by).__name__.lower()
    name = getattr(by, "__name__", type(by).__name__)
    return "key" if name == "<lambda>" else name


def bounded(key: str) -> str:
    """A key of bounded length: what is longer is hashed."""
    return key if len(key) <= _LONGEST else "sha256:" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
