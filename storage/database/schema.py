"""Tables of the archive.

Types are portable: SQLite now, PostgreSQL by another address. Moments are stored as ISO text in UTC
(`2018-06-20T01:10:00+00:00`); in this form text order is the order of time, fractions included, for
`+` sorts before `.`. The one writer assigns the ids of story, capture, reading and revision.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, Dialect, ForeignKey, Index, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from storage.database.values import utc

SCHEMA = "0007"  # the newest migration in storage/database/migrations/versions
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

    canonical_url: its address in the one form that the archive knows. language: en or km. section: as the paper prints
    it. published_on: day of publication, in the zone of the newspaper. published_at: moment of publication, if a page
    prints it for certain. node_id: number in the site's own system. image_url: of the picture above the story.
    first_seen_at, last_seen_at: first and last dated capture. revisions: how many. newest_revision_id: the last of
    them. words_digest: of the words of the newest revision. same_words_as: the story first seen with these words.
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
    words_digest: Mapped[str | None] = mapped_column(index=True)
    same_words_as: Mapped[int | None] = mapped_column(index=True)


class Reading(Table):
    """An item read from a page; equal readings are one row.

    digest: of `item`. item: as JSON, without `capture` and `teasers`.
    """

    __tablename__ = "reading"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(unique=True)
    item: Mapped[str]


class Capture(Table):
    """One response of one address at one moment, and the result of reading it.

    url: as requested. address: its key in the ledger. captured_at: when the response came; NULL when no source knows
    it. status: of HTTP; 200 for a saved page. source: the first that brought it; one address, second, status and
    digest are one capture. digest: of the body as it came, `sha256:` and hex. part: the address of a story within a
    feed or a REST answer; '' for a whole answer. evidence_file, evidence_offset, evidence_length: its record in the
    folder `evidence`; NULL without one. etag, last_modified: validators of the response. outcome: article, listing or
    unread. reason, detail: of an unread page the kind, as `gone`, and a sentence. layout: the design by which it was
    read. problems: what could not be read with certainty, as JSON; NULL when there are none. words_digest: of its
    words, if it is a story. words_of_another: the words are from the new reading of another capture of the same
    wording, until this one is reread itself. teasers_digest: of its teasers.
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
    problems: Mapped[str | None]
    reading_id: Mapped[int | None] = mapped_column(ForeignKey("reading.id"), index=True)
    story_id: Mapped[int | None] = mapped_column(ForeignKey("story.id"), index=True)
    words_digest: Mapped[str | None]
    words_of_another: Mapped[bool] = mapped_column(default=False)
    teasers_digest: Mapped[str | None]


class Revision(Table):
    """One wording of a story, numbered from 1 in the order of time.

    The text is that of the first capture that showed it; the reading is the whole item, with the kinds of its blocks.

    number: from 1. words_digest: equal for equal words. layout: the design that it was read from. headline: the
    headline. kicker: the line above the headline. standfirst: the summary under the headline. byline: as printed.
    agency: the agency that the byline names. dateline: the place at the beginning of the text. body: blocks, with an
    empty line between. first_captured_at, last_captured_at: between these captures the story had this wording.
    captures: how many showed it. capture_id: the first of them.
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
    body: Mapped[str]
    first_captured_at: Mapped[datetime | None]
    last_captured_at: Mapped[datetime | None]
    captures: Mapped[int]
    capture_id: Mapped[int] = mapped_column(ForeignKey("capture.id"), index=True)
    reading_id: Mapped[int] = mapped_column(ForeignKey("reading.id"), index=True)


class Image(Table):
    """An image of a revision.

    position: on the page, from 1. url: its address, as the page names it. caption: without the credit. credit: the
    photographer or agency. caption_text: caption and credit as printed. alt: the text in place of the picture.
    block: index of the body block it stands before, NULL for the main image.
    """

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

    capture_id: of the page. list: name of the list on the page. position: in the list, from 1. headline, summary: as
    the teaser prints them. url: where it leads. address: the key of `url` in the ledger, which for a story is its
    canonical address. image_url: of its picture. published_on, published_at, published_text: day and moment that the
    teaser prints, and their words.
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

    address: in its one form. url: as a page linked it first. kind: front, listing, story, feed, sitemap, rest, page or
    picture. section: short name of its section. dated_on: day of publication, if a list printed one. depth: links
    between the start of the crawl and it. how: the kind of link that led to it. heard_from: the page with that link.
    heard_at: when it was found. state: known, leased, done, unchanged, partial, unread, moved, gone, excluded or
    failed. was: the state before the lease. why: the reason of the state. priority: smaller is sooner. due_at: time of
    the next visit; NULL: not in this run, or never. leased_until: NULL, for a lease ends with its run; an old row may
    have a moment. tries: failures in a row. visits: how often it was visited. changes: how many visits found new words.
    visited_at: the last visit. capture_id: the last capture. etag, last_modified: validators for the next request.
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
    """Progress in a file of captures.

    file: for a file of bulk import its digest, so that another path is no other file, a space, and the paper whose
    pages were imported; for the archive's own evidence its name. done: every record before this byte is in the archive
    or was skipped.
    """

    __tablename__ = "replayed"

    file: Mapped[str] = mapped_column(primary_key=True)
    done: Mapped[int] = mapped_column(BigInteger())


class Withdrawn(Table):
    """Tombstone of an address that the archive rejects.

    address: rejected. story: the address under which its story was withdrawn. reason: as given. withdrawn_on: the day.
    """

    __tablename__ = "withdrawn"

    address: Mapped[str] = mapped_column(primary_key=True)
    story: Mapped[str]
    reason: Mapped[str]
    withdrawn_on: Mapped[date]


class WithdrawnRecord(Table):
    """A record of a withdrawn story, or of a page that mentioned it.

    story: the address of the tombstone. digest: of the body; NULL for a request. captured_at: of the capture. file,
    offset, length: of the record; NULL when no bytes were stored. state: waiting, overwritten, shared (its bytes are
    also those of another page, and stay) or elsewhere (in a file of another program, which is not changed).
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

    digest: of the record's line. captured_at: of its capture. file, offset: where the record was.
    """

    __tablename__ = "withdrawn_digest"

    digest: Mapped[str] = mapped_column(primary_key=True)
    captured_at: Mapped[datetime | None]
    file: Mapped[str | None]
    offset: Mapped[int | None] = mapped_column(BigInteger())


class CrawlRun(Table):
    """One crawl, replay or merge; what is not known yet, and of a killed run for good, is NULL.

    newspaper: its short name. source: of a crawl as it was given, else replay or merge. arguments, outcomes, unread,
    filled, doors, skeletons: JSON, see storage/query/runs.py. started_at, ended_at: its time. exit_code: 0 for a whole
    run. reason: the sentence with which it ended. requests, answers: to and from the newspaper; NULL for a replay and a
    merge, as all that is known of requests. bytes: of the answers' bodies. not_modified: answers with status 304.
    delay_seconds: the pause between two requests that was set. shortest_gap_seconds: the shortest that was kept.
    queued: addresses still due.
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
    skeletons: Mapped[str | None]
