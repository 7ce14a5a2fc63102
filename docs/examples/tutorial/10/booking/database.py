"""The database: the base of all models, and sessions for handlers."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from framework.sqlalchemy import Database

from .settings import settings


class Base(orm.DeclarativeBase):
    """The base of all models; each constraint gets a name, by which it can be changed later."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = Database(
    settings.database_url,
    metadata=Base.metadata,
    conflicts={
        "uq_items_name": ("name", "An item of this name exists."),
        "pk_booked_days": ("item_id", "The item is booked on one of these days."),
        "fk_bookings_item_id": ("item_id", "There is no such item."),
    },
)
