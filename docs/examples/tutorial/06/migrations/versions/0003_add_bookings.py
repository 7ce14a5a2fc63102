"""Add bookings"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "bookings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_bookings_item_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_bookings_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
    )
    with op.batch_alter_table("bookings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bookings_user_id"), ["user_id"], unique=False)

    op.create_table(
        "booked_days",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_booked_days_booking_id")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_booked_days_item_id")),
        sa.PrimaryKeyConstraint("item_id", "day", name=op.f("pk_booked_days")),
    )
    with op.batch_alter_table("booked_days", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_booked_days_booking_id"), ["booking_id"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("booked_days", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_booked_days_booking_id"))

    op.drop_table("booked_days")
    with op.batch_alter_table("bookings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bookings_user_id"))

    op.drop_table("bookings")
