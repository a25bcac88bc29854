"""What was asked of one address and what it answered, and where that is kept.

Errors of the evidence:

    EvidenceError
    ├── EvidenceShort       a file has less than the database knows of
    ├── EvidenceFailed      the disk refused a write or a sync: nothing more is kept
    ├── RecordUnreadable    no whole record at a place, or the record it refers to is missing
    └── DigestMismatch      the record can be read and is not what it should be
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from storage.errors import EvidenceError as EvidenceError

Cut = Literal["length", "time", "disconnect", "unspecified"]
IMPORTED = "warc"  # the source of what comes from WARC files that others wrote
AUXILIARY = "beside"  # the source of what another archive says besides its captures: its index, its errors


class EvidenceShort(EvidenceError):
    """A file is missing, or ends before the end that the database knows."""


class EvidenceFailed(EvidenceError):
    """A write or a sync failed; this `Evidence` keeps nothing more. The next start recovers."""


class RecordUnreadable(EvidenceError):
    """The place does not hold one whole record of an exchange."""


class DigestMismatch(EvidenceError):
    """The body is not the one whose digest is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLocation:
    """One record: a file in the evidence folder, and the bytes it fills there.

    length: of the compressed record in the file, not of the body.
    """

    file: str
    offset: int
    length: int


class SharedMember(RecordLocation):
    """That of several records, packed as one: none of them can be read again by it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisitTarget:
    """An earlier capture with the same body.

    captured_at: aware UTC; None only when a foreign record does not say.
    payload_digest: of its body, `sha256:` and hex or `sha1:` and base32; None when not said.
    place: None when the record does not say where it is.
    record_id: of its record, without angle brackets; None when not said.
    """

    url: str
    captured_at: datetime | None
    payload_digest: str | None
    location: RecordLocation | None
    record_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer.

    captured_at: when the answer came, aware UTC; None only when a foreign record has no
        readable date. requested_at: when the request went out; None when not known.
    request_headers, headers: name and value in their order, repeated ones included; bytes
        above ASCII stand as Latin-1 characters.
    reason: None when not known; the record then holds the registered phrase.
    protocol: HTTP/1.1, HTTP/1.0 or HTTP/2.
    status: None when somebody saved the page by hand and the answer's head is lost; such an
        exchange is kept as a resource record, for no head is invented.
    source: where the capture came from: live, folder, wayback …
    origin: where the source had it, as a file's name and a byte; None for a live one.
    body: as it came: content coding still on, transfer coding undone.
    address: the server's IP address; None when not known.
    cut: why the body is not whole; None when it is.
    revisit_of: the earlier capture that the record refers to; only in what is read. The body
        is then that capture's, but for a 304, which has none.
    info_id: of the warcinfo record that the record names, with its angle brackets; only in what is read.
    """

    url: str
    requested_at: datetime | None
    captured_at: datetime | None
    method: str = "GET"
    request_headers: tuple[tuple[str, str], ...] = ()
    status: int | None
    reason: str | None = None
    protocol: str = "HTTP/1.1"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(repr=False)
    address: str | None = None
    source: str = "live"
    origin: str | None = None
    cut: str | None = None
    revisit_of: RevisitTarget | None = field(default=None, compare=False)
    info_id: str | None = field(default=None, compare=False, repr=False)

    def header(self, name: str) -> str | None:
        """The first value of the answer's header `name`; None when there is none."""
        name = name.lower()
        return next((value for key, value in self.headers if key.lower() == name), None)


def status_of(exchange: Exchange) -> int:
    """The status of a capture; of a page saved by hand, whose head is lost, 200."""
    return 200 if exchange.status is None else exchange.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What cannot be read in a file; what: a phrase for the person who must look at it."""

    file: str
    offset: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}, byte {self.offset}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity(Damage):
    """A record, read in full, that is not written as the standard has it.

    count: how many records of the file have it, the first of them at `offset`.
    """

    count: int = 1

    def __str__(self) -> str:
        others = f"; so in {self.count:,} records, all of them read" if self.count > 1 else "; the record is read"
        return f"{Damage.__str__(self)}{others}"


class Tally:
    """A report that passes damage on at once, and each kind of oddity of a file once, when it is closed."""

    def __init__(self, report: Callable[[Damage], object]) -> None:
        self._report = report
        self._odd: dict[tuple[str, str], Oddity] = {}

    def __call__(self, damage: Damage) -> None:
        if isinstance(damage, Oddity):
            first = self._odd.get((damage.file, damage.what), replace(damage, count=0))
            self._odd[damage.file, damage.what] = replace(first, count=first.count + damage.count)
        else:
            self._report(damage)

    def close(self) -> None:
        for oddity in self._odd.values():
            self._report(oddity)
        self._odd.clear()
