"""A WARC record as the exchange it holds; every record is checked against its digests.

Reads what other crawlers wrote, too: chunked bodies, bare line feeds, WARC/1.0 and older.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO

from warcio.bufferedreaders import ChunkedDataException, ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecordLoader

from storage.exchange import Earlier, Exchange, Place
from storage.warc import arc, head
from storage.warc.digests import has_digest
from storage.warc.record import ORIGIN, SAME_BODY, SOURCE, TRANSFER_CODING, UNDONE

_LINKS = "warc-concurrent-to"
_LOADER = ArcWarcRecordLoader()
_DIGITS = re.compile(r"[0-9]{1,18}")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")
_STATUS_LINE = re.compile(r"(HTTP/\d(?:\.\d)?) +(\d{3})(?: +(.*))?$", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]+[ \t]*(?:;[^\r\n]*)?\r\n")


class Broken(Exception):
    """The bytes are no record that can be read; the message is a phrase."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request record. linked: the records that it says came with it."""

    record_id: str
    linked: tuple[str, ...]
    method: str
    headers: tuple[tuple[str, str], ...]
    requested_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answered:
    """A response or revisit record. lacks_body: the body is that of `exchange.same_as`."""

    record_id: str
    linked: tuple[str, ...]
    exchange: Exchange
    lacks_body: bool

    def with_request(self, asked: Asked) -> Exchange:
        return replace(
            self.exchange,
            method=asked.method,
            request_headers=asked.headers,
            requested_at=asked.requested_at,
        )

    def goes_with(self, asked: Asked) -> bool:
        return self.record_id in asked.linked or asked.record_id in self.linked


def opened(raw: bytes) -> Answered | Asked | None:
    """The record that the bytes hold; None for one that tells of no exchange.

    Raises Broken.
    """
    if not raw.startswith(b"WARC/") and (old := arc.split(raw)):
        return _of_arc(*old)
    pairs, block = head.split(raw) or _loaded(raw)
    fields = _fields(pairs)
    kind = fields.get("warc-type", "")
    if kind == "resource" and SOURCE.lower() in fields:
        _check(block, fields.get("warc-block-digest"), "block")
        return _saved(fields, block)
    if kind not in {"request", "response", "revisit"} or (kind != "revisit" and not _is_http(fields)):
        return None
    _check(block, fields.get("warc-block-digest"), "block")
    if kind == "request":
        start, headers, _ = _http(block)
        return Asked(*_ids(fields), start.split(" ")[0], headers, _moment(fields.get("x-requested-at")))
    return _answered(fields, kind, block)


def _of_arc(fields: dict[str, str], block: bytes) -> Answered | None:
    if not fields["warc-target-uri"].startswith(("http:", "https:")):
        return None  # filedesc: at the head of the file, dns:
    if len(block) < int(fields["content-length"]):
        raise Broken(f"{len(block)} bytes where its header says {fields['content-length']}")
    return _answered(fields | {_LINKS: ""}, "response", block)


def _loaded(raw: bytes) -> tuple[list[tuple[str, str]], bytes]:
    stream = BytesIO(raw)
    try:
        record = _LOADER.parse_record_stream(stream, known_format="warc", no_record_parse=True)
    except (ArchiveLoadFailed, EOFError) as error:
        raise Broken(f"no WARC record: {str(error)[:200]}") from error
    said = record.rec_headers.get_header("Content-Length")
    if said is None or not _DIGITS.fullmatch(said.strip()):
        raise Broken(f"Content-Length: {str(said)[:40]}")
    block = record.raw_stream.read()
    if len(block) != record.length:
        raise Broken(f"{len(block)} bytes where Content-Length says {record.length}")
    behind = stream.read().strip(b"\r\n")
    if behind.startswith(b"WARC/"):
        raise Broken("several records in one gzip member; `warcio recompress` mends that")
    if behind:
        raise Broken("the record goes on behind its Content-Length")
    return [(name.lower(), value) for name, value in record.rec_headers.headers], block


