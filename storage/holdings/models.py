"""Entries in the index of another archive. Plain data, no database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal[
    "known",  # listed, not fetched
    "held",  # fetched; or the same bytes of the same address are held
    "passed over",  # skipped by a rule, which is the reason
    "gone",  # listed, but the archive does not have it
    "failed",  # error of the archive or the network; retried
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CdxEntry:
    """One capture in an index; None for fields that the index does not have.

    captured_at: aware UTC, whole seconds. digest: SHA-1 of the body in base32. file, offset, length: location of the
    record.
    """

    url: str
    captured_at: datetime
    digest: str | None = None
    status: int | None = None
    mime: str | None = None
    file: str | None = None
    offset: int | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An index entry with its key in the ledger; passed_over: the rule by which it is not fetched, or None."""

    entry: CdxEntry
    address: str
    section: str | None = None
    passed_over: str | None = None
