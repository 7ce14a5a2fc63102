"""Users, their passwords, and the tokens by which their requests are known."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy import orm
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.security import check_password_hash, generate_password_hash

from framework import Router, Schema, arguments, current_app, fields, provides, public, raises, response, validate
from framework.auth import (
    AccessToken,
    AuthenticationUnavailable,
    IssuedTokens,
    Renewal,
    TokenIssuer,
    TokenKey,
    TokensSchema,
    token_router,
)
from framework.errors import Unauthorized

from .database import Base, db
from .settings import settings

URL = "https://booking.example"
CHALLENGE = WWWAuthenticate("bearer", {"realm": "API"})
DUMMY = generate_password_hash("the password of no one")

issuer = TokenIssuer(URL, audience=URL, keys=TokenKey("HS256", settings.token_secret))
router = Router("users", description="Users")


class User(Base):
    """A user."""

    __tablename__ = "users"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(50), unique=True)
    password: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    is_staff: orm.Mapped[bool]

    @property
    def scopes(self) -> list[str]:
        """The rights of the user."""
        return ["staff"] if self.is_staff else []


def find_user(token: AccessToken) -> dict[str, int]:
    """Return the user whose token it is."""
    return {"id": int(token.subject)}


def renew(subject: str, scopes: frozenset[str]) -> Renewal | None:
    """Return the rights that a user has now, for new tokens; no rights for a user who is gone."""
    with current_app.provide(db.session) as session:
        user = session.get(User, int(subject))
        return None if user is None else Renewal(user.scopes)


scheme = issuer.scheme(find_user)
tokens = token_router(issuer, renew)


class WrongNameOrPassword(Unauthorized):
    """The name or the password is wrong."""


class LogInSchema(Schema):
    """A name and a password."""

    name = fields.String(required=True, validate=validate.Length(max=50))
    password = fields.String(required=True, load_only=True, validate=validate.Length(max=200))


@router.post("/login")
@public
@provides(db.session)
@arguments(LogInSchema)
@response(200, TokensSchema)
@raises(WrongNameOrPassword, AuthenticationUnavailable)
def log_in(session: orm.Session, data: dict[str, Any]) -> IssuedTokens:
    """Log in."""
    user = session.scalar(sa.select(User).where(User.name == data["name"]))
    is_right = check_password_hash(user.password if user else DUMMY, data["password"])
    if user is None or not is_right:
        raise WrongNameOrPassword("The name or the password is wrong.", www_authenticate=CHALLENGE)
    return issuer.issue(str(user.id), scopes=user.scopes)


@router.cli.command("add")
@click.argument("name")
@click.password_option()
@click.option("--staff", is_flag=True, help="May add and change items.")
def add_user(name: str, password: str, staff: bool) -> None:
    """Add a user."""
    with current_app.provide(db.session) as session:
        session.add(User(name=name, password=generate_password_hash(password), is_staff=staff))
    click.echo(f"Added {name}.")


@router.cli.command("token")
@click.argument("name")
def print_token(name: str) -> None:
    """Print an access token of a user, for trying the API."""
    with current_app.provide(db.session) as session:
        user = session.scalars(sa.select(User).where(User.name == name)).one()
        click.echo(issuer.issue(str(user.id), scopes=user.scopes, refresh=False).access_token)
