"""One HTTP request with its response, the location of its record, and damage of files."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Self

Cut = Literal["length", "time", "disconnect", "unspecified"]
IMPORTED = "warc"  # source label of captures from WARC files of others
AUXILIARY = "beside"  # source label of non-page responses of a remote archive: index pages, errors


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLocation:
    """One record: its file in the evidence folder, and its bytes in that file.

    length: of the compressed record, not of the body.
    """

    file: str
    offset: int
    length: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """row: of the table `capture`, with its three columns `evidence_…`."""
        return cls(file=row.evidence_file, offset=row.evidence_offset, length=row.evidence_length)


class SharedMember(RecordLocation):
    """The location of several records compressed as one member: none of them can be read by it alone."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisitTarget:
    """An earlier capture with the same body.

    captured_at: aware UTC; None only for a record of others that does not give it.
    payload_digest: of its body, `sha256:` and hex or `sha1:` and base32; None when not given.
    location: None when not given.
    record_id: without angle brackets; None when not given.
    """

    url: str
    captured_at: datetime | None
    payload_digest: str | None
    location: RecordLocation | None
    record_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its response.

    captured_at: when the response was received, aware UTC; None only for a record of others without a readable date.
    requested_at: when the request was sent, aware UTC; None when not known.
    request_headers, headers: name and value in their order, repeated ones included; bytes above ASCII as Latin-1.
    reason: None when not known; the record then has the registered phrase.
    protocol: HTTP/1.1, HTTP/1.0 or HTTP/2.
    status: None for a page saved by hand, whose response head is lost; it is stored as a resource record, so that
        no head is invented.
    source: where the capture comes from: live, folder, wayback …
    origin: its location at the source, as file name and byte; None for a live one.
    body: as received: content coding left on, transfer coding undone.
    address: the server's IP address; None when not known.
    cut: why the body is not whole; None when it is.
    revisit_of: the earlier capture that the record refers to; set by reading alone. The body is then that capture's,
        except for a 304, which has none.
    info_id: ID of the warcinfo record that the record names, with angle brackets; set by reading alone.
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
        """The first value of the response header `name`; None when there is none."""
        name = name.lower()
        return next((value for key, value in self.headers if key.lower() == name), None)


def status_of(exchange: Exchange) -> int:
    """The status of a capture; 200 for a page saved by hand, whose response head is lost."""
    return 200 if exchange.status is None else exchange.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """Bytes of a file that cannot be read. what: a phrase for the person who must look at them."""

    file: str
    offset: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}, byte {self.offset}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity(Damage):
    """A record that deviates from the standard and is read in full.

    count: of the records of the file that deviate in this way, the first of them at `offset`.
    """

    count: int = 1

    def __str__(self) -> str:
        others = f"; so in {self.count:,} records, all of them read" if self.count > 1 else "; the record is read"
        return f"{Damage.__str__(self)}{others}"


class Tally:
    """A report that passes damage on at once, and on `close` one oddity for each kind in a file."""

    def __init__(self, report: Callable[[Damage], object]) -> None:
        self._report = report
        self._oddities: dict[tuple[str, str], Oddity] = {}

    def __call__(self, damage: Damage) -> None:
        if isinstance(damage, Oddity):
            first = self._oddities.get((damage.file, damage.what), replace(damage, count=0))
            self._oddities[damage.file, damage.what] = replace(first, count=first.count + damage.count)
        else:
            self._report(damage)

    def close(self) -> None:
        for oddity in self._oddities.values():
            self._report(oddity)
        self._oddities.clear()
