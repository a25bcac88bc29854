"""The tables of the archive, in words that read well in SQL.

Types are portable: SQLite now, PostgreSQL by another address. Moments are stored as ISO text in UTC
(`2018-06-20T01:10:00+00:00`); in this form text order is the order of time, fractions included, for
`+` sorts before `.`. Ids of story, capture, reading and revision are given by the one writer.
"""

from datetime import UTC, date, datetime

from sqlalchemy import BigInteger, Date, Dialect, ForeignKey, Index, MetaData, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

SCHEMA = "0005"  # the newest migration; storage/migrations/versions
BASELINE = "0004"  # the oldest; a database from before it is made anew from the evidence

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept as ISO text in UTC. Raises ValueError for a naive one."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"a moment without a zone: {value}")
        return value.astimezone(UTC).isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Table(DeclarativeBase):
    """What the tables share: the names of their constraints and the type of moments."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {str: Text(), datetime: Moment(), date: Date()}  # noqa: RUF012


class Story(Table):
    """One canonical address through time.

    Each `X_capture_id` names the capture that `X` was read from: the earliest that gave a good one,
    since later designs of a site damage its old stories.
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
    """What a page said, whole, as JSON without `capture` and `teasers`; equal readings are one row."""

    __tablename__ = "reading"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(unique=True)
    item: Mapped[str]


class Capture(Table):
    """What one address answered at one moment, and what it was read as.

    captured_at: NULL when no source knows it. outcome: article, listing or unread (then why).
    source: of the first that brought it; one address, second, status and digest are one capture.
    part: of a story read from a feed or a REST answer, its address there; '' for a whole answer.
    words_of_another: the words are those another capture of this wording was reread with; its own
    reading waits to be made anew.
    """

    __tablename__ = "capture"
    __table_args__ = (UniqueConstraint("url", "captured_at", "digest", "source", "part"),)

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

    The text is that of `capture_id`, the first capture that showed it; `reading_id` leads to the
    whole item, with the kinds of its blocks.
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
    """A picture of a revision; block: index of the body block it stands before, NULL for the main one."""

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
    """A story announced on a page: who asks where and when a story was promoted asks here.

    address: what the announced address is in the ledger, which for a story is its canonical address.
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
    """The ledger: every address ever heard of, in exactly one state.

    state: known, leased, done, unchanged, partial, unread, moved, gone, excluded or failed.
    was: the state before the lease. leased_until: NULL, for a lease ends with its run; an old row may have a moment.
    due_at: when to look (again); NULL: not in this run, or never.
    priority: smaller is sooner. changes: how often a visit found new words.
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
    """A file of captures, and how far it is read: every record before `done` is dealt with.

    file: of one that is read in bulk a digest, which knows it again under another path, a space, and the paper whose
    pages were taken; of the archive's own evidence its name.
    """

    __tablename__ = "replayed"

    file: Mapped[str] = mapped_column(primary_key=True)
    done: Mapped[int] = mapped_column(BigInteger())


class Withdrawn(Table):
    """An address that is kept out. story: the address under which its story was withdrawn."""

    __tablename__ = "withdrawn"

    address: Mapped[str] = mapped_column(primary_key=True)
    story: Mapped[str]
    reason: Mapped[str]
    withdrawn_on: Mapped[date]


class WithdrawnRecord(Table):
    """A record of a withdrawn story, or of a page that mentioned it.

    digest: of the body; NULL of a request. file, offset, length: NULL when no bytes were kept.
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


class Holding(Table):
    """A capture that another archive says it has.

    address: what the capture's address is in the ledger; the url itself where it is none.
    digest: SHA-1 of the body in base32; NULL when the index does not say.
    file, offset, length: where the record lies there, if the archive gives records of files.
    state: known, held, passed over, gone or failed; why: the reason. due_at: when to ask for it; NULL:
    not in this run (any more), or never. turn: 1 for the first capture of an address that was listed, and so on.
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
    """One question to the index of another archive, and how far its answer has been read.

    resume_key: where to go on; NULL at the beginning and at the end. listed: captures named so far.
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
    """The last day (UTC) on which another archive asked to be left alone, and how often it did."""

    __tablename__ = "refusal"

    archive: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date]
    times: Mapped[int]


class Payload(Table):
    """The bytes of captures (`sha256:…`) by the name that other archives give them: SHA-1 in base32."""

    __tablename__ = "payload"

    digest: Mapped[str] = mapped_column(primary_key=True)
    sha1: Mapped[str] = mapped_column(index=True)
