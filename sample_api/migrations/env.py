"""Run migrations on the database of the application; ``database.upgrade`` gives its own in ``attributes``."""

from __future__ import annotations

from typing import Literal

from alembic import context

from sample_api import create_app
from sample_api.database import Base, Instant, db

MIGRATIONS_LOCK = 7211


def type_in_migration(kind: str, item: object, _: object) -> str | Literal[False]:
    """Write a type of this application as the one that it stores: a migration does not change with the code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Instant) else False


given = context.config.attributes.get("app")
app = given or create_app()

with app.provide(db.engine) as engine, engine.connect() as connection:
    is_sqlite = connection.dialect.name == "sqlite"
    driver = connection.connection.driver_connection
    if is_sqlite and driver is not None:
        # A table is changed by making it anew: while the old one is dropped, nothing may refer to it.
        driver.execute("PRAGMA foreign_keys = OFF")
    with connection.begin():
        if not is_sqlite:
            # One process at a time; on SQLite each transaction that writes is alone from its beginning.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATIONS_LOCK})")
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=is_sqlite,
            render_item=type_in_migration,
        )
        with context.begin_transaction():
            context.run_migrations()
    if is_sqlite and driver is not None:
        driver.execute("PRAGMA foreign_keys = ON")

if given is None:
    app.shutdown()
