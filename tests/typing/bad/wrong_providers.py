"""Handlers and providers that do not take what their providers give."""

from __future__ import annotations

import contextlib
import typing as t

from framework import App, Resource, provider, provides

app = App(__name__)


class Session:
    """A session."""


def open_session() -> t.Iterator[Session]:
    yield Session()


@contextlib.contextmanager
def transaction() -> t.Generator[Session]:
    yield Session()


async def ask() -> int:
    return 1


@app.route("/pets")
class Pets(Resource):
    """Methods."""

    @provides(open_session)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    def get(self, db: str) -> str:
        return db

    @provides(transaction)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    def put(self, db: int) -> int:
        return db

    @provides(ask)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
    async def post(self, number: str) -> str:
        return number


@provides(open_session)  # error: arg-type | CallIssue ArgumentType UntypedFunctionDecorator
def find(db: int) -> int:
    return db


def command() -> None:
    with app.provide(open_session) as db:
        number: int = db  # error: assignment | AssignmentType
        assert number


@provider(scope="session")  # error: arg-type | ArgumentType
def wrong_scope() -> int:
    return 1
