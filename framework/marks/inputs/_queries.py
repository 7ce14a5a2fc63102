"""QUERY (RFC 10008): requests that change nothing and say in their body what they ask for.

What lists take from a query string, they take from that body. Not here: which methods are safe (``http.semantics``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import re
import typing as t

from marshmallow import Schema, fields
from werkzeug.http import parse_options_header

from ...fields import AnyField, DelimitedList
from ...fields import String as Text
from ...http.reading import media_type
from ...http.response import set_header
from ...http.semantics import FORM_TYPES
from ...texts import message
from ..base import Body, Header, Phase, ReplyStep
from ._bodies import OTHER

if t.TYPE_CHECKING:
    from ...context import Context
    from ...http.response import Reply
    from ..base import Call

ACCEPT_QUERY: t.Final = "Accept-Query"
_TOKEN: t.Final = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*")


def accept_query(media_types: cabc.Iterable[str]) -> str:
    """Write the value of ``Accept-Query``: a list of media types as a structured field (RFC 10008, section 3)."""
    found = []
    for given in dict.fromkeys(media_types):
        name, options = parse_options_header(given)
        written = [name if _TOKEN.fullmatch(name) else _quoted(name)]
        written += [f"{key.lower()}={_quoted(value)}" for key, value in options.items()]
        found.append(";".join(written))
    return ", ".join(found)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def accept_query_steps(bodies: cabc.Iterable[Body]) -> list[ReplyStep]:
    """Return the step that says on each answer of a QUERY what its body may be written in."""
    value = accept_query(body.media_type for body in bodies)
    if not value:
        return []

    def tell(ctx: Context, call: Call, reply: Reply) -> None:
        set_header(reply, ACCEPT_QUERY, value)

    return [ReplyStep(Phase.HEADERS, tell, errors=True)]


def accept_query_headers(bodies: cabc.Collection[Body]) -> tuple[Header, ...]:
    """Return what :func:`accept_query_steps` adds to the document."""
    return (Header(ACCEPT_QUERY, Text(), message("headers.accept_query")),) if bodies else ()


def query_key(ctx: Context, call: Call) -> bytes:
    """Return what sets the body of a QUERY apart from all others: media type and content (RFC 10008, section 2.7)."""
    environ = ctx.request_environ
    given = media_type(environ)
    if call.text is not None:
        content = call.text
    elif given in FORM_TYPES:
        content = repr(sorted(ctx.request.form.lists())).encode("utf-8", "surrogatepass")
    elif call.notes.get(OTHER) is not None:
        content = repr(call.body).encode("utf-8", "surrogatepass")
    else:
        content = ctx.request.get_data()
    return given.encode("latin-1", "replace") + b"\0" + content


def in_body(schema: Schema) -> Schema:
    """Return the schema of parameters for a body of JSON, where a list is a list and no text with commas."""
    return Schema.from_dict({name: _listed(field) for name, field in schema.fields.items()})()


def _listed(field: AnyField) -> AnyField:
    if not isinstance(field, DelimitedList):
        made = copy.copy(field)
        made.parent = made.root = None
        return made
    return fields.List(
        field.inner,
        validate=field.validators,
        load_default=None if field.load_default == [] else field.load_default,  # it has at least one piece
        required=field.required,
        data_key=field.data_key,
        metadata=field.metadata,
    )
