"""Run migrations on the database of the application."""

from __future__ import annotations

from alembic import context
from booking import create_app
from booking.database import Base, db

app = create_app()

with app.provide(db.engine) as engine, engine.connect() as connection:
    is_sqlite = connection.dialect.name == "sqlite"
    driver = connection.connection.driver_connection
    if is_sqlite and driver is not None:
        # A table is changed by making it anew: while the old one is dropped, nothing may refer to it.
        driver.execute("PRAGMA foreign_keys = OFF")
    with connection.begin():
        context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=is_sqlite)
        with context.begin_transaction():
            context.run_migrations()

app.shutdown()
