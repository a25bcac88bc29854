"""Which files of captures were read in bulk, and how far."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "replayed",
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("file", name="pk_replayed"),
    )


def downgrade() -> None:
    op.drop_table("replayed")
