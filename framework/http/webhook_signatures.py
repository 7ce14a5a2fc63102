"""Signatures of Standard Webhooks 1.0: keys, and the three headers that a sender adds and a receiver verifies.

Signed are the id, the time and the body, joined by full stops, with HMAC-SHA256 (``v1``) or Ed25519 (``v1a``). Not
here: which requests are verified (``webhooks._incoming``), which are signed (``marks.outgoing``, ``webhooks``).
Floor 2.
"""

from __future__ import annotations

import base64
import binascii
import collections.abc as cabc
import hashlib
import hmac
import re
import typing as t

if t.TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ID: t.Final = "webhook-id"
TIMESTAMP: t.Final = "webhook-timestamp"
SIGNATURE: t.Final = "webhook-signature"

ID_PATTERN: t.Final = r"[!-\-/-~]{1,256}"
"""Ids: visible ASCII without a full stop, which ends the id in the signed text."""
TIMESTAMP_PATTERN: t.Final = r"[0-9]{1,12}"
MAX_SIGNATURES: t.Final = 16
"""The greatest number of signatures in one header; those behind them are not looked at."""

SHORTEST: t.Final = 24
"""The bytes that a secret in text form has at least, as the specification says."""

_ID = re.compile(ID_PATTERN)
_TIMESTAMP = re.compile(TIMESTAMP_PATTERN)


class SignatureKey(t.Protocol):
    """A key of a signature."""

    version: str
    """The word before its signatures: ``v1`` or ``v1a``."""

    def sign(self, text: bytes) -> bytes:
        """Return the signature of a text.

        :raises ValueError: It is a public key.
        """

    def verifies(self, text: bytes, signature: bytes) -> bool:
        """Return whether a signature is the one of a text, in a time that tells nothing about it."""


class HMACKey:
    """A secret that sender and receiver share.

    :param secret: Its bytes.
    """

    version = "v1"

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return "<HMACKey>"

    def sign(self, text: bytes) -> bytes:
        return hmac.digest(self._secret, text, hashlib.sha256)

    def verifies(self, text: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(self.sign(text), signature)


class Ed25519Key:
    """A key pair of which the sender has both keys and the receiver the public one.

    :param public: The public key.
    :param private: The private one; ``None`` for a receiver.
    """

    version = "v1a"

    def __init__(self, public: Ed25519PublicKey, private: Ed25519PrivateKey | None = None) -> None:
        self._public = public
        self._private = private

    def __repr__(self) -> str:
        return "<Ed25519Key>"

    def sign(self, text: bytes) -> bytes:
        if self._private is None:
            raise ValueError("a public key cannot sign: the key that signs begins with 'whsk_'")
        return self._private.sign(text)

    def verifies(self, text: bytes, signature: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature

        try:
            self._public.verify(signature, text)
        except InvalidSignature:
            return False
        return True


def is_id(text: str) -> bool:
    """Return whether a text can be the id of a message."""
    return _ID.fullmatch(text) is not None


def read_key(secret: str | bytes) -> HMACKey | Ed25519Key:
    """Return the key of a secret as it is written down.

    :param secret: ``whsec_`` and base64 for HMAC, ``whpk_`` or ``whsk_`` and base64 for the public or the private key
        of Ed25519; or bytes, which are the secret itself.
    :raises ValueError: It is none of these. The message shows nothing of it.
    :raises ImportError: It is a key of Ed25519, and the library cryptography is not installed.
    """
    if isinstance(secret, bytes):
        if not secret:
            raise ValueError("it is empty")
        return HMACKey(secret)
    kind, mark, rest = secret.partition("_")
    if not mark or kind not in ("whsec", "whpk", "whsk"):
        raise ValueError("it begins with none of 'whsec_', 'whpk_' and 'whsk_'")
    key = decode_base64(rest)
    if key is None:
        raise ValueError(f"what follows '{kind}_' is not base64")
    if kind != "whsec":
        return _ed25519(kind, key)
    if len(key) < SHORTEST:
        raise ValueError(f"it has {len(key)} bytes, and fewer than {SHORTEST} may be guessed")
    return HMACKey(key)


def _ed25519(kind: str, key: bytes) -> Ed25519Key:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise ImportError(
            "A webhook with a signature of Ed25519 needs the library cryptography, which is not installed. Run 'pip"
            " install cryptography'."
        ) from error
    if kind == "whpk":
        if len(key) != 32:
            raise ValueError("a public key of Ed25519 has 32 bytes")
        return Ed25519Key(ed25519.Ed25519PublicKey.from_public_bytes(key))
    if len(key) not in (32, 64):  # some libraries write the public key behind the private one
        raise ValueError("a private key of Ed25519 has 32 bytes, or 64 with the public one behind it")
    private = ed25519.Ed25519PrivateKey.from_private_bytes(key[:32])
    if key[32:] not in (b"", private.public_key().public_bytes_raw()):
        raise ValueError("its public part does not belong to its private part")
    return Ed25519Key(private.public_key(), private)


def decode_base64(text: str) -> bytes | None:
    """Return the bytes of a text in base64, with or without padding; ``None`` where it is something different."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def signed_text(message_id: str, timestamp: int | str, body: bytes) -> bytes:
    """Return the text that is signed."""
    return b".".join((message_id.encode(), str(timestamp).encode(), body))


def sign(body: bytes, keys: cabc.Iterable[SignatureKey], message_id: str, timestamp: int) -> dict[str, str]:
    """Return the three headers of a message.

    :param body: The body, as it is sent.
    :param keys: Its receiver's keys: there is one signature by each.
    :param message_id: The id of the message, the same in each attempt.
    :param timestamp: The time of this attempt, in seconds since 1970.
    :raises ValueError: A key cannot sign, or the id cannot be one.
    """
    if not is_id(message_id):
        raise ValueError("the id of a webhook has 1 to 256 visible ASCII characters, and no full stop")
    text = signed_text(message_id, timestamp, body)
    signatures = [f"{key.version},{base64.b64encode(key.sign(text)).decode()}" for key in keys]
    return {ID: message_id, TIMESTAMP: str(timestamp), SIGNATURE: " ".join(signatures)}


class Headers(t.NamedTuple):
    """The three headers of a request, well formed; nothing of them is verified."""

    message_id: str
    timestamp: int
    written: str
    """The timestamp as it is written, which is signed."""
    signatures: tuple[tuple[str, bytes], ...]
    """The version and the bytes of each signature."""


def read_headers(message_id: str, timestamp: str, signature: str) -> Headers | None:
    """Return the values of the headers; ``None`` where one is missing or malformed.

    Signatures of other versions are left out: a sender may use newer ones too.
    """
    if not (_ID.fullmatch(message_id) and _TIMESTAMP.fullmatch(timestamp)):
        return None
    found: list[tuple[str, bytes]] = []
    for part in signature.split(" ", MAX_SIGNATURES)[:MAX_SIGNATURES]:
        version, comma, text = part.partition(",")
        decoded = decode_base64(text)
        if comma and decoded:
            found.append((version, decoded))
    return Headers(message_id, int(timestamp), timestamp, tuple(found)) if found else None


def verifies(headers: Headers, body: bytes, keys: cabc.Iterable[SignatureKey]) -> bool:
    """Return whether one of the signatures is one of the keys'.

    Each pair is looked at, also after one that fits: the time says nothing about which it was.

    :param body: The body, exactly as it was received.
    """
    text = signed_text(headers.message_id, headers.written, body)
    fits = False
    for key in keys:
        for version, signature in headers.signatures:
            if version == key.version:
                fits |= key.verifies(text, signature)
    return fits
