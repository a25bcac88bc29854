"""Stories that one answer carries whole: filed with it, proved, read again and rebuilt as parts of it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from postscraper.run.evidence_reader import EvidenceReader
from postscraper.run.reprocess import CaptureSelection, accept, compare
from storage.archive import Archive
from storage.errors import NoSuchStory
from storage.maintenance.check import check, verify
from tests.helpers.archives import file, read, run_on
from tests.helpers.canonical import ask, canonical
from tests.helpers.commands import run
from tests.helpers.warc_files import warc_gz
from tests.storage.maintenance.test_withdraw_parts import BRIDGE, FEED, FERRY, MARKET, SCHOOL, WORDS, feed, posts


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A feed, the same stories by REST, and a feed in which they are edited."""
    folder = tmp_path / "archive"
    with run_on(folder) as opened:
        file(opened, feed(FERRY, MARKET, SCHOOL))
        file(opened, posts(FERRY, MARKET, BRIDGE, hours=1))
        file(opened, feed(FERRY, MARKET, hours=2, more=" It is certain now."))
    return folder


def revisions(folder: Path) -> dict[str, int]:
    with Archive.open(folder, readonly=True) as opened:
        return {item["canonical_url"]: item["revisions"] for item in opened.stories()}


def test_equal_words_of_feed_and_rest_are_one_revision(archive: Path) -> None:
    assert revisions(archive) == {FERRY: 2, MARKET: 2, SCHOOL: 1, BRIDGE: 1}


def test_a_story_is_found_by_its_own_address_alone(archive: Path) -> None:
    with Archive.open(archive, readonly=True) as opened:
        assert {each.part for each in opened.story(FERRY).captures} == {FERRY}
        with pytest.raises(NoSuchStory):
            opened.story(FEED)
        assert [hit.canonical_url for hit in opened.search('"customs house"')] == [FERRY]


def test_check_verify_and_rebuild_know_the_parts(archive: Path) -> None:
    before = canonical(archive)
    report = verify(archive, EvidenceReader(archive))
    assert (report.findings, dict(report.counts)) == ([], {"equal": 11})
    assert check(archive, EvidenceReader(archive))[0].findings == []
    assert run("rebuild", "--archive", archive).exit_code == 0
    after = canonical(archive)
    assert {name: after[name] for name in after if name != "ledger"} == {
        name: before[name] for name in before if name != "ledger"
    }


def test_a_wrong_value_of_one_part_is_named_and_no_other(archive: Path) -> None:
    ask(archive, "UPDATE capture SET layout = 'paper' WHERE part = ? AND url = ?", MARKET, FEED)
    found = verify(archive, EvidenceReader(archive)).findings
    rows = {f"capture {row[0]} ({FEED})" for row in ask(archive, "SELECT id FROM capture WHERE layout = 'paper'")}
    assert {each.where for each in found} == rows
    assert all("layout" in each.fields for each in found)


def test_a_part_without_a_row_is_found_and_read_in(archive: Path) -> None:
    whole = canonical(archive)["export"]
    (lost,) = ask(archive, "SELECT id FROM capture WHERE part = ?", BRIDGE)[0]
    with Archive.open(archive) as opened, opened.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    for statement in (
        f"DELETE FROM revision WHERE capture_id = {lost}",
        f"DELETE FROM story WHERE canonical_url = '{BRIDGE}'",
        f"DELETE FROM capture WHERE id = {lost}",
        "DELETE FROM reading WHERE id NOT IN (SELECT reading_id FROM capture WHERE reading_id IS NOT NULL)",
    ):
        ask(archive, statement)
    kinds = {each.kind for each in verify(archive, EvidenceReader(archive)).findings}
    assert "unfiled" in kinds
    assert run("rebuild", "--archive", archive).exit_code == 0
    assert canonical(archive)["export"] == whole


def test_a_reread_finds_the_parts_that_were_not_read_before(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    with run_on(folder) as opened:
        item, *_ = read(opened, feed(FERRY, MARKET))
        del opened._pending[item.capture][0][1:]  # as by a program that knew lists alone
        opened.commit([opened.answer(item)])
    assert revisions(folder) == {}
    with Archive.open(folder) as opened_archive:
        report = compare(opened_archive, EvidenceReader(folder), CaptureSelection())
        assert report.outcomes["nothing → article"].changed == 2
        accept(opened_archive, EvidenceReader(folder), report)
    assert revisions(folder) == {FERRY: 1, MARKET: 1}
    assert verify(folder, EvidenceReader(folder)).findings == []
    with Archive.open(folder) as opened_archive:
        assert compare(opened_archive, EvidenceReader(folder), CaptureSelection()).changed == 0


def test_what_a_crash_left_is_read_in_with_its_parts(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    with run_on(folder) as opened:
        opened.record(feed(FERRY, MARKET, SCHOOL))
        opened.recorder.sync()
        shutil.copytree(folder, tmp_path / "crashed", ignore=shutil.ignore_patterns("*-shm"))
    with run_on(tmp_path / "crashed"):
        pass
    assert revisions(tmp_path / "crashed") == {FERRY: 1, MARKET: 1, SCHOOL: 1}
    assert verify(tmp_path / "crashed", EvidenceReader(tmp_path / "crashed")).findings == []


def test_a_replay_brings_the_same_parts(archive: Path, tmp_path: Path) -> None:
    exchanges = (feed(FERRY, MARKET, SCHOOL), posts(FERRY, MARKET, BRIDGE, hours=1))
    theirs = warc_gz(tmp_path / "theirs.warc.gz", [replace(each, source="warc") for each in exchanges])
    for words in ((), ("--link",)):
        folder = tmp_path / f"replayed{len(words)}"
        done = run("replay", theirs, "--jobs", 1, *words, "--archive", folder)
        assert done.exit_code == 0, done.output
        assert revisions(folder) == {FERRY: 1, MARKET: 1, SCHOOL: 1, BRIDGE: 1}
        assert verify(folder, EvidenceReader(folder)).findings == []
    assert WORDS[FERRY] in canonical(folder)["export"]
