"""Users: registration, login, and the user who is logged in."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import typing as t

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framework import Resource, Router, arguments, limit, provides, raises, request, response
from framework.sqlalchemy import transaction

from .auth import login_required
from .database import db
from .errors import BadCredentials, BadToken, taken
from .models import User
from .schemas import LoginUserRequest, NewUserRequest, UpdateUserRequest, UserResponse
from .security import hash_password, is_password, make_token

if t.TYPE_CHECKING:
    from .schema_types import (
        LoginUserRequestLoad,
        NewUserRequestLoad,
        UpdateUserRequestLoad,
        UserDump,
        UserResponseDump,
    )

router = Router("users", __name__, description="Registration, login, and one's own user")

few_tries: t.Final = limit("20/minute", "200/hour", when_away="closed")
"""For what tries passwords out, or fills the table of users: counted for each address."""


@router.route("/users")
class Users(Resource):
    """All users."""

    @few_tries
    @provides(db.session)
    @arguments(NewUserRequest)
    @response(201, UserResponse)
    def post(self, session: Session, data: NewUserRequestLoad) -> UserResponseDump:
        """Register a new user."""
        wanted = data["user"]
        # It takes its time: done before the transaction begins.
        stored = hash_password(wanted["password"])
        refuse_taken(session, wanted)
        user = User(username=wanted["username"], email=wanted["email"], password_hash=stored)
        with saving(session, wanted):
            session.add(user)
        return logged_in(user, make_token(user))


@router.route("/users/login")
class Login(Resource):
    """Logging in."""

    @few_tries
    @transaction(read_only=True)
    @provides(db.session)
    @arguments(LoginUserRequest)
    @response(200, UserResponse)
    @raises(BadCredentials)
    def post(self, session: Session, data: LoginUserRequestLoad) -> UserResponseDump:
        """Log in: get a token for an email and a password."""
        given = data["user"]
        user = session.scalar(sa.select(User).where(User.email == given["email"]))
        if not is_password(given["password"], None if user is None else user.password_hash) or user is None:
            raise BadCredentials()
        return logged_in(user, make_token(user))


@login_required
@router.route("/user")
class CurrentUser(Resource):
    """The user who is logged in."""

    @response(200, UserResponse)
    def get(self, user: User) -> UserResponseDump:
        """Show the user who is logged in."""
        return logged_in(user, current_token())

    @provides(db.session)
    @arguments(UpdateUserRequest)
    @response(200, UserResponse)
    def put(self, session: Session, data: UpdateUserRequestLoad, user: User) -> UserResponseDump:
        """Change the user who is logged in."""
        given = data["user"]
        changes: dict[str, str | None] = {name: given[name] for name in ("email", "username") if name in given}
        for name in ("bio", "image"):
            if name in given:
                changes[name] = given[name] or None  # an emptied field of a form means: nothing
        if "password" in given:
            changes["password_hash"] = hash_password(given["password"])
        refuse_taken(session, changes, besides=user.id)
        changed = session.get(User, user.id)
        if changed is None:
            raise BadToken()
        with saving(session, changes, besides=user.id):
            for name, value in changes.items():
                setattr(changed, name, value)
        # All tokens die with the old password, that of this request too.
        return logged_in(changed, make_token(changed) if "password" in given else current_token())


def logged_in(user: User, token: str) -> UserResponseDump:
    """The user as the data of :class:`UserResponse`."""
    shown: UserDump = {
        "email": user.email,
        "token": token,
        "username": user.username,
        "bio": user.bio,
        "image": user.image,
    }
    return {"user": shown}


def current_token() -> str:
    """The token of this request, which :data:`login_required` has accepted."""
    return request.headers["Authorization"].partition(" ")[2].strip()


def refuse_taken(session: Session, wanted: cabc.Mapping[str, object], besides: int | None = None) -> None:
    """Refuse a username or an email that somebody else has.

    :param wanted: The fields a user shall have.
    :param besides: The id of the user whose own they may be.
    :raises ValidationFailed: It names each field that is taken.
    """
    fields = [name for name in ("username", "email") if name in wanted]
    if not fields:
        return
    same = [getattr(User, name) == wanted[name] for name in fields]
    with session.no_autoflush:
        others = session.execute(sa.select(User.id, User.username, User.email).where(sa.or_(*same))).all()
    names = [
        name for name in fields if any(getattr(other, name) == wanted[name] for other in others if other.id != besides)
    ]
    if names:
        raise taken("user", names)


@contextlib.contextmanager
def saving(session: Session, wanted: cabc.Mapping[str, object], besides: int | None = None) -> t.Iterator[None]:
    """Write what the block changes. The database decides what is taken: another request may have been faster.

    :param wanted: As for :func:`refuse_taken`, as is ``besides``.
    :raises ValidationFailed: As :func:`refuse_taken`.
    """
    try:
        with session.begin_nested():
            yield
    except IntegrityError:
        refuse_taken(session, wanted, besides)
        # The other one is gone again: what the database said was true all the same.
        raise taken("user", [name for name in ("username", "email") if name in wanted]) from None
