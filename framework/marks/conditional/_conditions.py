"""The tags of an operation with an ``etag`` mark, and the conditions of a request that are compared with them.

:class:`PreconditionGuard` is made once per operation, :class:`Check` once per request; it is on the context for
``check_etag`` and ``set_etag``. Not here: the mark and its document (``marks.conditional._etags``), what
conditions mean (``http.conditional``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import decimal
import enum
import typing as t
import uuid

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from ..._sentinel import MISSING
from ...errors import BadRequest, PreconditionFailed, PreconditionRequired
from ...fast.dump import NOTHING, is_collection, kind_of
from ...http.conditional import (
    NO_CONDITIONS,
    Conditions,
    Tag,
    Verdict,
    digest,
    headers_for_304,
    read_conditions,
    to_http_date,
)
from ...http.response import PreparedResponse, body_of, header_of, header_pairs_of, set_header
from ...http.semantics import BODILESS, READS
from ...texts import message
from ..base import REPLAY, REPRESENTATION_HEADERS, Call, Plan
from ..inputs import query_key
from ..responses import ResponseMark, encoder, is_response, unpack
from ..schemas import SchemaLike, as_schema
from ..traffic import identity
from ._tags import Getter, getter, same_state, tag_on, text_of

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ...context import Context
    from ...http.response import Reply

NOT_NAMED = message("precondition_required.etag")
CHANGED = message("precondition_failed.changed")
_VALUES = (dt.date, dt.time, dt.timedelta, decimal.Decimal, uuid.UUID, enum.Enum)
"""The types of values that have attributes and are not objects."""


class NotModified(HTTPException):
    """Ends a handler with the 304 that :func:`set_etag` has found out about; no error, and no handler takes it."""

    code = None


class PreconditionGuard:
    """The preconditions of an operation: found, compared and answered.

    :param plan: The operation in the making.
    :param version: Gives what changes whenever the representation does; ``None`` for tags of the bytes that leave.
    :param last_modified: Gives when the object was last changed.
    :param weak: Whether tags are weak.
    :param guards: Whether a write is checked.
    :param required: Whether it must carry a condition.
    :param create: Whether the operation makes what is not there.
    """

    def __init__(
        self,
        plan: Plan,
        version: Getter | None,
        last_modified: Getter | None,
        *,
        weak: bool,
        guards: bool,
        required: bool,
        create: bool,
    ) -> None:
        self.plan = plan
        self.safe = plan.method in READS
        self.version = None if version is None else getter(version)
        self.last_modified = None if last_modified is None else getter(last_modified)
        self._asks_object = callable(version) or callable(last_modified)
        self.weak = weak
        self.guards = guards
        self.required = required
        self.create = create
        self._told = False
        self._learned: Learned | None = None

    # The steps.

    def begin(self, ctx: Context, call: Call) -> None:
        """Phase ``IF_MATCH``: read the conditions.

        :raises BadRequest: One is malformed.
        :raises PreconditionRequired: There is none, and the operation wants one.
        """
        conditions = NO_CONDITIONS
        if self.safe or self.guards:
            try:
                conditions = read_conditions(ctx.request_environ)
            except ValueError as error:
                raise BadRequest(error.args[0]) from None
        # To make what is not there one condition is good as well: that nothing is there.
        if self.required and conditions.if_match is ... and not (self.create and conditions.if_none_match is None):
            raise PreconditionRequired(NOT_NAMED)
        ctx.conditional = Check(self, call, conditions)

    def ignore(self, ctx: Context, call: Call) -> None:
        """Accept the call and do nothing, where tags are switched off."""
        ctx.conditional = Check(self, call, None)

    def decide(self, ctx: Context, call: Call) -> Reply | None:
        """Phase ``PRECONDITION``: judge by the object that was loaded, before the handler is called.

        :raises PreconditionFailed: The client means another state.
        """
        check = t.cast(Check, ctx.conditional)
        found = call.object
        if found is None or self.version is None or REPLAY in call.notes:
            return None
        state = text_of(self.read(self.version, found))
        check.before = state
        check.tag = tag = self.tag(ctx, call, state)
        verdict = check.judge(tag, self.modified(found))
        return PreparedResponse(304, [("ETag", str(tag))], b"") if verdict is Verdict.NOT_MODIFIED else None

    def look_at(self, ctx: Context, call: Call, value: object) -> t.Any:
        """Phase ``HANDLER``: judge by what the handler returned, before it is dumped.

        :raises PreconditionFailed: The client means another state.
        """
        check = t.cast(Check, ctx.conditional)
        if check.checked or check.conditions is NO_CONDITIONS:
            return None
        data, status, headers = unpack(value)
        found = MISSING if status not in (None, 200) or is_response(data) else t.cast(t.Any, self.version)(data)
        if found is MISSING:
            return None
        check.tag = tag = self.tag(ctx, call, text_of(found))
        if check.judge(tag, self.modified(data)) is Verdict.NOT_MODIFIED:
            return PreparedResponse(304, [*headers_for_304(Headers(headers or ())), ("ETag", str(tag))], b"")
        return None

    def note(self, ctx: Context, call: Call, value: object) -> None:
        """Phase ``HANDLER``: a write was carried out, and not answered by an earlier step."""
        t.cast(Check, ctx.conditional).called = True

    def finish(self, ctx: Context, call: Call, reply: Reply) -> Reply | None:
        """Phase ``ETAG``: name the version of the answer, and send a 304 where the client has it.

        :raises PreconditionFailed: A GET was to be answered for another version alone.
        """
        check = t.cast(Check, ctx.conditional)
        status = reply.status_code
        if not self.safe:
            if 200 <= status < 300:
                self._finish_write(ctx, call, check, reply)
            return None
        if status != 200:
            return None
        if header_of(reply, "ETag") is not None:
            tag = tag_on(reply)
        else:
            tag = check.tag or self._tag_of_answer(ctx, call, reply)
            if tag is not None:
                set_header(reply, "ETag", str(tag))
        modified = self._date_of_answer(call, reply)
        if check.conditions is NO_CONDITIONS:
            return None
        if check.judge(tag, modified) is Verdict.NOT_MODIFIED:
            headers = headers_for_304(header_pairs_of(reply))
            if isinstance(reply, BaseResponse):
                reply.close()
            return PreparedResponse(304, headers, b"")
        return None

    def _finish_write(self, ctx: Context, call: Call, check: Check, reply: Reply) -> None:
        """Name the new version; warn where the conditions were not checked."""
        if check.called and not check.checked and (self.required or check.conditions is not NO_CONDITIONS):
            self._warn(ctx, reply.status_code)
        if header_of(reply, "ETag") is not None or REPLAY in call.notes:
            return  # what is there now says nothing of an answer that was kept
        if reply.status_code in BODILESS:
            # A handler that says it knows which state it has left; nothing else does (RFC 9110, section 15.3.5).
            if (
                check.is_set
                and check.tag is not None
                and reply.status_code == 204
                and self.plan.method in ("PUT", "PATCH")
            ):
                set_header(reply, "ETag", str(check.tag))
            return
        if self.plan.method == "POST" and reply.status_code != 201 and not check.is_set:
            return  # the answer to an action is not a representation of what the address names
        tag = check.tag if check.is_set else self._tag_of_answer(ctx, call, reply, before=check.before)
        if tag is not None:
            set_header(reply, "ETag", str(tag))
            self._date_of_answer(call, reply)

    def _warn(self, ctx: Context, status: int) -> None:
        name = self.plan.called
        message = (
            f"{name} answered {status} without having looked at the conditions of the request ({self.plan.method} with"
            " If-Match): what another client has written meanwhile is lost."
        )
        remedy = (
            "Call check_etag(data) in it before anything is written; or load the object with @loads and give"
            " @etag(version=...), which looks by itself."
        )
        ctx.warnings = [*(ctx.warnings or ()), (message, remedy)]
        if not self._told and not ctx.app.watched:
            self._told = True
            ctx.app.logger.error("%s %s This is logged once per operation.", message, remedy)

    # Tags and dates.

    def tag(self, ctx: Context, call: Call, state: str) -> Tag:
        """The tag of a state, for the representation that the request selects."""
        if self.safe:
            environ = ctx.request_environ
            selects = [environ.get(key, "").encode("latin-1") for key in self.learned(ctx, call).keys]
            if self.plan.method == "QUERY":
                selects.append(query_key(ctx, call))
            if ctx.user is not None:
                # At one address two users may see two things, which have a version of 1 each.
                selects.append(whose(ctx.user).encode("utf-8", "surrogatepass"))
            if any(selects):
                # The state comes first and is compared alone where a write is guarded: every representation of a
                # state shows that the client has seen it.
                state = f"{state}-{digest(*selects)[:12]}"
        return Tag(state, self.weak)

    def tag_of_body(self, body: bytes, content_type: str | None) -> Tag:
        """The tag of bytes. Of two media types with the same bytes each has its own (RFC 9110, section 8.8.3)."""
        if content_type is None or content_type == "application/json":
            return Tag(digest(body), self.weak)
        return Tag(digest(content_type.encode(), body), self.weak)

    def tag_of_data(self, ctx: Context, call: Call, data: object, schema: SchemaLike | None) -> Tag:
        """The tag that an answer with this data has: what ``check_etag`` and ``set_etag`` are given."""
        if schema is None and self.version is not None:
            return self.tag(ctx, call, text_of(self.read(self.version, data)))
        learned = self.learned(ctx, call)
        if schema is None:
            if not learned.shows(data):
                return Tag(text_of(data), self.weak)
            return self.tag_of_body(learned.encode(data), learned.media_type)
        instance = as_schema(schema)
        for mark in self.plan.marks:  # one of a version has another shape of it
            instance = getattr(mark, "as_schema", as_schema)(instance)
        # An instance that is made for this call alone is not worth compiling.
        compiled = self.plan.fast and (isinstance(schema, type) or instance in learned.schemas)
        return self.tag_of_body(encoder(self.plan, instance, fast=compiled)(data), learned.media_type)

    def _tag_of_answer(self, ctx: Context, call: Call, reply: Reply, before: str | None = None) -> Tag | None:
        if self.version is None:
            body = body_of(reply)
            if body is None:
                return None
            tag = self.tag_of_body(body, header_of(reply, "Content-Type"))
            told = [header_of(reply, name) for name in self.plan.notes.get(REPRESENTATION_HEADERS) or ()]
            if any(told):
                tag = Tag(digest(tag.text.encode(), *[str(each).encode() for each in told]), self.weak)
            return tag
        value = self._subject(call)
        if value is None or is_response(value):
            return None
        found = MISSING if value is call.object else self.version(value)
        if found is MISSING and call.object is not None:
            # The handler may have changed the object, or have written past it: then the state is not known.
            found = self.version(call.object)
            if found is not MISSING and text_of(found) == before:
                return None
        if found is MISSING and self.safe:
            self.read(self.version, value)
        return None if found is MISSING else self.tag(ctx, call, text_of(found))

    def read(self, get: cabc.Callable[[object], t.Any], found: object) -> t.Any:
        """Return what a getter finds.

        :raises TypeError: The object has no such attribute.
        """
        value = get(found)
        if value is MISSING:
            raise TypeError(
                f"etag of {self.plan.called} ({self.plan.address}) found no version"
                f" on {type(found).__name__!r}: it has not all the attributes that 'version' names. Return or load an"
                " object that has them, or give 'version' a function that takes what is returned or loaded."
            )
        return value

    def modified(self, found: object) -> dt.datetime | None:
        """Return when an object was last changed, in whole seconds and not in the future; ``None`` where it does not
        say."""
        value = MISSING if self.last_modified is None else self.last_modified(found)
        if value is MISSING or value is None:
            return None
        if not isinstance(value, dt.datetime):
            raise TypeError(f"etag of {self.plan.called} wants a datetime from 'last_modified', and got {value!r}.")
        moment = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value
        return min(moment, dt.datetime.now(dt.UTC)).replace(microsecond=0)

    def _date_of_answer(self, call: Call, reply: Reply) -> dt.datetime | None:
        """Say when what is answered was last changed."""
        if self.last_modified is None:
            return None
        modified = self.modified(self._subject(call))
        if modified is None and call.object is not None and self.safe:
            modified = self.modified(call.object)
        if modified is not None and header_of(reply, "Last-Modified") is None:
            set_header(reply, "Last-Modified", to_http_date(modified))
        return modified

    def _subject(self, call: Call) -> t.Any:
        """Return what the answer is about: what the handler returned. A user's function gets the loaded object, if
        any."""
        return call.object if call.object is not None and self._asks_object else unpack(call.value)[0]

    def learned(self, ctx: Context, call: Call) -> Learned:
        """Return what the frozen operations say; looked up at the first request that wants to know."""
        if self._learned is None:
            self._learned = Learned(self.plan, ctx, call)
        return self._learned


class Learned:
    """The facts that a guard takes from its own operation and from that of GET at the same address.

    :param ctx: The context of a request, whose application has the operations.
    """

    def __init__(self, plan: Plan, ctx: Context, call: Call) -> None:
        operation, operations = call.operation, ctx.app.operations
        rule = operation.rule
        address = address_of(rule)
        shown = next(
            (other for other in operations if other.method == "GET" and address_of(other.rule) == address), operation
        )
        outcomes = [
            mark.outcome
            for each in (shown, operation)
            for mark in each.marks
            if isinstance(mark, ResponseMark) and mark.outcome.status < 300
        ]
        self.schemas = [outcome.schema for outcome in outcomes if outcome.schema is not None]
        first = next((outcome for outcome in outcomes if outcome.schema is not None), None)
        self.media_type = None if first is None else first.media_type
        self._schema = None if first is None else first.schema
        self.encode = encoder(plan, None if first is None else first.schema, fast=plan.fast)
        """Writes data as GET at this address would."""
        names = [name for mark in operation.marks for name in getattr(mark, "varies", ())]
        kinds = {outcome.media_type for outcome in operation.outcomes if outcome.status < 300 and not outcome.implied}
        if len(kinds) > 1:
            names.append("Accept")
        self.keys = ("QUERY_STRING", *dict.fromkeys(f"HTTP_{name.upper().replace('-', '_')}" for name in names))
        """The keys of the WSGI environment that select among the representations."""

    def shows(self, data: object) -> bool:
        """Return whether GET could answer with this data; a bare version has nothing that its schema would dump."""
        schema = self._schema
        if schema is None or schema._hooks["pre_dump"]:
            return True
        return is_collection(data) if schema.many else not isinstance(data, _VALUES) and kind_of(type(data)) != NOTHING


def whose(user: object) -> str:
    """Return what tells a user from others; nothing for one who has no identity."""
    try:
        return identity(user)
    except TypeError:
        return ""


def address_of(rule: Rule) -> tuple[object, ...]:
    """Return the key of a rule's URL: path, host, subdomain, API version."""
    return rule.rule, rule.host, rule.subdomain, getattr(rule, "version", None)


