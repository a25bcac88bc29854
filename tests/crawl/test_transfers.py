"""Answers that do not come whole: each is kept as it came, says so, and is asked for again soon."""

import gzip
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postscraper.items import Article, Capture, Unread
from postscraper.newspapers import POST
from postscraper.reading.read import read
from postscraper.reading.transfers import flaw
from storage.evidence.store import Evidence
from storage.warc.exchange import RecordLocation
from tests.helpers.canonical import canonical
from tests.helpers.commands import run
from tests.helpers.crawls import FAST, asked, scrapy
from tests.helpers.paths import SAMPLES
from tests.helpers.raw_server import RawServer, answered, serving

URL = "https://www.phnompenhpost.com/national/bridge-toll"
PAGE = (SAMPLES / "phnompenhpost" / "drupal_2017" / "bridge-toll.html").read_bytes()
HALF = PAGE[: PAGE.index(b'id="ArticleBody"') + 700]  # the story has begun
START = PAGE[:300]
PACKED = gzip.compress(PAGE)
GZIP = "Content-Encoding: gzip"
CHUNKED = "Transfer-Encoding: chunked"
ETAG = 'ETag: "1"'
EARLY = 'ETag: "early"'


def chunk(body: bytes) -> bytes:
    return f"{len(body):x}\r\n".encode() + body + b"\r\n"


def headed(body: bytes, *headers: str) -> bytes:
    """An answer of which only chunks or the end of the connection say where it ends."""
    return answered(body, "200 OK", *headers, sized=False)


