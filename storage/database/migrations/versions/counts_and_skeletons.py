"""Stories counted by their values, days as text in the views, and classes of the pages' markup."""

import sqlalchemy as sa
from alembic import op

from storage.database.derived import SEARCH_VIEW, STORY_COUNTS
from storage.database.engine import is_sqlite
from storage.database.migrations.schema import VIEWS
from storage.database.schema import Table

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


GROWN = {"facets": "stories", "run": "skeletons"}  # the new column of each


def upgrade() -> None:
    connection = op.get_bind()
    tables = Table.metadata.tables
    tables["skeleton"].create(connection)
    for name, new in GROWN.items():
        columns = [each["name"] for each in sa.inspect(connection).get_columns(name)]
        if new in columns:  # the migration before has made the table as it is today
            continue
        names = ", ".join(columns)
        op.execute(f"CREATE TEMPORARY TABLE earlier AS SELECT {names} FROM {name}")
        op.drop_table(name)
        tables[name].create(connection)
        op.execute(f"INSERT INTO {name} ({names}) SELECT {names} FROM earlier")
        op.drop_table("earlier")
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
