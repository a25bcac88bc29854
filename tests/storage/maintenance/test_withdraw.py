"""`postscraper withdraw`: what goes, what stays, and that a kill at any moment does no harm."""

import json
import shutil
import sqlite3
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from postscraper.items import Capture
from storage.archive import Outcome
from storage.evidence import compact_format
from storage.maintenance.compact import compact
from storage.warc.files import raw_records
from storage.warc.tombstones import withdrawn
from tests.helpers.archives import SITE, answer, by_hand, file, fill, read, run_on, saved_pages
from tests.helpers.commands import program, refused, run
from tests.helpers.crawls import scrapy
from tests.helpers.paths import ROOT, SAMPLES
from tests.helpers.programs import Program

STORY = f"{SITE}/national/river-clinic-opens-koh-thom"
WORDS = b"the jetty had been the hardest part of all"
REASON = "court order of 3 May 2026"
WITHDRAW = ("withdraw", STORY, "--reason", REASON, "--yes")


def clinic() -> Capture:
    return next(page for page in saved_pages() if page.url == STORY and WORDS in page.body)


def fill_up(archive: Path, pages: int) -> None:
    """The samples and stories made of them, among them the one to be withdrawn: at several times and addresses."""
    fill(archive, saved_pages())
    page = clinic()
    assert page.captured_at is not None
    numbered = [
        replace(
            page,
            url=f"{SITE}/national/made-{number}",
            captured_at=page.captured_at + timedelta(minutes=number),
            body=page.body.replace(b"river-clinic-opens-koh-thom", b"made-%d" % number).replace(
                WORDS, b"the number %d was the hardest part" % number
            ),
        )
        for number in range(pages)
    ]
    with run_on(archive) as opened:
        file(opened, *(answer(each) for each in numbered[::2]))
        again = replace(page, captured_at=page.captured_at + timedelta(days=400))
        edited = replace(again, body=page.body.replace(b"eleven beds", b"twelve beds"))
        later = timedelta(days=1)
        file(opened, answer(again))  # a revisit record
        file(opened, answer(replace(edited, captured_at=again.captured_at + later)))  # type: ignore[operator]
        mobile = replace(page, url=STORY.replace("www.", "m."), captured_at=again.captured_at + 2 * later)  # type: ignore[operator]
        file(opened, answer(mobile))
        file(opened, answer(replace(again, captured_at=again.captured_at + 3 * later), status=304, body=b""))  # type: ignore[operator]
        file(opened, by_hand(replace(edited, captured_at=again.captured_at + 4 * later)))  # type: ignore[operator]
        file(opened, *(answer(each) for each in numbered[1::2]))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = tmp_path_factory.mktemp("withdraw") / "archive"
    fill_up(archive, 150)
    return archive


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "archive"))


TABLES = ("story", "reading", "capture", "revision", "image", "sighting", "ledger", "replayed", "holding", "payload")


def rows(archive: Path) -> dict[str, set[tuple[Any, ...]]]:
    """Every row of every table, without the name of its teasers, which follows from the teasers."""
    connection = sqlite3.connect(archive / "archive.db")
    try:
        return {
            table: {
                tuple(value for name, value in zip(names, row, strict=True) if name != "teasers_digest")
                for names in [[column[1] for column in connection.execute(f"PRAGMA table_info({table})")]]
                for row in connection.execute(f"SELECT * FROM {table}")
            }
            for table in TABLES
        }
    finally:
        connection.close()


def asked(archive: Path, question: str, *values: Any) -> list[Any]:
    connection = sqlite3.connect(archive / "archive.db")
    try:
        return connection.execute(question, values).fetchall()
    finally:
        connection.close()


def evidence(archive: Path) -> dict[tuple[str, int, int], str]:
    """The digest of every record, by its place."""
    found = {}
    for path in sorted((archive / "evidence").glob("*.warc.gz")):
        damages: list[Any] = []
        for piece in raw_records(path, damages.append):
            found[path.name, piece.offset, piece.length] = sha256(piece.raw).hexdigest()
        assert not damages
    return found


