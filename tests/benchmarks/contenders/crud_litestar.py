"""Litestar with the repository service of Advanced Alchemy, as its documentation writes a controller."""

from __future__ import annotations

import decimal
import typing as t

import msgspec
from advanced_alchemy.extensions.litestar import SQLAlchemyInitPlugin, SQLAlchemySyncConfig, repository, service
from advanced_alchemy.filters import LimitOffset, OrderBy
from litestar import Controller, Litestar, Response, get, patch, post
from litestar.di import Provide
from litestar.exceptions import ValidationException
from litestar.params import Parameter
from sqlalchemy.orm import Session

from .crud_ours import Entry

Price = t.Annotated[decimal.Decimal, msgspec.Meta(description="At most 10 digits, 2 after the point.")]


class EntryStruct(msgspec.Struct):
    """What answers send."""

    id: int
    name: str
    amount: int
    price: decimal.Decimal
    is_open: bool


class NewEntry(msgspec.Struct, forbid_unknown_fields=True):
    """What POST takes."""

    name: t.Annotated[str, msgspec.Meta(max_length=50)]
    amount: t.Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
    price: Price
    is_open: bool


class ChangedEntry(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What PATCH takes."""

    name: t.Annotated[str, msgspec.Meta(max_length=50)] | msgspec.UnsetType = msgspec.UNSET
    amount: t.Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)] | msgspec.UnsetType = msgspec.UNSET
    price: Price | msgspec.UnsetType = msgspec.UNSET
    is_open: bool | msgspec.UnsetType = msgspec.UNSET


class EntryService(service.SQLAlchemySyncRepositoryService[Entry]):
    """The service of the entries."""

    class Repo(repository.SQLAlchemySyncRepository[Entry]):
        """Their repository."""

        model_type = Entry

    repository_type = Repo


def provide_entries(db_session: Session) -> EntryService:
    """Return the service of a request."""
    return EntryService(session=db_session)


def check_price(data: NewEntry | ChangedEntry) -> None:
    """Refuse a price that the column has no place for."""
    if isinstance(data.price, decimal.Decimal):
        exponent = data.price.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -2 or abs(data.price) >= 10**8:
            raise ValidationException("price")


class EntryController(Controller):
    """The operations."""

    path = "/entries"
    dependencies = {"entries": Provide(provide_entries, sync_to_thread=False)}

    @get(sync_to_thread=False)
    def list_entries(
        self,
        entries: EntryService,
        page: t.Annotated[int, Parameter(query="page", ge=1)] = 1,
        page_size: t.Annotated[int, Parameter(query="page_size", ge=1, le=100)] = 10,
    ) -> Response[list[EntryStruct]]:
        rows, total = entries.list_and_count(
            LimitOffset(page_size, (page - 1) * page_size), OrderBy("id"), count_with_window_function=False
        )
        found = msgspec.convert(rows, list[EntryStruct], from_attributes=True)
        return Response(found, headers={"X-Total": str(total)})

    @get("/{entry_id:int}", sync_to_thread=False)
    def show(self, entries: EntryService, entry_id: int) -> EntryStruct:
        return msgspec.convert(entries.get(entry_id), EntryStruct, from_attributes=True)

    @post(sync_to_thread=False)
    def create(self, entries: EntryService, data: NewEntry) -> Response[EntryStruct]:
        check_price(data)
        entry = entries.create(msgspec.structs.asdict(data))
        found = msgspec.convert(entry, EntryStruct, from_attributes=True)
        return Response(found, status_code=201, headers={"Location": f"/entries/{entry.id}"})

    @patch("/{entry_id:int}", sync_to_thread=False)
    def change(self, entries: EntryService, entry_id: int, data: ChangedEntry) -> EntryStruct:
        check_price(data)
        values = {name: each for name, each in msgspec.structs.asdict(data).items() if each is not msgspec.UNSET}
        entry = entries.update(values, item_id=entry_id)
        return msgspec.convert(entry, EntryStruct, from_attributes=True)


def make(path: str) -> t.Any:
    """Return the application.

    :param path: The file of the database.
    """
    config = SQLAlchemySyncConfig(connection_string=f"sqlite:///{path}", before_send_handler="autocommit")
    app = Litestar(
        [EntryController], plugins=[SQLAlchemyInitPlugin(config=config)], openapi_config=None, logging_config=None
    )
    config.update_app_state(app)  # as its lifespan does, which no server runs here
    return app
