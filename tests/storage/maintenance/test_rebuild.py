"""The database built anew from the evidence: equal to the one before, whatever becomes of the run."""

import json
import os
import re
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from postscraper.items import Receipt, Unread
from postscraper.run.evidence_reader import EvidenceReader
from storage.archive import Archive
from storage.database.lock import RunLock
from storage.ledger.selection import Selection
from storage.ledger.states import Discovery
from storage.maintenance.check import verify
from tests.helpers.archives import SITE, answer, file, fill, run_on, saved_pages
from tests.helpers.canonical import ask, canonical
from tests.helpers.commands import refused, run
from tests.helpers.crawls import scrapy
from tests.helpers.paths import ROOT
from tests.helpers.programs import Program, complete

MIRROR = "http://127.0.0.1:8123"
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What runs leave: two newspapers, a mirror, hops, failures, rules, names that a person asked for."""
    folder = tmp_path_factory.mktemp("filled") / "archive"
    pages = saved_pages(every=4)
    fill(folder, pages)
    with run_on(folder, paper="postkhmer") as opened:
        file(opened, *(answer(each) for each in saved_pages() if "postkhmer" in each.url and each not in pages))
    with run_on(folder, origin=MIRROR) as opened:
        story = pages[1]
        away = answer(story, url=f"{MIRROR}/old-address", status=302, headers=(("Location", "/new-address"),), body=b"")
        round_about = answer(story, url=f"{MIRROR}/national/x/", status=301, headers=(("Location", "/national/x"),))
        opened.record(round_about)
        file(opened, away, answer(story, url=f"{MIRROR}/national/x"))
        ledger = opened.archive.ledger
        asked = f"{SITE}/national/asked-for"
        names = [asked, *(f"{SITE}/national/{name}" for name in ("failed", "forbidden", "leased"))]
        ledger.discover([Discovery(url=each, address=each, kind="story", found_by="asked") for each in names], NOW)
        ledger.failed(names[1], "TimeoutError", NOW)
        ledger.excluded(names[2], "robots.txt", NOW)
        ledger.lease(1, Selection(addresses=[names[3]]), now=NOW)
        visited = opened.reader.address(f"{MIRROR}/national/x")
        ledger.failed(visited, "ConnectionRefusedError", NOW + timedelta(days=400))
    return folder


@pytest.fixture
def archive(filled: Path, tmp_path: Path) -> Path:
    return shutil.copytree(filled, tmp_path / "archive")


def test_the_rebuilt_archive_says_the_same(archive: Path) -> None:
    before = canonical(archive)
    assert len(before["captures"]) > 20
    told = json.loads(run("rebuild", "--json", "--archive", archive).stdout)
    assert canonical(archive) == before
    assert told["before"] == told["after"]
    assert (told["beside"], told["captures"], told["damage"], told["kept"]) == (2, 0, [], None)
    assert {path.name for path in archive.iterdir()} == {".lock", "archive.db", "evidence"}
    assert verify(archive, EvidenceReader(archive)).findings == []
    again = run("rebuild", "--archive", archive)
    assert "Taken over from the old database, for no page has it: " in again.stdout
    assert canonical(archive) == before


def test_without_the_old_database_pages_are_there_and_what_people_asked_is_not(archive: Path) -> None:
    before = canonical(archive)
    (archive / "archive.db").unlink()
    told = json.loads(run("rebuild", "--json", "--archive", archive).stdout)
    after = canonical(archive)
    assert told["before"] is None
    assert {name for name in before if after[name] != before[name]} == {"ledger"}
    heard = {row[0] for row in after["ledger"]}
    assert heard < {row[0] for row in before["ledger"]}
    assert f"{SITE}/national/asked-for" not in heard
    visited = {row[0]: row[18:] for row in before["ledger"] if row[9] not in ("failed", "excluded") and row[18]}
    assert {row[0]: row[18:] for row in after["ledger"] if row[0] in visited} == visited
    assert verify(archive, EvidenceReader(archive)).findings == []


def test_a_database_that_cannot_be_read_is_set_aside(archive: Path) -> None:
    before = canonical(archive)
    (archive / "archive.db").write_bytes(b"SQLite format 3\0" + os.urandom(5000))
    (archive / "archive.db-wal").write_bytes(os.urandom(5000))
    told = json.loads(run("rebuild", "--json", "--archive", archive).stdout)
    assert told["kept"] == str(archive / "archive.db.damaged-1")
    assert canonical(archive)["export"] == before["export"]
    assert (archive / "archive.db.damaged-1-wal").stat().st_size == 5000


def test_what_the_evidence_does_not_give_is_taken_over(archive: Path) -> None:
    """A capture without a record, and captures whose file is lost."""
    item = saved_unread(archive)
    before = canonical(archive)
    lost = next((archive / "evidence").glob("postkhmer-*"))
    lost.unlink()
    told = json.loads(run("rebuild", "--json", "--archive", archive).stdout)
    assert canonical(archive) == before
    assert told["captures"] == 1 + len([row for row in before["captures"] if row[6] == lost.name])
    assert any(row[0] == item.url for row in before["captures"])


def saved_unread(archive: Path) -> Unread:
    url = f"{SITE}/national/by-hand"
    receipt = Receipt(url=url, captured_at=None, status=200, source="folder", digest="sha256:1", record=None)
    item = Unread(reason="no_body", detail="a sentence", url=url, capture=receipt)
    with Archive.open(archive) as opened:
        opened.add(item)
    return item


def test_files_left_elsewhere_are_read_anew_where_they_are(archive: Path, tmp_path: Path) -> None:
    before = canonical(archive)
    own, elsewhere = next((archive / "evidence").glob("postkhmer-*")), tmp_path / "a.warc.gz"
    own.replace(elsewhere)
    with closing(sqlite3.connect(archive / "archive.db")) as database, database:
        names = (str(elsewhere), own.name)
        count = database.execute("UPDATE capture SET evidence_file = ? WHERE evidence_file = ?", names).rowcount
    linked = canonical(archive)
    told = json.loads(run("rebuild", "--json", "--archive", archive).stdout)
    assert (told["linked"], told["captures"]) == (count, 0)
    assert canonical(archive) == linked
    assert [row[9:] for row in linked["captures"]] == [row[9:] for row in before["captures"]]


def test_a_later_answer_in_the_evidence_counts_more_than_an_older_row(archive: Path) -> None:
    """As after a crash: the record is there, the transaction is not."""
    address = ask(archive, "SELECT address FROM ledger WHERE state = 'done' AND visits = 1 ORDER BY 1")[0][0]
    before = canonical(archive)
    with closing(sqlite3.connect(archive / "archive.db")) as database, database:
        database.execute(
            "UPDATE ledger SET state = 'known', visited_at = NULL, visits = 0, capture_id = NULL WHERE address = ?",
            (address,),
        )
    assert run("rebuild", "--archive", archive).exit_code == 0
    (row,) = [row for row in canonical(archive)["ledger"] if row[0] == address]
    (was,) = [row for row in before["ledger"] if row[0] == address]
    assert (row[9], row[16:]) == (was[9], was[16:])


def test_damaged_evidence_is_told(archive: Path) -> None:
    file = min((archive / "evidence").glob("post-*"))
    offset, length = ask(
        archive, "SELECT evidence_offset, evidence_length FROM capture WHERE evidence_file = ? ORDER BY 1", file.name
    )[3]
    content = bytearray(file.read_bytes())
    content[offset + 20 : offset + length - 20] = bytes(length - 40)
    file.write_bytes(content)
    before = canonical(archive)
    told = json.loads(run("rebuild", "--json", "--archive", archive).stdout)
    assert (file.name, offset) in [(each["file"], each["offset"]) for each in told["damage"]]
    assert told["captures"] == len(told["damage"]), "and what refers to it for its body"
    assert canonical(archive) == before


def test_who_reads_the_archive_is_not_left_with_half_of_two(archive: Path) -> None:
    before = canonical(archive)
    with closing(sqlite3.connect(archive / "archive.db")) as reader:
        reader.execute("SELECT count(*) FROM story").fetchone()
        refused(run("rebuild", "--archive", archive), 7, "another program has it open", "postscraper rebuild")
    assert canonical(archive) == before
    assert run("rebuild", "--archive", archive).exit_code == 0
    assert canonical(archive) == before


def test_not_during_a_crawl_and_not_without_an_archive(archive: Path, tmp_path: Path) -> None:
    with RunLock(archive):
        refused(run("rebuild", "--archive", archive), 7, "is in use by process")
    refused(run("rebuild", "--archive", tmp_path / "nothing"), 5, "there is no archive")
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("seconds", [0, 0.1, 0.3])
def test_killed_at_any_moment_it_is_begun_again(archive: Path, seconds: float) -> None:
    before = canonical(archive)
    running = Program(ROOT, "-m", "postscraper", "rebuild", "--archive", archive)
    while not (archive / "archive.rebuilding").exists():
        assert running.poll() is None
        time.sleep(0.005)
    time.sleep(seconds)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert canonical(archive) == before, "the old database, or the new one"
    assert run("rebuild", "--archive", archive).exit_code == 0
    assert canonical(archive) == before
    assert not list(archive.glob("archive.db.*"))


@pytest.mark.parametrize("step", ["link", "replace"])
def test_killed_around_the_swap(archive: Path, step: str) -> None:
    """The program ends right after the system call that gives the old database its second name, or takes its first."""
    before = canonical(archive)
    script = (
        "import os, sys, pathlib\n"
        "from postscraper.cli.commands.prove.maintenance import rebuild_command as command\n"
        "def ending(call):\n"
        "    def last(*args, **more):\n"
        "        call(*args, **more)\n"
        "        if str(args[0]).endswith('archive.db'):\n"
        "            os._exit(9)\n"
        "    return last\n"
        "if sys.argv[1] == 'link':\n"
        "    os.link = ending(os.link)\n"
        "else:\n"
        "    pathlib.Path.replace = ending(pathlib.Path.replace)\n"
        "command(['--archive', sys.argv[2]])\n"
    )
    assert complete(ROOT, "-c", script, step, archive).returncode == 9
    assert (archive / "archive.db.before-rebuild").exists()
    assert canonical(archive) == before
    assert run("rebuild", "--archive", archive).exit_code == 0
    assert canonical(archive) == before
    assert not list(archive.glob("archive.db.*"))


def test_a_redirect_in_a_circle_is_settled_and_rebuilt(tmp_path: Path, httpserver: HTTPServer) -> None:
    """One rule for crawl and rebuild: what is sent on to another form of its address gets no row."""

    def sent_on(request: Request) -> Response:
        path = request.path
        if path == "/robots.txt":
            return Response("", 404)
        return Response(status=301, headers={"Location": path.rstrip("/") if path.endswith("/") else f"{path}/"})

    httpserver.expect_request(re.compile(".*")).respond_with_handler(sent_on)
    origin = httpserver.url_for("").rstrip("/")
    settings = (f"PAPER_ORIGIN={origin}", "DOWNLOAD_DELAY=0", "AUTOTHROTTLE_ENABLED=False")
    done = scrapy(tmp_path, "crawl", "post", "-a", f"url={SITE}/national/circle", settings=settings)
    assert done.returncode == 0, done.stderr
    archive = tmp_path / "archive"
    assert ask(archive, "SELECT address, state, why FROM ledger") == [
        (f"{SITE}/national/circle", "unread", "no page, or sent on more than 5 times")
    ]
    before = canonical(archive)
    assert before["captures"] == []
    assert run("rebuild", "--archive", archive).exit_code == 0
    assert canonical(archive) == before