def raw(archive: Path) -> bytes:
    """All that the archive's files hold, opened."""
    whole = b"".join(path.read_bytes() for path in archive.glob("archive.db*"))
    for name in compact_format.evidence_files(archive / "evidence"):
        whole += b"".join(piece.raw for piece in compact_format.raw_records(archive / "evidence" / name, print))
        path = compact_format.file_of(archive / "evidence" / name)
        whole += path.read_bytes()
    return whole


def is_sound(archive: Path) -> None:
    for command in ("check", "verify"):
        told = json.loads(run(command, "--json", "--archive", archive).stdout)
        assert (told["sound"], told["findings"]) == (True, []), command


def is_gone_and_nothing_else(archive: Path, before: dict[str, Any], kept: dict[tuple[str, int, int], str]) -> None:
    """before: rows. kept: digests of the records."""
    after, now = rows(archive), evidence(archive)
    captures = {row for row in before["capture"] if row[2] == STORY}
    assert len(captures) == 6
    ids = {row[0] for row in captures}
    assert before["capture"] - after["capture"] == captures
    (story,) = before["story"] - after["story"]
    assert story[1] == STORY
    assert {row[1] for row in before["revision"] - after["revision"]} == {story[0]}
    revisions = {row[0] for row in before["revision"] if row[1] == story[0]}
    assert {row[1] for row in before["image"] - after["image"]} <= revisions
    gone = before["sighting"] - after["sighting"]
    assert all(row[1] in ids or STORY in row for row in gone)
    assert not [row for row in after["sighting"] if STORY in row or row[1] in ids]
    assert {row[0] for row in before["ledger"] ^ after["ledger"]} == {STORY}
    ((state, why, due_at),) = asked(archive, "SELECT state, why, due_at FROM ledger WHERE address = ?", STORY)
    assert (state, why, due_at) == ("excluded", "withdrawn", None)
    for table in TABLES:
        new = after[table] - before[table]
        assert new == ({row for row in after["ledger"] if row[0] == STORY} if table == "ledger" else set()), table
    assert now.keys() == kept.keys(), "every record has its place and its length"
    places = {
        (name, offset) for (name, offset, length) in kept if now[name, offset, length] != kept[name, offset, length]
    }
    listed = set(asked(archive, "SELECT file, offset FROM withdrawn_record WHERE state = 'overwritten'"))
    assert places == listed
    assert places >= {(row[8], row[9]) for row in captures}


def test_a_story_goes_and_nothing_else_changes(archive: Path) -> None:
    before, kept, sizes = rows(archive), evidence(archive), {p.name: p.stat().st_size for p in archive.rglob("*.gz")}
    assert WORDS in raw(archive)
    told = json.loads(run(*WITHDRAW, "--json", "--archive", archive).stdout)
    is_gone_and_nothing_else(archive, before, kept)
    assert sizes == {p.name: p.stat().st_size for p in archive.rglob("*.gz")}
    assert WORDS not in raw(archive)
    is_sound(archive)
    assert told["addresses"] == [STORY]
    assert told["captures"] == len(before["capture"]) - len(rows(archive)["capture"])
    assert told["records_overwritten"] > told["captures"], "requests, too"
    refused(run("show", STORY, "--archive", archive), 4, "withdrawn", REASON)
    assert run("search", f'"{WORDS.decode()}"', "--archive", archive).stdout == ""
    assert "0 read otherwise" in run("reread", "--dry-run", "--archive", archive).stdout


