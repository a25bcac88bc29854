"""Fill the tables that are derived from other tables (storage/database/derived.py).

`update` runs in the transaction of a batch. The rows of a new story come from the item in memory; a story with several
revisions is read back from the database, and its changes are classified again.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select
from sqlalchemy import update as updated

from storage.database.bulk import Rows, add_rows, chunks, run_in, select_in
from storage.database.derived import Author, Change, Correction, Family, FamilySketch, StoryLink, Tag
from storage.database.schema import Reading, Revision, Story, Table
from storage.database.values import raw
from storage.ingest.prepare import LINK, ArticleRow
from storage.ingest.revisions import StoryChanges
from storage.query.history import changes
from storage.query.history.changes import SUBSTANCE
from storage.query.history.notes import Note, notes
from storage.query.search.text import normal

STORIES = 100  # read at a time; a story may have a hundred revisions

COLUMNS: Mapping[type[Table], tuple[str, ...]] = {
    Change: (
        *("revision_id", "position", "story_id", "kind", "field", "before", "after", "block", "silent", "changed_at"),
    ),
    Correction: ("story_id", "position", "revision_id", "explains", "kind", "language", "text", "block"),
    Author: ("story_id", "position", "name"),
    Tag: ("story_id", "position", "name"),
    StoryLink: ("story_id", "position", *LINK),
}

TableRows = Mapping[type[Table], Iterable[tuple[Any, ...]]]


class StoredRevision(NamedTuple):
    """A revision. changed_at: a datetime, or its stored text. item: the article as JSON data."""

    id: int
    changed_at: Any
    item: Mapping[str, Any]

    @classmethod
    def of(cls, number: int, changed_at: Any, standfirst: str | None, item: Mapping[str, Any]) -> "StoredRevision":
        """standfirst: of the revision; it may come from another capture than the item."""
        printed = [name for name in item.get("not_printed") or () if name != "standfirst" or standfirst is None]
        return cls(number, changed_at, {**item, "standfirst": standfirst, "not_printed": printed})


def update(connection: Connection, stories: Iterable[StoryChanges]) -> None:
    """Update the rows of stories that were just written."""
    first: list[StoryChanges] = []
    again: list[int] = []
    pairs: set[tuple[int, int]] = set()
    for story in stories:
        if is_first(story):
            first.append(story)
        elif is_stale(story):
            again.append(story.state.id)
            pairs |= _typed_pairs(story)
    for table, rows in _first_rows(first).items():
        add_rows(connection, table, COLUMNS[table], rows)
    _derive_again(connection, again, pairs)


def fill(connection: Connection) -> None:
    """Delete and derive all rows."""
    for table in COLUMNS:
        connection.execute(delete(table))
    story_ids = connection.execute(select(Story.id).order_by(Story.id)).scalars().all()
    _derive_again(connection, story_ids)


def is_first(story: StoryChanges) -> bool:
    """Whether it is a new story, with one revision."""
    return story.state.row is None and len(story.new) == 1


def is_stale(story: StoryChanges) -> bool:
    """Whether the rows no longer follow from the revisions; a capture of known words leaves them as they are."""
    if story.story is None or story.new or story.gone:
        return True
    before = {row.id: row for row in story.state.revisions}
    return story.story["revisions"] > 1 and any(
        getattr(before[values["id"]], name) != values[name]
        for values in story.moved
        for name in ("number", "standfirst", "first_captured_at")
    )


def _typed_pairs(story: StoryChanges) -> set[tuple[int, int]]:
    """Ids of consecutive revisions whose texts are unchanged, so that their stored changes still hold."""
    before = {row.id: row for row in story.state.revisions}
    other = {values["id"] for values in story.moved if values["standfirst"] != before[values["id"]].standfirst}
    return {(old, new) for old, new in pairwise(before) if old not in other and new not in other}


def _first_rows(stories: Sequence[StoryChanges]) -> dict[type[Table], Rows]:
    """The rows of stories with one revision, from the items in memory."""
    articles = [(each.state.id, each.new[0][0]["id"], each.new[0][1]) for each in stories]
    return {
        **_newest_rows((story_id, article) for story_id, _, article in articles),
        Correction: [row for each in articles for row in _first_notes(*each)],
    }


def _newest_rows(articles: Iterable[tuple[int, ArticleRow]]) -> dict[type[Table], list[tuple[Any, ...]]]:
    """The rows of stories that follow from their newest wordings alone."""
    rows: dict[type[Table], list[tuple[Any, ...]]] = {Author: [], Tag: [], StoryLink: []}
    for story_id, article in articles:
        for table, values in ((Author, article.authors), (Tag, article.tags), (StoryLink, article.links)):
            rows[table] += [(story_id, *row) for row in values]
    return rows


def _first_notes(story_id: int, revision_id: int, article: ArticleRow) -> Iterator[tuple[Any, ...]]:
    for position, note in enumerate(article.notes, 1):
        yield story_id, position, revision_id, None, note.kind, note.language, note.text, note.block


def _derive_again(
    connection: Connection, story_ids: Sequence[int], pairs: Collection[tuple[int, int]] = frozenset()
) -> None:
    """pairs: ids of consecutive revisions whose stored changes are kept."""
    for ids in chunks(story_ids, STORIES):
        stored = [*_stored(connection, ids)]
        typed = _typed(connection, ids) if pairs else {}
        for table in COLUMNS:
            connection.execute(delete(table).where(table.__table__.c.story_id.in_(ids)))
        for story_id, revisions in stored:
            known = {new.id: typed.get(new.id, []) for old, new in pairwise(revisions) if (old.id, new.id) in pairs}
            for table, rows in rows_of(story_id, revisions, known).items():
                add_rows(connection, table, COLUMNS[table], rows)


def _typed(connection: Connection, story_ids: Sequence[int]) -> dict[int, list[changes.Change]]:
    """The stored changes of stories, by revision."""
    typed: dict[int, list[changes.Change]] = {}
    table = Change.__table__
    query = select(table).where(table.c.story_id.in_(story_ids)).order_by(table.c.position)
    for row in connection.execute(query):
        change = changes.Change(kind=row.kind, field=row.field, before=row.before, after=row.after, block=row.block)
        typed.setdefault(row.revision_id, []).append(change)
    return typed


def _stored(connection: Connection, story_ids: Sequence[int]) -> Iterator[tuple[int, list[StoredRevision]]]:
    revision, reading = Revision.__table__.c, Reading.__table__.c
    query = (
        select(revision.story_id, revision.id, revision.first_captured_at, revision.standfirst, reading.item)
        .join(Reading, reading.id == revision.reading_id)
        .where(revision.story_id.in_(story_ids))
        .order_by(revision.story_id, revision.number)
    )
    for story_id, rows in groupby(connection.execute(query).all(), key=lambda row: row.story_id):
        yield story_id, [StoredRevision.of(*row[1:-1], json.loads(row.item)) for row in rows]


def rows_of(
    story_id: int,
    revisions: Sequence[StoredRevision],
    known: Mapping[int, list[changes.Change]] = MappingProxyType({}),
) -> TableRows:
    """The rows of one story in every derived table.

    revisions: all revisions of the story, oldest first. known: changes that need not be computed, by revision id.
    """
    edits: list[list[changes.Change]] = [[]]
    for old, new in pairwise(revisions):
        edits.append(known[new.id] if new.id in known else changes.changes(old.item, new.item))
    substance = [any(change.kind in SUBSTANCE for change in typed) for typed in edits]
    noted = list(_explained([notes(revision.item) for revision in revisions], substance))
    explained = {of for _, of, _ in noted if of is not None}
    return {
        **_newest_rows([(story_id, ArticleRow.by(revisions[-1].item))]),
        Change: [
            (
                *(revision.id, position, story_id, change.kind, change.field, change.before, change.after),
                *(change.block, change.kind in SUBSTANCE and at not in explained, raw(revision.changed_at)),
            )
            for at, (revision, typed) in enumerate(zip(revisions, edits, strict=True))
            for position, change in enumerate(typed, 1)
        ],
        Correction: [
            (
                *(story_id, position, revisions[at].id, None if of is None else revisions[of].id),
                *(note.kind, note.language, note.text, note.block),
            )
            for position, (at, of, note) in enumerate(noted, 1)
        ],
    }


def _explained(noted: Sequence[Sequence[Note]], substance: Sequence[bool]) -> Iterator[tuple[int, int | None, Note]]:
    """Each note with the index of the first revision that has it, and of the revision that it explains.

    A note explains the changes of substance in its own revision, else the latest earlier ones without a note. None: the
    change was made before the first capture, or the note mentions no change.
    """
    seen: set[str] = set()
    explained: set[int] = set()
    for at, of_revision in enumerate(noted):
        for note in of_revision:
            if normal(note.text) in seen:
                continue
            seen.add(normal(note.text))
            of = None
            if note.explains:
                earlier = (place for place in range(at - 1, 0, -1) if substance[place] and place not in explained)
                of = at if substance[at] else next(earlier, None)
            if of is not None:
                explained.add(of)
            yield at, of, note


def forget(connection: Connection, story_ids: Sequence[int]) -> None:
    """Before stories are deleted with their rows: the members of a family that loses its head are compared anew."""
    members = [story_id for (story_id,) in select_in(connection, select(Family.story_id), Family.head_id, story_ids)]
    run_in(connection, updated(FamilySketch).values(compared=False), FamilySketch.story_id, members)
