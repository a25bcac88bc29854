"""Parse a WARC or ARC record into requests and responses; every record is checked against its digests.

Records of other crawlers are read too: chunked bodies, bare line feeds, WARC/1.0 and older. A deviation from the
standards that can be read in one way only is read, and named in `odd`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from storage.warc import arc, chunks
from storage.warc.digests import has_digest
from storage.warc.exchange import Exchange, RecordLocation, RevisitTarget
from storage.warc.writer import ORIGIN, SAME_BODY, SOURCE, TRANSFER_CODING, UNDONE

_LINKS = "warc-concurrent-to"
_DIGITS = re.compile(r"[0-9]{1,18}")
_STAMP = re.compile(r"([0-9]{8})([0-9]{6})")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_FOLD = re.compile(r"\n[ \t]+")
_STATUS_LINE = re.compile(r"(HTTP/\d(?:\.\d)?) +(\d{3})(?: +(.*))?$", re.IGNORECASE)
# As browsers accept them: any white space, no version or that of an Icecast server, no space before the reason.
_ODD_STATUS_LINE = re.compile(r"[ \t]*(?:(HTTP/\d(?:\.\d)?)|HTTP/?|ICY)?[ \t]*([1-5]\d\d)(?!\d)(.*)$", re.I | re.A)
_FIELD_LINE = re.compile(r"[!#$%&'*+.^`|~\w-]+[ \t]*:", re.ASCII)


Pairs = list[tuple[str, str]]


class BadRecord(Exception):
    """No readable record; the message is a phrase."""


class TruncatedRecord(BadRecord):
    """The file ends inside the record."""


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A request record. linked: IDs of its concurrent records."""

    record_id: str
    linked: tuple[str, ...]
    method: str
    headers: tuple[tuple[str, str], ...]
    requested_at: datetime | None
    odd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResponseRecord:
    """A response or revisit record.

    linked: IDs of its concurrent records.
    lacks_body: the body is that of `exchange.revisit_of`, and so is the head when `exchange.status` is None.
    payload_digest: as the record gives it; None when it gives none.
    odd: phrases for deviations from the standards.
    """

    record_id: str
    linked: tuple[str, ...]
    exchange: Exchange
    lacks_body: bool
    payload_digest: str | None = None
    odd: tuple[str, ...] = ()

    def with_request(self, request: RequestRecord) -> Exchange:
        return replace(
            self.exchange,
            method=request.method,
            request_headers=request.headers,
            requested_at=request.requested_at,
        )

    def goes_with(self, request: RequestRecord) -> bool:
        return self.record_id in request.linked or request.record_id in self.linked


def parse_record(raw: bytes) -> ResponseRecord | RequestRecord | None:
    """The request, response, revisit or hand-saved page that a record contains; None for other records.

    Raises BadRecord.
    """
    if not raw.startswith(b"WARC/") and (arc_record := arc.split(raw)):
        return _arc_response(*arc_record)
    pairs, block, odd = split_record(raw)
    fields = _fields(pairs)
    kind = fields.get("warc-type", "")
    if kind == "resource" and SOURCE.lower() in fields:
        _check(block, fields.get("warc-block-digest"), "block")
        # A page saved by hand, whose response head is lost.
        return ResponseRecord(*_ids(fields), _exchange(fields, status=None, body=block), lacks_body=False)
    if kind not in {"request", "response", "revisit"} or (kind != "revisit" and not _is_http(fields, block)):
        return None
    _check(block, fields.get("warc-block-digest"), "block")
    if kind == "request":
        start, headers, _, odd_http = _http(block)
        requested_at = _moment(fields.get("x-requested-at"))
        return RequestRecord(*_ids(fields), start.split(" ")[0], headers, requested_at, odd=(*odd, *odd_http))
    return _response(fields, kind, block, odd)


def split_record(raw: bytes) -> tuple[Pairs, bytes, tuple[str, ...]]:
    """The fields of a WARC record, names in lower case; its block; phrases for deviations. Raises BadRecord."""
    blank = _BLANK_LINE.search(raw)
    if blank is None or raw[:5].upper() != b"WARC/":
        raise BadRecord(f"no WARC record: {raw[:40]!r}")
    odd: tuple[str, ...] = ()
    if not raw[: raw.find(b"\n")].endswith(b"\r"):
        odd = ("LF alone ends the lines of the head",)
    pairs = []
    for line in _lines(_text(raw[: blank.start()]))[1:]:
        name, colon, value = line.partition(":")
        if colon:
            name, value = name.strip(" \t").lower(), value.strip(" \t\r")
            pairs.append((name, _bare_address(value) if name == "warc-target-uri" else value))
    length = dict(reversed(pairs)).get("content-length", "left out")
    if not _DIGITS.fullmatch(length):
        raise BadRecord(f"Content-Length: {length[:40]}")
    end = blank.end() + int(length)
    block, rest = raw[blank.end() : end], raw[end:].strip(b"\r\n")
    if len(block) != int(length):
        raise BadRecord(f"{len(block)} bytes where Content-Length says {length}")
    if rest.startswith(b"WARC/"):
        raise BadRecord("several records in one gzip member; `warcio recompress` mends that")
    if rest:
        odd += ("the record goes on behind its Content-Length",)
    return pairs, block, odd