def test_a_tombstone_tells_what_went_and_why(archive: Path) -> None:
    digests = {row[0] for row in asked(archive, "SELECT digest FROM capture WHERE address = ?", STORY)}
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    today = datetime.now(UTC).date().isoformat()
    assert asked(archive, "SELECT * FROM withdrawn") == [(STORY, STORY, REASON, today)]
    listed = asked(archive, "SELECT digest FROM withdrawn_record WHERE digest IS NOT NULL")
    assert {row[0] for row in listed} == digests
    told = [
        found
        for path in (archive / "evidence").iterdir()
        for piece in raw_records(path, print)
        if (found := withdrawn(piece.raw)) is not None
    ]
    whole = [found for found in told if found]
    empty = "sha256:" + sha256(b"").hexdigest()  # of a 304, whose record has no room
    assert {found["digest"] for found in whole} >= digests - {empty}
    assert {(found["withdrawn"], found["reason"], found["on"]) for found in whole} == {(STORY, REASON, today)}


def test_other_programs_pass_over_what_is_overwritten(archive: Path) -> None:
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    kinds, addresses = [], set()
    for path in sorted((archive / "evidence").iterdir()):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream):
                kinds.append(record.rec_type)
                addresses.add(record.rec_headers.get_header("WARC-Target-URI"))
                record.content_stream().read()
    overwritten = asked(archive, "SELECT count(*) FROM withdrawn_record WHERE state = 'overwritten'")[0][0]
    assert kinds.count("metadata") == overwritten > 10
    assert kinds.count("response") > 100
    assert STORY not in addresses


def test_it_is_asked_for_once_more_and_kept_out(archive: Path) -> None:
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    page, before = clinic(), rows(archive)
    assert page.captured_at is not None
    with run_on(archive) as opened:
        opened.begin()
        later = replace(page, captured_at=page.captured_at + timedelta(days=900))
        # At an address that nobody knew: the page names the story's own.
        alias = replace(later, url=f"{SITE}/node/4711")
        items = [read(opened, answer(each))[0] for each in (later, alias)]
        outcomes = opened.commit(list(map(opened.answer, items)))
        assert STORY not in {due.address for due in opened.due(1000)}
    assert outcomes == [[Outcome.WITHDRAWN], [Outcome.WITHDRAWN]]
    assert rows(archive)["capture"] == before["capture"]
    assert WORDS not in raw(archive)
    assert {row[0] for row in asked(archive, "SELECT address FROM withdrawn")} == {STORY, alias.url}
    left = asked(archive, "SELECT state, why, due_at FROM ledger WHERE address = ?", alias.url)
    assert left == [("excluded", "withdrawn", None)]
    is_sound(archive)
    second = run(*WITHDRAW, "--archive", archive)
    assert "was withdrawn before; 0 records overwritten now" in second.stdout


@pytest.mark.long
def test_a_crawl_brings_it_neither_into_the_archive_nor_into_a_feed(tmp_path: Path) -> None:
    words = ("crawl", "post", "-a", "source=samples", "-a", f"path={SAMPLES}", "-L", "WARNING")
    assert scrapy(tmp_path, *words, "-O", "before.jsonl").returncode == 0
    assert WORDS in (tmp_path / "before.jsonl").read_bytes()
    archive = tmp_path / "archive"
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    before = rows(archive)
    again = scrapy(tmp_path, *words, "-O", "after.jsonl")
    assert "85 known captures, 1 withdrawn" in again.stderr
    assert STORY.encode() not in (tmp_path / "after.jsonl").read_bytes()
    assert len((tmp_path / "after.jsonl").read_bytes().splitlines()) == 85
    assert rows(archive)["capture"] == before["capture"]
    is_sound(archive)


