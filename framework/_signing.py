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

from itsdangerous import HMACAlgorithm, TimestampSigner, URLSafeTimedSerializer


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
    return URLSafeTimedSerializer(
        t.cast("list[str]", [*secret_keys]),
        salt=salt,
        serializer=serializer,
        signer=DerivedKeySigner,
        signer_kwargs={
            "key_derivation": key_derivation,
            "digest_method": digest_method,
            # PERF: a hash function that is no name is called for each block by Python.
            "algorithm": NamedHMAC(name) if name in hashlib.algorithms_guaranteed else None,
        },
    )
