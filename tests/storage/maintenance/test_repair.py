"""`postscraper check` tells what is wrong, and mends what the evidence can mend."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from postscraper.run.evidence_reader import EvidenceReader
from storage.archive import Archive
from storage.database.lock import RunLock
from storage.ledger.states import Discovery
from storage.maintenance.check import check, verify
from storage.warc.files import raw_records
from tests.helpers.archives import SITE, answer, file, fill, run_on, saved_pages
from tests.helpers.commands import refused, run

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "archive"
    fill(folder, saved_pages(every=4))
    return folder


@pytest.fixture
def archive(sound: Path, tmp_path: Path) -> Path:
    return copytree(sound, tmp_path / "archive")


def ask(folder: Path, question: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(folder / "archive.db")) as database, database:
        return database.execute(question, values).fetchall()


def evidence(folder: Path) -> Path:
    (found,) = (folder / "evidence").iterdir()
    return found


def stories(folder: Path) -> Any:
    with Archive.open(folder, readonly=True) as opened:
        return [{**each, "capture": None} for each in opened.stories()]


def mended(folder: Path) -> str:
    told = run("check", "--repair", "--archive", folder)
    assert told.exit_code == 0, told.output
    assert verify(folder, EvidenceReader(folder)).findings == []
    return told.stdout


def test_a_torn_tail_is_told_and_cut_off(archive: Path) -> None:
    whole = evidence(archive).read_bytes()
    record = next(raw_records(evidence(archive), print))
    evidence(archive).write_bytes(whole + whole[: record.length // 2])
    told = run("check", "--archive", archive)
    assert told.exit_code == 15
    assert f"tail: {evidence(archive).name}, byte {len(whole)}: the file ends inside this record" in told.stdout
    assert "was cut off" in mended(archive)
    assert evidence(archive).read_bytes() == whole


def test_a_record_without_a_row_is_read_in(archive: Path) -> None:
    page = replace(saved_pages()[1], url=f"{SITE}/national/a-page-of-an-interrupted-run")
    with run_on(archive) as opened:
        opened.record(answer(page))
        file(opened, answer(replace(page, url=f"{SITE}/national/another-page")))
    (found,) = check(archive, EvidenceReader(archive))[0].findings
    assert (found.kind, page.url in found.what) == ("unfiled", True)
    assert page.url in mended(archive)
    assert ask(archive, "SELECT count(*) FROM capture WHERE url = ?", page.url) == [(1,)]


def test_what_no_evidence_holds_cannot_be_mended(archive: Path) -> None:
    evidence(archive).rename(archive / "elsewhere")
    told = run("check", "--repair", "--archive", archive)
    assert told.exit_code == 15
    assert "bring the evidence file back from a copy" in told.stdout


def test_an_index_without_words_is_built_anew(archive: Path) -> None:
    ask(archive, "INSERT INTO words(words) VALUES ('delete-all')")
    assert "index of words was built anew" in mended(archive)


def test_a_broken_database_is_built_anew_and_kept(archive: Path) -> None:
    before = stories(archive)
    content = bytearray((archive / "archive.db").read_bytes())
    for page in range(5 * 4096, len(content), 16 * 4096):
        content[page : page + 64] = b"\xff" * 64
    (archive / "archive.db").write_bytes(content)
    assert "built anew" in mended(archive)
    assert stories(archive) == before
    assert (archive / "archive.db.damaged-1").read_bytes() == bytes(content)


def test_a_ledger_that_cannot_be_is_built_anew(archive: Path) -> None:
    before, known = stories(archive), ask(archive, "SELECT address FROM ledger ORDER BY 1")
    asked = f"{SITE}/national/asked-for-by-a-person"
    with Archive.open(archive) as opened:
        opened.ledger.discover([Discovery(url=asked, address=asked, kind="story", found_by="asked")], NOW)
    ask(archive, "UPDATE ledger SET priority = 0 WHERE state = 'done'")
    visited = ask(archive, "SELECT count(*) FROM ledger WHERE state = 'done'")
    assert "addresses of the ledger that could not be as they were begin anew" in mended(archive)
    assert ask(archive, "SELECT count(*) FROM ledger WHERE state = 'done'") == visited
    assert stories(archive) == before
    assert ask(archive, "SELECT address FROM ledger ORDER BY 1") == sorted([*known, (asked,)])


def test_a_story_that_is_not_what_its_captures_say_is_told_anew(archive: Path) -> None:
    before = stories(archive)
    ask(archive, "UPDATE revision SET headline = 'Nothing of the kind'")
    assert "built anew" in mended(archive)
    assert stories(archive) == before


def test_a_damaged_database_stays_while_it_alone_holds_a_capture(archive: Path) -> None:
    ask(archive, "UPDATE ledger SET priority = 0 WHERE state = 'done'")
    evidence(archive).unlink()
    captures = ask(archive, "SELECT count(*) FROM capture")
    assert run("check", "--repair", "--archive", archive).exit_code == 15
    assert ask(archive, "SELECT count(*) FROM capture") == captures


def test_repair_waits_for_no_crawl(archive: Path) -> None:
    with RunLock(archive):
        refused(run("check", "--repair", "--archive", archive), 7, "in use by process")
    refused(run("check", "--repair", "--archive", archive / "none"), 5, "no archive")
    assert not (archive / "none").exists()
