"""``paginate``: a list leaves in parts, by page number, by offset or by cursor.

The mark reads and documents the parameters, takes the part from what the handler returns, and says in headers, or in an
object around the items, where the other parts are.
Not here: how a part is taken (``marks.lists._pages``), what cursors are (``marks.lists._cursors``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import inspect
import re
import typing as t
import warnings
from urllib.parse import quote, quote_plus

import msgspec
from marshmallow import Schema, validate

from ... import fields
from ...errors import SetupError
from ...http.response import add_header, header_of
from ...http.semantics import BODILESS, SELECTS
from ...texts import message
from ..base import (
    REPLAY,
    REPRESENTATION_HEADERS,
    Body,
    Call,
    Header,
    Key,
    Outcome,
    Phase,
    Plan,
    Record,
    ReplyStep,
    Step,
    Steps,
)
from ..inputs import ArgumentsMark, query_of
from ..responses import ResponseMark
from ..shapes import Shape
from ._base import moved_to_body
from ._cursors import MAX_LENGTH, BadCursor, Cursor, Cursors
from ._page_headers import CursorMetadata, OffsetMetadata, PaginationMetadata, envelope
from ._pages import (
    CollectionTerms,
    CursorPage,
    CursorParameters,
    OffsetPage,
    OffsetParameters,
    Page,
    PageRequest,
    PaginationParameters,
    bad_cursor,
)
from ._sequences import is_select
from ._terms import PAGED, SORTED, LoadedParameters, SortKey

if t.TYPE_CHECKING:
    from ...context import Context
    from ...fields import AnyField
    from ...http.response import Reply
    from ...typing import JSONObject
    from ..inputs import KeepInput

Pager: t.TypeAlias = type[Page] | type[CursorPage]

MAX_NUMBER: t.Final = 2**31 - 1
"""The greatest page number and offset: the greatest that every database can skip to."""
LONGEST_QUERY: t.Final = 2000
"""Characters of a query string that links repeat; one that is longer has none."""
_KEYWORD: t.Final = "pagination_parameters"
PARAMETERS: t.Final = Key[LoadedParameters]("pagination parameters")
"""The parameters of a request as they were read, in ``Call.notes``."""
PAGE: t.Final = Key[PageRequest]("page")
"""The page that a request asks for, in ``Call.notes``."""


class PageOptions(t.TypedDict, total=False):
    """Options of a paginated list, in addition to its sizes."""

    session: object
    """The session in which selects run: one of SQLAlchemy, or a function that gives that of the request. Default: that
    which the handler gets from a provider."""
    order_by: str | cabc.Sequence[str]
    """The order where the client asks for none: names of attributes, ``-`` before one to go down."""
    key: str | cabc.Sequence[str]
    """The attributes by which any two items differ. Default: found for a select, ``id`` for other items."""
    total: bool
    """True if all items are counted. Default: they are, except for cursors."""
    envelope: bool | str
    """True if the list is within an object, or its name there. Default: it is the answer itself."""
    links: bool
    """True if a ``Link`` header leads to the other parts. Default: it does."""
    header: str | None
    """The header with the metadata of the part. Default: ``X-Pagination``, and none with an envelope."""


class Style(t.NamedTuple):
    """One way to ask for a part."""

    pager: Pager
    metadata: type[Schema]
    size: str
    """The parameter that says how many items."""
    word: str
    """The end of the names of its envelopes."""


STYLES: t.Final = (
    Style(CursorPage, CursorMetadata, "page_size", "CursorPage"),
    Style(OffsetPage, OffsetMetadata, "limit", "OffsetPage"),
    Style(Page, PaginationMetadata, "page_size", "Page"),
)


class PaginateMark(ArgumentsMark):
    """A list in parts; see :func:`paginate`."""

    nearest_counts = True
    is_fixed_without_values = True

    def __init__(self, pager: Pager | None, by: Pager, numbers: tuple[int, int, int], options: PageOptions) -> None:
        unknown = options.keys() - PageOptions.__annotations__.keys()
        if unknown:
            raise TypeError(
                f"paginate() got unknown options: {', '.join(sorted(unknown))}. It knows"
                f" {', '.join(PageOptions.__annotations__)}."
            )
        self.pager = pager
        self.style = style = next(each for each in STYLES if issubclass(by, each.pager))
        self.is_own = pager is None or pager in (Page, OffsetPage, CursorPage)
        self.options = options
        self.total = options.get("total", style.pager is not CursorPage)
        around = options.get("envelope", False)
        self.member = around if isinstance(around, str) else "items" if around else None
        self.header = options.get("header", None if self.member else "X-Pagination")
        self.keys = sort_keys(options.get("order_by", ()))
        key = options.get("key", ())
        self.unique = (key,) if isinstance(key, str) else tuple(key)
        schema = parameters_schema(style, *numbers)()
        super().__init__(schema, "query", None, False, Body(schema), None, None)

    def __repr__(self) -> str:
        return f"paginate({self.pager.__name__ if self.pager else ''})"

    # Where it applies

    def pages(self, outcome: Outcome) -> bool:
        """Return whether an outcome is a list that can be taken in parts."""
        if not 200 <= outcome.status < 300 or outcome.status in BODILESS:
            return False
        return bool(outcome.schema.many) if outcome.schema is not None else self.member is None

    def applies(self, plan: Plan) -> bool:
        outcomes = [mark.outcome for mark in plan.marks if isinstance(mark, ResponseMark)]
        fits = any(self.pages(outcome) for outcome in outcomes)
        if self.pager is None:
            fits = takes_parameters(plan.handler)
        direct = self.is_on(plan.handler)
        if direct and not fits:
            remedy = (
                f"Take an argument {_KEYWORD!r}, or give a pager: @paginate(Page)."
                if self.pager is None
                else "Declare one, as in @response(200, PetSchema(many=True))."
            )
            raise SetupError(f"{self!r} on {plan.called} has no list to take parts of. {remedy}")
        return fits and (direct or plan.method in SELECTS)

    # What it does

    def in_body(self) -> ArgumentsMark:
        made = moved_to_body(self)
        # No link leads to another part: what is asked for is not in the address.
        made.options = {**self.options, "links": False}
        return made

    def keep(self, plan: Plan) -> KeepInput:
        manual = self.pager is None
        if manual:
            plan.names.add(_KEYWORD)

        def keep(ctx: Context, call: Call, value: LoadedParameters) -> None:
            call.notes[PARAMETERS] = value
            if manual:
                call.kwargs = {**call.kwargs, _KEYWORD: None}

        return keep

    def run(self, plan: Plan) -> Steps:
        if not self.applies(plan):
            return
        yield from super().run(plan)
        make = self.maker(plan)
        manual = self.pager is None

        def prepare(ctx: Context, call: Call) -> None:
            wanted = call.notes[PAGE] = make(ctx, call, call.notes[PARAMETERS])
            if manual:
                call.kwargs[_KEYWORD] = wanted

        yield Step(Phase.IDEMPOTENCY, prepare)
        if not manual:
            plan.shapes.append(PageShape(self))
            plan.notes[PAGED] = True
        elif self.member is not None:
            raise SetupError(
                f"{self!r} on {plan.called} has an envelope and no pager: the handler makes the answer"
                " itself. Give a pager, or leave 'envelope' out and declare the object with @response."
            )
        plan.notes[REPRESENTATION_HEADERS] = (*(plan.notes.get(REPRESENTATION_HEADERS) or ()), *self.told())
        yield ReplyStep(Phase.OUTCOME, self.teller(plan))

    def told(self) -> list[str]:
        """The headers with the metadata of the part."""
        return [*([self.header] if self.header else []), *(["Link"] if self.options.get("links", True) else [])]

    def maker(self, plan: Plan) -> cabc.Callable[[Context, Call, LoadedParameters], PageRequest]:
        """Return what makes an object of the parameters that were read."""
        session, total, unique, by, default = (
            self.options.get("session"),
            self.total,
            self.unique,
            self.style,
            self.keys,
        )

        if by.pager is CursorPage:
            keys_of = self.cursors(plan)

            def by_cursor(ctx: Context, call: Call, value: LoadedParameters) -> PageRequest:
                keys = call.notes.get(SORTED) or default
                cursors = keys_of(ctx, call, keys)
                cursor: Cursor | None = None
                if value["cursor"] is not None:
                    try:
                        cursor = cursors.read(value["cursor"])
                    except BadCursor as error:
                        raise bad_cursor(error, cursors.location) from None
                return CursorParameters(
                    cursor, value["page_size"], CollectionTerms(session, total, keys, unique, cursors)
                )

            return by_cursor

        usual = CollectionTerms(session, total, default, unique)
        unordered = CollectionTerms(session, total, (), unique)

        def by_number(ctx: Context, call: Call, value: LoadedParameters) -> PageRequest:
            source = unordered if SORTED in call.notes else usual
            if by.pager is OffsetPage:
                return OffsetParameters(value["offset"], value["limit"], source)
            return PaginationParameters(value["page"], value["page_size"], source)

        return by_number

    def cursors(self, plan: Plan) -> cabc.Callable[[Context, Call, cabc.Sequence[SortKey]], Cursors]:
        """Return what makes and reads the cursors of a request: bound to the operation and to all that chooses its
        rows."""
        secret = plan.config["SECRET_KEY"]
        if not secret:
            raise SetupError(
                f"{self!r} on {plan.called} signs its cursors, and no secret key was set. Set the 'SECRET_KEY' of the"
                " application to something long, random and secret."
            )
        secrets = [*(plan.config["SECRET_KEY_FALLBACKS"] or ()), secret]
        free = set(self.schema.load_fields)
        for mark in plan.marks:
            free.update(getattr(mark, "free_of_rows", ()))
        unique, is_in_body = self.unique, self.reads_body

        def make(ctx: Context, call: Call, keys: cabc.Sequence[SortKey]) -> Cursors:
            given = query_of(ctx, call)
            place: list[object] = [plan.endpoint, plan.method, unique]
            place += [(key.name, key.descending) for key in keys]
            place += sorted((name, str(value)) for name, value in call.view_args.items())
            place += sorted((name, values) for name, values in given.items() if name not in free)
            if is_in_body:
                body = call.body if isinstance(call.body, dict) else {}
                others = {name: value for name, value in body.items() if name not in free}
                place.append(msgspec.json.encode(others, order="deterministic"))
            return Cursors(secrets, place, "json" if is_in_body else "query")

        return make

    def teller(self, plan: Plan) -> cabc.Callable[[Context, Call, Reply], None]:
        """Return what sets the headers."""
        header, links = self.header, self.options.get("links", True)
        manual = self.pager is None

        def tell(ctx: Context, call: Call, reply: Reply) -> None:
            wanted = call.notes.get(PAGE)
            if wanted is None or reply.status_code >= 300 or REPLAY in call.notes:  # kept with its headers
                return
            told = wanted.metadata()
            if told is None:
                if manual:
                    warnings.warn(
                        f"{plan.called} ({plan.endpoint}) did not say how many items there are. Set"
                        f" {_KEYWORD}.item_count, or take the part by {_KEYWORD}.take(...).",
                        stacklevel=2,
                    )
                return
            if header:
                if header_of(reply, header) is not None:
                    del reply.headers[header]
                add_header(reply, header, msgspec.json.encode(told).decode("ascii"))
            if links:
                text = link_header(ctx, call, wanted)
                if text:
                    add_header(reply, "Link", text)

        return tell

    # What it says

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        if not self.applies(plan):
            return
        yield from super().document(plan)
        statuses = [
            mark.outcome.status
            for mark in plan.marks
            if isinstance(mark, ResponseMark) and 200 <= mark.outcome.status < 300
            if self.pager is None or self.pages(mark.outcome)
        ]
        if 200 in statuses and plan.method in SELECTS and any(getattr(mark, "sends_304", False) for mark in plan.marks):
            statuses += [] if plan.config["ETAG_DISABLED"] else [304]
        for status in statuses:
            if self.header:
                members = ", ".join(f"`{name}`" for name in self.style.metadata().fields)
                field = fields.String(metadata={"contentMediaType": "application/json"})
                text = message("headers.pagination", members=members)
                yield Header(self.header, field, text, status)
            if self.options.get("links", True):
                text = message("headers.link.pages")
                yield Header("Link", fields.String(), text, status)


class PageShape(Shape):
    """A part of a list in place of the whole."""

    order = 40

    def __init__(self, mark: PaginateMark) -> None:
        self.mark = mark
        self.blocks = mark.options.get("session") is not None or not mark.is_own

    def fits(self, outcome: Outcome) -> bool:
        return self.mark.pages(outcome)

    def outcome(self, outcome: Outcome, variant: cabc.Hashable = None) -> Outcome:
        mark = self.mark
        if mark.member is None or outcome.schema is None:
            return outcome
        schema = envelope(outcome.schema, mark.member, mark.style.metadata, mark.style.word)
        return msgspec.structs.replace(outcome, schema=schema)

    def value(self, ctx: Context, call: Call, value: object) -> object:
        mark = self.mark
        wanted = call.notes[PAGE]
        # PERF: a list is known at a glance.
        if type(value) is not list and mark.options.get("session") is None and is_select(value):
            from . import _selects as selects

            found = selects.session_among((*call.arguments, *call.kwargs.values()))
            wanted.source = wanted.source._replace(session=found)
        if mark.is_own:
            items = wanted.take(value)
        else:
            items = t.cast("type[Page]", mark.pager)(value, page_params=wanted).items
        return items if mark.member is None else {mark.member: items, "pagination": wanted.metadata()}


def paginate(
    pager: Pager | None = None,
    *,
    by: Pager | None = None,
    page: int | None = None,
    page_size: int | None = None,
    max_page_size: int | None = None,
    **options: t.Unpack[PageOptions],
) -> PaginateMark:
    """Answer a list in parts.

    With a pager the handler returns the whole list, or a select of SQLAlchemy, and the pager takes the part that the
    client wants. Without one the handler gets ``pagination_parameters`` as a keyword argument, takes the part itself
    (``pagination_parameters.take(...)``, or by ``first_item`` and ``last_item``), and sets
    ``pagination_parameters.item_count``.

    :param pager: :class:`Page`, :class:`OffsetPage`, :class:`CursorPage`, or a class derived from one of the first two.
    :param by: Without a pager: the one whose parameters the handler gets. Default: :class:`Page`.
    :param page: The page that is given when the client names none. Default: 1.
    :param page_size: How many items are given when the client does not say. Default: 10.
    :param max_page_size: How many a client may ask for; a greater number is a 422. Default: 100.
    :param options: ``session``, ``order_by``, ``key``, ``total``, ``envelope``, ``links``, ``header``, see
        :class:`PageOptions`.
    :raises SetupError: A number or a pager is none.
    """
    chosen = pager or by or Page
    if not isinstance(chosen, type) or not issubclass(chosen, (Page, CursorPage)):
        raise SetupError(f"{chosen!r} is not a pager. Give Page, OffsetPage, CursorPage, or a class derived from one.")
    for number in (page, page_size, max_page_size):
        if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
            raise SetupError(f"paginate() got the size {number!r}. Give whole numbers.")
    most = 100 if max_page_size is None else max_page_size
    usual = min(10, most) if page_size is None else page_size
    first = 1 if page is None else page
    if not (1 <= usual <= most <= MAX_NUMBER and 1 <= first <= MAX_NUMBER):
        raise SetupError(
            f"paginate() got page={first}, page_size={usual} and max_page_size={most}. All are at least 1, and"
            " page_size is no greater than max_page_size."
        )
    return PaginateMark(pager, chosen, (first, usual, most), options)


def parameters_schema(style: Style, page: int, size: int, most: int) -> type[Schema]:
    """The schema of the parameters."""
    sizes = fields.Integer(
        load_default=size,
        validate=validate.Range(min=1, max=most),
        metadata={"description": message("parameters.page_size")},
    )
    if style.pager is CursorPage:
        text = message("parameters.cursor")
        where: AnyField = CursorField(
            load_default=None, validate=validate.Length(min=1, max=MAX_LENGTH), metadata={"description": text}
        )
        return Schema.from_dict({"cursor": where, style.size: sizes})
    if style.pager is OffsetPage:
        where = fields.Integer(
            load_default=0,
            validate=validate.Range(min=0, max=MAX_NUMBER),
            metadata={"description": message("parameters.offset")},
        )
        return Schema.from_dict({"offset": where, style.size: sizes})
    where = fields.Integer(
        load_default=page,
        validate=validate.Range(min=1, max=MAX_NUMBER),
        metadata={"description": message("parameters.page")},
    )
    return Schema.from_dict({"page": where, style.size: sizes})


class CursorField(fields.String):
    """A text that the server has made; others are refused when it is used."""

    def __json_schema__(self, described: JSONObject, role: str) -> JSONObject:
        return {**described, "format": "cursor"}


def sort_keys(names: str | cabc.Iterable[str]) -> tuple[SortKey, ...]:
    """Keys from names of attributes, each perhaps after a ``-``; a text holds several with commas."""
    listed = [name.strip() for name in (names.split(",") if isinstance(names, str) else names)]
    return tuple(SortKey(name.lstrip("-"), name.lstrip("-"), name.startswith("-")) for name in listed if name)


def takes_parameters(handler: cabc.Callable[..., object]) -> bool:
    """Return whether a handler has a place for the parameters."""
    known = inspect.signature(handler).parameters.values()
    return any(each.name == _KEYWORD or each.kind is each.VAR_KEYWORD for each in known)


# PERF: three calls for each text of a query, and most have nothing to escape.
_PLAIN: t.Final = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch


def link_header(ctx: Context, call: Call, wanted: PageRequest) -> str:
    """The ``Link`` header: references with an absolute path and without a host, right behind any proxy."""
    environ = ctx.request_environ
    if len(environ.get("QUERY_STRING") or "") > LONGEST_QUERY:
        return ""
    found = list(wanted.links())
    if not found:
        return ""
    own = found[0][1]  # all change the same parameters
    # PERF: lists, for a generator is resumed for each of its parts.
    kept = "".join(
        [
            f"{name}={value}&" if _PLAIN(name + value) else f"{quote_plus(name)}={quote_plus(value)}&"
            for name, values in query_of(ctx, call).items()
            if name not in own
            for value in values
        ]
    )
    path = reference(environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", ""))
    # What the links change are numbers and cursors, in which nothing is to be escaped.
    made = []
    for relation, changes in found:
        query = kept
        for name, value in changes.items():
            if value is not None:
                query += f"{name}={value}&"
        made.append(f'<{path}?{query[:-1]}>; rel="{relation}"')
    return ", ".join(made)


@functools.lru_cache(maxsize=256)
def reference(root: str, path: str) -> str:
    """The path of a request as URLs have it.

    :param root: The prefix that the application is mounted under, as WSGI has it.
    :param path: What is behind it, likewise.
    """
    raw = (root.rstrip("/") + (path or "/")).encode("latin1")
    # A second slash at the start would make the next word a host.
    return "/" + quote(raw, safe="/:@!$&'()*+,;=~-._").lstrip("/")
