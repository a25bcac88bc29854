"""Tombstones of withdrawn stories: addresses that the archive rejects, and overwritten records."""

from alembic import op

from storage.database.schema import Table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("withdrawn", "withdrawn_record"):
        Table.metadata.tables[name].create(op.get_bind())
