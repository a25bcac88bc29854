"""Write a batch with a dozen statements, each for many rows, in the transaction of the caller."""

from typing import Any

from sqlalchemy import Connection, delete, exists, or_, select, update
from sqlalchemy.orm import aliased

from storage.database.bulk import add, add_rows, change, run_in, select_in
from storage.database.schema import Capture, Image, Reading, Revision, Sighting, Story
from storage.ingest import derived, search_index, search_rows
from storage.ingest.batch import Batch, readings
from storage.ingest.prepare import IMAGE, SIGHTING, ArticleRow
from storage.ingest.revisions import StoryChanges, derive_story, needed_readings


def write(connection: Connection, batch: Batch) -> None:
    new = ((reading_id, item.reading_digest, item.reading) for reading_id, item in batch.readings.items())
    add_rows(connection, Reading, ("id", "digest", "item"), new)
    changes = _derive(connection, batch)
    add(connection, Story, [story.story for story in changes if story.story and story.state.row is None])
    change(connection, Story, "id", [story.story for story in changes if story.story and story.state.row is not None])
    add(connection, Capture, [batch.by_id[capture_id] for capture_id in batch.added])
    change(connection, Capture, "id", [batch.by_id[capture_id] for capture_id in batch.changed])
    change(connection, Capture, "id", list(batch.inheriting.values()))
    _write_revisions(connection, changes)
    _write_sightings(connection, batch)
    _clear(connection, batch, changes)
    _set_same_words(connection, changes)
    derived.update(connection, changes)
    search_rows.update(connection, changes)


def _derive(connection: Connection, batch: Batch) -> list[StoryChanges]:
    needed = {
        reading_id for known in batch.touched.values() if known.row is not None for reading_id in needed_readings(known)
    }
    stored = readings(connection, needed - set(batch.articles))
    articles = batch.articles | {reading_id: ArticleRow.by(item) for reading_id, item in stored.items()}
    newest = connection.execute(select(Revision.id).order_by(Revision.id.desc()).limit(1)).scalar() or 0
    next_id = 1 + max(newest, search_index.newest_row(connection))
    changes = []
    for known in batch.touched.values():
        changes.append(derive_story(known, articles, next_id))
        next_id += len(changes[-1].new)
    return changes


def _write_revisions(connection: Connection, changes: list[StoryChanges]) -> None:
    gone = [revision_id for story in changes for revision_id in story.gone]
    run_in(connection, delete(Image), Image.revision_id, gone)
    run_in(connection, delete(Revision), Revision.id, gone)
    moved = [values for story in changes for values in story.moved]
    renumbered = [values["id"] for values in moved if values["number"] != values.pop("old_number")]
    # First to unused numbers, because (story, number) is unique.
    run_in(connection, update(Revision).values(number=-Revision.number), Revision.id, renumbered)
    change(connection, Revision, "id", moved)
    new = [values for story in changes for values in story.new]
    add(connection, Revision, [values for values, _ in new])
    images = ((values["id"], *image) for values, articles in new for image in articles.images)
    add_rows(connection, Image, ("revision_id", "position", *IMAGE), images)
    search_index.add(connection, [(values["id"], *articles.words) for values, articles in new])


def _write_sightings(connection: Connection, batch: Batch) -> None:
    again = [capture_id for capture_id in batch.with_teasers if capture_id in batch.changed]
    run_in(connection, delete(Sighting), Sighting.capture_id, again)
    rows = ((capture_id, *row) for capture_id, item in batch.with_teasers.items() for row in item.sightings)
    add_rows(connection, Sighting, ("capture_id", *SIGHTING), rows)


def _clear(connection: Connection, batch: Batch, changes: list[StoryChanges]) -> None:
    """Delete stories that lost their last capture in a reread, and readings without captures and revisions."""
    empty = [story.state.id for story in changes if story.story is None and story.state.row is not None]
    derived.forget(connection, empty)
    run_in(connection, delete(Story), Story.id, empty)
    shown = or_(exists().where(Capture.reading_id == Reading.id), exists().where(Revision.reading_id == Reading.id))
    run_in(connection, delete(Reading).where(~shown), Reading.id, batch.dropped)


_OTHER = aliased(Story)
_HAS_OTHER = exists().where(_OTHER.words_digest == Story.words_digest, _OTHER.id != Story.id)
# Most stories have words of their own, and need not be read.
_ALIKE = select(Story.id, Story.canonical_url, Story.first_seen_at, Story.words_digest, Story.same_words_as).where(
    or_(_HAS_OTHER, Story.same_words_as.is_not(None))
)


def _set_same_words(connection: Connection, changes: list[StoryChanges]) -> None:
    """Set `same_words_as` of stories with equal newest text to the one seen first."""
    digests = {digest for each in changes for digest in each.digests}
    groups: dict[str, list[Any]] = {}
    for row in select_in(connection, _ALIKE, Story.words_digest, digests):
        groups.setdefault(row.words_digest, []).append(row)
    changed = []
    for rows in groups.values():
        first = min(rows, key=lambda row: (row.first_seen_at is None, row.first_seen_at or 0, row.canonical_url))
        named = [(row, None if row is first else first.id) for row in rows]
        changed += [{"id": row.id, "same_words_as": of} for row, of in named if row.same_words_as != of]
    change(connection, Story, "id", changed)
