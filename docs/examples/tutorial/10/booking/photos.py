"""Photos of items: the files are in a folder, their names in the database."""

from __future__ import annotations

import pathlib
import secrets
from typing import Any

from framework import (
    FileSize,
    FileType,
    Resource,
    Router,
    Schema,
    after_response,
    arguments,
    download,
    fields,
    loads,
    requires,
    response,
    save_upload,
)
from framework.errors import NotFound

from .items import Item, find_item
from .settings import settings

FOLDER = settings.photos.absolute()
MAX_BYTES = 5_000_000

router = Router("photos", url_prefix="/items", description="Photos of items")


class PhotoSchema(Schema):
    """A photo."""

    photo = fields.File(required=True, validate=[FileSize(MAX_BYTES, min=1), FileType(["image/jpeg"])])


@router.route("/<int(max=2147483647):item_id>/photo")
@loads(find_item)
class Photo(Resource):
    """The photo of an item."""

    @download("image/jpeg", inline=True)
    def get(self, item: Item) -> pathlib.Path:
        """Show the photo."""
        if item.photo is None:
            raise NotFound("The item has no photo.")
        return FOLDER / item.photo

    @requires(scopes=["staff"])
    @arguments(PhotoSchema, location="multipart", max_length=MAX_BYTES + 10_000)
    @response(204)
    def put(self, item: Item, data: dict[str, Any]) -> None:
        """Replace the photo."""
        FOLDER.mkdir(exist_ok=True)
        if item.photo is not None:
            after_response((FOLDER / item.photo).unlink, missing_ok=True)
        item.photo = save_upload(data["photo"], FOLDER, f"{secrets.token_hex(16)}.jpg").name
