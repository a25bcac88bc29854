"""Rows of `search_row`, `facets` and `author_list` (storage/database/derived.py), written with the stories."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, text

from storage.database.engine import is_sqlite

_EDITED = "EXISTS (SELECT 1 FROM change WHERE change.story_id = story.id AND kind NOT IN ('damage', 'redesign'))"
_CORRECTED = "EXISTS (SELECT 1 FROM correction WHERE correction.story_id = story.id)"
VALUES = f"""
SELECT story.id AS story_id, published_on, substr(published_on, 1, 7) AS month, section, language,
       newest.layout AS layout, {_EDITED} AS edited, {_CORRECTED} AS corrected,
       (SELECT json_group_array(DISTINCT name) FROM author WHERE author.story_id = story.id) AS names
FROM story
JOIN revision AS newest ON newest.id = story.newest_revision_id
"""
_SAME_FACETS = """facets.month IS derived.month AND facets.section IS derived.section
    AND facets.language = derived.language AND facets.layout = derived.layout
    AND facets.edited = derived.edited AND facets.corrected = derived.corrected"""
_NEW_FACETS = f"""
INSERT INTO facets (month, section, language, layout, edited, corrected)
SELECT DISTINCT month, section, language, layout, edited, corrected FROM derived
WHERE NOT EXISTS (SELECT 1 FROM facets WHERE {_SAME_FACETS})
"""
_NEW_AUTHORS = "INSERT INTO author_list (names) SELECT DISTINCT names FROM derived WHERE true ON CONFLICT DO NOTHING"
_ROWS = f"""
INSERT INTO search_row (revision_id, story_id, number, newest, published_on, facets_id, author_list_id)
SELECT revision.id, revision.story_id, number, revision.id = newest_revision_id, derived.published_on, facets.id,
       author_list.id
FROM derived JOIN story ON story.id = derived.story_id JOIN revision ON revision.story_id = derived.story_id
JOIN facets ON {_SAME_FACETS} JOIN author_list ON author_list.names = derived.names
"""


def update(connection: Connection, story_ids: Sequence[int]) -> None:
    """Derive the rows of stories again; those of deleted stories are removed."""
    if not story_ids or not is_sqlite(connection):
        return
    stories = json.dumps(list(story_ids))
    connection.execute(
        text("DELETE FROM search_row WHERE story_id IN (SELECT value FROM json_each(:stories))"), {"stories": stories}
    )
    _derive(connection, f"{VALUES} WHERE story.id IN (SELECT value FROM json_each(:stories))", stories)


def fill(connection: Connection) -> None:
    """Derive the rows of all stories again, and drop values that no story has any more."""
    for table in ("search_row", "facets", "author_list"):
        connection.exec_driver_sql(f"DELETE FROM {table}")
    _derive(connection, VALUES, "[]")


def _derive(connection: Connection, values: str, stories: str) -> None:
    connection.execute(text(f"CREATE TEMP TABLE derived AS {values}"), {"stories": stories})
    try:
        for statement in (_NEW_FACETS, _NEW_AUTHORS, _ROWS):
            connection.exec_driver_sql(statement)
    finally:
        connection.exec_driver_sql("DROP TABLE temp.derived")
