"""Rows of `search_row`, `facets` and `author_list` (storage/database/derived.py), written with the stories.

The row of a new story comes from the item in memory; those of a story that was there before are read back.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, text

from storage.database.engine import is_sqlite
from storage.database.values import dumped, raw
from storage.ingest.derived import is_first, is_stale
from storage.ingest.revisions import StoryChanges

_EDITED = "EXISTS (SELECT 1 FROM change WHERE change.story_id = story.id AND kind NOT IN ('damage', 'redesign'))"
_CORRECTED = "EXISTS (SELECT 1 FROM correction WHERE correction.story_id = story.id)"
ROWS = f"""
SELECT revision.id AS revision_id, story.id AS story_id, revision.number, revision.id = newest.id AS newest,
       published_on, substr(published_on, 1, 7) AS month, section, language, newest.layout AS layout,
       {_EDITED} AS edited, {_CORRECTED} AS corrected,
       (SELECT json_group_array(DISTINCT name) FROM author WHERE author.story_id = story.id) AS names
FROM story
JOIN revision AS newest ON newest.id = story.newest_revision_id
JOIN revision ON revision.story_id = story.id
"""
_FACETS = slice(5, 11)  # of such a row: month to corrected
_SAME_FACETS = """facets.month IS wanted.month AND facets.section IS wanted.section
    AND facets.language = wanted.language AND facets.layout = wanted.layout
    AND facets.edited = wanted.edited AND facets.corrected = wanted.corrected"""
_ADD_FACETS = f"""
INSERT INTO facets (month, section, language, layout, edited, corrected)
SELECT * FROM (SELECT ? AS month, ? AS section, ? AS language, ? AS layout, ? AS edited, ? AS corrected) AS wanted
WHERE NOT EXISTS (SELECT 1 FROM facets WHERE {_SAME_FACETS})
"""
_ADD_AUTHORS = "INSERT INTO author_list (names) VALUES (?) ON CONFLICT DO NOTHING"
_ADD_ROW = f"""
INSERT INTO search_row (revision_id, story_id, number, newest, published_on, facets_id, author_list_id)
SELECT revision_id, story_id, number, newest, published_on, facets.id, author_list.id
FROM (SELECT ? AS revision_id, ? AS story_id, ? AS number, ? AS newest, ? AS published_on, ? AS month, ? AS section,
             ? AS language, ? AS layout, ? AS edited, ? AS corrected, ? AS names) AS wanted
JOIN facets ON {_SAME_FACETS} JOIN author_list ON author_list.names = wanted.names
"""
_FILLED = 1_000  # rows in memory


def update(connection: Connection, stories: Iterable[StoryChanges]) -> None:
    """Bring the rows of stories that were just written up to date; a story that is deleted loses them."""
    if not is_sqlite(connection):
        return
    new: list[tuple[Any, ...]] = []
    again: list[int] = []
    for story in stories:
        if is_first(story):
            new.append(_first_row(story))
        elif is_stale(story) or _differs(story):
            again.append(story.state.id)
    if again:
        ids = {"ids": json.dumps(again)}
        connection.execute(text("DELETE FROM search_row WHERE story_id IN (SELECT value FROM json_each(:ids))"), ids)
        rows = text(f"{ROWS} WHERE story.id IN (SELECT value FROM json_each(:ids))")
        _add(connection, [tuple(row) for row in connection.execute(rows, ids)])
    _add(connection, new)


def fill(connection: Connection) -> None:
    """Derive the rows of all stories again, and drop values that no story has any more."""
    for table in ("facets", "search_row", "author_list"):
        connection.exec_driver_sql(f"DELETE FROM {table}")
    for rows in connection.exec_driver_sql(ROWS).partitions(_FILLED):
        _add(connection, [tuple(row) for row in rows])


def _first_row(story: StoryChanges) -> tuple[Any, ...]:
    """The row of a story with one revision, as ROWS would give it."""
    assert story.story is not None
    revision, article = story.new[0]
    published_on = raw(story.story["published_on"])
    return (
        *(revision["id"], story.state.id, revision["number"], True, published_on, published_on and published_on[:7]),
        *(story.story["section"], story.story["language"], revision["layout"], False, bool(article.notes)),
        f"[{','.join(map(dumped, dict.fromkeys(name for _, name in article.authors)))}]",
    )


def _differs(story: StoryChanges) -> bool:
    """Whether a story has other values of its own than before, with the same revisions."""
    names = ("newest_revision_id", "published_on", "section", "language")
    return story.story is None or any(getattr(story.state.row, name) != story.story[name] for name in names)


def _add(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        connection.exec_driver_sql(_ADD_FACETS, list(dict.fromkeys(row[_FACETS] for row in rows)))
        connection.exec_driver_sql(_ADD_AUTHORS, list(dict.fromkeys((row[-1],) for row in rows)))
        connection.exec_driver_sql(_ADD_ROW, list(rows))
