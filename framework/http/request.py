"""The request as HTTP knows it.

Nothing here knows the current application; ``framework.wrappers`` adds what asks the context.
Floor 2: imports nothing of the package.
"""

from __future__ import annotations

from werkzeug.wrappers import Request as _Request


class Request(_Request):
    """werkzeug's request. Its meaning is not changed here."""


def is_json_type(mimetype: str) -> bool:
    """Whether a media type is JSON: ``application/json`` or ``application/*+json`` (RFC 6839, section 3.1).

    :param mimetype: In lower case, without parameters.
    """
    return mimetype == "application/json" or (mimetype.startswith("application/") and mimetype.endswith("+json"))
