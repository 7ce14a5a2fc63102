"""Who is asking, and what is theirs: ``login_required`` and ``login_optional``, and the permission of authors.

A token that is there and is not good is refused even where none is needed: whoever sends one should hear that it has
expired.
"""

from __future__ import annotations

import typing as t

from framework import Bearer, current_app, permission, raises, requires
from framework.sqlalchemy import DatabaseBusy, DatabaseUnavailable

from .database import db
from .errors import BadToken, NotTheAuthor, TokenMissing
from .models import Article, Comment, User
from .security import is_current, tokens


@raises(DatabaseBusy, DatabaseUnavailable)
def user_of(token: str) -> User | None:
    """Return the user whose token it is; ``None`` when it is not ours, or its user is gone or has another password.

    In a session that is closed before the rest of the request is read: a slow sender holds no connection.
    """
    payload = tokens.read(token)
    if not (isinstance(payload, list) and [type(part) for part in payload] == [int, str]):
        return None
    with current_app.provide(db.session) as session:
        user = session.get(User, payload[0])
    return user if user is not None and is_current(user, payload[1]) else None


def is_author(user: User, written: Article | Comment) -> bool:
    """Whether the user has written it."""
    return written.author_id == user.id


token: t.Final = Bearer(
    user_of,
    word="Token",
    name="Token",
    realm="Conduit",
    description="The word `Token`, a space, and the token that registration and login give: `Token xxx.yyy.zzz`",
)
login_required: t.Final = requires(token, as_kwarg="user", missing=TokenMissing, invalid=BadToken)
login_optional: t.Final = requires(token, optional=True, as_kwarg="viewer", missing=TokenMissing, invalid=BadToken)
authors_only: t.Final = permission(is_author, error=NotTheAuthor)
