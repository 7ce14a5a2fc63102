"""The body of a request as text and JSON: the steps that run before any schema sees it.

Each refusal has its own answer: 415 for the media type, 413 for the length, 400 for what cannot be parsed.
Not here: schemas (``marks.inputs._parts``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import typing as t

from werkzeug.exceptions import RequestEntityTooLarge

from ... import errors
from ..._sentinel import MISSING
from ...fast import json as fast_json
from ...fast.bounds import MAX_TEXT, shown
from ...fast.collector import LARGE, without_collector
from ...fast.json import NOT_TAKEN
from ...http.reading import check_encoding, declared_length, has_body, media_type, read_body
from ...http.request import is_json_type
from ...http.semantics import FORM_TYPES
from ...texts import MessageText, listed, message
from ..base import Call, Key, Outcome, Phase, Plan, Step
from ..negotiation import consumed
from ..raises import error_outcome
from ._multipart import rules_of

if t.TYPE_CHECKING:
    from ...context import Context
    from ...http.media import MediaType
    from ...wrappers import Request

BODY_READER: t.Final = Key[cabc.Callable[[bytes], object]]("body reader")
"""The function that loads the text of the body for the only schema that reads it, in ``Plan.notes``."""

MEDIA_TYPES: t.Final = Key[tuple[str, ...]]("media types of the body")
"""The media types that all marks of an operation take together, in ``Plan.notes``."""

OTHER: t.Final = Key["MediaType"]("media type other than JSON")
"""The media type of a body that is not JSON, in ``Call.notes``."""


def takes(mimetype: str, media_types: cabc.Collection[str]) -> bool:
    """Return whether a body of a media type is among those that are taken; a JSON type is taken for JSON, but for a
    patch."""
    if mimetype in media_types:
        return True
    return is_json_type(mimetype) and "application/json" in media_types and mimetype != "application/json-patch+json"


def smaller(*limits: int | None) -> int | None:
    """The smallest of several limits, of which each may be absent."""
    return min((limit for limit in limits if limit is not None), default=None)


def too_large(limit: int | None) -> errors.RequestEntityTooLarge:
    """The refusal of a body over ``limit`` bytes."""
    return errors.RequestEntityTooLarge(message("request_entity_too_large.body", limit=limit))


def too_many(error: fast_json.TooManyMembers) -> errors.RequestEntityTooLarge:
    """The refusal of a body of too many members."""
    return errors.RequestEntityTooLarge(message("request_entity_too_large.members", limit=error.limit))


def not_valid(name: str, error: ValueError) -> errors.BadRequest:
    """The refusal of a body that cannot be parsed.

    :param name: What it should be.
    """
    given = error.args[0] if error.args else ""
    reason = given if isinstance(given, MessageText) else shown(str(error), MAX_TEXT)
    refusal = errors.BadRequest(message("bad_request.body", format=name, reason=reason))
    refusal.data = {"messages": {"json": [f"Invalid {name} body."]}, "schema": None, "headers": None}
    return refusal


def media_type_step(plan: Plan, media_types: tuple[str, ...]) -> Step:
    """Refuse a body whose media type no mark reads here, and one by its declared length.

    An empty body has no media type. A length that is not declared is counted while the body is read.
    """
    listing = listed(media_types)
    is_query = plan.method == "QUERY"
    headers = {"Accept": ", ".join(media_types)}
    takes_json = "application/json" in media_types
    codings = tuple(plan.config["REQUEST_ENCODINGS"])
    others = consumed(plan)
    own = max((most for mark in plan.marks if (most := getattr(mark, "max_length", None)) is not None), default=None)
    for_json: int | None = plan.config["MAX_JSON_LENGTH"] if own is None else own
    everywhere = smaller(for_json, plan.config["MAX_CONTENT_LENGTH"]) if own is None else own
    if takes_json:
        plan.json_limit = everywhere

    def check(ctx: Context, call: Call) -> None:
        environ = ctx.request_environ
        length = call.length = declared_length(environ)
        if "HTTP_CONTENT_ENCODING" in environ:
            check_encoding(environ, codings)
        # PERF: the usual header is known at a glance: 0.4 us.
        if not takes_json or environ.get("CONTENT_TYPE") != "application/json":
            given = media_type(environ)
            if is_query and not given:  # RFC 10008, section 2: such a request must fail
                raise errors.BadRequest(message("unsupported_media_type.missing", allowed=listing))
            if not takes(given, media_types) and (is_query or has_body(environ)):
                text = message("unsupported_media_type.missing", allowed=listing)
                if given:
                    text = message("unsupported_media_type.other", allowed=listing, given=shown(given))
                raise errors.UnsupportedMediaType(text, headers=headers)
            if not is_json_type(given) and given not in others:
                call.length = 0
                if own is not None and length != 0:
                    ctx.request.max_content_length = own
                    if (length or 0) > own:
                        raise too_large(own)
                return  # forms have limits of their own
        if length == 0:
            return
        if ctx._request is None and length is not None:
            allowed = everywhere
        else:
            # A hook may have set another limit on the request.
            request = ctx.request
            allowed = smaller(for_json, request.max_content_length) if own is None else own
            if allowed is not None:
                request.max_content_length = allowed
        if allowed is not None and (length or 0) > allowed:
            raise too_large(allowed)

    return Step(Phase.MEDIA_TYPE, check)


def json_step(plan: Plan) -> Step:
    """Read the body, once, and parse it; :data:`MISSING` where there is none."""
    depth: int = plan.config["MAX_JSON_DEPTH"]
    members: int | None = plan.config["MAX_JSON_MEMBERS"]
    reads_environ = plan.reads_environ
    # PERF: where one schema reads the whole body, its text is loaded without being parsed first: 2.2 us against 6.
    load_text = plan.notes.get(BODY_READER)
    keeps_text = plan.method == "QUERY"  # the body says what is asked for, and is part of every key
    others = consumed(plan)
    decode = functools.partial(fast_json.decode, max_depth=depth, max_members=members, exact=True)

    def load_other(call: Call, other: MediaType, text: bytes) -> None:
        try:
            value = other.load(text)
            fast_json.measure(value, depth, members)
        except fast_json.TooManyMembers as error:
            raise too_many(error) from None
        except ValueError as error:
            raise not_valid(other.name, error) from error
        call.body = value
        call.notes[OTHER] = other

    def read(ctx: Context, call: Call) -> None:
        environ = ctx.request_environ
        length = call.length
        if length == 0 or (length is None and not has_body(environ)):
            call.body = MISSING  # no body, or a form where both are taken
            return
        text = read_body(environ, length) if reads_environ and ctx._request is None else None
        if text is None:
            text = ask_request(ctx.request)
        if not text:
            call.body = MISSING
            return
        call.length = len(text)
        if others and (other := others.get(media_type(environ))) is not None:
            load_other(call, other, text)
            return
        is_large = len(text) > LARGE
        if keeps_text:
            call.text = text
        if load_text is not None:
            value = without_collector(load_text, text) if is_large else load_text(text)
            if value is not NOT_TAKEN:
                call.text, call.loaded = text, value
                return
        try:
            call.body = without_collector(decode, text) if is_large else decode(text)
        except fast_json.TooManyMembers as error:
            raise too_many(error) from None
        except fast_json.JSONError as error:
            raise not_valid("JSON", error) from error

    return Step(Phase.BODY, read)


def ask_request(request: Request) -> bytes:
    """The body as the request reads it, under its limit.

    :raises RequestEntityTooLarge: It is longer.
    """
    limit = request.max_content_length
    try:
        text = request.get_data()
    except RequestEntityTooLarge:
        raise too_large(limit) from None
    if limit is not None and len(text) > limit:  # somebody had read it under a larger limit
        raise too_large(limit)
    return text


def body_text(plan: Plan, ctx: Context, limit: int | None) -> bytes:
    """Return the bytes of the body, which stays there to be read.

    :param limit: The greatest number of bytes that are read, unless a hook has read it already.
    :raises RequestEntityTooLarge: It is longer.
    """
    if plan.reads_environ and ctx._request is None:
        environ = ctx.request_environ
        length = declared_length(environ)
        if limit is not None and (length or 0) > limit:
            raise too_large(limit)
        text = read_body(environ, length)
        if text is not None:
            return text
    return ask_request(ctx.request)


def form_step(plan: Plan) -> Step:
    """Parse a form, so that what is wrong with it is answered before any schema sees it."""
    rules = rules_of(plan)

    def read(ctx: Context, call: Call) -> None:
        if media_type(ctx.request_environ) in FORM_TYPES:
            ctx.request.form_rules = rules
            ctx.request.form  # noqa: B018 - parsed and kept; raises 413 for its limits

    return Step(Phase.BODY, read)


def body_steps(plan: Plan, media_types: tuple[str, ...]) -> cabc.Iterator[Step]:
    """The steps for all marks of an operation that read its body; made by the first of them.

    :param media_types: What all of them together take.
    """
    if plan.notes.setdefault(MEDIA_TYPES, media_types) is not media_types:
        return
    yield media_type_step(plan, media_types)
    if any(is_json_type(media_type) for media_type in media_types):
        yield json_step(plan)
    if any(media_type in FORM_TYPES for media_type in media_types):
        yield form_step(plan)


def body_outcomes() -> tuple[Outcome, ...]:
    """Return what reading a body may answer by itself."""
    return tuple(
        error_outcome(cls) for cls in (errors.BadRequest, errors.RequestEntityTooLarge, errors.UnsupportedMediaType)
    )
