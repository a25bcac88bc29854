"""The tables of what other archives say they have, and of the names by which they know our bytes."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables import Table


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


class Enumeration(Table):
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
