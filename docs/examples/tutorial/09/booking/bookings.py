"""Bookings: a user has an item for some days. No item has two bookings on a day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError, validates_schema
from sqlalchemy import orm

from framework import (
    CursorPage,
    Resource,
    Router,
    Schema,
    arguments,
    current_user,
    fields,
    filters,
    idempotent,
    limit,
    loads,
    paginate,
    permission,
    provides,
    response,
    sorts,
    validate,
)
from framework.errors import NotFound

from .database import Base, db
from .events import announce
from .versions import api

MAX_DAYS = 28

router = Router("bookings", url_prefix="/bookings", description="My bookings")


class BookedDay(Base):
    """A day on which an item is booked. By its primary key there is no second one."""

    __tablename__ = "booked_days"

    item_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("items.id"), primary_key=True)
    day: orm.Mapped[dt.date] = orm.mapped_column(primary_key=True)
    booking_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("bookings.id"), index=True)


class Booking(Base):
    """A booking of an item, from its first to its last day."""

    __tablename__ = "bookings"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    item_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("items.id"))
    user_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("users.id"), index=True)
    first_day: orm.Mapped[dt.date]
    last_day: orm.Mapped[dt.date]
    days: orm.Mapped[list[BookedDay]] = orm.relationship(cascade="all, delete-orphan")

    @property
    def period(self) -> dict[str, dt.date]:
        """The days, from the first to the last."""
        return {"first_day": self.first_day, "last_day": self.last_day}


COLUMNS = {"period.first_day": Booking.first_day}


class PeriodSchema(Schema):
    """Days, from the first to the last."""

    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)

    @validates_schema
    def check_days(self, data: dict[str, Any], **_: Any) -> None:
        """Check that the days are in order, and not too many."""
        if not 0 <= (data["last_day"] - data["first_day"]).days < MAX_DAYS:
            raise ValidationError(f"Book 1 to {MAX_DAYS} days.", "last_day")


class BookingSchema(Schema):
    """A booking of an item."""

    id = fields.Integer(required=True, dump_only=True)
    item_id = fields.Integer(required=True, validate=validate.Range(min=1, max=2147483647))
    period = fields.Nested(PeriodSchema, required=True)


@api.convert(BookingSchema, to="v1")
class BookingV1Schema(PeriodSchema):
    """A booking of an item, from its first to its last day."""

    id = fields.Integer(required=True, dump_only=True)
    item_id = fields.Integer(required=True, validate=validate.Range(min=1, max=2147483647))

    @staticmethod
    def up(data: dict[str, Any]) -> dict[str, Any]:
        """Make a booking of v2 of what a client of v1 has sent."""
        days = {name: data.pop(name) for name in ("first_day", "last_day") if name in data}
        return {**data, "period": days}

    @staticmethod
    def down(data: dict[str, Any]) -> dict[str, Any]:
        """Make a booking of v1 of an answer of v2."""
        period = data.pop("period")
        return {**data, **period}


@provides(db.session)
def find_booking(session: orm.Session, booking_id: int) -> Booking | None:
    """Find the booking that the path names."""
    return session.get(Booking, booking_id)


def is_mine(user: dict[str, int], booking: Booking) -> bool:
    """Return whether a booking is the user's."""
    return booking.user_id == user["id"]


@router.route("")
class Bookings(Resource):
    """My bookings."""

    @filters(BookingSchema, "item_id", period__first_day=["gte", "lte"], columns=COLUMNS)
    @sorts(BookingSchema, "period.first_day", default="period.first_day", columns=COLUMNS)
    @paginate(CursorPage)
    @provides(db.session)
    @response(200, BookingSchema(many=True))
    def get(self, session: orm.Session) -> sa.Select[Any]:
        """List my bookings."""
        return sa.select(Booking).where(Booking.user_id == current_user["id"])

    @limit("20/minute", by="user")
    @idempotent(store=db)
    @provides(db.session)
    @arguments(BookingSchema)
    @response(201, BookingSchema)
    def post(self, session: orm.Session, data: dict[str, Any]) -> Booking:
        """Book an item."""
        booking = Booking(user_id=current_user["id"], item_id=data["item_id"], **data["period"])
        session.add(booking)
        session.flush()
        length = (booking.last_day - booking.first_day).days + 1
        days = (booking.first_day + dt.timedelta(days=number) for number in range(length))
        booking.days = [BookedDay(item_id=booking.item_id, day=day) for day in days]
        session.flush()
        announce(session, "booked", {"item_id": booking.item_id, **booking.period})
        return booking


@router.route("/<int(max=2147483647):booking_id>")
@loads(find_booking)
@permission(is_mine, error=NotFound)
class OneBooking(Resource):
    """One of my bookings."""

    @response(200, BookingSchema)
    def get(self, booking: Booking) -> Booking:
        """Show a booking."""
        return booking

    @provides(db.session)
    @response(204)
    def delete(self, booking: Booking, session: orm.Session) -> None:
        """Cancel a booking."""
        session.delete(booking)
        announce(session, "freed", {"item_id": booking.item_id, **booking.period})
