"""Collections of captures as other programs write them, made from pages of the samples."""

import gzip
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import zstandard

from postscraper.sources import folder
from storage.warc.exchange import Exchange, RecordLocation, RevisitTarget, Tally
from storage.warc.files import OnDamage, exchanges, no_original, raw_records
from storage.warc.writer import new_id, payload_digest, response_and_request, warcinfo

SAMPLES = Path(__file__).parents[2] / "samples"
FIRST = datetime(2018, 6, 20, 1, 10, tzinfo=UTC)
HTML = (("Content-Type", "text/html; charset=utf-8"), ("Server", "Apache"))


def pages(count: int) -> Iterator[Exchange]:
    """Pages of the samples, in each round under other addresses and with other words."""
    found = [page for page in folder.captures(SAMPLES) if "phnompenhpost" in page.url]
    for number in range(count):
        page, turn = found[number % len(found)], number // len(found)
        url = f"{page.url.partition('?')[0].rstrip('/')}-x{turn}" if turn else page.url
        body = page.body.replace(page.url.encode(), url.encode()).replace(b"</p>", b" Number %d.</p>" % turn)
        yield page_at(url, body, number)


def page_at(url: str, body: bytes, minutes: int) -> Exchange:
    at = FIRST + timedelta(minutes=minutes)
    return Exchange(
        url=url, requested_at=None, captured_at=at, status=200, reason="Fine", headers=HTML, body=body,
        request_headers=(("User-Agent", "another crawler"),),
    )  # fmt: skip


def records(found: Iterable[Exchange], same_as: RevisitTarget | None = None) -> list[bytes]:
    """Uncompressed, the warcinfo record first."""
    name = new_id()
    parts = [warcinfo("x.warc", name, {"software": "another crawler"})]
    for exchange in found:
        parts += response_and_request(exchange, same_as=same_as, info_id=name)
    return [gzip.decompress(part) for part in parts]


def exchanges_in(path: Path, report: OnDamage) -> Iterator[tuple[RecordLocation, Exchange]]:
    """Every exchange of any WARC file; damage goes to `report`, oddities at the end."""
    tally = Tally(report)
    yield from exchanges(raw_records(path, tally), path.name, tally, no_original)
    tally.close()


def earlier(exchange: Exchange) -> RevisitTarget:
    digest = payload_digest(exchange.body)
    return RevisitTarget(url=exchange.url, captured_at=exchange.captured_at, payload_digest=digest, location=None)


def warc(path: Path, found: Sequence[Exchange]) -> Path:
    path.write_bytes(b"".join(records(found)))
    return path


def warc_gz(path: Path, found: Iterable[Exchange]) -> Path:
    path.write_bytes(b"".join(gzip.compress(record, 1, mtime=0) for record in records(found)))
    return path


def warc_zst(path: Path, found: Iterable[Exchange], *, dictionary: bytes = b"", packed: bool = False) -> Path:
    """dictionary: in a skippable frame at the head, itself compressed if `packed`."""
    known = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    compressor = zstandard.ZstdCompressor(dict_data=known, write_checksum=True)
    held = zstandard.compress(dictionary) if packed else dictionary
    head = b"\x5d\x2a\x4d\x18" + len(held).to_bytes(4, "little") + held if dictionary else b""
    path.write_bytes(head + b"".join(compressor.compress(record) for record in records(found)))
    return path


def wacz(path: Path, found: Sequence[Exchange], *, compression: int = ZIP_STORED) -> Path:
    inside = warc_gz(path.with_suffix(".tmp"), found)
    with ZipFile(path, "w", compression) as package:
        package.writestr("datapackage.json", "{}")
        package.write(inside, "archive/data.warc.gz")
        package.writestr("pages/pages.jsonl", "")
    inside.unlink()
    return path


def arc(path: Path, found: Iterable[Exchange]) -> Path:
    """Version 1; compressed when the name says so."""
    body = b"1 0 Alexa\nURL IP-address Archive-date Content-type Archive-length\n"
    parts = [b"filedesc://x.arc 0.0.0.0 20180620011000 text/plain %d\n%s\n" % (len(body), body)]
    for exchange in found:
        headers = (f"{name}: {value}" for name, value in exchange.headers)
        lines = [f"HTTP/1.1 {exchange.status} {exchange.reason}", *headers]
        answer = "\r\n".join(lines).encode() + b"\r\n\r\n" + exchange.body
        assert exchange.captured_at is not None
        line = f"{exchange.url} 203.0.113.7 {exchange.captured_at:%Y%m%d%H%M%S} text/html {len(answer)}\n"
        parts.append(line.encode() + answer + b"\n")
    path.write_bytes(b"".join(gzip.compress(part, mtime=0) if path.suffix == ".gz" else part for part in parts))
    return path


def again(exchange: Exchange, minutes: int) -> Exchange:
    """The same page, captured later."""
    assert exchange.captured_at is not None
    return replace(exchange, captured_at=exchange.captured_at + timedelta(minutes=minutes))
