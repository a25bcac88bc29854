"""What other archives say they have, how far their indexes were read, and by what name they know our bytes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.String(32)  # ISO text in UTC


def upgrade() -> None:
    create_holding()
    op.create_table(
        "enumeration",
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("resume_key", sa.Text()),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.PrimaryKeyConstraint("archive", "query", name="pk_enumeration"),
    )
    op.create_table(
        "refusal",
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("archive", name="pk_refusal"),
    )
    op.create_table(
        "payload",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("sha1", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_payload"),
    )
    op.create_index("ix_payload_sha1", "payload", ["sha1"])


def create_holding() -> None:
    op.create_table(
        "holding",
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("captured_at", MOMENT, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("section", sa.Text()),
        sa.Column("digest", sa.Text()),
        sa.Column("status", sa.Integer()),
        sa.Column("mime", sa.Text()),
        sa.Column("file", sa.Text()),
        sa.Column("offset", sa.BigInteger()),
        sa.Column("length", sa.BigInteger()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text()),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("listed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("archive", "url", "captured_at", name="pk_holding"),
    )
    due = sa.text("due_at IS NOT NULL")
    queue = ["archive", "turn", "captured_at", "url"]
    op.create_index("ix_holding_queue", "holding", queue, sqlite_where=due, postgresql_where=due)
    op.create_index("ix_holding_archive_state", "holding", ["archive", "state"])
    op.create_index("ix_holding_address", "holding", ["address"])
    op.create_index("ix_holding_digest", "holding", ["digest"])


def downgrade() -> None:
    for table in ("payload", "refusal", "enumeration", "holding"):
        op.drop_table(table)
