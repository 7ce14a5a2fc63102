"""``crud``: a router with list, show, create, patch, replace and delete for a model.

Not here: schemas and paths (``sqlalchemy._crud_schemas``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import sys
import types
import typing as t
import weakref

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm.exc import StaleDataError

from ..errors import NotFound, PreconditionFailed, SetupError
from ..helpers import url_for
from ..marks.base import Mark
from ..marks.conditional import etag
from ..marks.inputs import arguments
from ..marks.lists import Page, filters, paginate, searches, sorts, sparse
from ..marks.providers import path_variable, provides
from ..marks.responses import response
from ..marks.security import loads
from ..resources.resource import Resource
from ..resources.router import Router
from ..texts import message
from ._crud_code import Called, Import, Local, OperationCode, Passed, ResourceCode, import_of, made
from ._crud_fields import name_in
from ._crud_schemas import CrudSchemas, ModelFacts

if t.TYPE_CHECKING:
    from marshmallow import Schema

    from ._crud_code import Code, SchemaCode
    from ._database import Database

    CrudOperation: t.TypeAlias = t.Literal["list", "show", "create", "patch", "replace", "delete"]
    Handler: t.TypeAlias = cabc.Callable[..., object]

_M = t.TypeVar("_M", bound=orm.DeclarativeBase)

OPERATIONS: t.Final = ("list", "show", "create", "patch", "replace", "delete")
_LIST_VERBS: t.Final = {"list": "get", "create": "post"}
_MARKS: t.Final[cabc.Mapping[str, object]] = {
    each.__name__: each
    for each in (arguments, etag, filters, loads, paginate, provides, response, searches, sorts, sparse)
}
_VERBS: t.Final = {"show": "get", "patch": "patch", "replace": "put", "delete": "delete"}


class CrudMethods(t.Generic[_M]):
    """The parts of the operations of a :func:`crud`. Override those that do something different.

    An override may read :data:`framework.current_user` and the request, and raise errors of ``framework.errors``.

    :param model: The model.
    """

    def __init__(self, model: type[_M]) -> None:
        self.model = model

    def select(self) -> sa.Select[_M]:
        """Return the rows that there are for this request: those that it lists, and may show, change and delete."""
        return sa.select(self.model)

    def find(self, session: orm.Session, key: cabc.Mapping[str, object]) -> _M | None:
        """Return the row of a primary key, if :meth:`select` has it.

        :param key: The values by the names of the attributes.
        """
        if any(isinstance(value, str) and "\0" in value for value in key.values()):
            return None  # no text of a database has that character
        conditions = [getattr(self.model, name) == value for name, value in key.items()]
        return session.scalars(self.select().where(*conditions)).unique().one_or_none()

    def create(self, session: orm.Session, data: cabc.Mapping[str, object]) -> _M:
        """Return a new row, which is in the session."""
        made = self.model(**data)
        session.add(made)
        return made

    def update(self, session: orm.Session, row: _M, data: cabc.Mapping[str, object]) -> _M:
        """Return a row with new values, of a PATCH or a PUT."""
        for name, value in data.items():
            setattr(row, name, value)
        return row

    def delete(self, session: orm.Session, row: _M) -> None:
        """Remove a row."""
        session.delete(row)


def crud(
    model: type[_M],
    database: Database,
    *,
    writable: cabc.Sequence[str],
    shown: cabc.Sequence[str] | None = None,
    schema: type[Schema] | None = None,
    bodies: cabc.Mapping[str, Schema | type[Schema]] | None = None,
    operations: cabc.Collection[CrudOperation] = OPERATIONS,
    methods: type[CrudMethods[_M]] | None = None,
    name: str | None = None,
    url_prefix: str | None = None,
    pager: type[t.Any] | None = None,
    order_by: str | cabc.Sequence[str] | None = None,
    filter_by: cabc.Mapping[str, str | cabc.Sequence[str]] | None = None,
    sort_by: cabc.Sequence[str] = (),
    search_in: cabc.Sequence[str] = (),
    sparse_fields: bool = False,
    versioned: bool = True,
    marks: cabc.Iterable[Mark] = (),
    operation_marks: cabc.Mapping[CrudOperation, cabc.Sequence[Mark]] | None = None,
) -> Router:
    """Make a router with the operations of a model: ``list``, ``show``, ``create``, ``patch``, ``replace``, ``delete``.

    What clients may write is listed, and so is what answers show, unless a schema says it: a column that is added later
    is neither. The model has a version column (``version_id_col``): it is the ``ETag``, a write must name it in
    ``If-Match``, and what another request has written meanwhile is a 412.

    :param model: The mapped class.
    :param database: Its database.
    :param writable: The columns that ``create``, ``patch`` and ``replace`` take; those of the primary key are for
        ``create`` alone.
    :param shown: The columns that answers send.
    :param schema: A class of schemas, in the place of ``shown``.
    :param bodies: Schemas of bodies, by ``create``, ``patch`` and ``replace``, where they are not made of the others.
    :param operations: The operations that there are.
    :param methods: A subclass of :class:`CrudMethods` with other parts.
    :param name: The name of the router, and of schemas and operations in the document, for a second router of one
        model. Default: that of the table, and of the model.
    :param url_prefix: The path. Default: the plural of the model's name.
    :param pager: The pager of the list. Default: :class:`~framework.Page`.
    :param order_by: The order of the list where the client asks for none. Default: the primary key.
    :param filter_by: The fields by which clients may filter the list, with the comparisons.
    :param sort_by: The fields by which they may sort it.
    :param search_in: The fields in which they may search.
    :param sparse_fields: Whether they may choose the members of answers.
    :param versioned: ``False`` for a model without a version column, whose updates overwrite one another.
    :param marks: Marks for all operations, like ``requires(...)``.
    :param operation_marks: Marks for some of them.
    :raises SetupError: The model has no version column, or a name is wrong.
    """
    facts = ModelFacts(model, name)
    own: cabc.Mapping[str, cabc.Sequence[Mark]] = t.cast("t.Any", operation_marks or {})
    check_operations(facts, operations, own, versioned)
    schemas = CrudSchemas(facts, shown, writable, schema, bodies or {})
    parts = (CrudMethods if methods is None else methods)(model)
    path = f"/{facts.plural.replace(' ', '-')}" if url_prefix is None else url_prefix
    text = f"{facts.plural.capitalize()}."
    handlers = CrudResources(facts, database, schemas, parts, versioned and facts.version is not None, operations)
    narrowing = [*list_marks(schemas.shown, filter_by or {}, sort_by, search_in)]
    by = order_by or facts.key
    order = by if isinstance(by, str) else by[0] if len(by) == 1 else [*by]
    paged = import_of(pager or Page) or Passed(pager, "the pager", ("pager",))
    narrowing.append(Called(mark_named("paginate"), (paged,), {"order_by": order}))
    choosing: list[Code] = [Called(mark_named("sparse"))] if sparse_fields else []
    resources = handlers.described(own, {"list": [*narrowing, *choosing], "show": choosing})
    everywhere = [*marks]
    router = Router(name or facts.table, model.__module__, url_prefix=path, description=text, marks=everywhere)
    handlers.add_to(router, resources)
    frame = sys._getframe(1)
    called = (frame.f_code, frame.f_lasti, frame.f_globals)
    DESCRIBED[router] = CrudCode(facts, handlers, resources, schemas.classes, everywhere, called)
    return router


def check_operations(
    facts: ModelFacts, operations: cabc.Collection[str], own: cabc.Mapping[str, object], versioned: bool
) -> None:
    """Refuse operations that do not exist, and those that would lose updates.

    :param own: The operations that have separate marks.
    :raises SetupError: There is one.
    """
    unknown = [each for each in (*operations, *own) if each not in OPERATIONS]
    if unknown:
        raise SetupError(f"crud({facts.name}): unknown operation {unknown[0]!r}. Known: {', '.join(OPERATIONS)}.")
    if versioned and facts.version is None and {"patch", "replace", "delete"} & set(operations):
        raise SetupError(
            f"crud({facts.name}): the model has no version column, so that of two clients who change a row the second"
            " would undo what the first has done. Give it one, as in __mapper_args__ = {'version_id_col': version}; or"
            " say versioned=False where that is meant."
        )


def mark_named(name: str) -> Import:
    """Return a name that users import from ``framework``."""
    return Import(_MARKS[name], "framework", name)


def list_marks(
    shown: Code,
    filter_by: cabc.Mapping[str, str | cabc.Sequence[str]],
    sort_by: cabc.Sequence[str],
    search_in: cabc.Sequence[str],
) -> cabc.Iterator[Called]:
    """Return the marks by which clients narrow a list."""
    if filter_by:
        allowed = {each.replace(".", "__"): how for each, how in filter_by.items()}
        allowed = {each: how if isinstance(how, str) else [*how] for each, how in allowed.items()}
        yield Called(mark_named("filters"), (shown,), allowed)
    if sort_by:
        yield Called(mark_named("sorts"), (shown, *sort_by))
    if search_in:
        yield Called(mark_named("searches"), (shown, *search_in))


class CrudCode(t.NamedTuple):
    """The parts of a ``crud``, for its printing."""

    facts: ModelFacts
    handlers: CrudResources
    resources: cabc.Sequence[ResourceCode]
    schemas: cabc.Sequence[SchemaCode]
    marks: cabc.Sequence[Mark]
    """Those of the router."""
    called: tuple[types.CodeType, int, dict[str, object]]
    """The code that called ``crud``, the place in it, and its globals."""


DESCRIBED: t.Final[weakref.WeakKeyDictionary[Router, CrudCode]] = weakref.WeakKeyDictionary()
"""The routers that ``crud`` has made."""


class CrudResources:
    """The handlers of a model.

    :param facts: The model.
    :param database: Its database.
    :param schemas: Its schemas.
    :param methods: The parts of the operations.
    :param versioned: Whether its version is the ``ETag``.
    :param operations: The operations that there are.
    """

    def __init__(
        self,
        facts: ModelFacts,
        database: Database,
        schemas: CrudSchemas,
        methods: CrudMethods[t.Any],
        versioned: bool,
        operations: cabc.Collection[str],
    ) -> None:
        self._facts = facts
        self._schemas = schemas
        self.methods = methods
        self.versioned = versioned
        self._operations = operations
        self.has_item = "show" in operations
        """True if a new row has an address."""
        self.session = Passed(database, "database", ("database",), "session")
        self.loader = Local(self._make_loader(), "find_" + facts.words.replace(" ", "_"))

    def described(
        self, own: cabc.Mapping[str, cabc.Sequence[Mark]], shapes: cabc.Mapping[str, cabc.Sequence[Code]]
    ) -> list[ResourceCode]:
        """Return the resources: the list, and one row.

        :param own: The marks of single operations.
        :param shapes: The marks by which clients narrow the list, and choose members.
        """
        facts = self._facts
        resources: list[ResourceCode] = []
        paths = (("List", "list", "", _LIST_VERBS), ("", "item", f"/{facts.rule()}", _VERBS))
        for suffix, endpoint, rule, verbs in paths:
            operations = [
                OperationCode(each, verb, self.text(each), self.marks(each, own.get(each, ()), shapes.get(each, ())))
                for each, verb in verbs.items()
                if each in self._operations
            ]
            if operations:
                resources.append(ResourceCode(f"{facts.title}{suffix}", endpoint, rule, operations))
        return resources

    def add_to(self, router: Router, resources: cabc.Iterable[ResourceCode]) -> None:
        """Add the resources to a router."""
        for each in resources:
            body: dict[str, object] = {"__module__": self._facts.model.__module__}
            for operation in each.operations:
                handler = getattr(self, f"make_{operation.name}")()
                handler.__name__ = operation.verb
                handler.__qualname__ = f"{self._facts.name}.{operation.verb}"
                handler.__module__ = self._facts.model.__module__
                handler.__doc__ = operation.text
                for mark in reversed(operation.marks):
                    handler = made(mark)(handler)
                body[operation.verb] = handler
            router.route(each.rule, endpoint=each.endpoint)(type(each.name, (Resource,), body))

    def text(self, operation: str) -> str:
        """Return the docstring of a handler."""
        facts = self._facts
        texts = {
            "list": f"List {facts.plural}.",
            "show": f"Show {facts.one}.",
            "create": f"Add {facts.one}.",
            "patch": f"Change some members of {facts.one}.",
            "replace": f"Replace {facts.one}.",
            "delete": f"Delete {facts.one}.",
        }
        return texts[operation]

    def marks(self, operation: str, own: cabc.Sequence[Mark], shape: cabc.Sequence[Code]) -> list[Code]:
        """Return the marks of a handler, the top one first."""
        facts, schemas = self._facts, self._schemas
        place = f"operation_marks[{operation!r}]"
        marks: list[Code] = [Passed(mark, place, ("operation_marks", operation, at)) for at, mark in enumerate(own)]
        marks.append(Called(mark_named("provides"), (self.session,)))
        if operation in ("show", "patch", "replace", "delete"):
            marks.append(Called(mark_named("loads"), (self.loader,)))
            if self.versioned:
                marks.append(Called(mark_named("etag"), (), {"version": facts.version}))
        if operation in ("create", "patch", "replace"):
            marks.append(Called(mark_named("arguments"), (schemas.body(operation),)))
        marks += shape
        answer = mark_named("response")
        if operation == "list":
            marks.append(Called(answer, (200, Called(schemas.shown, (), {"many": True}))))
        elif operation == "create":
            location = {"headers": {"Location": Called(name_in("framework", "fields", "String"))}}
            marks.append(Called(answer, (201, schemas.shown), location if self.has_item else {}))
        elif operation == "delete":
            marks.append(Called(answer, (204,)))
        else:
            marks.append(Called(answer, (200, schemas.shown)))
        return marks

    def _make_loader(self) -> Handler:
        """Return the loader of the row that the path names."""

        @provides(made(self.session))
        @provides(**{name: path_variable(name) for name in self._facts.key})
        def find(session: orm.Session, /, **key: object) -> object:
            return methods.find(session, key)

        methods = self.methods
        return find

    # The parameters of handlers end with an underscore, so that none is called like a variable of a path.

    def make_list(self) -> Handler:
        """Return the handler of the list."""

        def list_rows(self: object, session_: orm.Session) -> object:
            return methods.select()

        methods = self.methods
        return list_rows

    def make_show(self) -> Handler:
        """Return the handler that shows a row."""

        def show(self: object, session_: orm.Session, row_: object) -> object:
            return row_

        return show

    def make_create(self) -> Handler:
        """Return the handler that adds a row."""

        def create(self: object, session_: orm.Session, data_: dict[str, object]) -> object:
            row = methods.create(session_, data_)
            session_.flush()  # so that the database gives it its key
            if not has_item:
                return row
            return row, 201, {"Location": url_for(".item", **{name: getattr(row, name) for name in key})}

        methods, has_item, key = self.methods, self.has_item, self._facts.key
        return create

    def make_patch(self) -> Handler:
        """Return the handler that changes a row."""

        def patch(self: object, session_: orm.Session, row_: object, data_: dict[str, object]) -> object:
            return write(session_, methods.update(session_, row_, data_))

        methods, write = self.methods, self._write
        return patch

    def make_replace(self) -> Handler:
        """Return the handler that gives a row all of its values."""

        def replace(self: object, session_: orm.Session, row_: object, data_: dict[str, object]) -> object:
            return write(session_, methods.update(session_, row_, data_))

        methods, write = self.methods, self._write
        return replace

    def make_delete(self) -> Handler:
        """Return the handler that removes a row."""

        def delete(self: object, session_: orm.Session, row_: object) -> None:
            methods.delete(session_, row_)
            write(session_, None)

        methods, write = self.methods, self._write
        return delete

    def _write(self, session: orm.Session, row: object) -> object:
        """Send what was changed.

        :raises PreconditionFailed: Another request was faster, since the version was compared.
        """
        try:
            session.flush()
        except StaleDataError as error:
            if not self.versioned:
                raise NotFound() from error
            raise PreconditionFailed(message("precondition_failed.changed")) from error
        return row