def _fields(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """By name in small letters; of repeated ones the first, of links all."""
    links = " ".join(value for name, value in pairs if name == _LINKS)
    return dict(reversed(pairs)) | {_LINKS: links}


def _is_http(fields: Mapping[str, str]) -> bool:
    """False for what else crawlers keep as responses: dns:, ftp:."""
    return (fields.get("content-type") or "").startswith("application/http")


def _ids(fields: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    return fields.get("warc-record-id", ""), tuple(fields[_LINKS].split())


def _answered(fields: Mapping[str, str], kind: str, block: bytes) -> Answered:
    url = fields.get("warc-target-uri") or ""
    if not url.startswith(("http://", "https://")):
        raise Broken(f"no web address: {url[:200]}")
    start, headers, body = _http(block)
    line = _STATUS_LINE.match(start)
    if line is None:
        raise Broken(f"no HTTP status line: {start[:80]!r}")
    body = _unchunked(fields, headers, body) if kind == "response" else b""
    h2 = "h2" in (fields.get("warc-protocol") or "")
    exchange = Exchange(
        url=url,
        requested_at=None,
        captured_at=_moment(fields.get("warc-date")),
        status=int(line[2]),
        reason=None if h2 else line[3],
        protocol="HTTP/2" if h2 else line[1].upper(),
        headers=tuple((_as_came(name), value) for name, value in headers),
        body=body,
        address=fields.get("warc-ip-address"),
        source=fields.get(SOURCE.lower(), "live"),
        origin=fields.get(ORIGIN.lower()),
        cut=fields.get("warc-truncated"),
        same_as=_earlier(fields) if kind == "revisit" else None,
    )
    profile = fields.get("warc-profile") or SAME_BODY
    return Answered(*_ids(fields), exchange, kind == "revisit" and "not-modified" not in profile)


def _saved(fields: Mapping[str, str], block: bytes) -> Answered:
    """A page saved by hand: no head of an answer is known."""
    exchange = Exchange(
        url=fields.get("warc-target-uri") or "",
        requested_at=None,
        captured_at=_moment(fields.get("warc-date")),
        status=None,
        body=block,
        source=fields[SOURCE.lower()],
        origin=fields.get(ORIGIN.lower()),
        cut=fields.get("warc-truncated"),
    )
    return Answered(*_ids(fields), exchange, lacks_body=False)


def _http(block: bytes) -> tuple[str, tuple[tuple[str, str], ...], bytes]:
    """First line, headers and body. Raises Broken when no blank line ends the head."""
    blank = _BLANK_LINE.search(block)
    if blank is None:
        raise Broken("no blank line ends the HTTP head")
    text = _FOLD.sub(" ", block[: blank.start()].decode("latin-1"))
    start, *lines = text.split("\n")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            # Not strip(): it takes NEL and no-break space, the last bytes of some Khmer letters.
            headers.append((name.strip(" \t"), value.strip(" \t\r")))
    return start.rstrip("\r"), tuple(headers), block[blank.end() :]


def _as_came(name: str) -> str:
    return name.removeprefix(UNDONE) if name.lower() == UNDONE.lower() + TRANSFER_CODING else name


def _unchunked(fields: Mapping[str, str], headers: tuple[tuple[str, str], ...], body: bytes) -> bytes:
    """The body, checked, without its chunks; crawlers differ on which of the two the digest is.

    A body that says chunked and is not was unchunked by the crawler that kept it.
    """
    digest = fields.get("warc-payload-digest")
    chunked = any(name.lower() == TRANSFER_CODING and "chunked" in value.lower() for name, value in headers)
    if not chunked or not _CHUNK_SIZE.match(body):
        _check(body, digest, "payload")
        return body
    whole = fields.get("warc-truncated") is None
    try:
        plain: bytes = ChunkedDataReader(BytesIO(body), raise_exceptions=whole).read()
    except ChunkedDataException as error:
        raise Broken(f"the chunks of the body: {error}") from error
    if digest and not has_digest(plain, digest):
        _check(body, digest, "payload")
    return plain


def _check(data: bytes, digest: str | None, which: str) -> None:
    if digest is not None and has_digest(data, digest) is False:
        raise Broken(f"the {which} does not have its digest {digest}")


def _earlier(fields: Mapping[str, str]) -> Earlier:
    file, offset = fields.get("warc-refers-to-filename"), fields.get("warc-refers-to-file-offset", "")
    return Earlier(
        url=fields.get("warc-refers-to-target-uri") or fields.get("warc-target-uri", ""),
        captured_at=_moment(fields.get("warc-refers-to-date")),
        payload_digest=fields.get("warc-payload-digest"),
        place=Place(file=file, offset=int(offset), length=0) if file and _DIGITS.fullmatch(offset) else None,
    )


def _moment(text: str | None) -> datetime | None:
    try:
        value = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
