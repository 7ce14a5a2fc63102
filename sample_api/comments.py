"""Comments on articles."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from framework import Resource, Router, arguments, loads, response

from .articles import with_article
from .auth import authors_only, login_optional, login_required
from .database import get_session, now
from .errors import ArticleNotFound, CommentNotFound
from .models import Article, Comment, User
from .queries import CommentView, has_slug, is_following, list_comments, profile_view
from .schemas import MultipleCommentsResponse, NewCommentRequest, SingleCommentResponse

router = Router(
    "comments",
    __name__,
    url_prefix="/articles/<slug:slug>/comments",
    description="What people say to articles",
    marks=[with_article],
)


@router.route("")
class ArticleComments(Resource):
    """The comments of an article."""

    @login_optional
    @response(200, MultipleCommentsResponse)
    def get(self, article: Article, viewer: User | None) -> dict[str, list[CommentView]]:
        """List the comments of an article, newest first."""
        return {"comments": list_comments(get_session(), viewer, article.id)}

    @login_required
    @arguments(NewCommentRequest)
    @response(200, SingleCommentResponse)
    def post(self, given: NewCommentRequest, article: Article, user: User) -> dict[str, CommentView]:
        """Comment on an article."""
        session, created = get_session(), now()
        following = bool(session.scalar(sa.select(is_following(user, sa.literal(user.id)))))
        author = profile_view(user, following)
        comment = Comment(
            body=given.comment.body,
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


def find_comment(slug: str, id: int) -> Comment | None:
    """The row of a comment, if it is one on that article."""
    return get_session().scalar(sa.select(Comment).join(Article).where(Comment.id == id, has_slug(slug)))


@router.route("/<int(max=2147483647):id>")
class ArticleComment(Resource):
    """One comment of an article."""

    @login_required
    @loads(find_comment, as_kwarg="comment", error=CommentNotFound)
    @authors_only
    @response(204)
    def delete(self, article: Article, comment: Comment, user: User) -> None:
        """Delete a comment. Only its author may."""
        session = get_session()
        session.execute(sa.delete(Comment).where(Comment.id == comment.id))
        session.commit()
