"""Favorites: articles that somebody likes."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from framework import Resource, Router, response

from .articles import show, with_article
from .auth import login_required
from .database import get_session
from .models import Article, Favorite, User
from .queries import ArticleView
from .schemas import SingleArticleResponse

router = Router(
    "favorites", __name__, url_prefix="/articles/<slug:slug>/favorite", description="Articles that people like"
)


@login_required
@with_article
@router.route("")
class ArticleFavorite(Resource):
    """Whether the user who is logged in likes an article."""

    @response(200, SingleArticleResponse)
    def post(self, slug: str, article: Article, user: User) -> dict[str, ArticleView]:
        """Like an article. To like it once more changes nothing."""
        session = get_session()
        key = (user.id, article.id)
        if session.get(Favorite, key) is None:
            session.add(Favorite(user_id=key[0], article_id=key[1]))
            try:
                session.commit()
            except IntegrityError:
                session.rollback()  # the same request, sent twice, was faster; or the article is gone
        return show(session, user, slug)

    @response(200, SingleArticleResponse)
    def delete(self, slug: str, article: Article, user: User) -> dict[str, ArticleView]:
        """Like an article no longer."""
        session = get_session()
        session.execute(sa.delete(Favorite).where(Favorite.user_id == user.id, Favorite.article_id == article.id))
        session.commit()
        return show(session, user, slug)
