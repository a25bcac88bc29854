"""Tombstones of withdrawn stories: addresses that the archive rejects, and overwritten records."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "withdrawn",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_withdrawn"),
    )
    op.create_table(
        "withdrawn_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text()),
        sa.Column("captured_at", sa.String(32)),  # ISO text in UTC
        sa.Column("file", sa.Text()),
        sa.Column("offset", sa.BigInteger()),
        sa.Column("length", sa.BigInteger()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_withdrawn_record"),
    )


def downgrade() -> None:
    for table in ("withdrawn_record", "withdrawn"):
        op.drop_table(table)