def is_proved(raw: bytes) -> bool:
    """Whether the record gives a digest that its bytes have."""
    try:
        pairs, block, _ = split_record(raw)
    except BadRecord:
        return False
    fields = _fields(pairs)
    if digest := fields.get("warc-block-digest"):
        return has_digest(block, digest) is True
    blank = _BLANK_LINE.search(block)
    digest = fields.get("warc-payload-digest")
    is_response = fields.get("warc-type") == "response"
    return bool(digest and blank and is_response and has_digest(block[blank.end() :], digest))


def _arc_response(fields: dict[str, str], block: bytes) -> ResponseRecord | None:
    if not fields["warc-target-uri"].startswith(("http:", "https:")):
        return None  # filedesc: at the head of the file, dns:
    if len(block) < int(fields["content-length"]):
        raise BadRecord(f"{len(block)} bytes where its header says {fields['content-length']}")
    return _response(fields | {_LINKS: ""}, "response", block, ())


def _lines(head: str) -> list[str]:
    """The lines of a head, each folded one joined; a CR may be left at the end of a line."""
    return _FOLD.sub(" ", head.replace("\r\n", "\n")).split("\n")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _bare_address(uri: str) -> str:
    """Without the angle brackets that WARC/1.0 seems to require; spaces percent-encoded."""
    return uri.removeprefix("<").removesuffix(">").replace(" ", "%20")


