"""Check of stories, revisions, pictures and derived tables against the captures and readings they are made from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from storage.database.schema import Table
from storage.ingest.batch import Batch, StoryState, load_stories, readings
from storage.ingest.derived import COLUMNS, StoredRevision, rows_of
from storage.ingest.prepare import IMAGE, ArticleRow
from storage.ingest.revisions import derive_story
from storage.maintenance.checks.findings import BROKEN, Finding, differing, first_line, printable
from storage.maintenance.checks.rows import Row, raw_row, rows_in


def stories(connection: Connection, ids: Sequence[int]) -> Iterator[Finding]:
    """The differences between these stories and what their captures give."""
    try:
        findings = list(_stories(connection, ids))
    except BROKEN as error:
        if len(ids) > 1:  # one broken row must not hide the others
            middle = len(ids) // 2
            yield from stories(connection, ids[:middle])
            yield from stories(connection, ids[middle:])
            return
        what = f"cannot be told from its captures: {first_line(error)}"
        findings = [Finding(kind="differs", where=f"story {ids[0]}", what=what)]
    yield from findings


def _stories(connection: Connection, ids: Sequence[int]) -> Iterator[Finding]:
    batch = Batch()
    load_stories(connection, batch, ids)
    shown = {seen.reading_id for story in batch.by_story.values() for seen in story.timeline.observations}
    items = readings(connection, shown)
    articles = {reading_id: ArticleRow.by(item) for reading_id, item in items.items()}
    stored = {row["id"]: row for row in rows_in(connection, "story", "id", ids)}
    revisions = _grouped(connection, "revision", "story_id", ids, "number")
    numbers = [row["id"] for of_story in revisions.values() for row in of_story]
    images = _grouped(connection, "image", "revision_id", numbers, "position")
    derived = {table: _grouped(connection, table.__tablename__, "story_id", ids, "position") for table in COLUMNS}
    for story_id in ids:
        story = batch.by_story[story_id]
        where = f"story {story_id} ({printable(story.canonical_url)})"
        of_story = revisions.get(story_id, [])
        if fields := tuple(_differences(story, articles, stored[story_id], of_story, images)):
            yield Finding(kind="differs", where=where, what="is not what its captures say together", fields=fields)
            continue
        rows = {table: groups.get(story_id, []) for table, groups in derived.items()}
        if tables := tuple(_derived_differences(story_id, of_story, items, rows)):
            what = "has rows that do not follow from its revisions"
            yield Finding(kind="derived", where=where, what=what, fields=tables)


def _grouped(connection: Connection, table: str, column: str, ids: Sequence[int], order: str) -> dict[int, list[Row]]:
    groups: dict[int, list[Row]] = {}
    for row in rows_in(connection, table, column, ids, order):
        groups.setdefault(row[column], []).append(row)
    return groups


def _differences(
    story: StoryState,
    articles: Mapping[int, ArticleRow],
    stored: Row,
    revisions: list[Row],
    images: Mapping[int, list[Row]],
) -> Iterator[str]:
    # Without stored revisions all that the captures give are new, the oldest first.
    story.revisions, story.derive_all = [], True
    changes = derive_story(story, articles, next_id=1)
    if changes.story is None:
        yield "captures"
        return
    newest = revisions[-1]["id"] if revisions else None
    expected = raw_row({**changes.story, "newest_revision_id": newest})
    yield from differing(stored, expected, expected)
    if len(revisions) != len(changes.new):
        yield "revisions"
        return
    for row, (values, article) in zip(revisions, changes.new, strict=True):
        expected = raw_row({**values, "id": row["id"]})
        yield from (f"revision {row['number']}.{name}" for name in differing(row, expected, expected))
        yield from _images(row, article, images.get(row["id"], []))


def _images(revision: Row, article: ArticleRow, stored: list[Row]) -> Iterator[str]:
    if len(stored) != len(article.images):
        yield f"revision {revision['number']}.images"
        return
    for row, picture in zip(stored, article.images, strict=True):
        expected = dict(zip(("position", *IMAGE), picture, strict=True))
        names = differing(row, expected, expected)
        yield from (f"revision {revision['number']}.image {row['position']}.{name}" for name in names)


def _derived_differences(
    story_id: int,
    revisions: list[Row],
    items: Mapping[int, Mapping[str, Any]],
    stored: Mapping[type[Table], list[Row]],
) -> Iterator[str]:
    """The tables made from other tables whose rows of a sound story are wrong."""
    history = [
        StoredRevision.of(row["id"], row["first_captured_at"], row["standfirst"], items[row["reading_id"]])
        for row in revisions
    ]
    for table, expected in rows_of(story_id, history).items():
        names = COLUMNS[table]  # the first two are the key
        rows = sorted((tuple(row[name] for name in names) for row in stored[table]), key=_key)
        raw_rows = (tuple(raw_row(dict(zip(names, row, strict=True))).values()) for row in expected)
        if rows != sorted(raw_rows, key=_key):
            yield table.__tablename__


def _key(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[:2]
