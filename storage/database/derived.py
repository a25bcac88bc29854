"""Tables that are made from other tables, for questions that would read every story.

Filled in the transaction that stores the stories, by storage/ingest/derived.py and storage/ingest/search_rows.py.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.schema import Table


def _of(column: str) -> Any:
    """A reference that is compared at the end of the transaction, in which rows are written in any order."""
    return ForeignKey(column, deferrable=True, initially="DEFERRED")


# SQLite stores the rows in their primary key: one tree less to write for every author of a new story.
_CLUSTERED = {"sqlite_with_rowid": False}


class Change(Table):
    """One typed change between a revision and the one before it: storage/query/history/changes.py.

    kind: one of its closed list; `damage` and `redesign` are no edits. field: headline, body …
    before, after: the words concerned; NULL for none. block: of the new body, or of the old where the new has none.
    silent: a change of substance that no note explains. changed_at: the first capture that showed it.
    """

    __tablename__ = "change"
    # All that a search for edits reads: the rows themselves would take several times as long.
    __table_args__ = (
        Index(None, "changed_at", "revision_id", "kind", "story_id"),
        Index(None, "kind", "changed_at", "revision_id", "story_id"),
    )

    revision_id: Mapped[int] = mapped_column(_of("revision.id"), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True)
    story_id: Mapped[int] = mapped_column(_of("story.id"), index=True)
    kind: Mapped[str]
    field: Mapped[str]
    before: Mapped[str | None]
    after: Mapped[str | None]
    block: Mapped[int | None]
    silent: Mapped[bool]
    changed_at: Mapped[datetime | None]


class Correction(Table):
    """A correction, clarification or editor's note, as first printed; see storage/query/history/notes.py.

    revision_id: the first that shows it. explains: the revision whose changes it explains; NULL for a change before
    the first capture, and for an editor's note that names none.
    """

    __tablename__ = "correction"

    story_id: Mapped[int] = mapped_column(_of("story.id"), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(_of("revision.id"), index=True)
    explains: Mapped[int | None] = mapped_column(_of("revision.id"), index=True)
    kind: Mapped[str]
    language: Mapped[str]
    text: Mapped[str]
    block: Mapped[int]


class Author(Table):
    """A person of the byline of a story's newest wording; agencies stand in `revision.agency`."""

    __tablename__ = "author"
    __table_args__ = (Index(None, "name", "story_id"), _CLUSTERED)

    story_id: Mapped[int] = mapped_column(_of("story.id"), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Tag(Table):
    """A tag of a story's newest wording."""

    __tablename__ = "tag"
    __table_args__ = (Index(None, "name", "story_id"), _CLUSTERED)

    story_id: Mapped[int] = mapped_column(_of("story.id"), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class StoryLink(Table):
    """A link inside the body of a story's newest wording; block: the block it stands in."""

    __tablename__ = "story_link"
    __table_args__ = (Index(None, "url", "story_id"), _CLUSTERED)

    story_id: Mapped[int] = mapped_column(_of("story.id"), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str]
    text: Mapped[str]
    block: Mapped[int]


class SearchRow(Table):
    """A revision in the search index, with what searches filter and count by, in a few bytes.

    To join the hits of a common word with `revision` and `story` reads the pages of all texts: the count of 85,000 hits
    took 180 ms, and takes 8 ms with this table. newest: the newest wording of its story. published_on: of the story.
    """

    __tablename__ = "search_row"

    revision_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    story_id: Mapped[int] = mapped_column(index=True)
    number: Mapped[int]
    newest: Mapped[bool]
    published_on: Mapped[date | None]
    facets_id: Mapped[int]
    author_list_id: Mapped[int]


class Facets(Table):
    """A combination of values that stories have in common: hits are counted by it, and its values added up.

    month: of publication, as 2018-06. layout: of the newest wording. edited: it has a change that is an edit.
    corrected: it has a row in `correction`.
    """

    __tablename__ = "facets"
    __table_args__ = (Index("ix_facets_values", "month", "section", "language", "layout", "edited", "corrected"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str | None]
    section: Mapped[str | None]
    language: Mapped[str]
    layout: Mapped[str]
    edited: Mapped[bool]
    corrected: Mapped[bool]


class AuthorList(Table):
    """The authors of one or more stories in their newest wording, as a JSON list."""

    __tablename__ = "author_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    names: Mapped[str] = mapped_column(unique=True)


# For queries by hand: every wording in the search index; docs/sql.md shows its use.
SEARCH_VIEW = """
CREATE VIEW search AS
SELECT words.words AS words, words.rank AS rank, search_row.revision_id, search_row.story_id, canonical_url, language,
       section, search_row.published_on, search_row.number, search_row.newest, revision.layout, revision.headline,
       revision.standfirst, revision.byline, revision.body
FROM words
JOIN search_row ON search_row.revision_id = words.rowid
JOIN revision ON revision.id = search_row.revision_id
JOIN story ON story.id = search_row.story_id
"""