@pytest.mark.parametrize("how", [[], ["--link"]], ids=["kept", "linked"])
def test_a_replay_keeps_it_out_and_its_teasers(archive: Path, tmp_path: Path, how: list[str]) -> None:
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    before = rows(archive)
    with run_on(tmp_path / "other") as opened:
        for number, page in enumerate(saved_pages()):
            if STORY.rpartition("/")[2].encode() in page.body:
                file(opened, answer(replace(page, captured_at=datetime(2020, 1, 1 + number % 28, tzinfo=UTC))))
    assert asked(tmp_path / "other", "SELECT count(*) FROM sighting WHERE address = ?", STORY)[0][0] > 3
    replayed = run("replay", tmp_path / "other" / "evidence", "--jobs", "1", *how, "--archive", archive)
    assert " 1 withdrawn" in replayed.stdout
    after = rows(archive)
    assert STORY not in {row[2] for row in after["capture"]}
    assert not [row for row in after["sighting"] if STORY in row]
    assert len(after["capture"]) > len(before["capture"])
    assert {row[1] for row in before["story"]} == {row[1] for row in after["story"]}
    assert WORDS not in raw(archive)
    is_sound(archive)


@pytest.mark.parametrize("database", ["whole", "gone", "damaged"])
def test_rebuild_keeps_it_out_with_and_without_the_old_database(archive: Path, database: str) -> None:
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    stories = {row[1] for row in rows(archive)["story"]}
    if database == "gone":
        (archive / "archive.db").unlink()
    if database == "damaged":
        whole = (archive / "archive.db").read_bytes()
        (archive / "archive.db").write_bytes(whole[:4096] + b"\xff" * 4096 * 8 + whole[4096 * 9 :])
    rebuilt = run("rebuild", "--archive", archive)
    assert rebuilt.exit_code == 0, rebuilt.output
    assert {row[1] for row in rows(archive)["story"]} == stories
    assert [row[0] for row in asked(archive, "SELECT address FROM withdrawn")] == [STORY]
    with run_on(archive) as opened:
        (item,) = read(opened, answer(clinic()))
        assert opened.commit([opened.answer(item)]) == [[Outcome.WITHDRAWN]]
    is_sound(archive)


@pytest.mark.long
def test_a_compact_file_is_made_plain_first(archive: Path) -> None:
    before, kept = rows(archive), evidence(archive)
    assert [done for done in compact(archive) if done.why is None]
    assert not list((archive / "evidence").glob("*.warc.gz"))
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    is_gone_and_nothing_else(archive, before, kept)
    assert WORDS not in raw(archive)
    assert [done for done in compact(archive) if done.why is None]
    is_sound(archive)


def test_mentions_take_the_pages_that_announced_it(archive: Path) -> None:
    # One of them also came as the answer of an address where nothing is: the same bytes, and read as no list.
    announcing = """
        SELECT id FROM capture WHERE address <> ?1 AND digest IN (
            SELECT digest FROM capture JOIN sighting ON capture_id = capture.id WHERE sighting.address = ?1)
    """
    announced = {row[0] for row in asked(archive, announcing, STORY)}
    assert len(announced) == 5
    before = rows(archive)
    told = json.loads(run(*WITHDRAW, "--mentions", "--json", "--archive", archive).stdout)
    after = rows(archive)
    gone = {row[0]: row for row in before["capture"] - after["capture"]}
    assert announced <= gone.keys()
    assert len(gone) == told["captures"] + told["mentions"] == told["captures"] + len(announced)
    assert {row for row in before["capture"] if row[0] not in gone} == after["capture"]
    for path in (archive / "evidence").iterdir():
        assert not [
            piece for piece in raw_records(path, print) if STORY.encode() + b'"' in piece.raw and WORDS in piece.raw
        ]
    is_sound(archive)


def test_the_same_page_at_another_address_goes_too(archive: Path) -> None:
    """As a site serves it that answers with a page of its own where nothing is."""
    page = replace(clinic(), url=f"{SITE}/business/nothing-here-any-more")
    assert page.captured_at is not None
    with run_on(archive) as opened:
        file(opened, answer(replace(page, captured_at=page.captured_at + timedelta(days=500))))
    assert asked(archive, "SELECT count(*) FROM capture WHERE url = ?", page.url) == [(1,)]
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    assert asked(archive, "SELECT count(*) FROM capture WHERE url = ?", page.url) == [(0,)]
    assert WORDS not in raw(archive)
    is_sound(archive)


