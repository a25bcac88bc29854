"""WARC and ARC files that are not written as the standard has it: both stories are read, and what is odd is said."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha1
from pathlib import Path

import pytest

from storage.evidence.store import Evidence
from storage.warc.exchange import Exchange, Oddity
from storage.warc.writer import payload_digest
from tests.bulk.test_replay import asked, replayed
from tests.helpers.commands import run
from tests.helpers.warc_files import arc, page_at, pages, records, warc, warc_gz
from tests.sources.test_warc_source import HOST, bare, read

FIRST, SECOND = list(pages(2))
ID = "<urn:uuid:11111111-0000-4000-8000-000000000001>"


def record(fields: str, block: bytes, *, line_end: str = "\r\n", trailer: bytes = b"\r\n\r\n") -> bytes:
    lines = ["WARC/1.0", *fields.split("\n"), f"Content-Length: {len(block)}", "", ""]
    return line_end.join(lines).encode() + block + trailer


def fields_of(exchange: Exchange, *more: str, kind: str = "response") -> str:
    assert exchange.captured_at is not None
    date = exchange.captured_at.isoformat().replace("+00:00", "Z")
    own = [f"WARC-Type: {kind}", f"WARC-Target-URI: {exchange.url}", f"WARC-Date: {date}", *more]
    return "\n".join([*own, "Content-Type: application/http; msgtype=response"])


def answer(exchange: Exchange, *, start: str = "HTTP/1.1 200 Fine", chunked: bytes | None = None) -> bytes:
    headers = [start, "Content-Type: text/html; charset=utf-8", *(["Transfer-Encoding: chunked"] if chunked else [])]
    return "\r\n".join([*headers, "", ""]).encode() + (exchange.body if chunked is None else chunked)


def test_line_ends_of_every_kind_between_records(tmp_path: Path) -> None:
    for number, trailer in enumerate((b"\r\n", b"", b"\r\n" * 3, b"\r\n" * 4, b"\n\n", b"\n")):
        path = tmp_path / f"{number}.warc"
        path.write_bytes(b"".join(record(fields_of(each), answer(each), trailer=trailer) for each in (FIRST, SECOND)))
        found, odd, _ = read(path)
        assert [(each.url, each.body) for _, each in found] == [(each.url, each.body) for each in (FIRST, SECOND)]
        assert [type(each) for each in odd] == [Oddity], trailer
        for place, exchange in found:
            assert Evidence.open(tmp_path / "elsewhere").read(place).body == exchange.body


@pytest.mark.parametrize("name", ["x.warc", "x.warc.gz"])
def test_heads_whose_lines_end_in_lf(tmp_path: Path, name: str) -> None:
    made = [record(fields_of(each), answer(each), line_end="\n", trailer=b"\n\n") for each in (FIRST, SECOND)]
    (tmp_path / name).write_bytes(b"".join(map(gzip.compress, made) if name.endswith("gz") else made))
    found, [odd], _ = read(tmp_path / name)
    assert [each.body for _, each in found] == [FIRST.body, SECOND.body]
    assert str(odd).endswith("byte 0: LF alone ends the lines of the head; so in 2 records, all of them read")


def test_behind_a_bad_head_all_is_read(tmp_path: Path) -> None:
    bad = record(fields_of(FIRST), answer(FIRST)).replace(b"Content-Length: ", b"Content-Length: x")
    (tmp_path / "x.warc").write_bytes(bad + bad + record(fields_of(SECOND), answer(SECOND)) * 3)
    found, [damage], _ = read(tmp_path / "x.warc")
    assert [each.url for _, each in found] == [SECOND.url] * 3
    assert damage.what.endswith(f"the next record is at {2 * len(bad)}")
    longer = record(fields_of(FIRST), answer(FIRST)).replace(b"Content-Length: ", b"Content-Length: 9")
    (tmp_path / "x.warc").write_bytes(longer + record(fields_of(SECOND), answer(SECOND)) * 3)
    found, [damage], _ = read(tmp_path / "x.warc")
    assert ([each.url for _, each in found], damage.offset) == ([SECOND.url] * 3, 0)


@pytest.mark.parametrize("name", ["x.arc", "x.arc.gz"])
def test_behind_a_bad_head_of_an_arc_file_all_is_read(tmp_path: Path, name: str) -> None:
    found = list(pages(6))
    path = arc(tmp_path / name, found)
    if name == "x.arc":
        date = f"{found[1].captured_at:%Y%m%d%H%M%S}".encode()
        path.write_bytes(path.read_bytes().replace(date, date[:7]))
        taken, [damage], _ = read(path)
        assert "the next record is at" in damage.what
        assert [bare(each) for _, each in taken] == [bare(each) for each in found[:1] + found[2:]]
        whole = arc(path, found).read_bytes()
        path.write_bytes(b"filedesc: of another form\n" + whole[whole.index(b"\nhttp") :])
    else:  # all as one member
        path.write_bytes(gzip.compress(arc(tmp_path / "plain.arc", found).read_bytes()))
    taken, [_], _ = read(path)
    assert [bare(each) for _, each in taken] == [bare(each) for each in found]


def revisits() -> Iterator[tuple[str, str, bytes]]:
    digest, head = f"WARC-Payload-Digest: {payload_digest(FIRST.body)}", answer(replace(FIRST, body=b""))
    assert FIRST.captured_at is not None
    at = f"WARC-Refers-To-Date: {FIRST.captured_at.isoformat()}"
    of = f"WARC-Refers-To-Target-URI: {FIRST.url}\n{at}"
    yield "no block", of, b""
    yield "no block, by digest", digest, b""
    yield "record id", f"WARC-Refers-To: {ID}", head
    yield "lower case", digest.replace(digest[26:], digest[26:].lower()), head
    yield "hex", f"WARC-Payload-Digest: sha1:{_hex(FIRST.body)}", head
    yield "fraction", of.replace("+00:00", ".123456Z"), head
    yield "nanoseconds", of.replace("+00:00", ".123456789Z"), head
    yield "minutes", of.replace(":00+00:00", "Z"), head
    yield "digits", of.replace(FIRST.captured_at.isoformat(), f"{FIRST.captured_at:%Y%m%d%H%M%S}"), head


def _hex(body: bytes) -> str:
    return sha1(body, usedforsecurity=False).hexdigest()


REVISITS = {name: (fields, block) for name, fields, block in revisits()}


@pytest.mark.parametrize("name", REVISITS)
def test_revisits(tmp_path: Path, name: str) -> None:
    fields, block = REVISITS[name]
    later = replace(FIRST, captured_at=SECOND.captured_at)
    (tmp_path / "x.warc").write_bytes(
        record(fields_of(later, fields, kind="revisit"), block)
        + record(fields_of(SECOND), answer(SECOND))
        + record(fields_of(FIRST, f"WARC-Record-ID: {ID}"), answer(FIRST))
    )
    found, odd, _ = read(tmp_path / "x.warc")
    [revisit] = [each for _, each in found if each.captured_at == later.captured_at and each.url == FIRST.url]
    assert (revisit.body, revisit.status, revisit.reason) == (FIRST.body, 200, "Fine")
    assert dict(revisit.headers)["Content-Type"] == "text/html; charset=utf-8"
    assert [str(each) for each in odd] == [str(each) for each in odd if isinstance(each, Oddity)]
    assert len(odd) == (not block)


def test_an_id_that_two_records_have_leads_to_neither(tmp_path: Path) -> None:
    own = f"WARC-Record-ID: {ID}"
    (tmp_path / "x.warc").write_bytes(
        record(fields_of(replace(FIRST, url=SECOND.url), own), answer(FIRST))
        + record(fields_of(replace(SECOND, captured_at=FIRST.captured_at), own), answer(SECOND))
        + record(fields_of(SECOND, f"WARC-Refers-To: {ID}", kind="revisit"), b"HTTP/1.1 200 OK\r\n\r\n")
    )
    found, [damage], _ = read(tmp_path / "x.warc")
    assert len(found) == 2
    assert "which is not to be had" in damage.what


def test_a_304_without_a_head(tmp_path: Path) -> None:
    profile = "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    (tmp_path / "x.warc").write_bytes(record(fields_of(FIRST, profile, kind="revisit"), b""))
    [(_, found)], [odd], _ = read(tmp_path / "x.warc")
    assert (found.status, found.headers, found.body) == (304, (), b"")
    assert isinstance(odd, Oddity)


@pytest.mark.parametrize("line_end", ["\r\n", ""])
def test_a_head_that_ends_with_its_block(tmp_path: Path, line_end: str) -> None:
    block = f"HTTP/1.1 301 Moved\r\nLocation: https://{HOST}/x{line_end}".encode()
    asked_for = record(
        f"WARC-Type: request\nWARC-Concurrent-To: {ID}\nContent-Type: application/http", b"GET / HTTP/1.1"
    )
    page = record(fields_of(FIRST, f"WARC-Record-ID: {ID}"), block)
    (tmp_path / "x.warc").write_bytes(page + asked_for + record(fields_of(SECOND), answer(SECOND)))
    found, [odd], _ = read(tmp_path / "x.warc")
    assert [(each.status, each.header("location")) for _, each in found] == [(301, f"https://{HOST}/x"), (200, None)]
    assert str(odd).endswith("no blank line ends the HTTP head; so in 2 records, all of them read")


def test_where_the_body_begins_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "x.warc").write_bytes(record(fields_of(FIRST), b"HTTP/1.1 200 OK\r\nServer: x\r\n<html><p>Words"))
    found, [damage], _ = read(tmp_path / "x.warc")
    assert (found, damage.what) == ([], "no blank line ends the HTTP head")


@pytest.mark.parametrize(
    ("start", "version", "status", "reason"),
    [
        ("HTTP/1.1 200OK", "HTTP/1.1", 200, "OK"),
        ("HTTP/1.1\t200\tOK", "HTTP/1.1", 200, "OK"),
        ("HTTP 200 OK", "HTTP/1.0", 200, "OK"),
        ("ICY 200 OK", "HTTP/1.0", 200, "OK"),
        ("200 OK", "HTTP/1.0", 200, "OK"),
        (" HTTP/1.0  404", "HTTP/1.0", 404, None),
    ],
)
def test_odd_status_lines(tmp_path: Path, start: str, version: str, status: int, reason: str | None) -> None:
    (tmp_path / "x.warc").write_bytes(record(fields_of(FIRST), answer(FIRST, start=start)))
    [(_, found)], [odd], _ = read(tmp_path / "x.warc")
    assert (found.protocol, found.status, found.reason) == (version, status, reason)
    assert found.body == FIRST.body
    assert "an odd HTTP status line" in str(odd)


@pytest.mark.parametrize("start", ["HTTP/1.1 2000 OK", "HTTP/1.1 OK", "2018 was a good year", "999 OK", ""])
def test_what_is_no_status_line(tmp_path: Path, start: str) -> None:
    (tmp_path / "x.warc").write_bytes(record(fields_of(FIRST), answer(FIRST, start=start)))
    found, [damage], _ = read(tmp_path / "x.warc")
    assert (found, type(damage).__name__) == ([], "Damage")


def chunked(body: bytes, end: bytes, line_end: bytes = b"\r\n") -> bytes:
    half = len(body) // 2
    parts = (b"%x" % len(part) + line_end + part + line_end for part in (body[:half], body[half:]))
    return b"".join(parts) + end


@pytest.mark.parametrize("end", [b"0", b"0\n", b"0\r\n", b"0\r\n\r\njunk", b"00\r\n", b"0 \r"])
def test_odd_ends_of_the_last_chunk(tmp_path: Path, end: bytes) -> None:
    (tmp_path / "x.warc").write_bytes(record(fields_of(FIRST), answer(FIRST, chunked=chunked(FIRST.body, end))))
    [(_, found)], [odd], _ = read(tmp_path / "x.warc")
    assert found.body == FIRST.body
    assert "the last chunk" in str(odd)
    assert isinstance(odd, Oddity)


def test_chunks(tmp_path: Path) -> None:
    for end in (b"0\r\n\r\n", b"0\r\nExpires: never\r\n\r\n"):
        (tmp_path / "x.warc").write_bytes(record(fields_of(FIRST), answer(FIRST, chunked=chunked(FIRST.body, end))))
        [(_, found)], damages, _ = read(tmp_path / "x.warc")
        assert (found.body, damages) == (FIRST.body, [])
    bare_lf = chunked(FIRST.body, b"0\n\n", b"\n")
    (tmp_path / "x.warc").write_bytes(record(fields_of(FIRST), answer(FIRST, chunked=bare_lf)))
    assert read(tmp_path / "x.warc")[0][0][1].body == FIRST.body
    for page in (b"2018\nwas a good year", b"<p>"):  # unchunked by the crawler that kept it
        (tmp_path / "x.warc").write_bytes(record(fields_of(FIRST), answer(FIRST, chunked=page)))
        assert read(tmp_path / "x.warc")[0][0][1].body == page
    for cut in (chunked(FIRST.body, b""), chunked(FIRST.body, b"0\r\n\r\n")[:-30]):
        (tmp_path / "x.warc").write_bytes(record(fields_of(FIRST), answer(FIRST, chunked=cut)))
        found_none, [damage], _ = read(tmp_path / "x.warc")
        assert (found_none, damage.what[:22]) == ([], "the chunks of the body")


def test_a_damaged_check_value_costs_nothing_when_the_digest_is_right(tmp_path: Path) -> None:
    path = warc_gz(tmp_path / "x.warc.gz", [FIRST, SECOND])
    place = read(path)[0][0][0]
    whole = bytearray(path.read_bytes())
    whole[place.offset + place.length - 6] ^= 0xFF
    path.write_bytes(whole)
    found, [odd], _ = read(path)
    assert [each.body for _, each in found] == [FIRST.body, SECOND.body]
    assert "though the record has its digest" in str(odd)


@pytest.mark.parametrize("link", [True, False])
def test_a_file_packed_as_one(tmp_path: Path, link: bool) -> None:
    found = list(pages(30))
    path = tmp_path / "x.warc.gz"
    path.write_bytes(gzip.compress(b"".join(records(found))))
    taken, [odd], _ = read(path)
    assert [bare(each) for _, each in taken] == [bare(each) for each in found]
    assert "packed as one" in str(odd)
    progress = replayed(tmp_path / "archive", path, link=link)
    assert (progress.pages, [str(each) for each in progress.damages]) == (30, [str(odd)])
    done = run("verify", "--archive", tmp_path / "archive")
    assert done.exit_code == 0, done.output
    assert asked(tmp_path / "archive", "SELECT count(*) FROM capture WHERE evidence_file LIKE '/%'") == [(0,)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_oddities_are_said_once_a_file_however_it_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    found = list(pages(60))
    path = tmp_path / "x.warc"
    path.write_bytes(b"".join(record(fields_of(each), answer(each), trailer=b"\r\n") for each in found))
    monkeypatch.setattr("postscraper.bulk.replay.BATCH", 7)
    progress = replayed(tmp_path / "archive", path, jobs=jobs)
    assert progress.pages == 60
    [odd] = progress.damages
    assert isinstance(odd, Oddity)
    assert (odd.offset, odd.count) == (0, 60)
    done = run("verify", "--archive", tmp_path / "archive")
    assert done.exit_code == 0, done.output


def test_a_file_without_a_page_says_what_it_holds(tmp_path: Path) -> None:
    hosts = [f"https://{name}.org/" for name in ("a", "b", "b", "c", "d", "e", "f")]
    khmer = page_at("https://www.postkhmer.com/x", b"<p>", 1)
    others = [page_at(url, b"<p>", 1) for url in hosts]
    kinds = b"".join(
        record(f"WARC-Type: {kind}\nWARC-Target-URI: urn:x", b"x") for kind in ("resource", "resource", "metadata")
    )
    dns = record("WARC-Type: response\nWARC-Target-URI: dns:x.org\nContent-Type: text/dns", b"x")
    (tmp_path / "x.warc").write_bytes(b"".join(records([*others, khmer])) + kinds + dns)
    wanted = (
        "0 pages: 2 resource records, 1 warcinfo records, 1 metadata records, 1 dns: records, "
        "1 left out (of the paper postkhmer), "
        "7 answers of other hosts: b.org 2, a.org 1, c.org 1, d.org 1, e.org 1, …"
    )
    _, damages, page_filter = read(tmp_path / "x.warc", papers={"www.postkhmer.com": "postkhmer"})
    assert (damages, page_filter.without_pages) == ([], [f"{tmp_path}/x.warc: {wanted}"])
    warc(tmp_path / "y.warc", [FIRST])
    (tmp_path / "z.warc").write_bytes(b"")
    done = run("replay", tmp_path, "--jobs", 1, "--archive", tmp_path / "archive")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith("1 page: ")
    assert lines[2:] == [f"{tmp_path}/x.warc: {wanted}", f"{tmp_path}/z.warc: 0 pages: no record that can be read"]
    done = run("replay", tmp_path / "y.warc", "--paper", "postkhmer", "--jobs", 1, "--archive", tmp_path / "archive")
    assert "of the paper post" in done.stdout


def test_how_far_a_file_is_read_belongs_to_the_paper(tmp_path: Path) -> None:
    khmer = [page_at(f"https://www.postkhmer.com/national/x-{n}", SECOND.body, 100 + n) for n in range(3)]
    path = warc_gz(tmp_path / "x.warc.gz", [FIRST, *khmer, SECOND])
    call = ("replay", path, "--jobs", 1, "--archive", tmp_path / "archive")
    done = run(*call)
    assert done.stdout.startswith("2 pages: ")
    assert "left out: 3 of the paper postkhmer" in done.stdout
    done = run(*call, "--paper", "postkhmer")
    assert done.stdout.startswith("3 pages: ")
    assert "left out: 2 of the paper post\n" in done.stdout
    for words in ((), ("--paper", "postkhmer")):
        done = run(*call, *words)
        assert done.stdout.startswith("0 pages\n")
        assert "had been read by an earlier replay" in done.stdout
    assert asked(tmp_path / "archive", "SELECT count(*) FROM capture") == [(5,)]
