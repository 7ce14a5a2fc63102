"""Keys that sign and verify: each for one algorithm, checked when it is made.

The library ``joserfc`` is imported when a key is made, not before.
Not here: what is signed (``auth._jws``), keys of other servers (``auth._jwks``). Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t
import warnings

from ..settings import Secret
from ._errors import setup_error

if t.TYPE_CHECKING:
    from joserfc.jwk import Key as JoseKey
    from joserfc.jws import JWSRegistry

    Material: t.TypeAlias = str | bytes | cabc.Mapping[str, object]

ALGORITHMS: t.Final[cabc.Mapping[str, tuple[str, str | None]]] = {
    **{f"HS{bits}": ("oct", None) for bits in (256, 384, 512)},
    **{f"{kind}{bits}": ("RSA", None) for kind in ("RS", "PS") for bits in (256, 384, 512)},
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
"""The algorithms: the type of key and the curve of each (RFC 7518, RFC 8037, RFC 9864)."""

RSA_BITS: t.Final = 2048
"""The smallest RSA key (RFC 7518, section 3.3)."""

_ASYMMETRIC = (b"-----BEGIN", b"---- BEGIN", b"ssh-", b"ecdsa-sha2-")
_NAMES = {"oct": "a secret", "RSA": "an RSA key", "EC": "a key on an elliptic curve", "OKP": "an Edwards key"}


class Misfit(ValueError):
    """A key that cannot be used with its algorithm; the text says why, and shows nothing of the key."""


class TokenKey:
    """A key for one algorithm. No other algorithm is ever used with it, whatever a token says (RFC 8725, section 3.1).

    :param algorithm: ``"HS256"`` to ``"HS512"`` (a shared secret), ``"RS256"``, ``"PS256"``, ``"ES256"``, ... or
        ``"Ed25519"`` (a key pair; ``"EdDSA"`` is its older name).
    :param material: A secret as text or bytes for ``HS...``, as long as the digest at least; a private or public key in
        PEM for the others; or a JWK, as a mapping. A ``Secret`` of the settings is taken for its text.
    :param kid: The name that tokens name it by. Default: that of the JWK. A key without a name is tried for each token
        of its algorithm.
    :raises SetupError: The algorithm is not known, or the key does not fit it.
    :raises ImportError: The library ``joserfc`` is not installed.
    """

    def __init__(self, algorithm: str, material: Material | Secret, *, kid: str | None = None) -> None:
        check_algorithm(algorithm)
        if isinstance(material, Secret):
            material = material.value
        try:
            key = load(algorithm, material)
        except Misfit as error:
            raise setup_error(f"Invalid key for {algorithm}: {error}.") from None
        self._set(algorithm, key, kid)

    def _set(self, algorithm: str, key: JoseKey, kid: str | None) -> None:
        found = key.get("kid")
        self.algorithm = algorithm
        self.kid = kid if kid is not None else found if isinstance(found, str) else None
        self._key = key
        self._method = registry().algorithms[algorithm]

    @classmethod
    def generate(cls, algorithm: str, *, kid: str | None = None) -> TokenKey:
        """Make a new key, for tests and development: it is gone with the process.

        :raises SetupError: The algorithm is not known.
        """
        check_algorithm(algorithm)
        from joserfc.jwk import JWKRegistry

        kind, curve = ALGORITHMS[algorithm]
        size: str | int | None = curve
        if kind == "oct":
            size = int(algorithm[2:])
        elif kind == "RSA":
            size = RSA_BITS
        made = object.__new__(cls)
        made._set(algorithm, JWKRegistry.generate_key(kind, size), kid)
        return made

    @classmethod
    def of_jwk(cls, algorithm: str, jwk: cabc.Mapping[str, object]) -> TokenKey:
        """Make a key of a JWK from elsewhere.

        :raises Misfit: It does not fit.
        """
        made = object.__new__(cls)
        made._set(algorithm, load(algorithm, jwk), None)
        return made

    def __repr__(self) -> str:
        return f"TokenKey({self.algorithm!r}, kid={self.kid!r})"

    @property
    def is_symmetric(self) -> bool:
        """True if who can verify can also sign."""
        return ALGORITHMS[self.algorithm][0] == "oct"

    @property
    def can_sign(self) -> bool:
        """True if it is a secret or a private key."""
        return self._key.is_private

    @property
    def thumbprint(self) -> str:
        """The name of the key by its content (RFC 7638)."""
        return self._key.thumbprint()

    def named(self, kid: str) -> TokenKey:
        """Return the same key by another name."""
        made = object.__new__(TokenKey)
        made._set(self.algorithm, self._key, kid)
        return made

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Return whether a signature is good."""
        return self._method.verify(message, signature, self._key)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        return self._method.sign(message, self._key)

    def public(self) -> dict[str, object]:
        """Return the public part as a JWK (RFC 7517), with ``kid``, ``use`` and ``alg``.

        :raises ValueError: It has none: it is a secret.
        """
        if self.is_symmetric:
            raise ValueError("A shared secret has no public part.")
        jwk: dict[str, object] = dict(self._key.as_dict(private=False))
        jwk.pop("key_ops", None)
        return {**jwk, "kid": self.kid or self.thumbprint, "use": "sig", "alg": self.algorithm}