def test_bytes_that_another_page_shares_stay_for_it(archive: Path) -> None:
    """The address once answered with the site's error page, and another address with the same bytes."""
    missing = (
        b"<html><head><title>Page not found</title></head><body>" + b"<p>Nothing is here.</p>" * 80 + b"</body></html>"
    )
    at = datetime(2021, 1, 1, tzinfo=UTC)
    with run_on(archive) as opened:
        for number, url in enumerate((STORY, f"{SITE}/national/also-missing")):
            page = Capture(url=url, captured_at=at + timedelta(hours=number), body=missing, source="live")
            file(opened, answer(page, status=404))
    (other,) = asked(archive, "SELECT * FROM capture WHERE url LIKE '%also-missing'")
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    assert asked(archive, "SELECT * FROM capture WHERE url LIKE '%also-missing'") == [other]
    assert asked(archive, "SELECT count(*) FROM withdrawn_record WHERE state = 'shared'")[0][0] >= 1
    is_sound(archive)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("withdraw", f"{SITE}/national", "--reason", "x", "--yes"), 4, "is a list"),
        (("withdraw", f"{SITE}/national/never-heard-of", "--reason", "x", "--yes"), 4, "never-heard-of"),
        (("withdraw", STORY, "--reason", "  ", "--yes"), 2, "--reason"),
        (("withdraw", "nothing", "--reason", "x", "--yes"), 2, "https://"),
    ],
)
def test_what_cannot_be_withdrawn(archive: Path, words: tuple[str, ...], code: int, told: str) -> None:
    before = rows(archive)
    refused(run(*words, "--archive", archive), code, told)
    assert rows(archive) == before


def test_without_an_answer_nothing_is_withdrawn(archive: Path) -> None:
    before = rows(archive)
    assert run("withdraw", STORY, "--reason", "x", "--archive", archive).exit_code == 2
    assert rows(archive) == before


def test_a_path_names_a_story_and_a_withdrawn_one(archive: Path) -> None:
    path = STORY.removeprefix(SITE)
    done = json.loads(run("withdraw", path, "--reason", "x", "--yes", "--json", "--archive", archive).stdout)
    assert (done["story"], done["withdrawn_before"]) == (STORY, False)
    again = json.loads(run("withdraw", path, "--reason", "x", "--yes", "--json", "--archive", archive).stdout)
    assert (again["story"], again["withdrawn_before"]) == (STORY, True)
    is_sound(archive)


def test_an_address_that_was_never_a_story_takes_no_other_with_it(archive: Path) -> None:
    """The answers that send on have no body, all of them the same."""
    at = datetime(2021, 1, 1, tzinfo=UTC)
    urls = [f"{SITE}/national/{name}" for name in ("sent-on", "sent-on-too")]
    with run_on(archive) as opened:
        for url in urls:
            page = Capture(url=url, captured_at=at, body=b"", source="live")
            file(opened, answer(page, status=301, headers=(("Location", f"{SITE}/national"),)))
    assert run("withdraw", urls[0], "--reason", "x", "--yes", "--archive", archive).exit_code == 0
    left = {row[0] for row in asked(archive, "SELECT url FROM capture WHERE captured_at LIKE '2021-01-01T%'")}
    assert left == {urls[1]}
    is_sound(archive)


def test_an_address_without_a_capture_is_kept_out(archive: Path) -> None:
    (address,) = asked(archive, "SELECT min(address) FROM ledger WHERE state = 'known' AND kind = 'story'")[0]
    assert run("withdraw", address, "--reason", "x", "--yes", "--archive", archive).exit_code == 0
    with run_on(archive) as opened:
        assert address not in {due.address for due in opened.due(1000)}
    assert not asked(archive, "SELECT 1 FROM sighting WHERE address = ?", address)
    is_sound(archive)


