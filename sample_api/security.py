"""Passwords and tokens. Knows nothing of requests.

A token says who somebody is, signed with ``SECRET_KEY``; nothing is stored, so it is good until it expires.
"""

from __future__ import annotations

from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.security import check_password_hash, generate_password_hash

from framework import current_app

TOKEN_SALT = "conduit.token"  # the purpose: what the same key signs for another one is no token


def hash_password(password: str) -> str:
    """What is stored of a password."""
    return generate_password_hash(password, current_app.config["PASSWORD_METHOD"])


def is_password(password: str, stored: str | None) -> bool:
    """Whether it is the password.

    :param stored: What :func:`hash_password` gave; ``None`` for a user who does not exist. That takes the same time,
        so that nobody learns from a clock who is registered.
    """
    if stored is None:
        hash_password(password)
        return False
    return check_password_hash(stored, password)


def make_token(user_id: int) -> str:
    """A token for a user."""
    return _serializer().dumps(user_id)


def read_token(token: str) -> int | None:
    """The id of the token's user; ``None`` for a token that is forged, foreign or too old."""
    try:
        user_id = _serializer().loads(token, max_age=current_app.config["TOKEN_MAX_AGE"])
    except BadData:
        return None
    return user_id if type(user_id) is int else None


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=TOKEN_SALT)
