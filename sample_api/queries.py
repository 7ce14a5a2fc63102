"""What is read from the database, in a number of statements that does not grow with the rows.

Whether an article is a favorite, or its author followed, depends on who asks. So a query gives views: values made for
one answer, with the attributes that the schemas show.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, contains_eager, defer, selectinload
from sqlalchemy.sql.elements import ColumnElement

from .models import Article, ArticleTag, Comment, Favorite, Follow, FormerSlug, User


@dataclasses.dataclass(frozen=True, slots=True)
class ProfileView:
    """A user as another one sees them."""

    username: str
    bio: str | None
    image: str | None
    following: bool


@dataclasses.dataclass(frozen=True, slots=True)
class ArticleView:
    """An article as a user sees it; ``body`` is None in lists, which do not show it."""

    slug: str
    title: str
    description: str
    body: str | None
    tag_list: list[str]
    created_at: dt.datetime
    updated_at: dt.datetime
    favorited: bool
    favorites_count: int
    author: ProfileView


@dataclasses.dataclass(frozen=True, slots=True)
class CommentView:
    """A comment as a user sees it."""

    id: int
    created_at: dt.datetime
    updated_at: dt.datetime
    body: str
    author: ProfileView


def profile_view(user: User, following: bool) -> ProfileView:
    """The profile of a user."""
    return ProfileView(user.username, user.bio, user.image, following)


def find_profile(session: Session, viewer: User | None, username: str) -> tuple[User, bool] | None:
    """The user of that name, and whether the viewer follows them."""
    query = sa.select(User, is_following(viewer, User.id)).where(User.username == username)
    row = session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def has_slug(slug: str) -> sa.ColumnElement[bool]:
    """The article with that slug; else the one that had it before its title changed."""
    current = sa.select(Article.id).where(Article.slug == slug).correlate(None).scalar_subquery()
    former = sa.select(FormerSlug.article_id).where(FormerSlug.slug == slug).scalar_subquery()
    return Article.id == sa.func.coalesce(current, former)


def find_article(session: Session, viewer: User | None, slug: str) -> ArticleView | None:
    """The article with that slug, with its body."""
    found = list(_article_views(session, viewer, [has_slug(slug)], body=True))
    return found[0] if found else None


def list_articles(
    session: Session,
    viewer: User | None,
    conditions: cabc.Sequence[ColumnElement[bool]],
    *,
    limit: int,
    offset: int,
) -> tuple[list[ArticleView], int]:
    """A part of the articles that meet all conditions, newest first, and how many there are of them in all."""
    count = session.scalar(sa.select(sa.func.count()).select_from(Article).where(*conditions)) or 0
    views = _article_views(session, viewer, conditions, body=False, limit=limit, offset=offset)
    return list(views), count


def list_comments(session: Session, viewer: User | None, article_id: int) -> list[CommentView]:
    """The comments of an article, newest first."""
    query = (
        sa.select(Comment, is_following(viewer, Comment.author_id))
        .join(Comment.author)
        .options(contains_eager(Comment.author))
        .where(Comment.article_id == article_id)
        .order_by(Comment.created_at.desc(), Comment.id.desc())
    )
    return [
        CommentView(
            comment.id, comment.created_at, comment.updated_at, comment.body, profile_view(comment.author, following)
        )
        for comment, following in session.execute(query)
    ]


def list_tags(session: Session) -> list[str]:
    """The names of all tags. Sorted here: databases differ in what comes first."""
    return sorted(session.scalars(sa.select(ArticleTag.name).distinct()))


# Conditions for list_articles


def has_tag(name: str) -> ColumnElement[bool]:
    """Articles with this tag."""
    return sa.exists().where(ArticleTag.article_id == Article.id, ArticleTag.name == name)


def is_by(username: str) -> ColumnElement[bool]:
    """Articles that this user has written."""
    return Article.author_id == user_id_of(username)


def is_favorite_of(username: str) -> ColumnElement[bool]:
    """Articles that this user likes."""
    return sa.exists().where(Favorite.article_id == Article.id, Favorite.user_id == user_id_of(username))


def is_in_feed_of(user: User) -> ColumnElement[bool]:
    """Articles by those whom the user follows."""
    return is_following(user, Article.author_id)


# Parts of queries


def user_id_of(username: str) -> sa.ScalarSelect[int]:
    """The id of the user of that name, as part of a query."""
    return sa.select(User.id).where(User.username == username).scalar_subquery()


def is_following(viewer: User | None, user_id: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether the viewer follows a user, as part of a query."""
    if viewer is None:
        return sa.false()
    return sa.exists().where(Follow.follower_id == viewer.id, Follow.followed_id == user_id)


def is_favorite(viewer: User | None) -> ColumnElement[bool]:
    """Whether the viewer likes the article, as part of a query."""
    if viewer is None:
        return sa.false()
    return sa.exists().where(Favorite.user_id == viewer.id, Favorite.article_id == Article.id)


def _article_views(
    session: Session,
    viewer: User | None,
    conditions: cabc.Sequence[ColumnElement[bool]],
    *,
    body: bool,
    limit: int | None = None,
    offset: int | None = None,
) -> cabc.Iterator[ArticleView]:
    """The articles that meet all conditions. Two statements: the articles with all that is one of each, their tags."""
    likes = sa.select(sa.func.count()).select_from(Favorite).where(Favorite.article_id == Article.id)
    query = (
        sa.select(Article, likes.scalar_subquery(), is_favorite(viewer), is_following(viewer, Article.author_id))
        .join(Article.author)
        .options(contains_eager(Article.author), selectinload(Article.tags))
        .where(*conditions)
        .order_by(Article.created_at.desc(), Article.id.desc())
        .limit(limit)
        .offset(offset)
    )
    if not body:
        query = query.options(defer(Article.body, raiseload=True))
    for article, favorites_count, favorited, following in session.execute(query):
        yield ArticleView(
            slug=article.slug,
            title=article.title,
            description=article.description,
            body=article.body if body else None,
            tag_list=sorted(tag.name for tag in article.tags),
            created_at=article.created_at,
            updated_at=article.updated_at,
            favorited=favorited,
            favorites_count=favorites_count,
            author=profile_view(article.author, following),
        )
