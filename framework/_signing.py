"""Signatures of itsdangerous with keys that are derived once, and not for each text that is signed or read.

Imported where the first text is signed: an application without sessions does not need itsdangerous.
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import hashlib
import hmac
import typing as t
import zlib
from binascii import a2b_base64, b2a_base64

from itsdangerous import HMACAlgorithm, TimestampSigner, URLSafeTimedSerializer

_NAMED: t.Final = frozenset(name for name in hashlib.algorithms_guaranteed if not name.startswith("shake"))
"""The hash functions that HMAC can use by their names; the digests of the others have no length."""
_TO_URL: t.Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: t.Final = bytes.maketrans(b"-_", b"+/")


class NamedHMAC(HMACAlgorithm):
    """HMAC by the name of its hash function, which is computed in one call.

    :param name: The name, as hashlib knows it.
    """

    def __init__(self, name: str) -> None:
        super().__init__(functools.partial(hashlib.new, name))
        self.name = name

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Return the signature of a value.

        :param key: The derived key.
        :param value: The text that is signed.
        """
        return hmac.digest(key, value, self.name)


class DerivedKeySigner(TimestampSigner):
    """Signs as ``TimestampSigner`` does, byte for byte."""

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        """Return the key of a signature.

        :param secret_key: The secret key. Default: the newest one.
        """
        # PERF: 5 us for each text that is signed or read.
        secret = self.secret_keys[-1] if secret_key is None else secret_key
        return _derived(secret, self.salt, self.key_derivation, self.digest_method)


@functools.lru_cache(maxsize=64)
def _derived(secret: str | bytes, salt: bytes, key_derivation: str, digest_method: t.Any) -> bytes:
    return TimestampSigner(secret, salt, key_derivation=key_derivation, digest_method=digest_method).derive_key()


class KeptSerializer(URLSafeTimedSerializer):
    """Signs and reads as ``URLSafeTimedSerializer`` does, byte for byte, with one signer that is kept.

    A text that is not as it writes it is left to that class, which says why it is refused.
    """

    # PERF: 6 us to read a short text, where itsdangerous takes 20 and makes a signer; 10 to sign one, with a compressor
    # that has 10 KiB of memory and not 256.

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept = signer = t.cast(TimestampSigner, self.make_signer())
        self._hashes: tuple[tuple[t.Any, t.Any], ...] = ()
        """The two hashes of HMAC for each key, the newest first; empty where the kept signer cannot be used."""
        algorithm = signer.algorithm
        if isinstance(algorithm, NamedHMAC) and self.is_text_serializer and not self.serializer_kwargs:
            keys = [signer.derive_key(secret) for secret in reversed(signer.secret_keys)]
            self._hashes = tuple(_hashes_of(key, algorithm.name) for key in keys)

    def dumps(self, obj: object, salt: str | bytes | None = None) -> str:
        """Return the signed text of a value.

        :param obj: The value.
        :param salt: Another salt than that of the serializer.
        """
        if salt is not None or not self._hashes:
            return super().dumps(obj, salt)
        text: bytes = self.serializer.dumps(obj).encode()
        payload = _encoded(text) if _stays(text) else self._compressed(text)
        stamp = _encoded(self._kept.get_timestamp().to_bytes(8, "big").lstrip(b"\x00"))
        value = b"%b.%b" % (payload, stamp)
        inner, outer = self._hashes[0][0].copy(), self._hashes[0][1].copy()
        inner.update(value)
        outer.update(inner.digest())
        return (b"%b.%b" % (value, _encoded(outer.digest()))).decode()

    @staticmethod
    def _compressed(text: bytes) -> bytes:
        """Return the payload of a text, compressed where that is shorter, by the rule of itsdangerous."""
        shorter = zlib.compress(text)
        return b"." + _encoded(shorter) if len(shorter) < len(text) - 1 else _encoded(text)

    def loads(  # type: ignore[override]  # as that of itsdangerous
        self,
        s: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
        salt: str | bytes | None = None,
    ) -> t.Any:
        """Return the value of a signed text.

        :param s: The text.
        :param max_age: The most seconds since it was signed.
        :param return_timestamp: Return the value and the time when it was signed.
        :param salt: Another salt than that of the serializer.
        :raises itsdangerous.BadSignature: The signature is not valid, or too old.
        """
        if type(s) is str and salt is None and not return_timestamp and s.isascii():
            value, _, signature = s.encode().rpartition(b".")
            payload, _, stamp = value.rpartition(b".")
            for inner, outer in self._hashes:
                inner, outer = inner.copy(), outer.copy()
                inner.update(value)
                outer.update(inner.digest())
                made = b2a_base64(outer.digest(), newline=False).translate(_TO_URL).rstrip(b"=")
                if not hmac.compare_digest(made, signature):
                    continue
                if payload[:1] == b"." or len(stamp) > 10:  # compressed, or with a time that is none
                    break
                try:
                    signed = int.from_bytes(a2b_base64(stamp.translate(_FROM_URL) + b"==="), "big")
                    if max_age is not None and not 0 <= self._kept.get_timestamp() - signed <= max_age:
                        break
                    text = a2b_base64(payload.translate(_FROM_URL) + b"=" * (-len(payload) % 4))
                    return self.serializer.loads(text.decode())
                except Exception:  # noqa: BLE001 - itsdangerous says what it is
                    break
        return super().loads(s, max_age, return_timestamp, salt)


def _hashes_of(key: bytes, name: str) -> tuple[t.Any, t.Any]:
    """Return the inner and the outer hash of HMAC with a key (RFC 2104), to be copied and fed."""
    size = hashlib.new(name).block_size
    padded = (hashlib.new(name, key).digest() if len(key) > size else key).ljust(size, b"\x00")
    return hashlib.new(name, bytes(b ^ 0x36 for b in padded)), hashlib.new(name, bytes(b ^ 0x5C for b in padded))


def _encoded(value: bytes) -> bytes:
    """Return the Base64 of bytes as itsdangerous writes it."""
    return b2a_base64(value, newline=False).translate(_TO_URL).rstrip(b"=")


def _stays(text: bytes) -> bool:
    """Return whether a text is surely not shorter by two bytes when it is compressed."""
    # PERF: 7 us against 80. A text that fits into the window of a small compressor is compressed by it in one block
    # with the same matches, so to the same length; the margin is for other implementations of zlib.
    size = len(text)
    if size > 200:
        return False
    small = zlib.compressobj(wbits=9, memLevel=2)
    return len(small.compress(text)) + len(small.flush()) >= size + 3


@functools.lru_cache(maxsize=16)
def timed_serializer(
    secret_keys: tuple[str | bytes, ...],
    salt: str | bytes,
    serializer: t.Any,
    key_derivation: str,
    digest_method: cabc.Callable[..., object],
) -> URLSafeTimedSerializer:
    """Return what signs values with the time, and reads what it signed.

    :param secret_keys: The secret keys, the newest last.
    :param salt: Keeps the signatures apart from others with the same key.
    :param serializer: Writes and reads the values: ``dumps`` and ``loads``.
    :param key_derivation: How keys are derived, in the words of itsdangerous.
    :param digest_method: The hash function.
    """
    name = getattr(digest_method(), "name", "")
    return KeptSerializer(
        t.cast("list[str]", [*secret_keys]),
        salt=salt,
        serializer=serializer,
        signer=DerivedKeySigner,
        signer_kwargs={
            "key_derivation": key_derivation,
            "digest_method": digest_method,
            # PERF: a hash function that is no name is called for each block by Python.
            "algorithm": NamedHMAC(name) if name in _NAMED else None,
        },
    )
