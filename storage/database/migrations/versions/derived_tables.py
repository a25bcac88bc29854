"""Tables of changes, for searches, of families and pictures, of runs, and digests of withdrawn records.

They are created as today's program has them: a later migration that changes one of them makes it anew. `upgrade` fills
those that are made from others (storage/ingest/derived.py, search_rows.py).
"""

from alembic import op

from storage.database.derived import SEARCH_VIEW
from storage.database.engine import is_sqlite
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
    if is_sqlite(op.get_bind()):
        op.execute(SEARCH_VIEW)
