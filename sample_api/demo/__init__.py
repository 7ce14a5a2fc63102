"""The command ``seed``, which fills the database with demo data.

The texts are in ``data.toml`` beside this module; times, follows and favorites are counted out, so that every run
gives the same.
"""

from __future__ import annotations

import datetime as dt
import tomllib
import typing as t
from pathlib import Path

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from framework import App

from ..database import open_session
from ..models import Article, ArticleTag, Comment, Favorite, Follow, User
from ..security import hash_password
from ..slugs import slugify

PASSWORD = "conduit-demo"
START = dt.datetime(2026, 1, 5, 8, 0, tzinfo=dt.UTC)
BETWEEN_ARTICLES = dt.timedelta(hours=31, minutes=7, seconds=13, milliseconds=250)
BETWEEN_COMMENTS = dt.timedelta(hours=2, minutes=23)


def init_app(app: App) -> None:
    """Add the command to the application."""
    app.cli.command("seed")(seed)


def seed() -> None:
    """Fill the database with demo data.

    Where they are already, nothing happens.
    """
    data = tomllib.loads((Path(__file__).parent / "data.toml").read_text(encoding="utf-8"))
    names = [user["username"] for user in data["users"]]
    with open_session() as session:
        if session.scalar(sa.select(User.id).where(User.username.in_(names)).limit(1)) is not None:
            click.echo("The demo data are here already.")
            return
        users = add_users(session, data["users"])
        add_articles(session, data["articles"], users)
    click.echo(
        f"Added {len(users)} users and {len(data['articles'])} articles."
        f" Log in as {names[0]}@example.com with the password {PASSWORD}."
    )


def add_users(session: Session, entries: list[dict[str, t.Any]]) -> dict[str, User]:
    """Add the users, by name, and let each follow the next two."""
    stored = hash_password(PASSWORD)
    users = {
        entry["username"]: User(
            username=entry["username"],
            email=f"{entry['username']}@example.com",
            password_hash=stored,
            bio=entry["bio"],
            image=entry.get("image"),
        )
        for entry in entries
    }
    session.add_all(users.values())
    session.flush()
    row = list(users.values())
    for place, user in enumerate(row):
        for step in (1, 2):
            session.add(Follow(follower_id=user.id, followed_id=row[(place + step) % len(row)].id))
    return users


def add_articles(session: Session, entries: list[dict[str, t.Any]], users: dict[str, User]) -> None:
    """Add the articles, the oldest first, with what hangs on them."""
    for number, entry in enumerate(entries):
        written = START + number * BETWEEN_ARTICLES
        author = users[entry["author"]]
        article = Article(
            slug=slugify(entry["title"]),
            title=entry["title"],
            description=entry["description"],
            body=entry["body"].strip(),
            author_id=author.id,
            created_at=written,
            updated_at=written,
            tags=[ArticleTag(name=name) for name in entry["tags"]],
        )
        session.add(article)
        session.flush()
        for place, user in enumerate(users.values()):
            # Each user likes every third article or so, no two of them the same ones, and nobody likes their own.
            if (number + 2 * place) % (3 + place % 2) == 0 and user is not author:
                session.add(Favorite(user_id=user.id, article_id=article.id))
        for place, comment in enumerate(entry.get("comments", ()), start=1):
            said = written + place * BETWEEN_COMMENTS
            session.add(
                Comment(
                    body=comment["body"],
                    article_id=article.id,
                    author_id=users[comment["author"]].id,
                    created_at=said,
                    updated_at=said,
                )
            )