class Check:
    """The conditions of one request, and what is known of them so far. ``Context.conditional``."""

    __slots__ = ("before", "call", "called", "checked", "conditions", "guard", "is_set", "tag")

    def __init__(self, guard: PreconditionGuard, call: Call, conditions: Conditions | None) -> None:
        self.guard = guard
        self.call = call
        self.conditions = conditions
        self.tag: Tag | None = None
        self.before: str | None = None
        """The state of the loaded object before the handler was called."""
        self.called = False
        self.checked = False
        self.is_set = False

    def judge(self, tag: Tag | None, modified: dt.datetime | None, *, exists: bool = True) -> Verdict:
        """Hold the conditions against the present state.

        :raises PreconditionFailed: They do not hold.
        """
        self.checked = True
        if self.conditions is NO_CONDITIONS or self.conditions is None:
            return Verdict.PROCEED
        same = None if self.guard.version is None else same_state
        verdict = self.conditions.judge(self.guard.safe, tag, modified, exists=exists, same=same)
        if verdict is Verdict.FAILED:
            raise PreconditionFailed(CHANGED)
        return verdict

    def check_data(self, ctx: Context, data: object, schema: SchemaLike | None) -> None:
        """Compare data with the conditions, for ``check_etag``.

        :raises PreconditionFailed: This data does not meet them.
        """
        if self.conditions is None:
            return
        if data is None:
            self.judge(None, None, exists=False)
            return
        tag = self.guard.tag_of_data(ctx, self.call, data, schema)
        if self.judge(tag, self.guard.modified(data)) is Verdict.NOT_MODIFIED:
            self._end(tag)

    def set_data(self, ctx: Context, data: object, schema: SchemaLike | None) -> None:
        """Keep data for the new tag, for ``set_etag``.

        :raises PreconditionFailed: A GET was to be answered for another version alone.
        """
        if self.conditions is None:
            return
        self.tag = self.guard.tag_of_data(ctx, self.call, data, schema)
        self.is_set = True
        if self.guard.safe and self.judge(self.tag, self.guard.modified(data)) is Verdict.NOT_MODIFIED:
            self._end(self.tag)

    @staticmethod
    def _end(tag: Tag) -> t.NoReturn:
        raise NotModified(response=BaseResponse(status=304, headers=[("ETag", str(tag))]))
