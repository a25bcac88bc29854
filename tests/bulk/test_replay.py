"""`postscraper replay`: killed at any moment, with any number of readers, the archive is the same."""

import gzip
import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from random import Random
from shutil import copytree

import pytest
from scrapy.settings import Settings

from postscraper.bulk import replay
from postscraper.bulk.workers import DIED
from postscraper.newspapers import POST
from postscraper.run.run import Run
from postscraper.run.scope import Scope
from storage.archive import Archive, Outcome
from storage.evidence.store import Evidence
from storage.warc.digests import has_digest
from storage.warc.exchange import RecordLocation
from tests.helpers.commands import program, run
from tests.helpers.crashing_reader import dies
from tests.helpers.paths import ROOT
from tests.helpers.warc_files import again, earlier, page_at, pages, records, wacz, warc_gz, warc_zst

COUNT = 400
TABLES = ("story", "reading", "capture", "revision", "image", "sighting", "ledger", "replayed")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four files of several forms, with revisits and damage."""
    folder = tmp_path_factory.mktemp("theirs")
    found = list(pages(COUNT))
    warc_gz(folder / "a.warc.gz", found[:200])
    warc_zst(folder / "b.warc.zst", found[200:300])
    wacz(folder / "c.wacz", found[300:])
    revisits = [records([again(page, 9_000)], same_as=earlier(page))[1] for page in found[:20]]
    (folder / "d.warc").write_bytes(b"".join(revisits) + b"WARC/1.1\r\nContent-Length: 9")
    return folder


def open_run(archive: Path) -> Run:
    settings = Settings()
    settings.setmodule("postscraper.settings")
    settings.set("ARCHIVE_DIR", str(archive))
    return Run.open(POST, Scope(source="warc"), settings)


def replayed(archive: Path, *paths: Path, jobs: int = 1, link: bool = True) -> replay.Progress:
    opened = open_run(archive)
    try:
        return replay.Replay(opened, paths, jobs=jobs, link=link).run(lambda _: None)
    finally:
        opened.close()


@pytest.fixture(scope="module")
def linked(theirs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, replay.Progress]:
    """An archive of the four files by one reader, made once, and what came."""
    archive = tmp_path_factory.mktemp("linked") / "archive"
    return archive, replayed(archive, theirs)


def rows(archive: Path, *, places: bool = True) -> dict[str, list[tuple[object, ...]]]:
    """All that the archive holds; places: where its bytes are, too."""
    with closing(sqlite3.connect(archive / "archive.db")) as connection:
        found = {}
        for table in TABLES:
            # Each start makes due anew what failed in the run before.
            columns = connection.execute(f"PRAGMA table_info({table})")
            names = [row[1] for row in columns if row[1] not in ("due_at", "tries")]
            wanted = ", ".join(name for name in names if places or not name.startswith("evidence_"))
            found[table] = connection.execute(f"SELECT {wanted} FROM {table} ORDER BY 1, 2").fetchall()
        # How far a start has looked through the archive's own files says nothing of what was replayed.
        found["replayed"] = [row for row in found["replayed"] if not str(row[0]).startswith("post-")]
        return found


def test_any_number_of_readers_gives_the_same_archive(
    theirs: Path, linked: tuple[Path, replay.Progress], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, one = linked
    monkeypatch.setattr(replay, "BATCH", 7)
    three = replayed(tmp_path / "three", theirs, jobs=3)
    assert (one.pages, one.outcomes, one.skipped) == (three.pages, three.outcomes, three.skipped)
    assert one.pages > COUNT // 2
    assert [each.file for each in one.damages] == [str(theirs / "d.warc")]
    assert one.damages == three.damages
    revisits = "evidence_file LIKE 'post-%'"
    assert asked(archive, f"SELECT count(*) FROM capture WHERE {revisits}")[0][0] > 10
    for name in TABLES:
        assert rows(archive, places=False)[name] == rows(tmp_path / "three", places=False)[name], name


def test_a_replay_is_a_run_with_its_counts_and_its_end(theirs: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    assert run("replay", theirs, "--jobs", 2, "--link", "--archive", archive).exit_code == 0
    report = json.loads(run("runs", 1, "--json", "--archive", archive).stdout)
    assert (report["newspaper"], report["source"], report["exit_code"]) == ("post", "replay", 0)
    assert report["arguments"] == {"paths": [str(theirs)], "link": True}
    assert (report["requests"], report["queued"]) == (None, None)
    assert report["ended_at"] > report["started_at"]
    captures = asked(archive, "SELECT count(*) FROM capture")[0][0]
    assert sum(report["outcomes"].values()) >= captures > 0  # type: ignore[operator]
    unread = asked(archive, "SELECT reason, count(*) FROM capture WHERE outcome = 'unread' GROUP BY 1 ORDER BY 1")
    assert list(report["unread"].items()) == unread
    has, of, floor = report["filled"]["byline"]
    assert 0 < has <= of
    assert (of, floor) == (report["filled"]["section"][1], POST.floors["byline"])
    (theirs.parent / "letter.txt").write_text("No WARC.")
    assert run("replay", theirs.parent / "letter.txt", "--archive", archive).exit_code == 2
    (failed, _) = json.loads(run("runs", "--json", "--archive", archive).stdout)
    assert failed["exit_code"] == 2
    assert failed["reason"].startswith(f"{theirs.parent}/letter.txt: no WARC")


def asked(archive: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(archive / "archive.db")) as connection:
        return connection.execute(question).fetchall()


@pytest.mark.parametrize("link", [True, False])
def test_every_capture_can_be_read_again(
    theirs: Path, linked: tuple[Path, replay.Progress], tmp_path: Path, link: bool
) -> None:
    if link:
        copytree(linked[0], tmp_path / "archive")
    else:
        replayed(tmp_path / "archive", theirs, link=False)
    evidence = Evidence.open(tmp_path / "archive" / "evidence")
    with Archive.open(tmp_path / "archive", readonly=True) as archive:
        for row in archive.captures():
            place = RecordLocation(file=row.evidence_file, offset=row.evidence_offset, length=row.evidence_length)
            assert has_digest(evidence.read(place).body, row.digest)
            assert evidence.read(place).source == row.source == "warc"
            assert Path(place.file).is_absolute() == (link and not place.file.startswith("post-"))
    done = run("verify", "--archive", tmp_path / "archive")
    assert done.exit_code == 0, done.output


def test_a_second_replay_reads_nothing(theirs: Path, linked: tuple[Path, replay.Progress], tmp_path: Path) -> None:
    copytree(linked[0], tmp_path / "archive")
    before = rows(tmp_path / "archive")
    again_ = replayed(tmp_path / "archive", theirs)
    assert (again_.pages, again_.before) == (0, again_.bytes)
    assert rows(tmp_path / "archive") == before


def test_what_is_written_to_the_end_of_a_file_is_read(tmp_path: Path) -> None:
    found = list(pages(60))
    path = warc_gz(tmp_path / "x.warc.gz", found)
    whole = path.read_bytes()
    with_some = len(warc_gz(tmp_path / "y.warc.gz", found[:1]).read_bytes())
    assert with_some < 64 * 2**10 < len(whole)
    ends = [place.offset for place, _ in Evidence.open(tmp_path).records("x.warc.gz")]
    path.write_bytes(whole[: ends[-10]])
    first = replayed(tmp_path / "archive", path)
    path.write_bytes(whole)
    second = replayed(tmp_path / "archive", path)
    assert second.before == ends[-10]
    assert first.pages + second.pages == len(asked(tmp_path / "archive", "SELECT 1 FROM capture"))
    assert second.pages <= 10


class Stopped(Exception):
    """The replay ends after its first transaction."""


@pytest.mark.parametrize("form", ["request behind", "request before", "several in a member"])
def test_a_restart_repeats_no_page_and_loses_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    info, *pairs = records(pages(20))
    if form == "request before":
        pairs = [record for number in range(0, 40, 2) for record in (pairs[number + 1], pairs[number])]
    size = 8 if form == "several in a member" else 1
    members = [info, *(b"".join(pairs[at : at + size]) for at in range(0, 40, size))]
    path = tmp_path / "x.warc.gz"
    path.write_bytes(b"".join(gzip.compress(member, mtime=0) for member in members))
    monkeypatch.setattr(replay, "TRANSACTION", 3)
    monkeypatch.setattr(replay, "BATCH", 3)

    def stop(progress: replay.Progress) -> None:
        if progress.pages:
            raise Stopped

    opened = open_run(tmp_path / "archive")
    first = replay.Replay(opened, [path], jobs=1)
    with pytest.raises(Stopped):
        first.run(stop)
    opened.close()
    second = replayed(tmp_path / "archive", path, link=False)
    assert 0 < first.progress.pages < 20
    assert first.progress.pages + second.pages == 20
    assert Outcome.KNOWN_CAPTURE not in second.outcomes
    evidence = Evidence.open(tmp_path / "archive" / "evidence")
    kept = [exchange for file in evidence.files() for _, exchange in evidence.records(file)]
    assert [bool(exchange.request_headers) for exchange in kept] == [True] * 20


def test_a_page_that_quotes_a_request_record_is_no_request(tmp_path: Path) -> None:
    quoted = b"<html><pre>\nWARC-Type: request\r\n\r\nGET /about HTTP/1.1</pre></html>"
    path = warc_gz(tmp_path / "x.warc.gz", [page_at("https://www.phnompenhpost.com/about", quoted, 0)])
    assert replayed(tmp_path / "archive", path).pages == 1


@pytest.mark.long
def test_a_page_that_kills_its_reader_costs_itself(tmp_path: Path) -> None:
    found = list(pages(200))
    path = warc_gz(tmp_path / "x.warc.gz", found)
    opened = open_run(tmp_path / "archive")
    try:
        progress = replay.Replay(opened, [path], jobs=2, link=True).run(lambda _: None, read=dies)
    finally:
        opened.close()
    dead = asked(tmp_path / "archive", f"SELECT url FROM capture WHERE detail = '{DIED}'")
    deadly = [page.url for page in found if b"Number 1." in page.body and "clinic" in page.url]
    assert deadly
    assert [url for (url,) in dead] == deadly
    assert [each.what for each in progress.damages] == [f"{url}: {DIED}" for url in deadly]
    replayed(tmp_path / "beside", path)
    for archive in ("archive", "beside"):
        assert asked(tmp_path / archive, "SELECT count(*) FROM capture")[0][0] == progress.pages


# The real command, with small transactions, so that a kill falls between many.
SMALL = "from postscraper.bulk import replay; replay.TRANSACTION, replay.BATCH = 25, 8\n"


def start(theirs: Path, archive: Path, *words: str) -> subprocess.Popen[bytes]:
    call = ("-c", f"{SMALL}from postscraper.cli.main import main; main()", "replay", theirs, "--jobs", "2")
    with errors_of(archive).open("wb") as errors:
        # Of its own, not forked: it starts processes itself.
        return subprocess.Popen([sys.executable, *call, "--archive", archive, *words], cwd=ROOT, stderr=errors)


def errors_of(archive: Path) -> Path:
    return archive.with_name(f"{archive.name}.errors")


def ended(running: subprocess.Popen[bytes], archive: Path) -> int:
    assert running.wait(300) in (0, -9), errors_of(archive).read_text()
    return running.wait()


def killed(theirs: Path, tmp_path: Path, kills: int, *words: str) -> None:
    """Killed at random moments until it comes to its end, each time anew, and compared with one that nobody killed.

    A start takes most of the time: the moments lie between the first transaction and the last.
    """
    began = time.monotonic()
    assert ended(start(theirs, tmp_path / "beside", *words), tmp_path / "beside") == 0
    seconds = time.monotonic() - began
    chance, archive, codes = Random(4), tmp_path / "killed", list[int]()
    for _ in range(kills):
        running = start(theirs, archive, *words)
        try:
            running.wait(chance.uniform(0.2, 0.7) * seconds)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
        codes.append(ended(running, archive))
    assert ended(start(theirs, archive, *words), archive) == 0
    assert -9 in codes
    wanted = rows(tmp_path / "beside", places=False)
    for name, found in rows(archive, places=False).items():
        assert found == wanted[name], name
    places = asked(archive, "SELECT evidence_file, evidence_offset FROM capture WHERE evidence_file NOT LIKE '/%'")
    evidence = Evidence.open(archive / "evidence")
    kept = [(place.file, place.offset) for file in evidence.files() for place, _ in evidence.records(file)]
    assert sorted(kept) == sorted(places), "every record has a row, and every row a record"


@pytest.mark.long
@pytest.mark.parametrize("words", [("--link",), ()])
def test_killed_at_random_moments(theirs: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    killed(theirs, tmp_path, 3, *words)


@pytest.mark.long
@pytest.mark.parametrize("words", [("--link",), ()])
def test_killed_at_twenty_random_moments(theirs: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    killed(theirs, tmp_path, 20, *words)


def test_the_command_tells_what_came(theirs: Path, tmp_path: Path) -> None:
    done = run("replay", theirs, "--jobs", 1, "--link", "--archive", tmp_path / "archive")
    assert done.exit_code == 0, done.output
    assert " pages: " in done.stdout
    assert "new stories" in done.stdout
    assert f"{theirs}/d.warc, byte " in done.stderr
    done = run("replay", theirs, "--jobs", 1, "--link", "--archive", tmp_path / "archive")
    assert done.stdout.startswith("0 pages\n")
    assert "had been read by an earlier replay" in done.stdout
    mistyped = run("replay", tmp_path / "away", "--archive", tmp_path / "none")
    assert (mistyped.exit_code, "does not exist" in mistyped.stderr) == (2, True)
    assert not (tmp_path / "none").exists(), "no archive is made for a mistyped path"


def test_readers_end_with_the_writer(theirs: Path, tmp_path: Path) -> None:
    running = start(theirs, tmp_path / "archive")
    children: list[int] = []
    until = time.monotonic() + 60
    while len(children) < 2 and time.monotonic() < until and running.poll() is None:
        children = children_of(running.pid)
        time.sleep(0.02)
    assert children
    time.sleep(1.5)
    running.kill()
    running.wait()
    until = time.monotonic() + 20
    while any(lives(each) for each in children) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(lives(each) for each in children)


def children_of(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.long
def test_the_program_itself(theirs: Path, tmp_path: Path) -> None:
    done = program("replay", theirs / "a.warc.gz", "--link", "--archive", tmp_path / "archive")
    assert done.returncode == 0, done.stderr
    assert not done.stderr, "no bar where there is no terminal"