def registry() -> type[JWSRegistry]:
    """Return the algorithms of the library.

    :raises ImportError: It is not installed.
    """
    try:
        from joserfc.jws import JWSRegistry
    except ImportError as error:
        raise ImportError(
            "Tokens need the library joserfc, which is not installed. Run 'pip install joserfc', or install the extra"
            " 'jwt'."
        ) from error
    return JWSRegistry


def check_algorithm(algorithm: str) -> None:
    """Refuse what is not a known algorithm.

    :raises SetupError: It is not.
    """
    registry()
    if algorithm in ALGORITHMS:
        return
    if isinstance(algorithm, str) and algorithm.lower() == "none":
        raise setup_error(
            "Invalid algorithm 'none': everyone could write such tokens. Take one that signs, like 'ES256'."
        )
    raise setup_error(f"Unknown algorithm {algorithm!r}. Known algorithms: {', '.join(ALGORITHMS)}.")


def load(algorithm: str, material: Material) -> JoseKey:
    """Return a key of the library for an algorithm.

    :raises Misfit: The key does not fit it.
    """
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry, OctKey

    kind = ALGORITHMS[algorithm][0]
    key: JoseKey
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the library warns of is an error below
            if isinstance(material, cabc.Mapping):
                if material.get("kty") != kind:
                    raise Misfit(f"it needs {_NAMES[kind]}, and the JWK is another kind of key")
                key = JWKRegistry.import_key(t.cast("dict[str, str | list[str]]", dict(material)))
            elif not isinstance(material, (str, bytes)) or not material:
                raise Misfit("the key is empty, or neither text, bytes nor a mapping")
            elif kind == "oct":
                key = OctKey.import_key(_secret(material))
            else:
                key = _from_pem(material)
    except Misfit:
        raise
    except (ValueError, TypeError, KeyError, JoseError):
        raise Misfit("the key cannot be read") from None
    check(algorithm, key)
    return key


def _secret(material: str | bytes) -> bytes:
    secret = material.encode() if isinstance(material, str) else material
    if any(marker in secret for marker in _ASYMMETRIC):
        raise Misfit(
            "it is a shared secret, and this is a public or private key; who knows the public key could sign. Give a"
            " random secret, or the algorithm of the key"
        )
    return secret


def _from_pem(material: str | bytes) -> JoseKey:
    """Return the key that a PEM holds.

    :raises Misfit: It is not a PEM.
    """
    from joserfc.jwk import OctKey, import_key

    data = material.encode() if isinstance(material, str) else material
    if b"ENCRYPTED" in data:
        raise Misfit("the PEM is encrypted. Decrypt it first, and give the text")
    if not any(marker in data for marker in _ASYMMETRIC):
        raise Misfit("it needs a key in PEM, '-----BEGIN ...', or a JWK")
    key = import_key(data)
    if isinstance(key, OctKey):
        raise Misfit("the PEM cannot be read")
    return key


def check(algorithm: str, key: JoseKey) -> None:
    """Refuse a key that does not fit its algorithm, or is too weak for it.

    :raises Misfit: It does not.
    """
    kind, curve = ALGORITHMS[algorithm]
    if key.key_type != kind:
        raise Misfit(f"it needs {_NAMES[kind]}, and this is {_NAMES[key.key_type]}")
    if curve is not None and getattr(key, "curve_name", None) != curve:
        raise Misfit(f"it needs the curve {curve}, and the key is on {getattr(key, 'curve_name', 'another')}")
    raw: t.Any = key.raw_value
    if kind == "oct" and len(raw) * 8 < int(algorithm[2:]):
        raise Misfit(
            f"the secret has {len(raw)} bytes, and needs {int(algorithm[2:]) // 8} at least (RFC 7518, section 3.2)"
        )
    if kind == "RSA" and raw.key_size < RSA_BITS:
        raise Misfit(f"the RSA key has {raw.key_size} bits, and needs {RSA_BITS} at least (RFC 7518, section 3.3)")
    if key.get("use") not in (None, "sig"):
        raise Misfit("the JWK is for encryption")
    if key.get("alg") not in (None, algorithm):
        raise Misfit("the JWK is for another algorithm")
    operations = key.get("key_ops")
    if operations is not None and not {"sign", "verify"} & set(operations):
        raise Misfit("the JWK is for another operation")
