"""Comments on articles."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framework import Resource, Router, arguments, loads, provides, response

from .articles import with_article
from .auth import authors_only, login_optional, login_required
from .database import db, now
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
    @provides(db.session)
    @response(200, MultipleCommentsResponse)
    def get(self, session: Session, article: Article, viewer: User | None) -> dict[str, list[CommentView]]:
        """List the comments of an article, newest first."""
        return {"comments": list_comments(session, viewer, article.id)}

    @login_required
    @provides(db.session)
    @arguments(NewCommentRequest)
    @response(200, SingleCommentResponse)
    def post(self, session: Session, given: NewCommentRequest, article: Article, user: User) -> dict[str, CommentView]:
        """Comment on an article."""
        created = now()
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
            session.flush()
        except IntegrityError:
            raise ArticleNotFound() from None  # deleted since we looked
        return {"comment": CommentView(comment.id, created, created, comment.body, author)}


@provides(db.session)
def find_comment(session: Session, slug: str, id: int) -> Comment | None:
    """The row of a comment, if it is one on that article."""
    return session.scalar(sa.select(Comment).join(Article).where(Comment.id == id, has_slug(slug)))


@router.route("/<int(max=2147483647):id>")
class ArticleComment(Resource):
    """One comment of an article."""

    @login_required
    @loads(find_comment, as_kwarg="comment", error=CommentNotFound)
    @authors_only
    @provides(db.session)
    @response(204)
    def delete(self, session: Session, article: Article, comment: Comment, user: User) -> None:
        """Delete a comment. Only its author may."""
        session.execute(sa.delete(Comment).where(Comment.id == comment.id))
