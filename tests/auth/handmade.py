"""Tokens made by hand, of nothing but ``hmac`` and ``cryptography``: a judge that shares no code with the framework."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER = "https://id.example.org"
AUDIENCE = "https://api.example.org"
SECRET = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def digest(algorithm):
    """The hash of an algorithm."""
    return {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}[algorithm[2:]]()


def new_key(algorithm):
    """A new private key, or a secret."""
    if algorithm.startswith("HS"):
        return SECRET
    if algorithm in CURVES:
        return ec.generate_private_key(CURVES[algorithm]())
    if algorithm in ("EdDSA", "Ed25519"):
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 2048)


def public_pem(key) -> bytes:
    """The public key in PEM."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def private_pem(key) -> bytes:
    """The private key in PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def signature(algorithm, key, message: bytes) -> bytes:
    """The signature of a message."""
    if algorithm == "none":
        return b""
    if algorithm.startswith("HS"):
        return hmac.new(key, message, getattr(hashlib, f"sha{algorithm[2:]}")).digest()
    if algorithm in CURVES:
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(digest(algorithm))))
        size = (key.curve.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    if algorithm in ("EdDSA", "Ed25519"):
        return key.sign(message)
    if algorithm.startswith("PS"):
        pad = padding.PSS(padding.MGF1(digest(algorithm)), digest(algorithm).digest_size)
    else:
        pad = padding.PKCS1v15()
    return key.sign(message, pad, digest(algorithm))


def claims(**changes):
    """The claims of a good token; a changed one that is ``None`` is left out."""
    now = int(time.time())
    found = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": now + 60, "iat": now, "jti": "1", **changes}
    return {name: value for name, value in found.items() if value is not None}


def token(payload=None, *, algorithm="HS256", key=SECRET, sign=None, **header):
    """A token in compact form.

    :param payload: The claims, or the very bytes of the payload.
    :param sign: The algorithm that really signs. Default: the one that the header names.
    """
    head = {"alg": algorithm, "typ": "at+jwt", **header}
    head = {name: value for name, value in head.items() if value is not None}
    data = payload if isinstance(payload, bytes) else json.dumps(claims() if payload is None else payload).encode()
    return raw(json.dumps(head).encode(), data, sign or algorithm, key)


def raw(head: bytes, payload: bytes, algorithm="HS256", key=SECRET):
    """A token of the very bytes of header and payload."""
    message = f"{b64(head)}.{b64(payload)}"
    return f"{message}.{b64(signature(algorithm, key, message.encode()))}"
