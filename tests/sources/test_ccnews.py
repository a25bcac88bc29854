"""CC-NEWS: lists of files, pieces of files, and a run that reads them whole."""

import gzip
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Event

import pytest
from werkzeug import Request, Response

from postscraper.sources import ccnews
from postscraper.sources.ccnews import PIECE_BYTES, File, files, of_days, piece
from postscraper.sources.remote import NoCapture, NoIndex
from tests.helpers.commands import program
from tests.helpers.crawls import FAST, NO_WAIT, PROJECT, asked, scrapy
from tests.helpers.programs import Program
from tests.helpers.warc_files import page_at, pages, warc_gz
from tests.standins import faults
from tests.standins.commoncrawl import Store, lay_out_news
from tests.standins.serving import Application, Standin, standing_in

PATH = "crawl-data/CC-NEWS/2018/06/CC-NEWS-20180620011000-00456.warc.gz"
AT = datetime(2018, 6, 20, 1, 10, tzinfo=UTC)


def packed(*lines: str) -> bytes:
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def test_the_list_of_a_month() -> None:
    assert ccnews.list_url("https://x", "CC-NEWS-2018-06") == "https://x/crawl-data/CC-NEWS/2018/06/warc.paths.gz"
    later = PATH.replace("20180620", "20180621")
    assert [each.path for each in files(200, packed(later, PATH))] == [PATH, later]
    assert files(200, packed(PATH)) == [File(path=PATH, begun_at=AT)]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, b"<Error><Code>SlowDown</Code></Error>"),
        (200, b"<html><h1>Sorry</h1></html>"),
        (200, packed(PATH)[:-12]),
        (200, packed(PATH, "../../etc/passwd")),
        (200, packed(PATH.replace("20180620011000", "20181320011000"))),
        (200, gzip.compress(b"x" * 2_000_000, mtime=0)),
        (200, gzip.compress(b"\xff\n", mtime=0)),
    ],
)
def test_what_is_no_list(status: int, body: bytes) -> None:
    with pytest.raises(NoIndex):
        files(status, body)


def test_files_of_some_days() -> None:
    found = [File(path=str(day), begun_at=AT + timedelta(days=day)) for day in range(5)]  # from the 20th on
    assert [each.path for each in of_days(found, None, None)] == ["0", "1", "2", "3", "4"]
    assert [each.path for each in of_days(found, date(2018, 6, 22), date(2018, 6, 23))] == ["1", "2", "3"]


def test_a_piece_of_a_file() -> None:
    size = PIECE_BYTES + 10
    assert ccnews.piece_range(0) == f"bytes=0-{PIECE_BYTES - 1}"
    assert piece(PATH, 0, 206, f"bytes 0-{PIECE_BYTES - 1}/{size}", bytes(PIECE_BYTES)) == size
    assert piece(PATH, PIECE_BYTES, 206, f"bytes {PIECE_BYTES}-{size - 1}/{size}", bytes(10)) == size
    assert piece(PATH, size, 416, f"bytes */{size}", b"<Error/>") == size
    for status, content_range, length in [
        (200, "", 10),
        (206, "", 10),
        (206, f"bytes 0-9/{size}", 10),
        (206, f"bytes 1-{PIECE_BYTES}/{size}", PIECE_BYTES),
        (206, f"bytes 0-{PIECE_BYTES - 1}/{size}", 10),
        (416, f"bytes */{size}", 10),
        (503, "", 10),
    ]:
        with pytest.raises(NoCapture) as error:
            piece(PATH, 0, status, content_range, bytes(length))
        assert not error.value.gone
    with pytest.raises(NoCapture) as error:
        piece(PATH, 0, 404, "", b"")
    assert error.value.gone


