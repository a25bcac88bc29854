"""What the index of another archive says of captures. Plain data, no database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal[
    "known",  # listed, not fetched
    "held",  # fetched; or the same bytes were held of the same address
    "passed over",  # by a rule, which is named
    "gone",  # the archive does not give it
    "failed",  # the archive or the way to it; tried again
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CdxEntry:
    """One capture as an index names it.

    captured_at: aware UTC, whole seconds. digest: SHA-1 of the body in base32.
    file, offset, length: where the record lies. None for what the index does not say.
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
    """A listed capture with its place in the ledger; passed_over: the rule by which it is not fetched, or None."""

    entry: CdxEntry
    address: str
    section: str | None = None
    passed_over: str | None = None
