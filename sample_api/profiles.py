"""Profiles: users as others see them, and following them."""

from __future__ import annotations

import contextlib

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framework import Resource, Router, provides, raises, response

from .auth import login_optional, login_required
from .database import db
from .errors import ProfileNotFound
from .models import Follow, User
from .queries import ProfileView, find_profile, profile_view
from .schemas import ProfileResponse

router = Router("profiles", __name__, url_prefix="/profiles/<text:username>", description="Users as others see them")


@router.route("")
class Profile(Resource):
    """A profile."""

    @login_optional
    @provides(db.session)
    @response(200, ProfileResponse)
    @raises(ProfileNotFound)
    def get(self, session: Session, username: str, viewer: User | None) -> dict[str, ProfileView]:
        """Show a profile."""
        found = find_profile(session, viewer, username)
        if found is None:
            raise ProfileNotFound()
        return {"profile": profile_view(*found)}


@login_required
@router.route("/follow")
class ProfileFollow(Resource):
    """Whether the user who is logged in follows another one."""

    @provides(db.session)
    @response(200, ProfileResponse)
    @raises(ProfileNotFound)
    def post(self, session: Session, username: str, user: User) -> dict[str, ProfileView]:
        """Follow a user. To follow one already followed changes nothing."""
        found = find_profile(session, user, username)
        if found is None:
            raise ProfileNotFound()
        followed, following = found
        view = profile_view(followed, following=True)
        if not following:
            # The same request, sent twice, may be faster.
            with contextlib.suppress(IntegrityError), session.begin_nested():
                session.add(Follow(follower_id=user.id, followed_id=followed.id))
        return {"profile": view}

    @provides(db.session)
    @response(200, ProfileResponse)
    @raises(ProfileNotFound)
    def delete(self, session: Session, username: str, user: User) -> dict[str, ProfileView]:
        """Follow a user no longer."""
        found = find_profile(session, user, username)
        if found is None:
            raise ProfileNotFound()
        followed, _ = found
        session.execute(sa.delete(Follow).where(Follow.follower_id == user.id, Follow.followed_id == followed.id))
        return {"profile": profile_view(followed, following=False)}
