"""Tags: the words that articles carry."""

from __future__ import annotations

from sqlalchemy.orm import Session

from framework import Resource, Router, provides, response

from .database import db
from .queries import list_tags
from .schemas import TagsResponse

router = Router("tags", __name__, url_prefix="/tags", description="Words that articles carry")


@router.route("")
class Tags(Resource):
    """All tags."""

    @provides(db.session)
    @response(200, TagsResponse)
    def get(self, session: Session) -> TagsResponse:
        """List all tags."""
        return {"tags": list_tags(session)}
