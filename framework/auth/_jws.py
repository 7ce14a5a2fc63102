"""Signed texts: reading the compact form of a JWS (RFC 7515) strictly, and writing it.

Not here: what the claims mean (``auth._jwt``). Floor 7.
"""

from __future__ import annotations

import base64
import binascii
import collections.abc as cabc
import json
import re
import typing as t

from ._errors import TokenRefusal

if t.TYPE_CHECKING:
    from ._keys import TokenKey

    ClaimSet: t.TypeAlias = dict[str, object]

MAX_NAME: t.Final = 256
"""The longest ``kid``, in characters."""
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")


class KeySource(t.Protocol):
    """The keys that tokens are verified with."""

    @property
    def algorithms(self) -> frozenset[str]:
        """The algorithms that are taken."""

    @property
    def is_remote(self) -> bool:
        """True if the keys come from another server."""

    def find(self, kid: str | None, algorithm: str) -> cabc.Sequence[TokenKey]:
        """Return the keys that may have signed a token; mostly one.

        :param kid: The name in the token; ``None`` where it has none.
        :param algorithm: The algorithm in the token, one of ``algorithms``.
        """


class StaticKeys:
    """Keys that the developer has given.

    :param keys: The keys.
    """

    is_remote = False

    def __init__(self, keys: cabc.Iterable[TokenKey]) -> None:
        self.keys = tuple(keys)
        self.algorithms = frozenset(key.algorithm for key in self.keys)

    def __repr__(self) -> str:
        return repr(list(self.keys))

    def find(self, kid: str | None, algorithm: str) -> list[TokenKey]:
        """Return the keys of that name and algorithm; those without a name fit every one."""
        return [
            key
            for key in self.keys
            if key.algorithm == algorithm and (key.kid is None or kid is None or key.kid == kid)
        ]


def read_jws(token: str, keys: KeySource, types: frozenset[str], max_length: int) -> ClaimSet:
    """Return the payload of a token whose signature is good.

    :param token: The compact form.
    :param keys: The keys; they alone say which algorithms are taken.
    :param types: The values of ``typ`` that are taken, in lower case.
    :param max_length: The longest token, in characters.
    :raises TokenRefusal: It is not good.
    """
    if not isinstance(token, str) or len(token) > max_length:
        raise TokenRefusal("too long")
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenRefusal("not three parts")
    header = json_object(decoded(parts[0]), "header")
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in keys.algorithms:
        raise TokenRefusal("an algorithm that is not listed")
    if "crit" in header or "b64" in header:
        raise TokenRefusal("an extension that is not known")  # RFC 7515, section 4.1.11
    if kid is not None and not (isinstance(kid, str) and 0 < len(kid) <= MAX_NAME):
        raise TokenRefusal("kid is not a name")
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in types:
        raise TokenRefusal("another type of token")
    signature = decoded(parts[2])
    message = f"{parts[0]}.{parts[1]}".encode("ascii")
    candidates = keys.find(kid, algorithm)
    if not candidates:
        raise TokenRefusal("no key of that name and algorithm")
    if not any(key.verify(message, signature) for key in candidates):
        raise TokenRefusal("the signature is not good")
    return json_object(decoded(parts[1]), "payload")


def write_jws(claims: cabc.Mapping[str, object], key: TokenKey, kind: str) -> str:
    """Return claims in compact form, signed.

    :param claims: What JSON can hold.
    :param key: A key that can sign.
    :param kind: The value of ``typ``.
    """
    header = {"alg": key.algorithm, "typ": kind, **({"kid": key.kid} if key.kid is not None else {})}
    head, body = (
        encoded(json.dumps(part, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode())
        for part in (header, dict(claims))
    )
    return f"{head}.{body}.{encoded(key.sign(f'{head}.{body}'.encode('ascii')))}"


def encoded(data: bytes) -> str:
    """Return bytes in base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decoded(text: str) -> bytes:
    """Return the bytes of base64url without padding, of which there is one spelling.

    :raises TokenRefusal: It is not that.
    """
    if not _SEGMENT.fullmatch(text):
        raise TokenRefusal("not base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise TokenRefusal("not base64url") from None
    if encoded(data) != text:
        raise TokenRefusal("not base64url as it is written")
    return data


def json_object(data: bytes, part: str) -> ClaimSet:
    """Return a JSON object in UTF-8, with each member once and no number that JSON does not know.

    :raises TokenRefusal: It is not that.
    """
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_members, parse_constant=_no_number)
    except TokenRefusal:
        raise
    except (ValueError, RecursionError):
        raise TokenRefusal(f"the {part} is not JSON") from None
    if not isinstance(value, dict):
        raise TokenRefusal(f"the {part} is not an object")
    return value


def _members(pairs: list[tuple[str, object]]) -> ClaimSet:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise TokenRefusal("a member twice")
    return found


def _no_number(text: str) -> t.NoReturn:
    raise TokenRefusal("a number that JSON does not know")
