"""Evidence comes back as it came, and other people's tools can read it."""

import gzip
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from postscraper.items import Record
from storage.errors import RecordUnreadable
from storage.evidence.store import Evidence
from storage.warc.exchange import Exchange, RecordLocation, RevisitTarget

AT = datetime(2026, 11, 22, 8, 30, 1, 123456, tzinfo=UTC)
PAGE = "<p>ប្រឡាយ</p>".encode() * 50
URL = "https://www.phnompenhpost.com/national/canal?page=2"


def exchange(**changes: Any) -> Exchange:
    """A plain page, but for the changes."""
    usual = {
        "url": URL,
        "requested_at": AT.replace(second=0),
        "captured_at": AT,
        "request_headers": (("Host", "www.phnompenhpost.com"), ("Accept-Encoding", "gzip, br")),
        "status": 200,
        "reason": "OK",
        "headers": (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(PAGE)))),
        "body": PAGE,
    }
    return Exchange(**(usual | changes))


def head(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"headers": pairs}


KINDS = {
    "plain": exchange(),
    "gzip": exchange(**head(("Content-Encoding", "gzip")), body=gzip.compress(PAGE, mtime=0)),
    "chunked, undone": exchange(**head(("transfer-encoding", "chunked"))),
    "like a chunk": exchange(**head(("Transfer-Encoding", "chunked")), body=b"5\r\n<p>ab\r\n0\r\n\r\n"),
    "cookies": exchange(**head(("Set-Cookie", "a=1"), ("Vary", "Cookie"), ("Set-Cookie", "b=2"), ("set-cookie", ""))),
    "binary": exchange(body=bytes(range(256)) * 3),
    "ends in blank lines": exchange(body=b"a\r\n\r\n\r\n\r\n"),
    "a WARC record": exchange(body=b"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 0\r\n\r\n\r\n\r\n"),
    "empty": exchange(body=b""),
    "no headers": exchange(headers=(), request_headers=()),
    "Khmer in a header": exchange(**head(("Content-Disposition", "ច ភាសា.pdf".encode().decode("latin-1")))),
    "304": exchange(status=304, reason="Not Modified", body=b""),
    "404": exchange(status=404, reason="Not Found"),
    "redirect": exchange(status=301, reason="Moved Permanently", **head(("Location", "/new")), body=b""),
    "strange status": exchange(status=599, reason=""),
    "cut": exchange(cut="length", body=PAGE[:99]),
    "HTTP/2": exchange(protocol="HTTP/2", reason=None),
    "HTTP/1.0": exchange(protocol="HTTP/1.0"),
    "posted": exchange(method="POST"),
    "address": exchange(address="2001:db8::1"),
    "not known when asked": exchange(requested_at=None),
    "no path": exchange(url="https://www.phnompenhpost.com"),
}


@pytest.fixture
def evidence(tmp_path: Path) -> Iterator[Evidence]:
    with Evidence.open(tmp_path / "evidence", writable=True, software="postscraper 1.0") as kept:
        yield kept


def checked(path: Path) -> int:
    """What warcio's own check says of a file: 0 is good."""
    command = type("Command", (), {"inputs": [str(path)], "verbose": False})
    code: int = Checker(command).process_all()
    return code


@pytest.mark.parametrize("kind", KINDS)
def test_comes_back_as_it_came(evidence: Evidence, kind: str) -> None:
    place = evidence.append(KINDS[kind])
    assert evidence.read(place) == KINDS[kind]
    assert list(evidence.records(place.file)) == [(place, KINDS[kind])]


def test_every_kind_in_one_file(evidence: Evidence, tmp_path: Path) -> None:
    places = [evidence.append(each) for each in KINDS.values()]
    assert list(evidence.records(places[0].file)) == list(zip(places, KINDS.values(), strict=True))
    path = tmp_path / "evidence" / places[0].file
    assert checked(path) == 0
    with path.open("rb") as stream:
        iterator = ArchiveIterator(stream)
        told = [
            (iterator.get_record_offset(), iterator.get_record_length()) for r in iterator if r.rec_type == "response"
        ]
    assert told == [(place.offset, place.length) for place in places]
    for place in places:  # each record is one gzip member, and can be fetched alone
        member = path.read_bytes()[place.offset : place.offset + place.length]
        assert gzip.decompress(member).startswith(b"WARC/1.1\r\nWARC-Type: response\r\n")


def test_what_came_compressed_is_not_packed_again(evidence: Evidence, tmp_path: Path) -> None:
    coded = KINDS["gzip"]
    place = evidence.append(coded)
    assert coded.body in (tmp_path / "evidence" / place.file).read_bytes()
    only_said = evidence.append(exchange(**head(("Content-Encoding", "gzip")), body=PAGE * 2))
    assert only_said.length < len(PAGE)
    nothing = evidence.append(exchange(status=304, **head(("Content-Encoding", "gzip")), body=b""))
    assert (
        nothing.length < evidence.append(exchange(**head(("Content-Encoding", "gzip")), body=b"\x1f\x8b")).length - 50
    )