def test_what_a_kill_leaves_is_named_and_finished_by_the_same_command(archive: Path) -> None:
    before, kept = rows(archive), evidence(archive)
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    # As it is when the rows are gone, one record is overwritten by half, and another not at all.
    (half, whole) = asked(archive, "SELECT id, file, offset, length FROM withdrawn_record ORDER BY length DESC LIMIT 2")
    connection = sqlite3.connect(archive / "archive.db")
    with connection:
        connection.execute("UPDATE withdrawn_record SET state = 'waiting' WHERE id IN (?, ?)", (half[0], whole[0]))
    connection.close()
    with (archive / "evidence" / half[1]).open("r+b") as stream:
        stream.seek(half[2])
        stream.write(b"\x1f\x8b\x08" + b"\x55" * (half[3] // 2))
    told = run("check", "--archive", archive)
    assert told.exit_code == 15
    assert "2 findings: the same `postscraper withdraw` again finishes it." in told.stdout
    assert "2 records overwritten now" in run(*WITHDRAW, "--archive", archive).stdout
    is_gone_and_nothing_else(archive, before, kept)
    is_sound(archive)


def test_a_missing_file_must_come_back_first(archive: Path, tmp_path: Path) -> None:
    before, kept = rows(archive), evidence(archive)
    ((file_, _),) = asked(archive, "SELECT evidence_file, max(evidence_offset) FROM capture WHERE address = ?", STORY)
    (archive / "evidence" / file_).rename(tmp_path / "away")
    refused(run(*WITHDRAW, "--archive", archive), 10, file_, "bring the file back")
    assert rows(archive) == before
    (tmp_path / "away").rename(archive / "evidence" / file_)
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    is_gone_and_nothing_else(archive, before, kept)


def test_a_damaged_record_goes_with_its_request(archive: Path) -> None:
    before, kept = rows(archive), evidence(archive)
    (file_, offset) = asked(archive, "SELECT evidence_file, evidence_offset FROM capture WHERE url = ?", STORY)[0]
    with (archive / "evidence" / file_).open("r+b") as stream:
        stream.seek(offset + 100)
        stream.write(b"\x00" * 50)
    assert run("check", "--archive", archive).exit_code == 15
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    is_gone_and_nothing_else(archive, before, kept)
    is_sound(archive)


def kills(archive: Path, count: int, seed: int) -> list[str]:
    """Kill the command at random moments, each time on a fresh copy, and end it with the same command."""
    random, found = Random(seed), []
    before, kept = rows(archive), evidence(archive)
    for number in range(count):
        copy = Path(shutil.copytree(archive, archive.with_name(f"copy-{number}")))
        running = Program(ROOT, "-m", "postscraper", *WITHDRAW, "--archive", copy)
        database = copy / "archive.db-wal"
        while not database.exists() and running.poll() is None:
            time.sleep(0.002)
        time.sleep(random.uniform(0, 0.6))
        running.kill()
        running.wait()
        waiting = asked(copy, "SELECT count(*) FROM withdrawn_record WHERE state = 'waiting'")[0][0]
        begun = asked(copy, "SELECT count(*) FROM withdrawn")[0][0]
        found.append("not begun" if not begun else "half done" if waiting else "written")
        if not begun:
            assert rows(copy) == before
            assert evidence(copy) == kept
        ended = program(*WITHDRAW, "--archive", copy)
        assert ended.returncode == 0, ended.stderr
        is_gone_and_nothing_else(copy, before, kept)
        assert WORDS not in raw(copy)
        is_sound(copy)
        shutil.rmtree(copy)
    return found


@pytest.mark.long
def test_a_kill_at_any_moment(archive: Path) -> None:
    assert len(kills(archive, 5, seed=1)) == 5


@pytest.mark.long
def test_kills_in_an_archive_of_a_thousand_pages(tmp_path: Path) -> None:
    fill_up(tmp_path / "archive", 1000)
    found = Counter(kills(tmp_path / "archive", 40, seed=2))
    assert found.keys() >= {"not begun", "written"}, found
