"""Tables that are made from other tables, for questions that would read every story.

Filled in the transaction that stores the stories, by storage/ingest/derived.py and storage/ingest/search_rows.py.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.schema import Table


def _of(column: str) -> Any:
    """A reference that is compared at the end of the transaction, in which rows are written in any order."""
    return ForeignKey(column, deferrable=True, initially="DEFERRED")


# SQLite stores the rows in their primary key: one tree less to write for every author of a new story.
_CLUSTERED = {"sqlite_with_rowid": False}


class Change(Table):
    """One typed change between a revision and the one before it: storage/query/history/changes.py.

    position: from 1. kind: one of its closed list; `damage` and `redesign` are no edits. field: headline, body and so
    on. before, after: the words concerned; NULL for none. block: of the new body, or of the old where the new has none.
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

    position: from 1. revision_id: the first that shows it. explains: the revision whose changes it explains; NULL for a
    change before the first capture, and for an editor's note that names none. kind: correction, clarification or note.
    language: en or km. text: as printed. block: of the body, from 0.
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
    """A person of the byline of a story's newest wording; agencies stand in `revision.agency`.

    position: in the byline, from 1. name: as printed.
    """

    __tablename__ = "author"
    __table_args__ = (Index(None, "name", "story_id"), _CLUSTERED)

    story_id: Mapped[int] = mapped_column(_of("story.id"), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Tag(Table):
    """A tag of a story's newest wording.

    position: on the page, from 1. name: as printed.
    """

    __tablename__ = "tag"
    __table_args__ = (Index(None, "name", "story_id"), _CLUSTERED)

    story_id: Mapped[int] = mapped_column(_of("story.id"), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class StoryLink(Table):
    """A link inside the body of a story's newest wording.

    position: from 1. url: as the page has it. text: the words of the link. block: the block of the body that it stands
    in, from 0.
    """

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
    took 180 ms, and takes 8 ms with this table.

    number: of the revision. newest: the newest wording of its story. published_on: of the story. facets_id: of its row
    in `facets`. author_list_id: of its row in `author_list`.
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

    month: of publication, as 2018-06. section, language: of the story. layout: of the newest wording. edited: it has a
    change that is an edit. corrected: it has a row in `correction`. stories: how many have these values.
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
    stories: Mapped[int] = mapped_column(server_default="0")


class AuthorList(Table):
    """The authors that one or more stories have in their newest wording.

    names: as a JSON list.
    """

    __tablename__ = "author_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    names: Mapped[str] = mapped_column(unique=True)


class Family(Table):
    """A story in a family of stories with the same or nearly the same text; made by `families --find`.

    head_id: of its stories the first published, then the first seen, then the first by address; it has a row of its
    own. story_id: the member. compared_id: the member to which it was compared. reason: head, same text, re-run,
    shortened, extended, merged, wire copy, nearly the same or twin. similarity: from 0 to 1; of `nearly the same` and
    `re-run` the runs of five words (ten Khmer clusters) in both of all in either; of `shortened`, `extended`, `merged`
    and `wire copy` those in both of those in the shorter text; of `twin` the facts in both of those in either.
    own_share: of the story's runs those that the compared one lacks, which is the local share of a wire copy.
    evidence: facts that both twins have; NULL for other reasons.
    """

    __tablename__ = "family"
    __table_args__ = (Index(None, "story_id", "reason"),)

    head_id: Mapped[int] = mapped_column(ForeignKey("story.id", ondelete="CASCADE"), primary_key=True)
    story_id: Mapped[int] = mapped_column(ForeignKey("story.id", ondelete="CASCADE"), primary_key=True)
    compared_id: Mapped[int] = mapped_column(ForeignKey("story.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str]
    similarity: Mapped[float] = mapped_column(Float())
    own_share: Mapped[float] = mapped_column(Float())
    evidence: Mapped[str | None]


class Skeleton(Table):
    """A class in the markup of the story pages of a layout, as storage/ingest/skeletons.py counts them.

    layout: the design. name: the class, with # for digits; empty in the row of all pages. stories: pages with it.
    earlier: pages of the layout in the runs before the first that met it. url: the first page; NULL when it is
    withdrawn. run: the number of the run that reported it as new; NULL for one that is as old as the archive, or on too
    few pages.
    """

    __tablename__ = "skeleton"

    layout: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    stories: Mapped[int]
    earlier: Mapped[int]
    url: Mapped[str | None]
    run: Mapped[int | None]


NOT_MEASURED = "not measured"


class Photo(Table):
    """A picture that was kept, by its capture, whose row has the place of its record.

    address: its key in the ledger. captured_at, digest: of the capture. mime: by its bytes. width, height: in pixels;
    NULL unless its head can be read. bytes: how many came. state: read, damaged, too large, another format (as vector
    graphics, which are never drawn), unreadable record, or not measured (without the extra `pictures`). phash:
    perceptual hash, 16 hexadecimal digits, of which two of one photo differ in at most 8 bits; NULL for a picture that
    cannot be read or is blank.
    """

    __tablename__ = "photo"

    capture_id: Mapped[int] = mapped_column(
        ForeignKey("capture.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    address: Mapped[str] = mapped_column(index=True)
    captured_at: Mapped[datetime | None]
    digest: Mapped[str]
    mime: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    bytes: Mapped[int]
    state: Mapped[str]
    phash: Mapped[str | None] = mapped_column(index=True)


class FamilyLink(Table):
    """Two stories of nearly the same text, or twins; families are made of these and of equal texts.

    older_id: the story that comes first by the rule for heads. younger_id: the other. reason, similarity, evidence: of
    the younger, as in `family`. older_share, younger_share: of the runs of each those that the other lacks.
    """

    __tablename__ = "family_link"

    older_id: Mapped[int] = mapped_column(ForeignKey("story.id", ondelete="CASCADE"), primary_key=True)
    younger_id: Mapped[int] = mapped_column(ForeignKey("story.id", ondelete="CASCADE"), primary_key=True, index=True)
    reason: Mapped[str]
    similarity: Mapped[float] = mapped_column(Float())
    older_share: Mapped[float] = mapped_column(Float())
    younger_share: Mapped[float] = mapped_column(Float())
    evidence: Mapped[str | None]


class FamilySketch(Table):
    """A story that was looked at for families.

    revision_id: its newest at that time. digest: equal for stories with the same text. sketch: MinHash bands of its
    text, and digests of its paragraphs; empty for one that is too short, NULL when the extra `neardup` was not
    installed. is_wire: an agency is named. is_rerun: the story says that it is printed again. compared: with the
    others; if not, the next `families --update` does it.
    """

    __tablename__ = "family_sketch"

    story_id: Mapped[int] = mapped_column(
        ForeignKey("story.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    revision_id: Mapped[int]
    digest: Mapped[str] = mapped_column(index=True)
    sketch: Mapped[bytes | None] = mapped_column(LargeBinary())
    is_wire: Mapped[bool]
    is_rerun: Mapped[bool]
    compared: Mapped[bool]


# A story counts by its newest wording. Triggers, so that every way to write or delete a story counts it.
STORY_COUNTS = tuple(
    f"""
CREATE TRIGGER {name} AFTER {event} ON search_row WHEN {row}.newest
BEGIN UPDATE facets SET stories = stories {change} WHERE id = {row}.facets_id; END
"""
    for name, event, row, change in (
        ("search_row_counted", "INSERT", "NEW", "+ 1"),
        ("search_row_deleted", "DELETE", "OLD", "- 1"),
    )
)
# For queries by hand: every wording in the search index; docs/sql.md shows its use.
SEARCH_VIEW = """
CREATE VIEW search AS
SELECT words.words AS words, words.rank AS rank, search_row.revision_id, search_row.story_id, canonical_url, language,
       section, CAST(search_row.published_on AS TEXT) AS published_on, search_row.number, search_row.newest,
       revision.layout, revision.headline, revision.standfirst, revision.byline, revision.body
FROM words
JOIN search_row ON search_row.revision_id = words.rowid
JOIN revision ON revision.id = search_row.revision_id
JOIN story ON story.id = search_row.story_id
"""
