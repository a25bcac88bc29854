"""Tables of the archive.

Types are portable: SQLite now, PostgreSQL by another address. Moments are stored as ISO text in UTC
(`2018-06-20T01:10:00+00:00`); in this form text order is the order of time, fractions included, for
`+` sorts before `.`. The one writer assigns the ids of story, capture, reading and revision.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, Dialect, ForeignKey, Index, MetaData, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from storage.database.values import utc

SCHEMA = "0006"  # the newest migration in storage/database/migrations/versions
BASELINE = "0004"  # the oldest; an earlier database is rebuilt from the evidence

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """An aware moment, stored as ISO text in UTC. Raises ValueError for a naive one."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else utc(value).isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Table(DeclarativeBase):
    """Base of the tables: names of constraints, types of columns."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {str: Text(), datetime: Moment(), date: Date()}  # noqa: RUF012


class Story(Table):
    """A story: one canonical address through time.

    Each `X_capture_id` names the capture that `X` was read from: the earliest with a good value, since later designs
    of a site damage its old stories.
    """

    __tablename__ = "story"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    canonical_url: Mapped[str] = mapped_column(unique=True)
    language: Mapped[str]
    section: Mapped[str | None] = mapped_column(index=True)
    section_capture_id: Mapped[int | None]
    published_on: Mapped[date | None] = mapped_column(index=True)
    published_on_capture_id: Mapped[int | None]
    published_at: Mapped[datetime | None]
    published_at_capture_id: Mapped[int | None]
    node_id: Mapped[int | None] = mapped_column(index=True)
    node_id_capture_id: Mapped[int | None]
    image_url: Mapped[str | None]
    image_url_capture_id: Mapped[int | None]
    first_seen_at: Mapped[datetime | None] = mapped_column(index=True)
    last_seen_at: Mapped[datetime | None] = mapped_column(index=True)
    revisions: Mapped[int]
    newest_revision_id: Mapped[int | None]
    words_digest: Mapped[str | None] = mapped_column(index=True)  # of the newest revision
    same_words_as: Mapped[int | None] = mapped_column(index=True)  # the story first seen with these words


class Reading(Table):
    """An item read from a page, as JSON without `capture` and `teasers`; equal readings are one row."""

    __tablename__ = "reading"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(unique=True)
    item: Mapped[str]


class Capture(Table):
    """One response of one address at one moment, and the result of reading it.

    captured_at: NULL when no source knows it. outcome: article, listing or unread (then `reason` is set).
    source: the first that brought it; one address, second, status and digest are one capture.
    part: the address of a story within a feed or a REST answer; '' for a whole answer.
    words_of_another: the words are from the new reading of another capture of the same wording, until this one
    is reread itself.
    """

    __tablename__ = "capture"
    __table_args__ = (
        UniqueConstraint("url", "captured_at", "digest", "source", "part"),
        Index(None, "outcome", "reason", "layout", "source"),  # counts of `stats`, without reading the rows
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    url: Mapped[str]
    address: Mapped[str] = mapped_column(index=True)
    captured_at: Mapped[datetime | None] = mapped_column(index=True)
    status: Mapped[int]
    source: Mapped[str]
    digest: Mapped[str] = mapped_column(index=True)
    part: Mapped[str] = mapped_column(default="")
    evidence_file: Mapped[str | None]
    evidence_offset: Mapped[int | None]
    evidence_length: Mapped[int | None]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    detail: Mapped[str | None]
    layout: Mapped[str | None]
    problems: Mapped[str | None]  # JSON; NULL when there are none
    reading_id: Mapped[int | None] = mapped_column(ForeignKey("reading.id"), index=True)
    story_id: Mapped[int | None] = mapped_column(ForeignKey("story.id"), index=True)
    words_digest: Mapped[str | None]
    words_of_another: Mapped[bool] = mapped_column(default=False)
    teasers_digest: Mapped[str | None]


class Revision(Table):
    """One wording of a story, numbered from 1 in the order of time.

    The text is that of `capture_id`, the first capture that showed it; `reading_id` is the whole item, with the kinds
    of its blocks.
    """

    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("story_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    story_id: Mapped[int] = mapped_column(ForeignKey("story.id"))
    number: Mapped[int]
    words_digest: Mapped[str] = mapped_column(index=True)
    layout: Mapped[str]
    headline: Mapped[str]
    kicker: Mapped[str | None]
    standfirst: Mapped[str | None]
    byline: Mapped[str | None]
    agency: Mapped[str | None]
    dateline: Mapped[str | None]
    body: Mapped[str]  # blocks, with an empty line between
    first_captured_at: Mapped[datetime | None]
    last_captured_at: Mapped[datetime | None]
    captures: Mapped[int]
    capture_id: Mapped[int] = mapped_column(ForeignKey("capture.id"), index=True)
    reading_id: Mapped[int] = mapped_column(ForeignKey("reading.id"), index=True)


class Image(Table):
    """An image of a revision; block: index of the body block it stands before, NULL for the main image."""

    __tablename__ = "image"
    __table_args__ = (Index(None, "revision_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    position: Mapped[int]
    url: Mapped[str] = mapped_column(index=True)
    caption: Mapped[str | None]
    credit: Mapped[str | None]
    caption_text: Mapped[str | None]
    alt: Mapped[str | None]
    block: Mapped[int | None]


class Sighting(Table):
    """A teaser: one story announced on one page.

    address: the key of `url` in the ledger, which for a story is its canonical address.
    """

    __tablename__ = "sighting"

    id: Mapped[int] = mapped_column(primary_key=True)
    capture_id: Mapped[int] = mapped_column(ForeignKey("capture.id"), index=True)
    list: Mapped[str | None]
    position: Mapped[int]
    headline: Mapped[str | None]
    summary: Mapped[str | None]
    url: Mapped[str]
    address: Mapped[str] = mapped_column(index=True)
    image_url: Mapped[str | None]
    published_on: Mapped[date | None]
    published_at: Mapped[datetime | None]
    published_text: Mapped[str | None]


class Address(Table):
    """The ledger: every address ever discovered, in exactly one state.

    state: known, leased, done, unchanged, partial, unread, moved, gone, excluded or failed.
    was: the state before the lease. leased_until: NULL, for a lease ends with its run; an old row may have a moment.
    due_at: time of the next visit; NULL: not in this run, or never.
    priority: smaller is sooner. changes: how many visits found new words.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        Index("ix_ledger_queue", "priority", "depth", "address", "due_at"),
        Index("ix_ledger_state_why", "state", "why"),
    )

    address: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    kind: Mapped[str]
    section: Mapped[str | None]
    dated_on: Mapped[date | None]
    depth: Mapped[int]
    how: Mapped[str]
    heard_from: Mapped[str | None]
    heard_at: Mapped[datetime]
    state: Mapped[str]
    was: Mapped[str | None]
    why: Mapped[str | None]
    priority: Mapped[int]
    due_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    tries: Mapped[int]
    visits: Mapped[int]
    changes: Mapped[int]
    visited_at: Mapped[datetime | None]
    capture_id: Mapped[int | None]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]


