"""Articles: lists, the feed, and writing."""

from __future__ import annotations

import typing as t

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from framework import OffsetPage, Resource, Router, arguments, loads, paginate, provides, raises, response
from framework.marks.lists import OffsetParameters

from . import queries
from .auth import authors_only, login_optional, login_required
from .database import db, now
from .errors import ArticleNotFound
from .models import Article as ArticleRow
from .models import ArticleTag, FormerSlug, User
from .schemas import (
    ArticleFilterSchema,
    MultipleArticlesResponse,
    NewArticleRequest,
    SingleArticleResponse,
    UpdateArticleRequest,
)
from .slugs import slugify, with_suffix

if t.TYPE_CHECKING:
    from .schema_types import ArticleFilterLoad, NewArticleRequestLoad, UpdateArticleRequestLoad

router = Router("articles", __name__, url_prefix="/articles", description="What people write")


class ArticlesPart(t.TypedDict):
    """A part of a list of articles, and how many there are."""

    articles: list[queries.ArticleView]
    articles_count: int


@provides(db.session)
def find_article(session: Session, slug: str) -> ArticleRow | None:
    """The row of an article."""
    return session.scalar(sa.select(ArticleRow).where(queries.has_slug(slug)))


with_article: t.Final = loads(find_article, as_kwarg="article", error=ArticleNotFound)

in_parts: t.Final = paginate(by=OffsetPage, page_size=20, max_page_size=100, header=None)

SLUG_TRIES = 5


@router.route("")
class Articles(Resource):
    """All articles."""

    @login_optional
    @provides(db.session)
    @arguments(ArticleFilterSchema, location="query")
    @in_parts
    @response(200, MultipleArticlesResponse)
    def get(
        self,
        session: Session,
        query: ArticleFilterLoad,
        viewer: User | None,
        pagination_parameters: OffsetParameters,
    ) -> ArticlesPart:
        """List articles, newest first. Several filters must all be met."""
        conditions: list[sa.ColumnElement[bool]] = []
        if "tag" in query:
            conditions.append(queries.has_tag(query["tag"]))
        if "author" in query:
            conditions.append(queries.is_by(query["author"]))
        if "favorited" in query:
            conditions.append(queries.is_favorite_of(query["favorited"]))
        return show_part(session, viewer, conditions, pagination_parameters)

    @login_required
    @provides(db.session)
    @arguments(NewArticleRequest)
    @response(201, SingleArticleResponse)
    def post(self, session: Session, data: NewArticleRequestLoad, user: User) -> dict[str, queries.ArticleView]:
        """Publish an article."""
        given = data["article"]
        created = now()

        def write(slug: str) -> None:
            article = ArticleRow(
                slug=slug,
                title=given["title"],
                description=given["description"],
                body=given["body"],
                author_id=user.id,
                created_at=created,
                updated_at=created,
                tags=[ArticleTag(name=name) for name in sorted(set(given.get("tag_list", ())))],
            )
            session.add(article)

        published = queries.find_article(session, user, save_with_slug(session, slugify(given["title"]), write))
        assert published is not None  # written in this transaction
        return {"article": published}


@router.route("/feed")
class ArticlesFeed(Resource):
    """Articles by those whom one follows."""

    @login_required
    @provides(db.session)
    @in_parts
    @response(200, MultipleArticlesResponse)
    def get(self, session: Session, user: User, pagination_parameters: OffsetParameters) -> ArticlesPart:
        """List articles by the users one follows, newest first."""
        return show_part(session, user, [queries.is_in_feed_of(user)], pagination_parameters)


@router.route("/<slug:slug>")
class Article(Resource):
    """One article."""

    @login_optional
    @provides(db.session)
    @response(200, SingleArticleResponse)
    @raises(ArticleNotFound)
    def get(self, session: Session, slug: str, viewer: User | None) -> dict[str, queries.ArticleView]:
        """Show an article."""
        return show(session, viewer, slug)

    @login_required
    @with_article
    @authors_only
    @provides(db.session)
    @arguments(UpdateArticleRequest)
    @response(200, SingleArticleResponse)
    def put(
        self, session: Session, data: UpdateArticleRequestLoad, slug: str, article: ArticleRow, user: User
    ) -> dict[str, queries.ArticleView]:
        """Change an article. Only its author may; a new title makes a new slug, and the old one still leads there."""
        changes = data["article"]
        if not changes:
            return show(session, user, article.slug)
        # A title that still makes the same slug keeps the one it has, suffix and all.
        renamed = "title" in changes and slugify(changes["title"]) != slugify(article.title)

        before, article_id = article.slug, article.id

        def write(slug: str) -> None:
            for name, value in {**changes, "slug": slug, "updated_at": now()}.items():
                setattr(article, name, value)
            if slug != before:
                session.merge(FormerSlug(slug=before, article_id=article_id))

        try:
            saved = save_with_slug(session, slugify(changes["title"]) if renamed else before, write)
        except StaleDataError:
            raise ArticleNotFound() from None  # deleted since it was read
        return show(session, user, saved)

    @login_required
    @with_article
    @authors_only
    @provides(db.session)
    @response(204)
    def delete(self, session: Session, article: ArticleRow, user: User) -> None:
        """Delete an article and all that hangs on it. Only its author may."""
        session.execute(sa.delete(ArticleRow).where(ArticleRow.id == article.id))


def show_part(
    session: Session,
    viewer: User | None,
    conditions: list[sa.ColumnElement[bool]],
    pagination_parameters: OffsetParameters,
) -> ArticlesPart:
    """A part of the articles that meet all conditions."""
    wanted = pagination_parameters
    articles, count = queries.list_articles(session, viewer, conditions, limit=wanted.limit, offset=wanted.offset)
    wanted.item_count = count
    return {"articles": articles, "articles_count": count}


def show(session: Session, viewer: User | None, slug: str) -> dict[str, queries.ArticleView]:
    """The article with that slug as the data of :class:`SingleArticleResponse`.

    :raises ArticleNotFound: There is none.
    """
    article = queries.find_article(session, viewer, slug)
    if article is None:
        raise ArticleNotFound()
    return {"article": article}


def save_with_slug(session: Session, slug: str, write: t.Callable[[str], None]) -> str:
    """Write; when the slug is taken, once more with a suffix.

    Whether it is taken is asked of the database alone, by trying: between a question and the writing another request
    could take it.

    :param write: Adds to the session what shall be written, for the slug that it is given.
    :return: The slug that was free.
    """
    tried = slug
    for _ in range(SLUG_TRIES):
        try:
            with session.begin_nested():
                write(tried)
        except IntegrityError:
            tried = with_suffix(slug)
        else:
            return tried
    raise RuntimeError(f"No free slug was found for {slug!r} in {SLUG_TRIES} tries.")
