"""Favorites: articles that somebody likes."""

from __future__ import annotations

import typing as t

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from framework import Resource, Router, raises, response

from .articles import find, show
from .auth import login_required
from .database import get_session
from .errors import ArticleNotFound
from .models import Favorite, User
from .schemas import SingleArticleResponse

router = Router(
    "favorites", __name__, url_prefix="/articles/<slug:slug>/favorite", description="Articles that people like"
)


@login_required
@router.route("")
class ArticleFavorite(Resource):
    """Whether the user who is logged in likes an article."""

    @response(200, SingleArticleResponse)
    @raises(ArticleNotFound)
    def post(self, user: User, slug: str) -> dict[str, t.Any]:
        """Like an article. To like it once more changes nothing."""
        session = get_session()
        key = (user.id, find(session, slug).id)
        if session.get(Favorite, key) is None:
            session.add(Favorite(user_id=key[0], article_id=key[1]))
            try:
                session.commit()
            except IntegrityError:
                session.rollback()  # the same request, sent twice, was faster; or the article is gone
        return show(session, user, slug)

    @response(200, SingleArticleResponse)
    @raises(ArticleNotFound)
    def delete(self, user: User, slug: str) -> dict[str, t.Any]:
        """Like an article no longer."""
        session = get_session()
        article = find(session, slug)
        session.execute(sa.delete(Favorite).where(Favorite.user_id == user.id, Favorite.article_id == article.id))
        session.commit()
        return show(session, user, slug)
