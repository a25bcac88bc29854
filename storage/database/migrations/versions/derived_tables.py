"""Digests of withdrawn records."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "withdrawn_digest",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("captured_at", sa.String(32)),  # ISO text in UTC
        sa.Column("file", sa.Text()),
        sa.Column("offset", sa.BigInteger()),
        sa.PrimaryKeyConstraint("digest", name="pk_withdrawn_digest"),
    )


def downgrade() -> None:
    op.drop_table("withdrawn_digest")
