"""Digests of withdrawn records, and crawls."""

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
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("newspaper", "source", "arguments")),
        sa.Column("started_at", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32)),
        sa.Column("exit_code", sa.Integer()),
        *(sa.Column(name, sa.Text()) for name in ("reason", "outcomes", "unread")),
        *(sa.Column(name, sa.Integer()) for name in ("requests", "answers")),
        sa.Column("bytes", sa.BigInteger()),
        sa.Column("not_modified", sa.Integer()),
        *(sa.Column(name, sa.Double()) for name in ("delay_seconds", "shortest_gap_seconds")),
        *(sa.Column(name, sa.Text()) for name in ("filled", "doors")),
        sa.Column("queued", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )


def downgrade() -> None:
    for table in ("run", "withdrawn_digest"):
        op.drop_table(table)
