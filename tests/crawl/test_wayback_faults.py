"""Bad days of the Wayback Machine, and kills in the middle; over loopback."""

import json
import signal
import sqlite3
import time
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from pytest_httpserver import HTTPServer
from scrapy import Request
from scrapy.settings import Settings
from scrapy.utils.test import get_crawler
from werkzeug import Response

from postscraper.crawl.http import PrivateAddress, PublicAddresses
from postscraper.items import Article
from postscraper.newspapers import POST
from postscraper.reading.read import read
from postscraper.run.evidence_reader import EvidenceReader
from postscraper.sources.folder import captures
from postscraper.urls import canonical
from storage.maintenance.check import check
from tests.crawl.test_wayback import CLINIC, OTHER, SITE, STORY, TOLL, crawl, states
from tests.helpers.canonical import ask
from tests.helpers.crawls import FAST, NO_WAIT, PROJECT, asked, options
from tests.helpers.paths import SAMPLES
from tests.helpers.programs import Program
from tests.helpers.wayback_server import Kept, Machine, busy, error_page, half, refusal, usual

PAGES = 20


@pytest.fixture
def machine(httpserver: HTTPServer) -> Machine:
    kept = [
        Kept(f"{SITE}{STORY}", "20180612032000", CLINIC),
        Kept(f"{SITE}{OTHER}", "20180712032000", TOLL),
        Kept(f"{SITE}{OTHER}", "20190712032000", TOLL + b"<!-- 2 -->"),
    ]
    return Machine(httpserver, kept)


def many(httpserver: HTTPServer) -> Machine:
    """Stories of the paper, each at three moments, with the same bytes at the first and the last."""
    pages = [page for page in captures(SAMPLES / "phnompenhpost") if "phnompenhpost.com" in page.url]
    stories = {canonical(page.url): page.body for page in pages if isinstance(read(page, POST), Article)}
    kept = []
    for url, body in list(stories.items())[:PAGES]:
        texts = (body, body + b"<!-- 2 -->", body)
        kept += [Kept(url, f"20{17 + n}0101000000", text) for n, text in enumerate(texts)]
    machine = Machine(httpserver, kept)
    machine.rows = 13
    return machine


@pytest.mark.long
def test_the_second_refusal_ends_the_day(tmp_path: Path, machine: Machine) -> None:
    machine.before["capture"] = [usual, refusal("1"), refusal("1")]
    first = crawl(tmp_path, machine)
    assert first.returncode == 16, first.stderr
    said = first.stderr.splitlines()[-1]
    assert said.startswith(f"postscraper: {machine.origin.removeprefix('http://')}: ")
    assert "asked to be left alone for today" in said
    assert states(tmp_path) == {"held": 1, "known": 2}
    count = len(machine.asked_at)
    assert count == 4
    again = crawl(tmp_path, machine)
    assert (again.returncode, again.stderr.splitlines()[-1]) == (16, said)
    assert len(machine.asked_at) == count, "nothing is asked"
    assert "Traceback" not in first.stderr + again.stderr
    ask(tmp_path / "archive", "UPDATE refusal SET day = date(day, '-1 day')")
    assert crawl(tmp_path, machine).returncode == 0
    assert states(tmp_path) == {"held": 3}


@pytest.mark.long
def test_one_refusal_is_waited_out(tmp_path: Path, machine: Machine) -> None:
    machine.before["index"] = [refusal("3")]
    done = crawl(tmp_path, machine)
    assert done.returncode == 0, done.stderr
    assert machine.asked_at[1] - machine.asked_at[0] >= timedelta(seconds=3)
    assert states(tmp_path) == {"held": 3}


def test_a_pause_longer_than_a_run_waits_ends_it(tmp_path: Path, machine: Machine) -> None:
    machine.before["index"] = [busy("3600")]
    done = crawl(tmp_path, machine)
    assert done.returncode == 12
    assert "503" in done.stderr.splitlines()[-1]
    machine.before["index"] = [refusal("3600")]
    assert crawl(tmp_path, machine).returncode == 16


@pytest.mark.long
def test_nothing_but_an_index_is_an_index_and_nothing_but_a_capture_a_capture(tmp_path: Path, machine: Machine) -> None:
    machine.rows = 2
    machine.before["index"] = [error_page, usual, half]
    machine.before["capture"] = [half]
    done = crawl(tmp_path, machine)
    assert done.returncode == 0, done.stderr
    assert (len(machine.indexed), len(machine.replayed)) == (4, 4)
    assert states(tmp_path) == {"held": 3}
    assert asked(tmp_path, "SELECT count(*), count(DISTINCT digest) FROM capture") == [(3, 3)]
    asked_at = machine.asked_at
    gaps = [later - earlier for earlier, later in pairwise(asked_at)]
    assert sum(gap >= timedelta(seconds=5) for gap in gaps) == 3, "after each of the three it waits"


def test_what_it_does_not_give_is_gone(tmp_path: Path, machine: Machine) -> None:
    machine.before["capture"] = [lambda _: Response("blocked", 403), lambda _: Response("no", 404)]
    assert crawl(tmp_path, machine).returncode == 0
    assert states(tmp_path) == {"gone": 2, "held": 1}
    assert crawl(tmp_path, machine).returncode == 0
    assert len(machine.replayed) == 3


def test_robots_txt_is_obeyed(tmp_path: Path, machine: Machine) -> None:
    machine.robots = "User-agent: *\nDisallow: /cdx/\n"
    done = crawl(tmp_path, machine)
    assert done.returncode == 12
    assert "robots.txt" in done.stderr.splitlines()[-1]
    assert machine.asked_at == []


