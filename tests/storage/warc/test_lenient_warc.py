"""Damaged files of others, record by record beside warcio and FastWARC: what either of them reads whole, is read here.

Whole is a record that is one of those written; and, without a digest, one with the head of such a record and a block
as long as that says, which does not reach over the head of another. Not whole is what the end of the file cuts, be it
in the line ends behind a record or in the check value of a gzip member; nor, without a digest, what stands in a gzip
member whose check value is wrong.
"""

import gzip
import random
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator as Warcio
from warcio.exceptions import ArchiveLoadFailed

from storage.warc.exchange import Damage
from storage.warc.files import raw_records
from storage.warc.parser import BadRecord, split_record
from storage.warc.writer import payload_digest

fastwarc = pytest.importorskip("fastwarc", reason="FastWARC is not installed: pip install -r requirements-dev.lock")
HOST = "https://www.phnompenhpost.com/national/story-"
TRAILERS = (b"\r\n\r\n", b"\r\n", b"", b"\n\n", b"\r\n\r\n\r\n", b"\r\n" * 4)


class Record(NamedTuple):
    kind: str
    url: str
    date: str
    block: bytes


def _records() -> list[Record]:
    """Text, line ends at the end of a block, no block, and bytes of any kind."""
    chance = random.Random(7)
    page = b"<p>" + b" ".join(b"word%d" % chance.randrange(99) for _ in range(60)) + b"</p>\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    blocks = [
        ("warcinfo", b"software: another crawler\r\n"),
        ("response", head + page),
        ("request", b"GET / HTTP/1.1\r\n\r\n"),
        ("response", head + page * 3 + b"\r\n\r\n"),
        ("resource", page[:40]),
        ("metadata", b""),
        ("response", head + chance.randbytes(300)),
        ("response", head + page),
    ]
    return [Record(kind, f"{HOST}{n}", f"2018-06-20T01:10:0{n}Z", block) for n, (kind, block) in enumerate(blocks)]


RECORDS = _records()


