"""Add versions and idempotency keys"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "framework_idempotency",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_framework_idempotency")),
    )
    with op.batch_alter_table("framework_idempotency", schema=None) as batch_op:
        batch_op.create_index("ix_framework_idempotency_expires", ["expires"], unique=False)

    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.drop_column("version")

    with op.batch_alter_table("framework_idempotency", schema=None) as batch_op:
        batch_op.drop_index("ix_framework_idempotency_expires")

    op.drop_table("framework_idempotency")
