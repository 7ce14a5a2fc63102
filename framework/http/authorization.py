"""The headers of HTTP authentication: what a client sends in ``Authorization``, and the challenges of a 401.

RFC 9110, section 11, with RFC 7617 (Basic) and RFC 6750 (Bearer). Not here: who the credentials belong to
(``marks.security._schemes``).
Floor 2.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import urlsplit

_TOKEN68 = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def is_scheme_name(text: str) -> bool:
    """Return whether a text can be the name of an authentication scheme (RFC 9110, section 11.1)."""
    return _TOKEN.fullmatch(text) is not None


def credentials_of(header: str, scheme: str) -> str | None:
    """Return what a header ``Authorization`` carries for a scheme.

    :param header: The value of the header.
    :param scheme: The name of the scheme in lower case; names of schemes have no case.
    :return: What follows the name, ``""`` when nothing does; ``None`` for another scheme.
    """
    word, _, rest = header.strip(" \t").partition(" ")
    return rest.strip(" \t") if word.lower() == scheme else None


def is_token68(text: str) -> bool:
    """Return whether a text is in the characters of a bearer token (RFC 6750, section 2.1)."""
    return _TOKEN68.fullmatch(text) is not None


def decode_basic(text: str) -> tuple[str, str] | None:
    """Name and password from the credentials of the scheme ``Basic`` (RFC 7617, section 2), in UTF-8.

    :return: ``None`` when they are not well formed: no base64, no UTF-8, no colon, or control characters.
    """
    try:
        pair = base64.b64decode(text.encode("ascii"), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeError):
        return None
    name, colon, password = pair.partition(":")
    return (name, password) if colon and not _CONTROL.search(pair) else None


def challenge(scheme: str, **parameters: str | None) -> str:
    """One challenge for ``WWW-Authenticate`` (RFC 9110, section 11.6.1).

    :param scheme: The name of the scheme.
    :param parameters: By name; ``None`` leaves one out. All are written as quoted strings,
        which ``realm`` must be (section 11.5) and clients understand everywhere. What is no visible ASCII becomes
        ``?``.
    """
    pairs = ", ".join(f'{name}="{quoted(value)}"' for name, value in parameters.items() if value is not None)
    return f"{scheme} {pairs}" if pairs else scheme


def resource_metadata_url(resource: str) -> str:
    """Return the URL of the metadata of a protected resource (RFC 9728, section 3).

    :param resource: The absolute URL of the resource.
    """
    parts = urlsplit(resource)
    return f"{parts.scheme}://{parts.netloc}/.well-known/oauth-protected-resource{parts.path.rstrip('/')}"


def quoted(text: str) -> str:
    """The inside of a quoted string (RFC 9110, section 5.6.4)."""
    plain = re.sub(r"[^\x20-\x7e]", "?", text)
    return plain.replace("\\", "\\\\").replace('"', '\\"')
