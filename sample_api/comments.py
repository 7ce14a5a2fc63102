"""Comments on articles."""

from __future__ import annotations

import typing as t

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from framework import Resource, Router, arguments, raises, response

from .articles import find
from .auth import login_optional, login_required
from .database import get_session, now
from .errors import ArticleNotFound, CommentNotFound, NotTheAuthor
from .models import Comment, User
from .queries import CommentView, is_following, list_comments, profile_view
from .schemas import MultipleCommentsResponse, NewCommentRequest, SingleCommentResponse

router = Router(
    "comments", __name__, url_prefix="/articles/<slug:slug>/comments", description="What people say to articles"
)

Data: t.TypeAlias = dict[str, t.Any]


@router.route("")
class ArticleComments(Resource):
    """The comments of an article."""

    @login_optional
    @response(200, MultipleCommentsResponse)
    @raises(ArticleNotFound)
    def get(self, viewer: User | None, slug: str) -> Data:
        """List the comments of an article, newest first."""
        session = get_session()
        return {"comments": list_comments(session, viewer, find(session, slug).id)}

    @login_required
    @arguments(NewCommentRequest)
    @response(200, SingleCommentResponse)
    @raises(ArticleNotFound)
    def post(self, user: User, data: Data, slug: str) -> Data:
        """Comment on an article."""
        session, created = get_session(), now()
        article = find(session, slug)
        following = bool(session.scalar(sa.select(is_following(user, sa.literal(user.id)))))
        author = profile_view(user, following)
        comment = Comment(
            body=data["comment"]["body"],
            article_id=article.id,
            author_id=user.id,
            created_at=created,
            updated_at=created,
        )
        session.add(comment)
        try:
            session.commit()
        except IntegrityError:
            raise ArticleNotFound() from None  # deleted since we looked
        return {"comment": CommentView(comment.id, created, created, comment.body, author)}


@router.route("/<int(max=2147483647):id>")
class ArticleComment(Resource):
    """One comment of an article."""

    @login_required
    @response(204)
    @raises(ArticleNotFound, CommentNotFound, NotTheAuthor)
    def delete(self, user: User, slug: str, id: int) -> None:
        """Delete a comment. Only its author may."""
        session = get_session()
        article = find(session, slug)
        author_id = session.scalar(
            sa.select(Comment.author_id).where(Comment.id == id, Comment.article_id == article.id)
        )
        if author_id is None:
            raise CommentNotFound()
        if author_id != user.id:
            raise NotTheAuthor()
        session.execute(sa.delete(Comment).where(Comment.id == id))
        session.commit()
