"""Passwords and tokens. Knows nothing of requests.

A token says who somebody is, signed with ``SECRET_KEY``; nothing is stored. It is good until it expires or the password
changes.
"""

from __future__ import annotations

import hashlib
import hmac
import typing as t

from werkzeug.security import check_password_hash, generate_password_hash

from framework import TokenMaker, current_app

from . import settings

if t.TYPE_CHECKING:
    from .models import User

tokens: t.Final = TokenMaker("login", max_age=lambda: settings.current().token_max_age)


def hash_password(password: str) -> str:
    """What is stored of a password."""
    return generate_password_hash(password, settings.current().password_method)


def is_password(password: str, stored: str | None) -> bool:
    """Whether it is the password.

    :param stored: What :func:`hash_password` gave; ``None`` for a user who does not exist. That takes the same time,
        so that nobody learns from a clock who is registered.
    """
    if stored is None:
        hash_password(password)
        return False
    return check_password_hash(stored, password)


def make_token(user: User) -> str:
    """Make a token for a user, which dies with the password."""
    return tokens.make([user.id, stamp_of(user)])


def is_current(user: User, stamp: str) -> bool:
    """Return whether a token was made while the user had the password of now."""
    return hmac.compare_digest(stamp.encode(), stamp_of(user).encode())


def stamp_of(user: User) -> str:
    """Return what changes with the password, and tells nothing about it: who has a token can read what is in it."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, user.password_hash.encode(), hashlib.sha256).hexdigest()[:32]
