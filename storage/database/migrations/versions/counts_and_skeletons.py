"""Stories counted by their values, days as text in the views, and classes of the pages' markup."""

import sqlalchemy as sa
from alembic import op

from storage.database.derived import SEARCH_VIEW, STORY_COUNTS, Skeleton
from storage.database.engine import is_sqlite
from storage.database.migrations.schema import VIEWS

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    Skeleton.metadata.tables["skeleton"].create(connection)
    columns = {
        table: {each["name"] for each in sa.inspect(connection).get_columns(table)} for table in ("facets", "run")
    }
    if "stories" not in columns["facets"]:  # the migration before makes its tables as they are today
        op.add_column("facets", sa.Column("stories", sa.Integer(), nullable=False, server_default="0"))
        op.add_column("run", sa.Column("skeletons", sa.Text(), nullable=True))
    op.execute(
        "UPDATE facets SET stories ="
        " (SELECT count(*) FROM search_row WHERE search_row.facets_id = facets.id AND search_row.newest)"
    )
    for view, statement in zip(("article", "promotion"), VIEWS, strict=True):
        op.execute(f"DROP VIEW {view}")
        op.execute(statement)
    if is_sqlite(connection):
        for statement in ("DROP VIEW search", SEARCH_VIEW, *STORY_COUNTS):
            op.execute(statement)
