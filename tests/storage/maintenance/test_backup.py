"""A copy of an archive, made while it is written to."""

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from resource import RLIMIT_FSIZE, setrlimit
from tempfile import TemporaryDirectory
from threading import Event, Thread

import pytest

from postscraper.run.evidence_reader import EvidenceReader
from storage.archive import Archive
from storage.maintenance.backup import backup
from storage.maintenance.check import check, verify
from storage.warc.files import raw_records
from tests.helpers.archives import SITE, answer, file, fill, read, run_on, saved_pages
from tests.helpers.commands import refused, run, started
from tests.helpers.permissions import no_superuser


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    fill(tmp_path / "archive", saved_pages(every=6))
    return tmp_path / "archive"


def test_a_copy_is_the_archive(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copies" / "one"
    told = json.loads(run("backup", copy, "--json", "--archive", archive).stdout)
    (whole,) = (archive / "evidence").iterdir()
    assert (copy / "evidence" / whole.name).read_bytes() == whole.read_bytes()
    assert {each["file"]: each["bytes"] for each in told["files"]} == {
        str(path.relative_to(copy)): path.stat().st_size for path in copy.rglob("*") if path.is_file()
    }
    with Archive.open(archive, readonly=True) as old, Archive.open(copy, readonly=True) as new:
        assert list(new.stories()) == list(old.stories())
        assert list(new.ledger.rows()) == list(old.ledger.rows())
    assert run("verify", "--archive", copy).exit_code == 0


@pytest.mark.long
def test_copies_of_a_growing_archive_are_sound(archive: Path, tmp_path: Path) -> None:
    enough, began = Event(), Event()

    def crawl() -> None:
        page = saved_pages()[1]
        assert page.captured_at is not None
        with run_on(archive) as opened:
            number = 0
            while not enough.is_set():
                number += 1
                at = page.captured_at + timedelta(seconds=number)
                body = page.body.replace(b"</title>", b" %d</title>" % number)
                file(opened, answer(replace(page, url=f"{SITE}/national/story-{number}", body=body, captured_at=at)))
                # Kept, and not yet named by a row: no copy may hold it.
                unnamed = replace(page, url=f"{SITE}/national/waits-{number}", captured_at=at)
                waiting = read(opened, answer(unnamed))[0]
                began.set()
                opened.commit([opened.answer(waiting)])

    crawler = Thread(target=crawl)
    crawler.start()
    try:
        assert began.wait(30)
        counts = [copied(archive, tmp_path / f"copy-{number}") for number in range(5)]
    finally:
        enough.set()
        crawler.join(30)
    assert counts == sorted(counts)
    assert counts[-1] > counts[0], "the archive grew meanwhile"
    assert verify(archive, EvidenceReader(archive)).counts["equal"] > counts[-1]


def copied(archive: Path, copy: Path) -> int:
    assert verify(archive, EvidenceReader(archive)).findings == [], "what is being written is no fault"
    assert run("backup", copy, "--archive", archive).exit_code == 0
    report = verify(copy, EvidenceReader(copy))
    assert report.findings == []
    last = max((copy / "evidence").iterdir())
    assert b"WARC-Type: request" in list(raw_records(last, print))[-1].raw, "the question behind the last answer"
    return report.counts["equal"]


def test_the_way_back_to_a_copy(archive: Path, tmp_path: Path) -> None:
    """As README and `backup --help` have it: the archive is lost, the copy takes its place, and a crawl goes on."""
    copy = tmp_path / "copy"
    assert run("backup", copy, "--archive", archive).exit_code == 0
    with Archive.open(archive, readonly=True) as opened:
        stories, addresses = list(opened.stories()), list(opened.ledger.rows())
    shutil.rmtree(archive)
    subprocess.run(["cp", "-a", copy, archive], check=True)
    for command in ("check", "verify"):
        assert run(command, "--archive", archive).exit_code == 0
    with Archive.open(archive, readonly=True) as opened:
        assert (list(opened.stories()), list(opened.ledger.rows())) == (stories, addresses)
    with run_on(archive) as resumed:
        due = resumed.due(1)[0]
        page = replace(saved_pages()[1], url=due.url)
        assert page.captured_at is not None
        file(resumed, answer(replace(page, captured_at=page.captured_at + timedelta(days=900))))
    assert len(list((archive / "evidence").iterdir())) == len(list((copy / "evidence").iterdir())) + 1
    for command in ("check", "verify"):
        assert run(command, "--archive", archive).exit_code == 0


def test_a_disk_that_takes_no_more_is_no_traceback(archive: Path, tmp_path: Path) -> None:
    limited = partial(setrlimit, RLIMIT_FSIZE, (2**16, 2**16))
    done = started("backup", tmp_path / "copy", "--archive", archive, preexec_fn=limited)
    (sentence,) = done.stderr.decode().splitlines()
    assert (done.returncode, sentence.startswith("postscraper: the disk of ")) == (10, True), sentence
    assert "fails to read or write" in sentence


def test_another_user_may_copy_and_check(archive: Path) -> None:
    with TemporaryDirectory() as outside:  # pytest's own folders are closed to other users
        Path(outside).chmod(0o777)
        old = shutil.copytree(archive, Path(outside) / "archive")
        (old / ".lock").touch()
        for path in (old, *old.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        with no_superuser(old):
            written = backup(old, Path(outside) / "copy")
            report, unfiled = check(old, EvidenceReader(old))
        old.chmod(0o755)
    assert len(written) == 2
    assert (report.findings, unfiled) == ([], [])


def test_a_folder_that_holds_anything_is_refused(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("Mine.")
    refused(run("backup", tmp_path / "full", "--archive", archive), 2, "not empty")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["notes.txt"]
    refused(run("backup", tmp_path / "new", "--archive", tmp_path / "none"), 5, "no archive")
    assert not (tmp_path / "new").exists()
