"""Progress on stderr: a live line on a terminal, else a line a minute; and the summary of a crawl."""

import io
import logging
import os
import re
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from postscraper.cli.progress import Meter, beside_log, duration
from tests.helpers.crawls import FAST, PROJECT, crawl, scrapy
from tests.helpers.mirror import Mirror
from tests.helpers.paths import SAMPLES
from tests.helpers.programs import Program


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_no_terminal_gets_a_line_a_minute() -> None:
    clock, out = Clock(), io.StringIO()
    meter = Meter("page", total=600, stream=out, clock=clock)
    for _ in range(125):
        clock.seconds += 1
        meter.show(int(clock.seconds - 1000) * 2)
    meter.erase()
    assert out.getvalue().splitlines() == [
        "120 of 600 pages · 120/min · 4 min left",
        "240 of 600 pages · 120/min · 3 min left",
    ]


def test_what_is_shown_follows_what_is_known() -> None:
    clock, said = Clock(), list[str]()
    meter = Meter("story", "stories", say=said.append, stream=io.StringIO(), clock=clock)
    for done, share, note in ((0, None, ""), (1, 0.5, "7 queued"), (9000, 1.0, ""), (36_000, None, "")):
        clock.seconds += 60
        meter.show(done, share, note)
    assert said == [
        "0 stories",
        "1 story · 7 queued · 0/min · 2 min left",
        "9,000 stories · 50/s · 0 s left",
        "36,000 stories · 150/s",
    ]


def test_a_terminal_gets_one_line_that_is_gone_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    clock, out = Clock(), Terminal()
    meter = Meter("page", stream=out, clock=clock)
    for done in range(1, 13):
        clock.seconds += 0.125
        meter.show(done)
    meter.erase()
    meter.erase()
    drawn = out.getvalue().split("\r\x1b[K")
    assert drawn[:3] == ["", "1 page", "3 pages · 480/min"]
    assert len(drawn) == 1 + 6 + 1
    assert drawn[-1] == ""
    assert all(len(each) < 20 for each in drawn)


def test_what_is_logged_meanwhile_takes_the_line_away_first() -> None:
    clock, out = Clock(), Terminal()
    logger = logging.getLogger()
    handler = logging.StreamHandler(out)
    logger.addHandler(handler)
    meter = Meter("page", stream=out, clock=clock)
    try:
        with beside_log(meter):
            clock.seconds += 1
            meter.show(1)
            logger.warning("look")
            meter.erase()
    finally:
        logger.removeHandler(handler)
    assert out.getvalue() == "\r\x1b[K1 page · 60/min\r\x1b[Klook\n"
    assert not handler.filters


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (3599, "59 min"), (3900, "1 h 05 min"), (100_000, "1 day 3 h")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.fixture
def mirror(httpserver: HTTPServer) -> Mirror:
    return Mirror(httpserver, SAMPLES)


def on_a_terminal(folder: Path, words: list[str]) -> str:
    """What the program writes to a terminal as stderr."""
    ours, its = os.openpty()
    with os.fdopen(its, "wb") as errors:
        run = Program(folder, "-m", *words, environment={**PROJECT, "COLUMNS": "100", "TERM": "xterm"}, errors=errors)
    written = b""
    while run.poll() is None or written[-1:] != b"":
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux's end of a terminal that nobody has open
            break
        written += piece
    assert run.wait(60) == 0, written
    os.close(ours)
    return written.decode()


@pytest.mark.long
def test_a_crawl_on_a_terminal_shows_pages_queue_rate_and_time_left(tmp_path: Path, mirror: Mirror) -> None:
    settings = [
        word for each in (f"PAPER_ORIGIN={mirror.origin}", *FAST, "DOWNLOAD_DELAY=0.3") for word in ("-s", each)
    ]
    written = on_a_terminal(tmp_path, ["scrapy", "crawl", "post", "-a", "limit=12", *settings])
    assert re.search(r"\r\x1b\[K\d+ pages · \d+ queued · \d+/min · \d+ s left", written)
    end = written[written.rindex("\x1b[K") :]
    assert "post: 12 pages in" in end
    assert " pages ·" not in end


def test_commands_over_an_archive_show_how_far_they_are(tmp_path: Path) -> None:
    assert scrapy(tmp_path, "crawl", "post", "-a", "source=samples", "-a", f"path={SAMPLES}").returncode == 0
    pages = sum("phnompenhpost.com" in address.read_text("utf-8") for address in SAMPLES.rglob("*.url"))
    for words, shown in (
        (["verify"], rf"\d+ of {pages} pages"),
        (["rebuild"], rf"\d+ of {pages} pages"),
        (["reread", "--dry-run"], rf"\d+ of {pages} captures"),
        (["backup", "copy"], r"[\d,]+ bytes"),
        (["replay", "archive/evidence", "--archive", "other"], r"\d+ pages"),
    ):
        written = on_a_terminal(tmp_path, ["postscraper", *words])
        assert re.search(rf"\r\x1b\[K{shown}", written), words
        assert written.endswith("\r\x1b[K")


def test_the_summary_comes_whatever_is_logged(tmp_path: Path, mirror: Mirror) -> None:
    first = crawl(tmp_path, mirror, "-L", "WARNING")
    lines = first.stderr.splitlines()
    assert len(lines) <= 10
    assert re.fullmatch(r"post: \d+ pages in \d+ s: .*\d+ new stories.*", lines[-2])
    assert lines[-1].startswith("Unread: ")
    assert not [line for line in lines if "left alone" in line.lower()], "nothing waited before this run"
    second = crawl(tmp_path, mirror, "-L", "WARNING")
    lines = second.stderr.splitlines()
    held = int(re.findall(r"Left alone, not due yet: (\d+) addresses", lines[-1])[0])
    assert held > 30
    assert lines[0] == "post: 0 pages in 0 s"


def test_scrapy_lists_its_components_for_debugging_only(tmp_path: Path) -> None:
    words = ("crawl", "post", "-a", "source=samples", "-a", f"path={SAMPLES}", "-a", "limit=1")
    usual = scrapy(tmp_path, *words).stderr
    assert "Spider opened" in usual
    assert not re.search("Enabled |Versions|Overridden|Dumping|alembic", usual)
    debug = scrapy(tmp_path, *words, "-L", "DEBUG").stderr
    assert re.search(r"DEBUG: Enabled extensions:", debug)
    assert re.search(r"DEBUG: Dumping Scrapy stats:", debug)


@pytest.mark.long
def test_a_crawl_without_a_terminal_logs_a_line_a_minute(tmp_path: Path, mirror: Mirror) -> None:
    """It takes 75 seconds."""
    settings = (f"PAPER_ORIGIN={mirror.origin}", *FAST, "DOWNLOAD_DELAY=5", "RANDOMIZE_DOWNLOAD_DELAY=False")
    done = scrapy(tmp_path, "crawl", "post", "-a", "limit=15", settings=settings)
    lines = [line for line in done.stderr.splitlines() if "postscraper.crawl.progress" in line]
    assert len(lines) == 1
    assert re.search(r"INFO: 1[123] pages · [1-4] queued · 1[123]/min · \d+ s left$", lines[0])
