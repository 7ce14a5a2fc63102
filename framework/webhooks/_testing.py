"""``signed``: a request as a sender of webhooks makes it, for tests of the receiver.

Floor 7.
"""

from __future__ import annotations

import time
import typing as t
import uuid

from ..errors import SetupError
from ..fast import json as fast_json
from ..http import webhook_signatures as signatures
from ._incoming import keys_of

if t.TYPE_CHECKING:
    from ._incoming import Secrets


class SignedRequest(t.TypedDict):
    """The keyword arguments of a test client's methods."""

    data: bytes
    headers: dict[str, str]
    content_type: str


def signed(
    body: object,
    secret: Secrets,
    *,
    message_id: str | None = None,
    timestamp: float | None = None,
    content_type: str = "application/json",
) -> SignedRequest:
    """Sign a body by Standard Webhooks, for a test client: ``client.post("/hooks", **signed({"a": 1}, secret))``.

    :param body: Bytes, which are sent as they are, or a value that is written as JSON.
    :param secret: The secret, or several: there is one signature by each.
    :param message_id: The id; the same again is the same delivery. Default: a new one.
    :param timestamp: The time of signing, in seconds since 1970. Default: now.
    :param content_type: The media type of the body.
    :raises SetupError: It is not a secret that signs, or not an id.
    """
    text = body if isinstance(body, bytes) else fast_json.encode(body)
    moment = int(time.time() if timestamp is None else timestamp)
    name = f"msg_{uuid.uuid4().hex}" if message_id is None else message_id
    try:
        headers = signatures.sign(text, keys_of(secret, "signed"), name, moment)
    except ValueError as error:
        raise SetupError(f"signed cannot sign: {error}. Give the secret, or the id, that a sender has.") from None
    return {"data": text, "headers": headers, "content_type": content_type}