def _fields(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Values by name; of a repeated field the first, of links all."""
    links = " ".join(value for name, value in pairs if name == _LINKS)
    return dict(reversed(pairs)) | {_LINKS: links}


def _is_http(fields: Mapping[str, str], block: bytes) -> bool:
    """False for other protocols that crawlers store as responses: dns:, ftp:."""
    media_type = fields.get("content-type")
    return block.startswith(b"HTTP/") if media_type is None else media_type.lower().startswith("application/http")


def _ids(fields: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    return fields.get("warc-record-id", ""), tuple(fields[_LINKS].split())


def _response(fields: Mapping[str, str], kind: str, block: bytes, odd: tuple[str, ...]) -> ResponseRecord:
    url = fields.get("warc-target-uri") or ""
    if not url.startswith(("http://", "https://")):
        raise BadRecord(f"no web address: {url[:200]}")
    not_modified = kind == "revisit" and "not-modified" in (fields.get("warc-profile") or SAME_BODY)
    version, status, reason = "HTTP/1.1", 304 if not_modified else None, None
    headers: tuple[tuple[str, str], ...] = ()
    body = b""
    if kind == "revisit" and not block.strip():
        odd += ("no HTTP head: by its profile a 304" if not_modified else "no HTTP head: that of the original stands",)
    else:
        start, headers, body, odd_http = _http(block)
        version, status, reason, odd_status = _status(start, has_fields=bool(headers) and not odd_http)
        odd += (*odd_http, *odd_status)
    if kind == "response":
        body, odd_chunks = _unchunked(fields, headers, body)
        odd += odd_chunks
    h2 = "h2" in (fields.get("warc-protocol") or "")
    exchange = _exchange(
        fields,
        status=status,
        reason=None if h2 else reason,
        protocol="HTTP/2" if h2 else version,
        headers=tuple((_original_name(name), value) for name, value in headers),
        body=body if kind == "response" else b"",
        address=fields.get("warc-ip-address"),
        revisit_of=_revisit_target(fields) if kind == "revisit" else None,
    )
    lacks_body = kind == "revisit" and not not_modified
    return ResponseRecord(*_ids(fields), exchange, lacks_body, fields.get("warc-payload-digest"), odd)


def _exchange(fields: Mapping[str, str], **own: Any) -> Exchange:
    """own: the fields that come from the HTTP head and the block."""
    return Exchange(
        url=fields.get("warc-target-uri") or "",
        requested_at=None,
        captured_at=_moment(fields.get("warc-date")),
        source=fields.get(SOURCE.lower(), "live"),
        origin=fields.get(ORIGIN.lower()),
        cut=fields.get("warc-truncated"),
        info_id=fields.get("warc-warcinfo-id"),
        **own,
    )


def _http(block: bytes) -> tuple[str, tuple[tuple[str, str], ...], bytes, tuple[str, ...]]:
    """First line, headers, body, and phrases for deviations. Raises BadRecord when the head does not end."""
    blank = _BLANK_LINE.search(block)
    odd: tuple[str, ...] = ()
    start, *lines = _lines(block[: blank.start() if blank else len(block)].decode("latin-1"))
    if blank is None:
        # Accept a head of fields alone that the block's end terminates. Otherwise the body's start is unknown.
        if not start.strip() or not all(_FIELD_LINE.match(line) for line in lines if line.strip("\r")):
            raise BadRecord("no blank line ends the HTTP head")
        odd = ("no blank line ends the HTTP head",)
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            # Not strip(): it takes NEL and no-break space, the last bytes of some Khmer letters.
            headers.append((name.strip(" \t"), value.strip(" \t\r")))
        elif line.strip("\r"):
            odd = ("a line of the HTTP head is no field, and left out",)
    return start.rstrip("\r"), tuple(headers), block[blank.end() :] if blank else b"", odd


def _status(start: str, *, has_fields: bool) -> tuple[str, int, str | None, tuple[str, ...]]:
    """Version, status, reason, and phrases for deviations of a status line. Raises BadRecord.

    has_fields: whether the lines below are header fields, so that a number alone may be the status.
    """
    line = _STATUS_LINE.match(start)
    if line is not None:
        return line[1].upper(), int(line[2]), line[3], ()
    line = _ODD_STATUS_LINE.match(start)
    if line is None or not (line[1] or has_fields):
        raise BadRecord(f"no HTTP status line: {start[:80]!r}")
    version, status, reason = line.groups()
    odd = f"an odd HTTP status line: {start[:80]!r}"
    return (version or "HTTP/1.0").upper(), int(status), reason.strip() or None, (odd,)


def _original_name(name: str) -> str:
    return name.removeprefix(UNDONE) if name.lower() == UNDONE.lower() + TRANSFER_CODING else name


def _unchunked(
    fields: Mapping[str, str], headers: tuple[tuple[str, str], ...], body: bytes
) -> tuple[bytes, tuple[str, ...]]:
    """The body without chunks, checked against its digest, and phrases for deviations.

    Crawlers differ on whether the digest is that of the chunks. A body whose head says chunked and which is not was
    unchunked by the crawler.
    """
    digest = fields.get("warc-payload-digest")
    chunked = any(name.lower() == TRANSFER_CODING and "chunked" in value.lower() for name, value in headers)
    if not chunked or not chunks.seems_chunked(body):
        _check(body, digest, "payload")
        return body, ()
    try:
        decoded, odd = chunks.decoded(body, whole=fields.get("warc-truncated") is None)
    except chunks.NotChunked as error:
        raise BadRecord(f"the chunks of the body: {error}") from error
    if digest and not has_digest(decoded, digest):
        _check(body, digest, "payload")
    return decoded, odd


def _check(data: bytes, digest: str | None, part: str) -> None:
    if digest is not None and has_digest(data, digest) is False:
        raise BadRecord(f"the {part} does not have its digest {digest}")


def _revisit_target(fields: Mapping[str, str]) -> RevisitTarget:
    file, offset = fields.get("warc-refers-to-filename"), fields.get("warc-refers-to-file-offset", "")
    location = None
    if file and _DIGITS.fullmatch(offset):
        location = RecordLocation(file=file, offset=int(offset), length=0)
    return RevisitTarget(
        url=fields.get("warc-refers-to-target-uri") or fields.get("warc-target-uri", ""),
        captured_at=_moment(fields.get("warc-refers-to-date")),
        payload_digest=fields.get("warc-payload-digest"),
        location=location,
        record_id=bare_id(fields.get("warc-refers-to") or "") or None,
    )


def bare_id(record_id: str) -> str:
    """A record ID without the angle brackets, which some crawlers leave out."""
    return record_id.strip(" \t<>")


def _moment(text: str | None) -> datetime | None:
    """Aware UTC from ISO, or from 14 digits as in archives' indexes; None when not readable."""
    digits = _STAMP.fullmatch(text or "")
    try:
        value = datetime.fromisoformat("T".join(digits.groups()) if digits else text or "")
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
