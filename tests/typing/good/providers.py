"""Providers whose values have types: in handlers, in other providers, in blocks."""

from __future__ import annotations

import contextlib
import typing as t

import framework
from framework import Context, Request, Resource, provider, provides, response
from framework.marks.providers import current_context, current_request, current_user_as, path_variable

app = framework.App(__name__)


class Session:
    """A session, which is a context manager."""

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *error: object) -> None: ...


class Clock:
    """A class without a clean-up."""


class User:
    """A user."""


class Client:
    """An asynchronous context manager."""

    async def __aenter__(self) -> t.Self:
        return self

    async def __aexit__(self, *error: object) -> None: ...


@provider(scope="application")
def get_clock() -> Clock:
    return Clock()


def open_session() -> t.Iterator[Session]:
    yield Session()


def open_generator() -> t.Generator[Session]:
    yield Session()


async def open_client() -> t.AsyncIterator[Client]:
    yield Client()


async def ask() -> int:
    return 1


@contextlib.contextmanager
def transaction() -> t.Generator[Session]:
    yield Session()


@contextlib.asynccontextmanager
async def connection() -> t.AsyncGenerator[Client]:
    yield Client()


@provides(open_session)
@provides(path_variable("shop_id", int))
def find_shop(db: Session, shop_id: int) -> str:
    return str(shop_id)


@provides(open_session)
class Pets:
    """A repository, made from a session."""

    def __init__(self, db: Session) -> None:
        self.db = db


@app.route("/shops/<int:shop_id>/pets")
class PetsOfShop(Resource):
    """One value by position."""

    @provides(open_session)
    @response(200)
    def get(self, db: Session, shop_id: int) -> list[str]:
        return []

    @provides(find_shop)
    @provides(transaction)
    @provides(Pets)
    @response(201)
    async def post(self, shop: str, db: Session, pets: Pets, shop_id: int) -> str:
        return shop

    @provides(db=open_session, clock=get_clock)
    @response(200)
    def put(self, shop_id: int, db: Session, clock: Clock) -> str:
        return ""


@app.get("/function")
@provides(open_generator)
@provides(open_client)
@provides(ask)
@response(200)
def function(db: Session, client: Client, number: int) -> int:
    return number


@app.get("/managers")
@provides(connection)
@provides(Session)
@provides(Session())
@response(200)
def managers(client: Client, db: Session, shared: Session) -> int:
    return 1


@app.get("/request")
@provides(current_context)
@provides(current_request)
@provides(current_user_as(User))
@provides(current_user_as(User, optional=True))
@response(200)
def of_request(ctx: Context, request: Request, user: User, maybe: User | None) -> int:
    return 1


def command() -> None:
    with app.provide(open_session) as db:
        t.assert_type(db, Session)
    with app.provide(get_clock) as clock:
        t.assert_type(clock, Clock)
    with app.provide(transaction) as same:
        t.assert_type(same, Session)


async def coroutine() -> None:
    async with app.provide(open_client) as client:
        t.assert_type(client, Client)
    async with app.provide(ask) as number:
        t.assert_type(number, int)


def fake_session() -> Session:
    return Session()


@app.override(open_session, fake_session)
def test_with_another_session() -> None:
    with app.override(get_clock, Clock):
        pass


t.assert_type(find_shop(Session(), 1), str)
