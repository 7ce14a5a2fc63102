"""The part of the application that uses everything which is about files: what comes in, and what goes out."""

from __future__ import annotations

import typing as t

from framework import (
    Download,
    FileSize,
    FileType,
    Resource,
    Router,
    Schema,
    arguments,
    download,
    fields,
    response,
    validate,
)

files = Router("files", url_prefix="/files", description="Pictures and papers.")

PAPER = b"%PDF-1.7 " + b"paper " * 20


class PlaceSchema(Schema):
    """Where a picture was taken."""

    city = fields.String(required=True, validate=validate.Length(1, 40))
    height = fields.Integer()


class AlbumSchema(Schema):
    """A picture with its words."""

    title = fields.String(required=True, validate=validate.Length(1, 40))
    stars = fields.Integer(validate=validate.Range(1, 5))
    place = fields.Nested(PlaceSchema)
    picture = fields.File(required=True, validate=[FileSize(100_000, min=1), FileType(["image/png", "image/jpeg"])])
    papers = fields.List(fields.File(validate=FileSize(100_000)), validate=validate.Length(max=3))


@files.route("/albums")
class Albums(Resource):
    """All albums."""

    @arguments(AlbumSchema, location="multipart", max_length=1_000_000)
    @response(201, {"title": fields.String(required=True), "papers": fields.Integer(required=True)})
    def post(self, album: t.Any) -> t.Any:
        """Add an album."""
        return {"title": album["title"], "papers": len(album.get("papers", ()))}


@files.route("/paper")
class Paper(Resource):
    """One paper."""

    @download("application/pdf")
    def get(self) -> t.Any:
        """Fetch the paper."""
        return Download(PAPER, name="paper.pdf")
