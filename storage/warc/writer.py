"""Write an exchange as WARC/1.1 records: a response or a revisit, then its request; or a resource alone.

The fields stand in the order in which warcio writes them. The HTTP head is written byte for byte as received: warcio
would percent-encode everything that is not ASCII, and take three times as long.
"""

import re
import zlib
from base64 import b32encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha1
from http import HTTPStatus
from urllib.parse import urlsplit
from uuid import uuid4

from storage.warc.exchange import Exchange, RevisitTarget

_LEVEL = 6  # level 9, warcio's own, takes a tenth more time and saves a thousandth
_STORED = 0  # for a body that is compressed already: a hundredth larger, in an eighth of the time
GZIP = 31  # zlib's window bits for a gzip member
_MEDIA_TYPES = {
    "warcinfo": "application/warc-fields",
    "response": "application/http; msgtype=response",
    "revisit": "application/http; msgtype=response",
    "request": "application/http; msgtype=request",
    "resource": "text/html",
}
SAME_BODY = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"

# Common Crawl renames the header so in its WARC files: otherwise the readers of FastWARC and pywb would undo chunks
# that are no longer there.
UNDONE = "X-Crawler-"
TRANSFER_CODING = "transfer-encoding"
SOURCE = "X-Capture-Source"  # our own field: `Exchange.source`, unless live
ORIGIN = "X-Capture-Origin"  # our own field: `Exchange.origin`

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_LINE_ENDS = re.compile(r"[\r\n\0]+[ \t]*")
_NO_ADDRESS = re.compile(r"[\x00-\x20\x7f]|[^\x00-\x7f]")

NOT_EXACT = (
    "Not as on the wire: the case of header names, if the client changed it; white space around header "
    "values; folded header lines; the reason phrase, where the client does not tell it (the registered one "
    "stands); the request line, written from the address; the status line of HTTP/2 (WARC-Protocol: h2), "
    "written as HTTP/1.1. Transfer coding is undone, its header renamed X-Crawler-Transfer-Encoding. "
    "Content coding is kept. WARC-Date is when the answer came, X-Requested-At of the request when it was sent."
)


def payload_digest(body: bytes) -> str:
    """`sha1:` and base32, for the field WARC-Payload-Digest."""
    return "sha1:" + b32encode(sha1(body, usedforsecurity=False).digest()).decode()


_OF_NOTHING = payload_digest(b"")  # a request has no payload


def new_id() -> str:
    return f"<urn:uuid:{uuid4()}>"


def warcinfo(file: str, record_id: str, about: Mapping[str, str]) -> bytes:
    """The compressed warcinfo record for the head of a file."""
    fields = {
        "WARC-Type": "warcinfo",
        "WARC-Record-ID": record_id,
        "WARC-Filename": file,
        "WARC-Date": moment(datetime.now(UTC)),
    }
    lines = ((name, " ".join(str(value).split())) for name, value in about.items())
    return _packed(fields, "".join(f"{name}: {value}\r\n" for name, value in lines if value).encode())


def response_and_request(exchange: Exchange, *, same_as: RevisitTarget | None, info_id: str) -> tuple[bytes, bytes]:
    """Both records, each a gzip member; for a page saved by hand one record, and empty bytes.

    Raises ValueError for an exchange that no record can represent truly.
    """
    fields = _shared("response", exchange, info_id) | {"WARC-Payload-Digest": payload_digest(exchange.body)}
    if exchange.cut:
        fields["WARC-Truncated"] = exchange.cut
    if exchange.status is None:
        return _packed(fields | {"WARC-Type": "resource"}, exchange.body), b""
    body = exchange.body
    if same_as is not None and not (exchange.status == HTTPStatus.NOT_MODIFIED and exchange.body):
        fields |= {"WARC-Type": "revisit"} | _revisit(exchange, same_as)
        body = b""
    response = _packed(fields, _response_head(exchange) + body, _level(exchange, body))
    request_fields = _shared("request", exchange, info_id) | {"WARC-Concurrent-To": fields["WARC-Record-ID"]}
    if exchange.requested_at is not None:
        request_fields["X-Requested-At"] = moment(exchange.requested_at)
    request_fields["WARC-Payload-Digest"] = _OF_NOTHING
    return response, _packed(request_fields, _request_head(exchange))