def damaged(packed: bytes) -> bytes:
    return packed[: len(packed) // 2] + bytes([packed[len(packed) // 2] ^ 0x5A]) + packed[len(packed) // 2 + 1 :]


# What is sent, and the body that must be in the evidence; each under an address of its own.
PARTIAL = {
    "reset": (answered(HALF, "200 OK", EARLY, length=len(PAGE)), HALF),
    "reset-without-length": (headed(HALF, EARLY), HALF),
    "too-short": (answered(HALF, "200 OK", EARLY, length=len(PAGE)), HALF),
    "too-short-by-a-number": (answered(PAGE, "200 OK", EARLY, length=len(PAGE) + 5_000), PAGE),
    "too-long": (answered(PAGE, "200 OK", EARLY, length=len(HALF)), HALF),
    "no-last-chunk": (headed(chunk(HALF), CHUNKED, EARLY), HALF),
    "bad-chunk-later": (headed(chunk(HALF) + b"zzzz\r\n" + PAGE, CHUNKED, EARLY), HALF),
    "closed-without-length": (headed(HALF, EARLY), HALF),
    "half-of-gzip": (answered(PACKED[: len(PACKED) * 3 // 4], "200 OK", GZIP, EARLY), PACKED[: len(PACKED) * 3 // 4]),
    "206": (answered(HALF, "206 Partial Content", f"Content-Range: bytes 0-{len(HALF) - 1}/{len(PAGE)}"), HALF),
    "200-with-a-range": (answered(HALF, "200 OK", f"Content-Range: bytes 0-{len(HALF) - 1}/{len(PAGE)}"), HALF),
}
FAILED = {
    "nothing-of-it": (answered(b"", "200 OK", length=len(PAGE)), b""),
    "nothing-without-length": (headed(b""), b""),
    "only-a-head": (answered(START, "200 OK", length=len(PAGE)), START),
    "bad-chunk": (headed(b"zzzz\r\n" + PAGE[:100], CHUNKED), b""),
    "start-of-gzip": (answered(PACKED[:200], "200 OK", GZIP), PACKED[:200]),
    "damaged-gzip": (answered(damaged(PACKED), "200 OK", GZIP), damaged(PACKED)),
    "second-half": (
        answered(PAGE[-500:], "206 Partial Content", f"Content-Range: bytes {len(PAGE) - 500}-{len(PAGE) - 1}/*"),
        PAGE[-500:],
    ),
    "304": (answered(b"", "304 Not Modified", EARLY, sized=False), b""),
    "304-with-a-body": (answered(PAGE, "304 Not Modified", EARLY), b""),
}
REFUSED = {
    "204": (answered(PAGE, "204 No Content"), b""),
    "205": (answered(b"", "205 Reset Content"), b""),
    "416": (answered(b"", "416 Range Not Satisfiable", f"Content-Range: bytes */{len(PAGE)}"), b""),
}
# Odd, and whole by HTTP.
WHOLE = {
    "interim": (b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + answered(PAGE), PAGE),
    "206-of-all": (answered(PAGE, "206 Partial Content", f"Content-Range: bytes 0-{len(PAGE) - 1}/{len(PAGE)}"), PAGE),
    "chunked": (headed(chunk(HALF) + chunk(PAGE[len(HALF) :]) + b"0\r\n\r\n", CHUNKED), PAGE),
    "closed": (headed(PAGE), PAGE),
    "line-behind": (answered(PAGE) + b"\r\n", PAGE),
}
ALL = PARTIAL | FAILED | REFUSED | WHOLE


@pytest.fixture
def server() -> Iterator[RawServer]:
    with serving() as found:
        found.say("/robots.txt", answered(b"", "404 Not Found"))
        yield found


def path_of(name: str) -> str:
    return f"/national/{name}"


# All before the first is due again, after five seconds: a second try would count against the limit, too.
AT_ONCE = ("CONCURRENT_REQUESTS=40", "CONCURRENT_REQUESTS_PER_DOMAIN=40")


def crawl(
    folder: Path, server: RawServer, *names: str, limit: int | None = None, settings: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """limit: so many pages; a run that has had them waits for no second try."""
    addresses = "url=" + " ".join(server.origin + path_of(name) for name in names)
    words = ("-a", addresses, *(("-a", f"limit={limit}") if limit else ()))
    done = scrapy(folder, "crawl", "post", *words, settings=(f"PAPER_ORIGIN={server.origin}", *FAST, *settings))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done


def left(folder: Path, name: str) -> tuple[object, ...]:
    """State, reason, tries, and seconds from the visit until the next."""
    question = f"SELECT state, why, tries, due_at, visited_at FROM ledger WHERE address LIKE '%{path_of(name)}'"
    ((state, why, tries, due_at, visited_at),) = asked(folder, question)
    wait = None
    if due_at is not None:
        wait = (datetime.fromisoformat(str(due_at)) - datetime.fromisoformat(str(visited_at))).total_seconds()
    return state, why, tries, wait


@pytest.mark.long
def test_each_is_left_for_another_try(tmp_path: Path, server: RawServer) -> None:
    for name, (answer, _) in ALL.items():
        server.say(path_of(name), answer, reset=name.startswith("reset"))
    done = crawl(tmp_path, server, *ALL, limit=len(ALL), settings=AT_ONCE)
    assert "has a design changed?" not in done.stderr
    found = {name: left(tmp_path, name) for name in ALL}
    broken = {name: how for name, how in found.items() if name in PARTIAL}
    whole_words = ("partial", "broken_transfer", 1, 5.0)
    cut = ("partial", "broken_transfer, cut", 1, 5.0)
    assert broken == {name: whole_words if body == PAGE else cut for name, (_, body) in PARTIAL.items()}
    assert {name: found[name] for name in FAILED} == dict.fromkeys(FAILED, ("failed", "broken_transfer", 1, 5.0))
    assert {name: found[name] for name in REFUSED} == dict.fromkeys(REFUSED, ("failed", "bad_status", 1, 5.0))
    assert {found[name][0] for name in WHOLE} <= {"done", "unchanged"}
    assert asked(tmp_path, "SELECT count(*) FROM ledger WHERE etag IS NOT NULL") == [(0,)]
    assert asked(tmp_path, "SELECT count(*) FROM revision") == [(1,)], "no piece of the story is another wording"

    # The bytes as they came, and that they are not all.
    archive = tmp_path / "archive"
    rows = asked(tmp_path, "SELECT url, evidence_file, evidence_offset, evidence_length FROM capture")
    with Evidence.open(archive / "evidence") as evidence:
        kept = {
            str(url).rpartition("/")[2]: evidence.read(
                RecordLocation(file=str(file), offset=int(str(at)), length=int(str(long)))
            )
            for url, file, at, long in rows
        }
    assert {name: exchange.body for name, exchange in kept.items()} == {name: body for name, (_, body) in ALL.items()}
    by_its_end = {name for name, exchange in kept.items() if exchange.cut == "disconnect"}
    by_what_it_says = {"half-of-gzip", "206", "200-with-a-range", *set(FAILED) - {*by_its_end}}
    assert by_its_end | by_what_it_says == set(PARTIAL) | set(FAILED)
    assert not by_its_end & {*WHOLE, *REFUSED, "half-of-gzip", "206", "200-with-a-range", "304", "damaged-gzip"}

    # Whoever reads the evidence again reads the same.
    before = canonical(archive)
    assert run("verify", "--archive", archive).exit_code == 0
    assert run("check", "--archive", archive).exit_code == 0
    assert "0 read otherwise" in run("reread", "--dry-run", "--archive", archive).output
    again = scrapy(tmp_path, "crawl", "post", "-a", "source=archive", settings=(f"PAPER_ORIGIN={server.origin}",))
    assert again.returncode == 0, again.stderr
    reread = canonical(archive)
    assert reread | {"ledger": None} == before | {"ledger": None}, "of the ledger a new run makes due what failed"
    assert {name: left(tmp_path, name)[:2] for name in ALL} == {name: how[:2] for name, how in found.items()}
    assert run("rebuild", "--archive", archive).exit_code == 0
    assert canonical(archive) == reread


@pytest.mark.long
def test_the_second_try_in_the_same_run_brings_the_page(tmp_path: Path, server: RawServer) -> None:
    whole = answered(PAGE, "200 OK", ETAG)
    server.say(path_of("bridge-toll"), PARTIAL["reset"][0], whole, reset=True)
    server.reset.discard(whole)
    server.say(path_of("b"), FAILED["304"][0], whole)
    crawl(tmp_path, server, "bridge-toll", "b")
    assert asked(tmp_path, "SELECT DISTINCT state, etag FROM ledger WHERE visits > 0 OR tries > 0") == [
        ("unchanged", '"1"')
    ]
    tried = server.asked[path_of("bridge-toll")] + server.asked[path_of("b")]
    assert len(tried) == 4
    assert not any("If-None-Match" in head for head in tried), "no version of a piece is named"
    story = read(Capture(url=URL, captured_at=None, body=PAGE, source="x"), POST)
    assert isinstance(story, Article)
    assert asked(tmp_path, "SELECT body FROM revision") == [("\n\n".join(block.text for block in story.body),)]
    assert len(asked(tmp_path, "SELECT id FROM capture")) == 4


@pytest.mark.parametrize("name", ["reset", "206", "only-a-head", "half-of-gzip"])
def test_a_piece_does_not_overturn_the_whole(tmp_path: Path, server: RawServer, name: str) -> None:
    server.say(path_of("bridge-toll"), answered(PAGE, "200 OK", ETAG))
    crawl(tmp_path, server, "bridge-toll")
    story = asked(tmp_path, "SELECT headline, body, published_on FROM article")
    server.say(path_of("bridge-toll"), (PARTIAL | FAILED)[name][0], reset=name == "reset")
    crawl(tmp_path, server, "bridge-toll", limit=1)
    assert asked(tmp_path, "SELECT headline, body, published_on FROM article") == story
    assert left(tmp_path, "bridge-toll")[0] in ("partial", "failed")
    # The version that is held whole is the one to ask about, and still stands.
    server.say(path_of("bridge-toll"), answered(b"", "304 Not Modified", ETAG, sized=False))
    crawl(tmp_path, server, "bridge-toll")
    assert 'If-None-Match: "1"' in server.asked[path_of("bridge-toll")][-1]
    assert left(tmp_path, "bridge-toll")[:2] == ("unchanged", None)
    assert asked(tmp_path, "SELECT headline, body, published_on FROM article") == story
    assert run("verify", "--archive", tmp_path / "archive").exit_code == 0


def test_the_next_run_tries_again_what_broke_off(tmp_path: Path, server: RawServer) -> None:
    server.say(path_of("bridge-toll"), PARTIAL["too-short"][0])
    crawl(tmp_path, server, "bridge-toll", limit=1)
    server.say(path_of("bridge-toll"), answered(PAGE))
    done = scrapy(
        tmp_path, "crawl", "post", "-a", "section=national", "-a", "limit=9",
        settings=(f"PAPER_ORIGIN={server.origin}", *FAST),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert left(tmp_path, "bridge-toll")[:3] == ("unchanged", None, 0)


@pytest.mark.parametrize(
    ("status", "named", "whole"),
    [
        (200, None, True),
        (200, "bytes 0-99/100", True),
        (200, "nonsense", True),
        (200, "bytes 0-49/100", False),
        (206, "bytes 0-99/100", True),
        (206, "bytes 0-99/*", False),
        (206, "bytes 1-99/100", False),
        (206, "nonsense", False),
        (206, None, False),
    ],
)
def test_a_part_is_known_by_its_range(status: int, named: str | None, whole: bool) -> None:
    headers = (("Content-Range", named),) if named else ()
    capture = Capture(url=URL, captured_at=None, body=PAGE, source="x", status=status, headers=headers)
    assert (flaw(capture) is None) == whole


@pytest.mark.parametrize(
    ("conditional", "reason"), [(True, "not_modified"), (None, "not_modified"), (False, "broken_transfer")]
)
def test_an_answer_of_no_news_needs_a_question(conditional: bool | None, reason: str) -> None:
    item = read(
        Capture(url=URL, captured_at=datetime.now(UTC), body=b"", source="x", status=304, conditional=conditional),
        POST,
    )
    assert isinstance(item, Unread)
    assert item.reason == reason


@pytest.mark.parametrize("end", range(0, len(PAGE), max(len(PAGE) // 60, 1)))
def test_no_piece_is_taken_for_the_page(end: int) -> None:
    item = read(Capture(url=URL, captured_at=None, body=PAGE[:end], source="x", cut=True), POST)
    if isinstance(item, Unread):
        assert item.reason == "broken_transfer"
    else:
        assert {"cut", "broken_transfer"} <= {problem.kind for problem in item.problems}


def test_a_wall_is_one_even_when_it_breaks_off() -> None:
    body = b"<html><title>Just a moment...</title><body><div id=challenge-form>"
    item = read(Capture(url=URL, captured_at=None, body=body, source="x", cut=True), POST)
    assert isinstance(item, Unread)
    assert item.reason == "challenge"
