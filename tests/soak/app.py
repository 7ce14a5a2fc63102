"""The application of the soak: orders in PostgreSQL with idempotency keys, limits and sessions in Redis.

Each order is written twice: as the order, and as a note that a handler has carried it out. No constraint keeps a second
note out, so that a request that is carried out twice is seen.
"""

from __future__ import annotations

import os
import typing as t

import sqlalchemy as sa

from framework import App, Resource, Schema, arguments, fields, idempotent, limit, response, session
from framework.context import Context
from framework.errors import ServiceUnavailable
from framework.serve import Draining, Health, limit_statements
from framework.sessions import StoreSessionInterface
from framework.stores.redis import RedisStore

PER_GROUP: t.Final = 100
"""The calls that a group of the limit may make."""

TIMEOUT: t.Final = 1.0
"""Seconds for an answer of Redis: all hosts share the processors of one machine, and a host that starts takes them."""

TABLES: t.Final = (
    "CREATE TABLE orders (id bigserial PRIMARY KEY, key text NOT NULL, item text NOT NULL)",
    "CREATE TABLE executions (key text NOT NULL, process int NOT NULL)",
)


class OrderSchema(Schema):
    """An order."""

    id = fields.Integer(dump_only=True)
    key = fields.String(required=True)
    item = fields.String(required=True)


class Away(ServiceUnavailable):
    """The database does not answer. Try again."""


def group_of(ctx: Context) -> str:
    """The group that a request is counted in."""
    return ctx.request.headers.get("X-Group", "none")


def create_app() -> App:
    """Make the application, with the servers that the environment names."""
    app = App("soak", static_folder=None)
    store_url = os.environ["STORE_URL"]
    app.config.update(
        SECRET_KEY="of the soak alone: no one else is served",
        STORE_URL=store_url,
        STORE_TIMEOUT=TIMEOUT,
        DEADLINE=2,
        MAX_CONCURRENT_REQUESTS=14,
        DRAIN_TIMEOUT=10,
        REQUEST_ID_TRUST="*",
    )
    app.session_interface = StoreSessionInterface(RedisStore(store_url, timeout=TIMEOUT))
    # A host that is cut off from its database hears nothing: only time limits end its waiting.
    waits = {"connect_timeout": 1, "tcp_user_timeout": 2000, "keepalives_idle": 1, "keepalives_interval": 1}
    engine = sa.create_engine(
        os.environ["DATABASE_URL"], pool_pre_ping=True, pool_size=15, max_overflow=0, pool_timeout=1, connect_args=waits
    )
    limit_statements(engine)
    Draining(app)
    Health(app, {"database": engine}).check("store", RedisStore(store_url, timeout=TIMEOUT), degrades=True)
    app.on_shutdown(engine.dispose)

    @app.errorhandler(sa.exc.OperationalError)
    @app.errorhandler(sa.exc.TimeoutError)
    def away(error: Exception) -> t.NoReturn:
        raise Away(retry_after=1) from error

    @app.route("/orders")
    class Orders(Resource):
        """All orders."""

        @idempotent(required=True)
        @arguments(OrderSchema)
        @response(201, OrderSchema)
        def post(self, order: dict[str, t.Any]) -> dict[str, t.Any]:
            """Order something."""
            with engine.begin() as connection:
                connection.execute(
                    sa.text("INSERT INTO executions (key, process) VALUES (:key, :process)"),
                    {"key": order["key"], "process": os.getpid()},
                )
                found = connection.execute(
                    sa.text("INSERT INTO orders (key, item) VALUES (:key, :item) RETURNING id"), order
                )
                return {**order, "id": found.scalar_one()}

    @app.get("/orders/<key>")
    @response(200, OrderSchema(many=True))
    def read(key: str) -> list[dict[str, t.Any]]:
        """Show the orders of a key."""
        with engine.connect() as connection:
            rows = connection.execute(sa.text("SELECT id, key, item FROM orders WHERE key = :key"), {"key": key})
            return [dict(row) for row in rows.mappings()]

    @app.post("/counted")
    @limit(f"{PER_GROUP}/hour", by=group_of, when_away="closed")
    @response(204)
    def counted() -> None:
        """Be counted."""

    @app.post("/session")
    @limit("100000/minute", by=group_of, when_away="closed")
    def bump() -> dict[str, t.Any]:
        """Log in at the first call, and count the calls in the session."""
        session["calls"] = session.get("calls", 0) + 1
        session.setdefault("user", os.urandom(8).hex())
        return {"user": session["user"], "calls": session["calls"]}

    @app.get("/session")
    def show() -> dict[str, t.Any]:
        """Show the session."""
        return {"user": session.get("user"), "calls": session.get("calls"), "version": os.environ["VERSION"]}

    return app
