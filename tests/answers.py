"""Answers without what only their own request has: its id."""

from __future__ import annotations

import collections.abc as cabc
import typing as t

HEADER = "X-Request-ID"
MEMBER = "request_id"


def without_id(mapping: cabc.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the headers of an answer, those of its description, or a problem object, without the id of the request.

    The id must be there: a test that compares the rest finds it missing too.
    """
    rest = dict(mapping)
    del rest[HEADER if HEADER in rest else MEMBER]
    return rest


def sent_headers(reply: t.Any) -> list[tuple[str, str]]:
    """Return the headers of an answer in their order, where one word is in the place of the id of the request."""
    assert HEADER in reply.headers
    return [(name, "id" if name == HEADER else value) for name, value in reply.headers]


def same_body(reply: t.Any) -> bytes:
    """Return the body of an answer, where one word is in the place of the id that its header has."""
    return t.cast(bytes, reply.data).replace(reply.headers[HEADER].encode(), b"id")