def head_of(record: Record, *, digest: bool) -> bytes:
    lines = [
        "WARC/1.0",
        f"WARC-Type: {record.kind}",
        f"WARC-Target-URI: {record.url}",
        f"WARC-Date: {record.date}",
        f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{record.url[-1]:>012}>",
        "Content-Type: " + ("application/http; msgtype=response" if record.kind == "response" else "text/plain"),
        *([f"WARC-Block-Digest: {payload_digest(record.block)}"] if digest else []),
        f"Content-Length: {len(record.block)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def file_of(form: str, trailer: bytes, *, digest: bool) -> bytes:
    records = [head_of(each, digest=digest) + each.block for each in RECORDS]
    if form == "plain":
        return b"".join(each + trailer for each in records)
    members = [each + b"\r\n\r\n" for each in records]
    return b"".join(map(gzip.compress, members)) if form == "members" else gzip.compress(b"".join(members))


def by_warcio(data: bytes) -> Iterator[Record]:
    """To the first error; the length that its head gives is that of the block."""
    try:
        for each in Warcio(BytesIO(data), no_record_parse=True):
            get, block = each.rec_headers.get_header, each.raw_stream.read()
            if get("Content-Length") == str(len(block)):
                yield Record(each.rec_type or "", get("WARC-Target-URI") or "", get("WARC-Date") or "", block)
    except (ArchiveLoadFailed, ValueError, EOFError, zlib.error):
        return


def by_fastwarc(data: bytes) -> Iterator[Record]:
    try:
        for each in fastwarc.ArchiveIterator(BytesIO(data), parse_http=False):
            get, block = each.headers.get, each.reader.read()
            if get("Content-Length") == str(len(block)):
                yield Record(get("WARC-Type") or "", get("WARC-Target-URI") or "", get("WARC-Date") or "", block)
    except (OSError, ValueError, EOFError):
        return


def read_here(data: bytes) -> tuple[list[Record], list[Damage]]:
    damages, found = list[Damage](), list[Record]()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.warc"
        path.write_bytes(data)
        for piece in raw_records(path, damages.append):
            try:
                pairs, block, _ = split_record(piece.raw)
            except BadRecord:
                continue
            fields = dict(reversed(pairs))
            kind, url, date = (fields.get(name, "") for name in ("warc-type", "warc-target-uri", "warc-date"))
            found.append(Record(*(each.encode("ascii", "ignore").decode() for each in (kind, url, date)), block))
    return found, damages


def whole(found: Iterable[Record], data: bytes, *, plain: bool, digest: bool) -> list[Record]:
    """Those of another reader's records that must be read here."""
    read = list(found)
    if read and _is_cut(data, read[-1]):
        del read[-1]
    kept = [each for each in read if each in RECORDS]
    if plain and not digest:
        sound = [each[:3] for each in RECORDS if head_of(each, digest=False) in data]
        kept += [each for each in read if each[:3] in sound and not _reaches_over(each)]
    return kept


def _reaches_over(record: Record) -> bool:
    """Whether the head of another record begins in the block."""
    first = b"WARC/1.0\r\n"
    return first in record.block or any(record.block.endswith(first[:count]) for count in range(1, len(first)))


def _is_cut(data: bytes, last: Record) -> bool:
    """Whether the end of the file cuts its last record."""
    while data.startswith(b"\x1f\x8b"):
        member = zlib.decompressobj(31)
        try:
            member.decompress(data)
        except zlib.error:
            return False
        if not member.eof:
            return True
        data = member.unused_data
    in_head = b"\r\n\r\n" not in data[data.rfind(b"WARC/1.0\r\n") :]
    end = re.escape(last.block or b"0\r\n\r\n") + rb"[\r\n]{1,3}\Z"
    return in_head or re.search(end, data) is not None


def is_read(record: Record, here: list[Record]) -> bool:
    """FastWARC leaves out of a field what is no UTF-8, and a stray line end; here, a field ends there."""
    same = (each for each in here if each.block == record.block)
    return any(all(theirs.startswith(ours) for theirs, ours in zip(record[:3], each[:3], strict=True)) for each in same)


# Where: a share of the file. What: bytes in place of so many.
PLACE = st.floats(0, 1, exclude_max=True)
INSERTED = st.sampled_from((b"", b"\r\n", b"\n", b"\r\n\r\n", b"junk", bytes(20), b"WARC/1.0\r\n")) | st.binary(
    min_size=1, max_size=3
)
CHANGE = st.tuples(PLACE, st.sampled_from((0, 0, 1, 1, 2, 4, 40, 600)), INSERTED)
TRAILER_CHANGE = st.tuples(PLACE, st.sampled_from(TRAILERS))


# Two line ends end the head for warcio and here, the third with them for FastWARC: nobody can say which is right.
ENDS_TWICE = re.compile(rb"Content-Length: [1-9][0-9]*\r?\n\r?\n\r?\n")


@st.composite
def damaged(draw: st.DrawFn) -> tuple[bytes, bool, bool]:
    """A file, whether it is plain, and whether its records have a digest."""
    form, digest = draw(st.sampled_from(("plain", "plain", "members", "one"))), draw(st.booleans())
    data = file_of(form, draw(st.sampled_from(TRAILERS)), digest=digest)
    for place, trailer in draw(st.lists(TRAILER_CHANGE, max_size=2)) if form == "plain" else ():
        starts = [match.start() for match in re.finditer(rb"WARC/1\.0\r\n", data)][1:]
        start = starts[int(place * len(starts))]
        data = data[:start].rstrip(b"\r\n") + trailer + data[start:] if starts else data
    for place, count, inserted in draw(st.lists(CHANGE, max_size=3)):
        at = int(place * len(data))
        data = data[:at] + inserted + data[at + count :]
    if draw(st.integers(0, 5)) == 0:
        data = data[: int(draw(PLACE) * len(data))]
    return data, form == "plain", digest


@given(damaged())
def test_what_another_reader_reads_whole_is_read_here(made: tuple[bytes, bool, bool]) -> None:
    data, plain, digest = made
    assume(not ENDS_TWICE.search(data))
    here, damages = read_here(data)
    for reader in (by_warcio, by_fastwarc):
        for record in whole(reader(data), data, plain=plain, digest=digest):
            assert is_read(record, here), (reader.__name__, record.url, damages)


@given(damaged())
def test_nothing_follows_is_said_only_where_no_sound_record_follows(made: tuple[bytes, bool, bool]) -> None:
    """In a plain file, where the bytes of a sound record can be seen."""
    data, plain, digest = made
    _, damages = read_here(data)
    for damage in damages if plain else ():
        if "nothing follows" in damage.what:
            rest = data[damage.offset + 1 :]
            assert not any(head_of(each, digest=digest) + each.block + b"\r\n\r\n" in rest for each in RECORDS)


@pytest.mark.parametrize("digest", [True, False])
@pytest.mark.parametrize("trailer", TRAILERS)
@pytest.mark.parametrize("reader", [by_warcio, by_fastwarc])
def test_undamaged_files(trailer: bytes, digest: bool, reader: Callable[[bytes], Iterator[Record]]) -> None:
    """All is read, whatever stands between records; so this test can fail where another reader gives up."""
    data = file_of("plain", trailer, digest=digest)
    assert read_here(data)[0] == RECORDS
    assert set(reader(data)) <= set(RECORDS)
    for form in ("members", "one"):
        assert read_here(file_of(form, b"", digest=digest))[0] == RECORDS


def test_one_byte_of_each_place(tmp_path: Path) -> None:
    """Whichever byte of a plain file is wrong: at most the record that it stands in is lost, and said to be."""
    data = file_of("plain", b"\r\n\r\n", digest=True)
    starts = [match.start() for match in re.finditer(rb"WARC/1\.0\r\n", data)] + [len(data)]
    for at in range(0, len(data), 3):
        here, damages = read_here(data[:at] + bytes((data[at] ^ 0x15,)) + data[at + 1 :])
        number = sum(start <= at for start in starts) - 1
        others = RECORDS[:number] + RECORDS[number + 1 :]
        assert [each for each in here if each in others] == others, at
        assert len(here) == len(RECORDS) or damages, at