def test_without_a_network_it_says_where_it_asked(tmp_path: Path, machine: Machine) -> None:
    machine.origin = "http://127.0.0.1:9"
    done = crawl(tmp_path, machine)
    assert done.returncode == 12
    assert "127.0.0.1:9" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.long
def test_one_question_in_two_and_a_half_seconds(tmp_path: Path, machine: Machine) -> None:
    usual_pace = Settings()
    usual_pace.setmodule("postscraper.settings")
    pace = json.dumps({"wayback": dict(usual_pace["DOWNLOAD_SLOTS"]["wayback"])})
    settings = (f"DOWNLOAD_SLOTS={pace}", "AUTOTHROTTLE_ENABLED=True")
    assert crawl(tmp_path, machine, settings=settings).returncode == 0
    asked_at = machine.asked_at
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(asked_at)]
    assert len(gaps) == 3
    assert min(gaps) >= 2.49
    assert max(gaps) < 4


def test_a_stand_in_is_allowed_at_its_own_door_alone() -> None:
    crawler = get_crawler(settings_dict={"WAYBACK_ORIGIN": "http://127.0.0.1:8123", "PAPER_ORIGIN": None})
    allowed = PublicAddresses.from_crawler(crawler)
    question = "http://127.0.0.1:8123/cdx/search/cdx?url=a"
    assert allowed.process_request(Request(question)) is None
    for other in (
        "http://127.0.0.1/cdx",
        "http://127.0.0.1:8124/cdx",
        "https://127.0.0.1/cdx",
        "http://10.0.0.1:8123/",
    ):
        with pytest.raises(PrivateAddress):
            allowed.process_request(Request(other))


def started(folder: Path, machine: Machine) -> Program:
    settings = options(f"WAYBACK_ORIGIN={machine.origin}", NO_WAIT, "LOG_LEVEL=WARNING", *FAST)
    return Program(
        folder, "-m", "scrapy", "crawl", "post", "-a", "source=wayback", *settings, environment=PROJECT
    )  # fmt: skip


def held(folder: Path) -> set[str]:
    """As the machine is asked for them."""
    if not (folder / "archive" / "archive.db").exists():
        return set()
    try:
        rows = asked(folder, "SELECT captured_at, url FROM holding WHERE state = 'held'")
    except sqlite3.OperationalError:
        return set()  # killed before there was a table
    return {f"{str(at)[:4]}0101000000 {url}" for at, url in rows}


def everything(folder: Path) -> list[list[tuple[object, ...]]]:
    return [
        asked(folder, "SELECT url, captured_at, digest, source FROM capture ORDER BY 1, 2"),
        asked(folder, "SELECT url, captured_at, state, why, due_at FROM holding ORDER BY 1, 2"),
        asked(folder, "SELECT pages, listed, resume_key, finished_at IS NULL FROM enumeration"),
    ]


KILLS = [
    *(("index", n) for n in (0, 1, 3)),
    *(("capture", n) for n in (0, 1, 5, 11)),
    *(("time", n) for n in range(5)),
]


@pytest.mark.long
def test_a_killed_run_goes_on_where_it_was(tmp_path: Path, httpserver: HTTPServer) -> None:
    machine, chance = many(httpserver), Random(4)
    for kind, number in KILLS:
        before, replayed = held(tmp_path), len(machine.replayed)
        machine.before = {"index": [], "capture": []}
        process = started(tmp_path, machine)
        if kind == "time":
            # Slow enough that no machine is done before it is killed.
            machine.before["capture"] = [lambda _: time.sleep(0.3)] * 3 * PAGES
            time.sleep(chance.uniform(0.5, 3))
            process.kill()
        else:
            machine.before[kind] = [*[usual] * number, lambda _, process=process: process.kill()]
        assert process.wait(60) in (-signal.SIGKILL, 0)
        assert not before & set(machine.replayed[replayed:]), "what is held is not asked for again"
    before, replayed = held(tmp_path), len(machine.replayed)
    assert 0 < len(before) < 3 * PAGES
    machine.before = {"index": [], "capture": []}
    assert crawl(tmp_path, machine).returncode == 0
    assert not before & set(machine.replayed[replayed:])
    beside = tmp_path / "beside"
    beside.mkdir()
    assert crawl(beside, machine).returncode == 0
    assert everything(tmp_path) == everything(beside)
    assert states(tmp_path) == {"held": 3 * PAGES}
    assert len(everything(tmp_path)[0]) == 2 * PAGES, "the same bytes at another moment are no capture"
    archive = tmp_path / "archive"
    assert check(archive, EvidenceReader(archive))[0].findings == []


def test_a_bad_row_of_the_index_costs_itself(httpserver: HTTPServer, tmp_path: Path) -> None:
    """Its month is 00; such rows exist."""
    kept = [Kept(f"{SITE}{STORY}", "20180612032000", CLINIC), Kept(f"{SITE}{OTHER}", "20200001120000", TOLL + b" ")]
    done = crawl(tmp_path, Machine(httpserver, [*kept, Kept(f"{SITE}{OTHER}", "20180712032000", TOLL)]))
    assert done.returncode == 0, done.stderr
    assert states(tmp_path) == {"held": 2}
    assert "rows of the index passed over: 1, the first: '20200001120000' is no moment" in done.stderr
    assert "rows of its index passed over: 1" in done.stderr
