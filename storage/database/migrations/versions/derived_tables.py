"""Tables that are made from other tables: of changes, corrections, authors, tags, links.

Later migrations make them anew, so they are created as today's program has them; `upgrade` fills them
(storage/ingest/derived.py).
"""

from alembic import op

from storage.database.derived import FACETS, HISTORY

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in (*HISTORY, *FACETS):
        table.__table__.create(op.get_bind())  # type: ignore[attr-defined]


def downgrade() -> None:
    for table in (*HISTORY, *FACETS):
        op.drop_table(table.__tablename__)
