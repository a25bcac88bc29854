"""A batch, written: a dozen statements, each for all its rows. In the transaction of its caller."""

from typing import Any

from sqlalchemy import Connection, delete, exists, or_, select, update

from storage.database.bulk import add, add_rows, change, chunks
from storage.database.schema import Capture, Image, Reading, Revision, Sighting, Story
from storage.ingest import search_index
from storage.ingest.batch import Batch, readings
from storage.ingest.prepare import IMAGE, SIGHTING, ArticleRow
from storage.ingest.revisions import StoryChanges, derive_story, needed_readings


def write(connection: Connection, intake: Batch) -> None:
    new = ((reading_id, entry.reading_digest, entry.reading) for reading_id, entry in intake.readings.items())
    add_rows(connection, Reading, ("id", "digest", "item"), new)
    told = _told(connection, intake)
    add(connection, Story, [each.story for each in told if each.story and each.known.row is None])
    change(connection, Story, "id", [each.story for each in told if each.story and each.known.row is not None])
    add(connection, Capture, [intake.by_id[each] for each in intake.added])
    change(connection, Capture, "id", [intake.by_id[each] for each in intake.changed])
    change(connection, Capture, "id", list(intake.followed.values()))
    _write_revisions(connection, told)
    _write_sightings(connection, intake)
    _clear(connection, intake, told)
    same_words(connection, told)


def _told(connection: Connection, intake: Batch) -> list[StoryChanges]:
    wanted = {
        reading_id
        for known in intake.touched.values()
        if known.row is not None
        for reading_id in needed_readings(known)
    }
    found = readings(connection, wanted - set(intake.articles))
    said = intake.articles | {reading_id: ArticleRow.by(item) for reading_id, item in found.items()}
    next_id = 1 + max(_newest(connection), search_index.newest_row(connection))
    told = []
    for known in intake.touched.values():
        told.append(derive_story(known, said, next_id))
        next_id += len(told[-1].new)
    return told


def _newest(connection: Connection) -> int:
    newest = select(Revision.id).order_by(Revision.id.desc()).limit(1)
    return connection.execute(newest).scalar() or 0


def _write_revisions(connection: Connection, told: list[StoryChanges]) -> None:
    gone = [revision_id for each in told for revision_id in each.gone]
    for some in chunks(gone):
        connection.execute(delete(Image).where(Image.revision_id.in_(some)))
        connection.execute(delete(Revision).where(Revision.id.in_(some)))
    moved = [values for each in told for values in each.moved]
    renumbered = [values["id"] for values in moved if values["number"] != values.pop("old_number")]
    for some in chunks(renumbered):  # out of the way of each other's new numbers
        connection.execute(update(Revision).where(Revision.id.in_(some)).values(number=-Revision.number))
    change(connection, Revision, "id", moved)
    new = [values for each in told for values in each.new]
    add(connection, Revision, [values for values, _ in new])
    images = ((values["id"], *image) for values, said in new for image in said.images)
    add_rows(connection, Image, ("revision_id", "position", *IMAGE), images)
    search_index.add(connection, [(values["id"], *said.words) for values, said in new])


def _write_sightings(connection: Connection, intake: Batch) -> None:
    again = [capture_id for capture_id in intake.announced if capture_id in intake.changed]
    for some in chunks(again):
        connection.execute(delete(Sighting).where(Sighting.capture_id.in_(some)))
    rows = ((capture_id, *row) for capture_id, entry in intake.announced.items() for row in entry.sightings)
    add_rows(connection, Sighting, ("capture_id", *SIGHTING), rows)


def _clear(connection: Connection, intake: Batch, told: list[StoryChanges]) -> None:
    """Stories that lost their last capture to a reread, and readings that nothing shows any more."""
    empty = [each.known.id for each in told if each.story is None and each.known.row is not None]
    for some in chunks(empty):
        connection.execute(delete(Story).where(Story.id.in_(some)))
    shown = or_(exists().where(Capture.reading_id == Reading.id), exists().where(Revision.reading_id == Reading.id))
    for some in chunks(sorted(intake.dropped)):
        connection.execute(delete(Reading).where(Reading.id.in_(some), ~shown))


def same_words(connection: Connection, told: list[StoryChanges]) -> None:
    """Let stories of equal newest words name the one seen first; the others keep their own address."""
    digests = {digest for each in told for digest in each.digests}
    groups: dict[str, list[Any]] = {}
    columns = (Story.id, Story.canonical_url, Story.first_seen_at, Story.words_digest, Story.same_words_as)
    for some in chunks(sorted(digests)):
        for row in connection.execute(select(*columns).where(Story.words_digest.in_(some))):
            groups.setdefault(row.words_digest, []).append(row)
    changed = []
    for rows in groups.values():
        first = min(rows, key=lambda row: (row.first_seen_at is None, row.first_seen_at or 0, row.canonical_url))
        named = [(row, None if row is first else first.id) for row in rows]
        changed += [{"id": row.id, "same_words_as": of} for row, of in named if row.same_words_as != of]
    change(connection, Story, "id", changed)