def moment(value: datetime) -> str:
    """In the form of WARC/1.1: UTC, to the microsecond. Raises ValueError for a naive datetime."""
    if value.tzinfo is None:
        raise ValueError(f"{value} names no zone")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _shared(kind: str, exchange: Exchange, info_id: str) -> dict[str, str]:
    """The fields of both records, the date included, as WARC/1.1 requires on WARC-Date."""
    if _NO_ADDRESS.search(exchange.url) or not exchange.url.startswith(("http://", "https://")):
        raise ValueError(f"no web address: {exchange.url!r}")
    if exchange.captured_at is None:
        raise ValueError(f"{exchange.url}: no moment of capture")
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": new_id(),
        "WARC-Warcinfo-ID": info_id,
        "WARC-Date": moment(exchange.captured_at),
        "WARC-Target-URI": exchange.url,
    }
    if exchange.address:
        fields["WARC-IP-Address"] = exchange.address
    if exchange.protocol == "HTTP/2":
        fields["WARC-Protocol"] = "h2"
    if exchange.source != "live":
        fields[SOURCE] = exchange.source
    if exchange.origin:
        fields[ORIGIN] = " ".join(exchange.origin.split())
    return fields


def _revisit(exchange: Exchange, target: RevisitTarget) -> dict[str, str]:
    if target.captured_at is None or exchange.cut:
        raise ValueError(f"{exchange.url}: a cut body, or one without a date, is no capture to refer to")
    fields = {
        "WARC-Profile": NOT_MODIFIED if exchange.status == HTTPStatus.NOT_MODIFIED else SAME_BODY,
        "WARC-Refers-To-Target-URI": target.url,
        "WARC-Refers-To-Date": moment(target.captured_at),
    }
    if target.location is not None:  # Heritrix's names for these two fields
        fields["WARC-Refers-To-Filename"] = target.location.file
        fields["WARC-Refers-To-File-Offset"] = str(target.location.offset)
    return fields


def _response_head(exchange: Exchange) -> bytes:
    protocol = "HTTP/1.1" if exchange.protocol == "HTTP/2" else exchange.protocol
    reason = _PHRASES.get(exchange.status or 0, "Unknown") if exchange.reason is None else exchange.reason
    headers = tuple(
        (UNDONE + name if name.lower() == TRANSFER_CODING else name, value) for name, value in exchange.headers
    )
    return _http_head(f"{protocol} {exchange.status} {reason}", headers)


def _request_head(exchange: Exchange) -> bytes:
    target = urlsplit(exchange.url)._replace(scheme="", netloc="", fragment="").geturl() or "/"
    return _http_head(f"{exchange.method} {target} HTTP/1.1", exchange.request_headers)


def _http_head(start: str, headers: tuple[tuple[str, str], ...]) -> bytes:
    lines = [start, *(f"{name}: {value}" for name, value in headers)]
    text = "\r\n".join(_LINE_ENDS.sub(" ", line) for line in lines) + "\r\n\r\n"
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def _level(exchange: Exchange, body: bytes) -> int:
    """Compression level: none for a body that is compressed already, by its header and by its first bytes."""
    coding = (exchange.header("content-encoding") or "identity").strip().lower()
    compressed = body and coding != "identity" and not body[:100].lstrip().startswith(b"<")
    return _STORED if compressed else _LEVEL


def _packed(fields: Mapping[str, str], block: bytes, level: int = _LEVEL) -> bytes:
    types = {"WARC-Block-Digest": payload_digest(block), "Content-Type": _MEDIA_TYPES[fields["WARC-Type"]]}
    return _member(record({**fields, **types}, block), level)


def record(fields: Mapping[str, str], block: bytes) -> bytes:
    """One record, uncompressed; Content-Length is added to its fields."""
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"WARC/1.1\r\n{head}Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"


def _member(record: bytes, level: int) -> bytes:
    return zlib.compress(record, level, GZIP)


def members(record: bytes) -> Iterator[bytes]:
    """The gzip members in which a record may have been written, the smallest last: ours, and warcio's."""
    return (_member(record, level) for level in (_STORED, _LEVEL, 9))


def padded(member: bytes, length: int) -> bytes | None:
    """The gzip member in that many bytes, by spaces in its header's comment (RFC 1952, 2.3.1); None if it is longer."""
    missing = length - len(member)
    if missing <= 0:
        return None if missing else member
    return member[:3] + b"\x10" + member[4:10] + b" " * (missing - 1) + b"\0" + member[10:]