FOUND = list(pages(12))
# So large that the file comes in two pieces.
ELSEWHERE = [page_at("https://example.org/", b"<html>" + Random(1).randbytes(PIECE_BYTES), 0)]
NEWS = "/crawl-data/CC-NEWS/2018/06/"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Standin]:
    place = tmp_path / "store"
    place.mkdir()
    halves = [FOUND[:6] + ELSEWHERE, FOUND[6:]]
    warcs = [warc_gz(tmp_path / "x.warc.gz", half).read_bytes() for half in halves]
    lay_out_news(place, "2018/06", [("20180620010000", warcs[0]), ("20180623010000", warcs[1])])
    with standing_in(Store(place)) as standin:
        yield standin


WORDS = ("crawl", "post", "-a", "source=commoncrawl", "-a", "crawl=CC-NEWS-2018-06")


def options(store: Standin) -> tuple[str, ...]:
    return (f"COMMONCRAWL_ORIGIN={store.origin}", NO_WAIT, *FAST)


def crawl(folder: Path, store: Standin, *words: str) -> str:
    done = scrapy(folder, *WORDS, *words, settings=options(store))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


CAPTURES = "SELECT url, captured_at, source FROM capture ORDER BY url, captured_at"
EVERY = sorted((each.url, f"{each.captured_at:%Y-%m-%dT%H:%M:%S}+00:00", "commoncrawl") for each in FOUND)


def test_a_month_is_read_file_by_file(tmp_path: Path, store: Standin) -> None:
    log = crawl(tmp_path, store)
    assert asked(tmp_path, CAPTURES) == EVERY
    assert "files: 2, to be read: 2" in log
    assert len(store.asked) == 1 + 2 + 1, "the list, and three pieces"
    assert list((tmp_path / "archive/commoncrawl").iterdir()) == []
    fetched = len(store.asked)
    crawl(tmp_path, store)
    assert len(store.asked) == fetched + 1, "the list, and no file that was read"


def test_what_was_looked_for_in_a_file_is_remembered_with_it(tmp_path: Path, store: Standin) -> None:
    crawl(tmp_path, store, "-a", "since=2018-06-23")
    assert asked(tmp_path, CAPTURES) == []
    assert [path for path in store.asked if "20180620" in path] == []
    crawl(tmp_path, store)
    assert asked(tmp_path, CAPTURES) == EVERY
    checked = program("check", "--archive", tmp_path / "archive")
    assert checked.returncode == 0, checked.stdout


@pytest.mark.long
def test_a_run_of_few_pages_goes_on_in_the_same_file(tmp_path: Path, store: Standin) -> None:
    """What goes wrong on the way is asked for again."""
    store.fault(faults.half, NEWS + "CC", after=1)
    assert "in 5 seconds" in crawl(tmp_path, store, "-a", "limit=4")
    assert len(store.asked) == 1 + 3
    assert len(asked(tmp_path, CAPTURES)) == 4
    assert len(list((tmp_path / "archive/commoncrawl").iterdir())) == 1
    crawl(tmp_path, store)
    assert asked(tmp_path, CAPTURES) == EVERY


def test_a_run_that_is_killed_goes_on_at_its_byte(tmp_path: Path, store: Standin) -> None:
    """It is killed while it waits for the second piece."""
    killed = Event()

    def wait(request: Request, answer: Application) -> Response:
        killed.wait(30)
        return answer(request)

    store.fault(wait, NEWS + "CC", after=1)
    settings = [word for setting in options(store) for word in ("-s", setting)]
    running = Program(tmp_path, "-m", "scrapy", *WORDS, *settings, environment=PROJECT)
    while len(store.asked) < 3 and running.poll() is None:
        time.sleep(0.05)
    running.kill()
    running.wait()
    killed.set()
    (half,) = (tmp_path / "archive/commoncrawl").iterdir()
    assert half.stat().st_size == PIECE_BYTES
    store.asked.clear()
    crawl(tmp_path, store)
    assert len(store.asked) == 3, "the list, the second piece, the other file"
    assert asked(tmp_path, CAPTURES) == EVERY
