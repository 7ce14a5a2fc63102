"""Profiles: users as others see them, and following them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from framework import Resource, Router, raises, response

from .auth import login_optional, login_required
from .database import get_session
from .errors import ProfileNotFound
from .models import Follow, User
from .queries import ProfileView, find_profile, profile_view
from .schemas import ProfileResponse

router = Router("profiles", __name__, url_prefix="/profiles/<text:username>", description="Users as others see them")


@router.route("")
class Profile(Resource):
    """A profile."""

    @login_optional
    @response(200, ProfileResponse)
    @raises(ProfileNotFound)
    def get(self, username: str, viewer: User | None) -> dict[str, ProfileView]:
        """Show a profile."""
        found = find_profile(get_session(), viewer, username)
        if found is None:
            raise ProfileNotFound()
        return {"profile": profile_view(*found)}


@login_required
@router.route("/follow")
class ProfileFollow(Resource):
    """Whether the user who is logged in follows another one."""

    @response(200, ProfileResponse)
    @raises(ProfileNotFound)
    def post(self, username: str, user: User) -> dict[str, ProfileView]:
        """Follow a user. To follow one already followed changes nothing."""
        session = get_session()
        found = find_profile(session, user, username)
        if found is None:
            raise ProfileNotFound()
        followed, following = found
        view = profile_view(followed, following=True)
        if not following:
            session.add(Follow(follower_id=user.id, followed_id=followed.id))
            try:
                session.commit()
            except IntegrityError:
                session.rollback()  # the same request, sent twice, was faster
        return {"profile": view}

    @response(200, ProfileResponse)
    @raises(ProfileNotFound)
    def delete(self, username: str, user: User) -> dict[str, ProfileView]:
        """Follow a user no longer."""
        session = get_session()
        found = find_profile(session, user, username)
        if found is None:
            raise ProfileNotFound()
        followed, _ = found
        session.execute(sa.delete(Follow).where(Follow.follower_id == user.id, Follow.followed_id == followed.id))
        session.commit()
        return {"profile": profile_view(followed, following=False)}
