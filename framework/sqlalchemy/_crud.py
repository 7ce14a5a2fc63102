"""``crud``: a router with list, show, create, patch, replace and delete for a model.

Not here: schemas and paths (``sqlalchemy._crud_schemas``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm.exc import StaleDataError

from .. import fields
from ..context import current
from ..errors import NotFound, PreconditionFailed, SetupError
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
from ._crud_schemas import CrudSchemas, ModelFacts

if t.TYPE_CHECKING:
    from marshmallow import Schema

    from ._database import Database

    CrudOperation: t.TypeAlias = t.Literal["list", "show", "create", "patch", "replace", "delete"]
    Handler: t.TypeAlias = cabc.Callable[..., object]

_M = t.TypeVar("_M", bound=orm.DeclarativeBase)

OPERATIONS: t.Final = ("list", "show", "create", "patch", "replace", "delete")
_LIST_VERBS: t.Final = {"list": "get", "create": "post"}
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
    narrowing = [*list_marks(schemas.shown, filter_by or {}, sort_by, search_in)]
    narrowing.append(paginate(pager or Page, order_by=order_by or facts.key))
    parts = (CrudMethods if methods is None else methods)(model)
    made = CrudResources(facts, database, schemas, parts, versioned and facts.version is not None)
    path = f"/{facts.plural.replace(' ', '-')}" if url_prefix is None else url_prefix
    text = f"{facts.plural.capitalize()}."
    router = Router(name or facts.table, model.__module__, url_prefix=path, description=text, marks=marks)
    made.add_to(router, operations, own, narrowing, [sparse()] if sparse_fields else [])
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


def list_marks(
    shown: type[Schema],
    filter_by: cabc.Mapping[str, str | cabc.Sequence[str]],
    sort_by: cabc.Sequence[str],
    search_in: cabc.Sequence[str],
) -> cabc.Iterator[Mark]:
    """Return the marks by which clients narrow a list."""
    if filter_by:
        allowed: dict[str, t.Any] = {each.replace(".", "__"): how for each, how in filter_by.items()}
        yield filters(shown, **allowed)
    if sort_by:
        yield sorts(shown, *sort_by)
    if search_in:
        yield searches(shown, *search_in)


class CrudResources:
    """The handlers of a model.

    :param facts: The model.
    :param database: Its database.
    :param schemas: Its schemas.
    :param methods: The parts of the operations.
    :param versioned: Whether its version is the ``ETag``.
    """

    has_item = False
    """True if a new row has an address."""

    def __init__(
        self,
        facts: ModelFacts,
        database: Database,
        schemas: CrudSchemas,
        methods: CrudMethods[t.Any],
        versioned: bool,
    ) -> None:
        self._facts = facts
        self._database = database
        self._schemas = schemas
        self._methods = methods
        self._versioned = versioned
        self._loader = self._make_loader()

    def add_to(
        self,
        router: Router,
        operations: cabc.Collection[str],
        own: cabc.Mapping[str, cabc.Sequence[Mark]],
        narrowing: cabc.Sequence[Mark],
        choosing: cabc.Sequence[Mark],
    ) -> None:
        """Add the resources to a router: the list, and one row.

        :param own: The marks of single operations.
        :param narrowing: The marks of the list.
        :param choosing: The marks by which clients choose members, of the list and of a row.
        """
        facts, self.has_item = self._facts, "show" in operations
        shapes = {"list": [*narrowing, *choosing], "show": choosing}
        paths = (("List", "list", "", _LIST_VERBS), ("", "item", f"/{facts.rule()}", _VERBS))
        for suffix, endpoint, rule, verbs in paths:
            body: dict[str, object] = {"__module__": facts.model.__module__}
            for each, verb in verbs.items():
                if each in operations:
                    handler = getattr(self, f"make_{each}")()
                    body[verb] = self.marked(each, handler, own.get(each, ()), shapes.get(each, ()))
            if len(body) > 1:
                router.route(rule, endpoint=endpoint)(type(f"{facts.title}{suffix}", (Resource,), body))

    def marked(self, operation: str, handler: Handler, own: cabc.Sequence[Mark], shape: cabc.Sequence[Mark]) -> Handler:
        """Return a handler with its marks."""
        facts, schemas = self._facts, self._schemas
        marks: list[Mark] = [*own, provides(self._database.session)]
        if operation in ("show", "patch", "replace", "delete"):
            marks.append(loads(self._loader))
            if self._versioned:
                marks.append(etag(version=facts.version))
        if operation in ("create", "patch", "replace"):
            marks.append(arguments(schemas.body(operation)))
        marks += shape
        if operation == "list":
            marks.append(response(200, schemas.shown(many=True)))
        elif operation == "create":
            marks.append(response(201, schemas.shown, headers={"Location": fields.String()} if self.has_item else None))
        elif operation == "delete":
            marks.append(response(204))
        else:
            marks.append(response(200, schemas.shown))
        for mark in reversed(marks):
            handler = mark(handler)
        return handler

    def _make_loader(self) -> Handler:
        """Return the loader of the row that the path names."""

        @provides(self._database.session)
        @provides(**{name: path_variable(name) for name in self._facts.key})
        def find(session: orm.Session, /, **key: object) -> object:
            return methods.find(session, key)

        methods = self._methods
        return find

    def _named(self, handler: Handler, operation: str, text: str) -> Handler:
        handler.__name__ = operation
        handler.__qualname__ = f"{self._facts.name}.{operation}"
        handler.__module__ = self._facts.model.__module__
        handler.__doc__ = text
        return handler

    def make_list(self) -> Handler:
        """Return the handler of the list."""

        def list_rows(self: object, session: orm.Session) -> object:
            return methods.select()

        methods = self._methods
        return self._named(list_rows, "get", f"List {self._facts.plural}.")

    def make_show(self) -> Handler:
        """Return the handler that shows a row."""

        def show(self: object, session: orm.Session, row: object) -> object:
            return row

        return self._named(show, "get", f"Show {self._facts.one}.")

    def make_create(self) -> Handler:
        """Return the handler that adds a row."""

        def create(self: object, session: orm.Session, data: dict[str, object]) -> object:
            row = made._methods.create(session, data)
            session.flush()  # so that the database gives it its key
            if not made.has_item:
                return row
            ctx = current()
            endpoint = str(ctx.request.endpoint).rpartition(".")[0] + ".item"
            key = {name: getattr(row, name) for name in made._facts.key}
            return row, 201, {"Location": ctx.app.url_for(endpoint, **key)}

        made = self
        return self._named(create, "post", f"Add {self._facts.one}.")

    def make_patch(self) -> Handler:
        """Return the handler that changes a row."""

        def patch(self: object, session: orm.Session, row: object, data: dict[str, object]) -> object:
            return made._write(session, made._methods.update(session, row, data))

        made = self
        return self._named(patch, "patch", f"Change some members of {self._facts.one}.")

    def make_replace(self) -> Handler:
        """Return the handler that gives a row all of its values."""

        def replace(self: object, session: orm.Session, row: object, data: dict[str, object]) -> object:
            return made._write(session, made._methods.update(session, row, data))

        made = self
        return self._named(replace, "put", f"Replace {self._facts.one}.")

    def make_delete(self) -> Handler:
        """Return the handler that removes a row."""

        def delete(self: object, session: orm.Session, row: object) -> None:
            made._methods.delete(session, row)
            made._write(session, None)

        made = self
        return self._named(delete, "delete", f"Delete {self._facts.one}.")

    def _write(self, session: orm.Session, row: object) -> object:
        """Send what was changed.

        :raises PreconditionFailed: Another request was faster, since the version was compared.
        """
        try:
            session.flush()
        except StaleDataError as error:
            if not self._versioned:
                raise NotFound() from error
            raise PreconditionFailed(message("precondition_failed.changed")) from error
        return row
