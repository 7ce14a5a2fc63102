"""The database: one connection per application context, made when it is first asked for."""

import sqlite3

import click
from flask import current_app, g
from flask.cli import with_appcontext

SCHEMA = """
create table if not exists member (id integer primary key, name text unique not null, password text not null);
create table if not exists notice (
    id integer primary key, author integer not null references member, title text not null, body text not null,
    month text not null);
"""


class StoreError(Exception):
    pass


def get_db():
    if "db" not in g:
        g.db = sqlite3.connect(current_app.config["DATABASE"])
        g.db.row_factory = sqlite3.Row
    return g.db


def query(text, *values, one=False):
    try:
        rows = get_db().execute(text, values).fetchall()
    except sqlite3.OperationalError as error:
        raise StoreError(str(error)) from error
    return (rows[0] if rows else None) if one else rows


def close_db(error=None):
    db = g.pop("db", None)
    if db is not None:
        if error is None:
            db.commit()
        db.close()


@click.command("init-db")
@with_appcontext
def init_db_command():
    """Make the tables."""
    get_db().executescript(SCHEMA)
    click.echo("Initialized the database.")


def init_app(app):
    app.extensions["store"] = query
    app.teardown_appcontext(close_db)
    app.cli.add_command(init_db_command)
