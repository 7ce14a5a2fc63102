"""The tables, as SQLAlchemy classes. What the API shows of them is said in ``schemas``.

Whatever must never be wrong is a constraint of the database: two requests at once get past any check in Python.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .database import Base, Instant, now

USERNAME_LENGTH = 50
EMAIL_LENGTH = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets
SLUG_LENGTH = 120
TITLE_LENGTH = 200
DESCRIPTION_LENGTH = 500
TAG_LENGTH = 50


class User(Base):
    """Somebody who has registered."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(USERNAME_LENGTH), unique=True)
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    bio: Mapped[str | None] = mapped_column(Text)
    image: Mapped[str | None] = mapped_column(Text)


class Follow(Base):
    """One user reads what another one writes."""

    __tablename__ = "follows"

    follower_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    followed_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)


class Article(Base):
    """Something to read."""

    __tablename__ = "articles"
    # The order of every list: the newest first, and by id where two came in the same millisecond.
    __table_args__ = (Index("ix_articles_newest", "created_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH), unique=True)
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    description: Mapped[str] = mapped_column(String(DESCRIPTION_LENGTH))
    body: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(Instant, default=now)
    updated_at: Mapped[dt.datetime] = mapped_column(Instant, default=now)

    author: Mapped[User] = relationship(lazy="raise")
    tags: Mapped[list[ArticleTag]] = relationship(lazy="raise", passive_deletes=True)


class FormerSlug(Base):
    """A slug that an article had before its title changed. It still leads there, until another article takes it."""

    __tablename__ = "former_slugs"

    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH), primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), index=True)


class ArticleTag(Base):
    """A tag of an article. A tag is its name and nothing else: it exists as long as an article carries it."""

    __tablename__ = "article_tags"

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(TAG_LENGTH), primary_key=True, index=True)


class Favorite(Base):
    """A user likes an article."""

    __tablename__ = "favorites"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True, index=True)


class Comment(Base):
    """What a user says to an article."""

    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(Instant, default=now)
    updated_at: Mapped[dt.datetime] = mapped_column(Instant, default=now)

    author: Mapped[User] = relationship(lazy="raise")
