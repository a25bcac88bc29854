"""Tables made from other tables."""

import sqlalchemy as sa
from alembic import op

from storage.database.derived import SEARCH_VIEW
from storage.database.engine import is_sqlite

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_row",
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("story_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("newest", sa.Boolean(), nullable=False),
        sa.Column("published_on", sa.Date()),
        sa.Column("facets_id", sa.Integer(), nullable=False),
        sa.Column("author_list_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("revision_id", name="pk_search_row"),
    )
    op.create_index("ix_search_row_story_id", "search_row", ["story_id"])
    op.create_table(
        "facets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Text()),
        sa.Column("section", sa.Text()),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("corrected", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_facets"),
    )
    op.create_index("ix_facets_values", "facets", ["month", "section", "language", "layout", "edited", "corrected"])
    op.create_table(
        "author_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_author_list"),
        sa.UniqueConstraint("names", name="uq_author_list_names"),
    )

    if is_sqlite(op.get_bind()):
        op.execute(SEARCH_VIEW)


def downgrade() -> None:
    op.execute("DROP VIEW IF EXISTS search")
    for table in ("search_row", "facets", "author_list"):
        op.drop_table(table)