class Replayed(Table):
    """Progress in a file of captures: every record before byte `done` is in the archive or was skipped.

    file: for a file of bulk import its digest, so that another path is no other file, a space, and the paper whose
    pages were imported; for the archive's own evidence its name.
    """

    __tablename__ = "replayed"

    file: Mapped[str] = mapped_column(primary_key=True)
    done: Mapped[int] = mapped_column(BigInteger())


class Withdrawn(Table):
    """Tombstone of an address that the archive rejects. story: the address under which its story was withdrawn."""

    __tablename__ = "withdrawn"

    address: Mapped[str] = mapped_column(primary_key=True)
    story: Mapped[str]
    reason: Mapped[str]
    withdrawn_on: Mapped[date]


class WithdrawnRecord(Table):
    """A record of a withdrawn story, or of a page that mentioned it.

    digest: of the body; NULL for a request. file, offset, length: NULL when no bytes were stored.
    state: waiting, overwritten, shared (its bytes are also those of another page, and stay) or elsewhere
    (in a file of another program, which is not changed).
    """

    __tablename__ = "withdrawn_record"

    id: Mapped[int] = mapped_column(primary_key=True)
    story: Mapped[str]
    digest: Mapped[str | None]
    captured_at: Mapped[datetime | None]
    file: Mapped[str | None]
    offset: Mapped[int | None] = mapped_column(BigInteger())
    length: Mapped[int | None] = mapped_column(BigInteger())
    state: Mapped[str]


