"""Stories, revisions and pictures against the captures and readings they are told from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from storage.ingest.batch import Batch, StoryState, load_stories, readings
from storage.ingest.prepare import IMAGE, ArticleRow
from storage.ingest.revisions import derive_story
from storage.maintenance.checks.findings import BROKEN, Finding, differing, first_line, printable
from storage.maintenance.checks.rows import raw_row, rows_in

Row = Mapping[str, Any]


def stories(connection: Connection, ids: Sequence[int]) -> Iterator[Finding]:
    """Whatever of these stories is not what their captures say together."""
    try:
        found = list(_stories(connection, ids))
    except BROKEN as error:
        if len(ids) > 1:  # one broken row must not hide the others
            middle = len(ids) // 2
            yield from stories(connection, ids[:middle])
            yield from stories(connection, ids[middle:])
            return
        what = f"cannot be told from its captures: {first_line(error)}"
        found = [Finding(kind="differs", where=f"story {ids[0]}", what=what)]
    yield from found


def _stories(connection: Connection, ids: Sequence[int]) -> Iterator[Finding]:
    intake = Batch()
    load_stories(connection, intake, ids)
    shown = {seen.reading_id for known in intake.by_story.values() for seen in known.timeline.observations}
    said = {reading_id: ArticleRow.by(item) for reading_id, item in readings(connection, shown).items()}
    stored = {row["id"]: row for row in rows_in(connection, "story", "id", ids)}
    revisions = _grouped(connection, "revision", "story_id", ids, "number")
    numbers = [row["id"] for each in revisions.values() for row in each]
    images = _grouped(connection, "image", "revision_id", numbers, "position") if numbers else {}
    for story_id in ids:
        known = intake.by_story[story_id]
        where = f"story {story_id} ({printable(known.canonical_url)})"
        fields = [*_told(known, said, stored[story_id], revisions.get(story_id, []), images)]
        if fields:
            what = "is not what its captures say together"
            yield Finding(kind="differs", where=where, what=what, fields=tuple(fields))


def _grouped(connection: Connection, table: str, column: str, ids: Sequence[int], order: str) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows_in(connection, table, column, ids, order):
        found.setdefault(row[column], []).append(row)
    return found


def _told(
    known: StoryState,
    said: Mapping[int, ArticleRow],
    stored: Row,
    revisions: list[Row],
    images: Mapping[int, list[Row]],
) -> Iterator[str]:
    # With no revision known, all that there must be are told as new, the oldest first.
    known.revisions, known.anew = [], True
    told = derive_story(known, said, next_id=1)
    if told.story is None:
        yield "captures"
        return
    newest = revisions[-1]["id"] if revisions else None
    expected = raw_row({**told.story, "newest_revision_id": newest})
    yield from differing(stored, expected, expected)
    if len(revisions) != len(told.new):
        yield "revisions"
        return
    for row, (values, words) in zip(revisions, told.new, strict=True):
        expected = raw_row({**values, "id": row["id"]})
        yield from (f"revision {row['number']}.{name}" for name in differing(row, expected, expected))
        yield from _images(row, words, images.get(row["id"], []))


def _images(revision: Row, said: ArticleRow, stored: list[Row]) -> Iterator[str]:
    if len(stored) != len(said.images):
        yield f"revision {revision['number']}.images"
        return
    for row, picture in zip(stored, said.images, strict=True):
        expected = dict(zip(("position", *IMAGE), picture, strict=True))
        found = differing(row, expected, expected)
        yield from (f"revision {revision['number']}.image {row['position']}.{name}" for name in found)