def test_fastwarc_reads_it_too(evidence: Evidence, tmp_path: Path) -> None:
    warc = pytest.importorskip("fastwarc.warc")
    places = [evidence.append(each) for each in KINDS.values()]
    with (tmp_path / "evidence" / places[0].file).open("rb") as stream:
        bodies = []
        for record in warc.ArchiveIterator(stream, parse_http=False):
            assert record.verify_block_digest()
            if record.record_type == warc.WarcRecordType.response:
                record.parse_http()
                assert record.verify_payload_digest()
                bodies.append(record.reader.read())
    assert bodies == [each.body for each in KINDS.values()]


def test_warcio_gives_the_body_without_a_chunking_that_is_not_there(evidence: Evidence, tmp_path: Path) -> None:
    place = evidence.append(KINDS["like a chunk"])
    with (tmp_path / "evidence" / place.file).open("rb") as stream:
        stream.seek(place.offset)
        record = next(iter(ArchiveIterator(stream)))
        assert record.content_stream().read() == KINDS["like a chunk"].body
        assert record.http_headers.get_header("X-Crawler-Transfer-Encoding") == "chunked"


def test_the_registered_phrase_stands_in_for_an_unknown_one(evidence: Evidence) -> None:
    assert evidence.read(evidence.append(exchange(status=404, reason=None))).reason == "Not Found"


def test_a_place_is_a_record_of_the_items() -> None:
    place = RecordLocation(file="post.warc.gz", offset=3, length=4)
    assert Record(**asdict(place)) == Record(file="post.warc.gz", offset=3, length=4)


def earlier(place: RecordLocation | None, body: bytes = PAGE) -> RevisitTarget:
    return RevisitTarget(url=URL, captured_at=AT, payload_digest=f"sha256:{sha256(body).hexdigest()}", location=place)


def test_the_same_body_is_kept_once(evidence: Evidence, tmp_path: Path) -> None:
    page = exchange(body=bytes(range(256)) * 40)
    first = evidence.append(page)
    again = replace(page, captured_at=AT.replace(day=23), headers=(("Age", "9"),))
    place = evidence.append(again, same_as=earlier(first, page.body))
    assert place.length < 600
    assert evidence.read(place) == again
    assert [found for _, found in evidence.records(place.file)] == [page, again]
    same_as = evidence.read(place).revisit_of
    assert same_as is not None
    assert same_as.location is not None
    assert (same_as.url, same_as.captured_at, same_as.location.offset) == (URL, AT, first.offset)
    with (tmp_path / "evidence" / place.file).open("rb") as stream:
        stream.seek(place.offset)
        fields = next(iter(ArchiveIterator(stream))).rec_headers
    assert fields.get_header("WARC-Type") == "revisit"
    assert fields.get_header("WARC-Profile").endswith("/warc/1.1/revisit/identical-payload-digest")
    assert fields.get_header("WARC-Refers-To-Date") == "2026-11-22T08:30:01.123456Z"
    assert checked(tmp_path / "evidence" / place.file) == 0


def test_another_body_is_not_the_same(evidence: Evidence) -> None:
    with pytest.raises(ValueError, match="the body is not that of"):
        evidence.append(exchange(body=b"other"), same_as=earlier(None))


def test_not_modified_refers_to_the_page_and_stays_empty(evidence: Evidence, tmp_path: Path) -> None:
    first = evidence.append(exchange())
    place = evidence.append(KINDS["304"], same_as=earlier(first))
    found = evidence.read(place)
    assert found == KINDS["304"]
    assert found.revisit_of is not None
    assert b"revisit/server-not-modified" in gzip.decompress((tmp_path / "evidence" / place.file).read_bytes())


def test_a_revisit_of_what_is_not_there_is_unreadable(evidence: Evidence) -> None:
    place = evidence.append(exchange(), same_as=earlier(RecordLocation(file="gone.warc.gz", offset=0, length=9)))
    with pytest.raises(RecordUnreadable, match="which is not to be had"):
        evidence.read(place)


@pytest.mark.parametrize("moved", [{"offset": 1}, {"offset": 10**9}, {"length": 3}, {"file": "../x"}, {"file": "y"}])
def test_a_wrong_place_is_unreadable(evidence: Evidence, moved: dict[str, Any]) -> None:
    place = evidence.append(exchange())
    with pytest.raises(RecordUnreadable):
        evidence.read(replace(place, **moved))


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "file:///etc/passwd"},
        {"url": "https://x.kh/a\r\nWARC-Type: x"},
        {"captured_at": None},
        {"captured_at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"body": bytes(64 * 2**20)},
    ],
)
def test_what_no_record_holds_truly_is_refused(evidence: Evidence, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        evidence.append(exchange(**wrong))
    assert evidence.read(evidence.append(exchange())) == exchange()


def test_line_ends_in_a_header_cannot_forge_one(evidence: Evidence) -> None:
    found = evidence.read(evidence.append(exchange(**head(("X", "a\r\n\r\n<p>b")))))
    assert found.headers == (("X", "a <p>b"),)
    assert found.body == PAGE


VALUE = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20)
NAME = st.from_regex(r"[A-Za-z][A-Za-z-]{0,9}", fullmatch=True).filter(lambda name: "crawler" not in name.lower())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NAME, VALUE.map(lambda value: value.strip(" \t")))), st.binary(max_size=300))
def test_any_headers_and_body_come_back(evidence: Evidence, headers: list[tuple[str, str]], body: bytes) -> None:
    page = exchange(headers=tuple(headers), body=body)
    assert evidence.read(evidence.append(page)) == page