class WithdrawnDigest(Table):
    """Digest of a withdrawn record (storage/query/fixity.py), with which the published digest of its day still holds.

    file, offset: where the record was.
    """

    __tablename__ = "withdrawn_digest"

    digest: Mapped[str] = mapped_column(primary_key=True)
    captured_at: Mapped[datetime | None]
    file: Mapped[str | None]
    offset: Mapped[int | None] = mapped_column(BigInteger())


class CrawlRun(Table):
    """One crawl; what is not known yet, and of a killed run for good, is NULL. See storage/query/runs.py.

    arguments, outcomes, unread, filled, doors: JSON.
    """

    __tablename__ = "run"

    id: Mapped[int] = mapped_column(primary_key=True)
    newspaper: Mapped[str]
    source: Mapped[str]
    arguments: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    exit_code: Mapped[int | None]
    reason: Mapped[str | None]
    outcomes: Mapped[str | None]
    unread: Mapped[str | None]
    requests: Mapped[int | None]
    answers: Mapped[int | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger())
    not_modified: Mapped[int | None]
    delay_seconds: Mapped[float | None]
    shortest_gap_seconds: Mapped[float | None]
    filled: Mapped[str | None]
    doors: Mapped[str | None]
    queued: Mapped[int | None]


class Holding(Table):
    """A capture in the index of another archive.

    address: the key of `url` in the ledger; the url itself where it has none.
    digest: SHA-1 of the body in base32; NULL when the index has none.
    file, offset, length: location of the record, for archives that give out parts of files.
    state: known, held, passed over, gone or failed; why: the reason. due_at: when to request it; NULL: not in this
    run (any more), or never. turn: 1 for the first listed capture of an address, 2 for the second, and so on.
    """

    __tablename__ = "holding"
    __table_args__ = (
        Index(
            "ix_holding_queue",
            *("archive", "turn", "captured_at", "url"),
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_holding_archive_state", "archive", "state"),
    )

    archive: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(primary_key=True)
    captured_at: Mapped[datetime] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(index=True)
    section: Mapped[str | None]
    digest: Mapped[str | None] = mapped_column(index=True)
    status: Mapped[int | None]
    mime: Mapped[str | None]
    file: Mapped[str | None]
    offset: Mapped[int | None] = mapped_column(BigInteger())
    length: Mapped[int | None] = mapped_column(BigInteger())
    state: Mapped[str]
    why: Mapped[str | None]
    turn: Mapped[int]
    tries: Mapped[int]
    due_at: Mapped[datetime | None]
    listed_at: Mapped[datetime]


class IndexQuery(Table):
    """A query to the index of another archive, and how far its result has been read.

    resume_key: where the next page begins; NULL at the beginning and at the end. listed: captures read so far.
    """

    __tablename__ = "enumeration"

    archive: Mapped[str] = mapped_column(primary_key=True)
    query: Mapped[str] = mapped_column(primary_key=True)
    resume_key: Mapped[str | None]
    pages: Mapped[int]
    listed: Mapped[int]
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Refusal(Table):
    """The last day (UTC) on which another archive refused requests, and how many it refused."""

    __tablename__ = "refusal"

    archive: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date]
    times: Mapped[int]


class Payload(Table):
    """SHA-1 of stored bodies in base32, which other archives list, by our own digest (`sha256:…`)."""

    __tablename__ = "payload"

    digest: Mapped[str] = mapped_column(primary_key=True)
    sha1: Mapped[str] = mapped_column(index=True)
