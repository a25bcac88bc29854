"""Tables of changes, for searches, of families and pictures, of crawls, and digests of withdrawn records.

They are created as today's program has them: a later migration that changes one of them makes it anew. `upgrade` fills
those that are made from others (storage/ingest/derived.py, search_rows.py).
"""

from alembic import op

from storage.database.derived import DAY_INDEX, SEARCH_VIEW, STORY_COUNTS
from storage.database.engine import is_sqlite
from storage.database.migrations.schema import VIEWS
from storage.database.schema import Table

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEX = "ix_capture_outcome_reason_layout_source"
TABLES = (
    *("change", "correction", "author", "tag", "story_link"),
    *("search_row", "facets", "author_list"),
    *("family", "family_link", "family_sketch", "photo"),
    *("withdrawn_digest", "run"),
)


def upgrade() -> None:
    op.create_index(INDEX, "capture", ["outcome", "reason", "layout", "source"])
    for name in TABLES:
        Table.metadata.tables[name].create(op.get_bind())
    for view, statement in zip(("article", "promotion"), VIEWS, strict=True):
        op.execute(f"DROP VIEW {view}")
        op.execute(statement)
    if is_sqlite(op.get_bind()):
        for statement in (SEARCH_VIEW, DAY_INDEX, *STORY_COUNTS):
            op.execute(statement)


def downgrade() -> None:
    op.execute("DROP VIEW IF EXISTS search")
    op.execute("DROP INDEX IF EXISTS ix_story_day")
    op.drop_index(INDEX, "capture")
    for name in TABLES:
        op.drop_table(name)
