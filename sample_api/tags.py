"""Tags: the words that articles carry."""

from __future__ import annotations

from framework import Resource, Router, response

from .database import get_session
from .queries import list_tags
from .schemas import TagsResponse

router = Router("tags", __name__, url_prefix="/tags", description="Words that articles carry")


@router.route("")
class Tags(Resource):
    """All tags."""

    @response(200, TagsResponse)
    def get(self) -> TagsResponse:
        """List all tags."""
        return {"tags": list_tags(get_session())}
