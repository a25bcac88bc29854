"""Tables of the captures that other archives hold, and of the queries to their indexes."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.schema import Table


class Holding(Table):
    """A capture in the index of another archive.

    archive: its name. url: as captured there. captured_at: when. address: the key of `url` in the ledger; the url
    itself where it has none. section: short name of its section. digest: SHA-1 of the body in base32; NULL when the
    index has none. status, mime: as the index says. file, offset, length: location of the record, for archives that
    give out parts of files. state: known, held, passed over, gone or failed. why: the reason of the state. turn: 1 for
    the first listed capture of an address, 2 for the second, and so on. tries: failures in a row. due_at: when to
    request it; NULL: not in this run (any more), or never. listed_at: when the index listed it.
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

    archive: its name. query: as asked. resume_key: where the next page begins; NULL at the beginning and at the end.
    pages: read so far. listed: captures read so far. asked_at: when it began. finished_at: when it ended; NULL: not
    yet.
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
    """The last day on which another archive refused requests.

    archive: its name. day: in UTC. times: how often it refused.
    """

    __tablename__ = "refusal"

    archive: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date]
    times: Mapped[int]


class Payload(Table):
    """Names of stored bodies.

    digest: our own, `sha256:` and hex. sha1: SHA-1 in base32, by which other archives name them.
    """

    __tablename__ = "payload"

    digest: Mapped[str] = mapped_column(primary_key=True)
    sha1: Mapped[str] = mapped_column(index=True)
