"""Favorites: articles that somebody likes."""

from __future__ import annotations

import contextlib

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framework import Resource, Router, provides, response

from .articles import show, with_article
from .auth import login_required
from .database import db
from .models import Article, Favorite, User
from .queries import ArticleView
from .schemas import SingleArticleResponse

router = Router(
    "favorites", __name__, url_prefix="/articles/<slug:slug>/favorite", description="Articles that people like"
)


@login_required
@with_article
@provides(session=db.session)
@router.route("")
class ArticleFavorite(Resource):
    """Whether the user who is logged in likes an article."""

    @response(200, SingleArticleResponse)
    def post(self, session: Session, slug: str, article: Article, user: User) -> dict[str, ArticleView]:
        """Like an article. To like it once more changes nothing."""
        key = (user.id, article.id)
        if session.get(Favorite, key) is None:
            # The same request, sent twice, may be faster; or the article is gone.
            with contextlib.suppress(IntegrityError), session.begin_nested():
                session.add(Favorite(user_id=key[0], article_id=key[1]))
        return show(session, user, slug)

    @response(200, SingleArticleResponse)
    def delete(self, session: Session, slug: str, article: Article, user: User) -> dict[str, ArticleView]:
        """Like an article no longer."""
        session.execute(sa.delete(Favorite).where(Favorite.user_id == user.id, Favorite.article_id == article.id))
        return show(session, user, slug)
