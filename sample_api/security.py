"""Passwords and tokens. Knows nothing of requests.

A token says who somebody is, signed with ``SECRET_KEY``; nothing is stored, so it is good until it expires.
"""

from __future__ import annotations

import typing as t

from werkzeug.security import check_password_hash, generate_password_hash

from framework import TokenMaker, current_app

tokens: t.Final = TokenMaker("login", max_age="TOKEN_MAX_AGE")


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
    return tokens.make(user_id)
