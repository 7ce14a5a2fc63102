"""Add photos"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("photo", sa.String(length=50), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.drop_column("photo")
