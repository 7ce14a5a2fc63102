"""The part of the application that uses everything which is about versions, caches and browsers."""

from __future__ import annotations

import datetime as dt
import typing as t

from framework import (
    Resource,
    Router,
    Schema,
    arguments,
    cache_control,
    check_etag,
    etag,
    fields,
    response,
    security_headers,
    validate,
)
from framework.marks.security import loads

cards = Router("cards", url_prefix="/cards", description="Cards of visitors.", marks=[security_headers()])


class CardSchema(Schema):
    """A visiting card."""

    text = fields.String(required=True, validate=validate.Length(1, 80), metadata={"example": "Ann Lee, breeder"})


class CardRow:
    """A card as a database has it."""

    text = "Ann Lee, breeder"
    version = 1
    printed = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def find_card(card_id: int) -> CardRow | None:
    """The only card there is; what is changed of it is soon forgotten."""
    return CardRow() if card_id == 1 else None


@cards.route("/<int:card_id>")
@loads(find_card)
@etag(version="version", last_modified="printed")
@cache_control(private=True, no_cache=True, vary="Accept-Language")
class Card(Resource):
    """A card; who changes it says which version."""

    @response(200, CardSchema)
    def get(self, card: CardRow) -> t.Any:
        """Show a card."""
        return card

    @arguments(CardSchema)
    @response(200, CardSchema)
    def put(self, card: CardRow, data: t.Any) -> t.Any:
        """Print another card."""
        card.text, card.version = data["text"], card.version + 1
        return card

    @response(204)
    def delete(self, card: CardRow) -> None:
        """Throw a card away."""


@cards.route("/motto")
class Motto(Resource):
    """The motto on the back, with tags of its bytes."""

    @etag
    @cache_control(public=True, max_age=60, stale_while_revalidate=60)
    @response(200, CardSchema)
    def get(self) -> t.Any:
        """Show the motto."""
        return {"text": "Feed."}

    @etag(create=True)
    @arguments(CardSchema)
    @response(200, CardSchema)
    @response(201, CardSchema)
    def put(self, data: t.Any) -> t.Any:
        """Set the motto."""
        check_etag({"text": "Feed."})
        return data
