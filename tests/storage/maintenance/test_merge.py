"""`postscraper merge`: two archives become one, and it is the same whichever is brought into the other."""

import json
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from storage.holdings.models import Candidate, CdxEntry
from storage.ledger.states import Discovery, Kind
from storage.maintenance.compact import compact
from storage.maintenance.merge import merged_row
from tests.helpers.archives import SITE, answer, file, fill, run_on, saved_pages
from tests.helpers.canonical import ask, canonical
from tests.helpers.commands import refused, run
from tests.helpers.paths import ROOT
from tests.helpers.programs import Program
from tests.helpers.warc_files import pages, warc_gz
from tests.sources.test_same_capture import records_of
from tests.storage.maintenance.test_withdraw import STORY, WITHDRAW, WORDS, is_sound, raw
from tests.storage.maintenance.test_withdraw_parts import BRIDGE, FEED, FERRY, MARKET, feed, posts

AT = datetime(2026, 4, 2, 8, tzinfo=UTC)
TOLD = (
    *("captures_added", "stories_added", "revisions_added", "known_already", "addresses_added"),
    *("left_out_withdrawn", "withdrawn_here"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two archives of the same paper that share some captures; one story has another wording in each."""
    folder = tmp_path_factory.mktemp("merge")
    one, other = folder / "one", folder / "other"
    found = saved_pages()
    fill(one, found[:45])
    fill(other, found[30:])
    clinic = next(page for page in found if page.url == STORY and WORDS in page.body)
    assert clinic.captured_at is not None
    for number, archive in enumerate((one, other), 1):
        edited = clinic.body.replace(b"eleven beds", b"%d beds" % (20 + number))
        with run_on(archive) as opened:
            file(opened, answer(clinic))
            later = clinic.captured_at + timedelta(days=number)
            file(opened, answer(replace(clinic, body=edited, captured_at=later)))
            file(opened, feed(FERRY, MARKET))
            file(opened, posts(FERRY, BRIDGE, hours=number))
            opened.archive.ledger.discover([heard(f"{SITE}/national/only-{number}")], AT)
    return one, other


def heard(url: str, kind: Kind = "story", **more: Any) -> Discovery:
    return Discovery(url=url, address=url, kind=kind, section="national", **more)


@pytest.fixture
def one(made: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(made[0], tmp_path / "one"))


@pytest.fixture
def other(made: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(made[1], tmp_path / "other"))


def merged(other: Path, archive: Path, *words: str) -> dict[str, Any]:
    done = run("merge", other, "--jobs", 1, "--json", "--archive", archive, *words)
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["damage"] == []
    is_sound(archive)
    return told


def counts(archive: Path) -> tuple[int, ...]:
    tables = ("capture", "story", "revision", "ledger")
    return tuple(ask(archive, f"SELECT count(*) FROM {table}")[0][0] for table in tables)


def said(archive: Path, *, sources: bool = True) -> dict[str, set[Any]]:
    """Stories, revisions and captures, without what their order and their first source decide."""
    capture = "url, captured_at, status, digest, part, outcome, reason, layout, words_digest" + ", source" * sources
    revision = "canonical_url, number, r.words_digest, headline, body, r.captures, first_captured_at, last_captured_at"
    return {
        "captures": set(ask(archive, f"SELECT {capture} FROM capture")),
        "revisions": set(ask(archive, f"SELECT {revision} FROM revision r JOIN story s ON s.id = story_id")),
        "stories": set(ask(archive, "SELECT canonical_url, section, published_on, revisions, language FROM story")),
        "addresses": set(ask(archive, "SELECT address, state, depth, how, heard_at, heard_from FROM ledger")),
    }


def files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("form", ["as written", "compact"])
def test_either_into_the_other_is_the_same(one: Path, other: Path, tmp_path: Path, form: str) -> None:
    if form == "compact":
        for archive in (one, other):
            compact(archive)
            assert list((archive / "evidence").glob("*.zst"))
    kept = Path(shutil.copytree(one, tmp_path / "kept"))
    before, held = counts(one), files(other)
    told = merged(other, one)
    assert files(other) == held, "it was only read"
    after = counts(one)
    assert [told[name] for name in TOLD[:3]] == [now - then for now, then in zip(after[:3], before[:3], strict=True)]
    assert told["addresses_added"] > 0
    assert told["known_already"] > 10
    assert before[0] < after[0] < before[0] + counts(other)[0]
    merged(kept, other)
    assert said(one) == said(other)
    clinic = ask(one, f"SELECT revisions FROM story WHERE canonical_url = '{STORY}'")
    assert clinic == [(3,)], "the wording that both have, and that of each"


def test_the_second_time_brings_nothing(one: Path, other: Path) -> None:
    merged(other, one)
    before, kept = canonical(one), records_of(one)
    told = merged(other, one)
    assert [told[name] for name in TOLD[:5]] == [0] * 5
    assert records_of(one) == kept
    for name in ("captures", "revisions", "sightings", "export"):
        assert canonical(one)[name] == before[name], name


def test_a_new_archive_takes_all(other: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    merged(other, new)
    assert said(new) == said(other)
    assert run("rebuild", "--archive", new).exit_code == 0
    is_sound(new)
    assert said(new) == said(other)
    crawl_goes_on(new)


def crawl_goes_on(archive: Path) -> None:
    with run_on(archive) as opened:
        due = opened.due(3)
        assert due
        page = replace(saved_pages()[0], url=due[0].url, captured_at=AT + timedelta(days=9))
        file(opened, answer(page))
    is_sound(archive)


def test_it_is_a_run_of_the_newspaper(one: Path, other: Path) -> None:
    merged(other, one)
    report = json.loads(run("runs", "--json", "--archive", one).stdout)[0]
    assert (report["newspaper"], report["source"], report["exit_code"]) == ("post", "merge", 0)
    assert report["arguments"] == {"other": str(other)}
    assert report["outcomes"]["new story"] > 0


def test_it_says_what_came(one: Path, other: Path) -> None:
    done = run("merge", other, "--archive", one, "--jobs", 1)
    assert done.exit_code == 0
    first, second, *rest = done.stdout.splitlines()
    assert first.startswith(f"From {other}: ")
    assert "more than before" in first
    assert second.startswith("Ledger: ")
    assert rest == ["Left there: 1, robots.txt, or a redirect to the same address."]


# What is kept out


@pytest.mark.parametrize("into", ["one", "other"])
def test_what_one_of_them_keeps_out_stays_out(one: Path, other: Path, into: str) -> None:
    assert run(*WITHDRAW, "--archive", one).exit_code == 0
    target, source = (one, other) if into == "one" else (other, one)
    if into == "other":
        done = run("merge", source, "--jobs", "1", "--archive", target)
        assert done.exit_code == 2
        assert "--yes" in done.stderr
        assert STORY in done.stderr
        assert WORDS in raw(target), "nothing went without leave"
    told = merged(source, target, "--yes")
    assert told["withdrawn_here"] == ([] if into == "one" else [STORY])
    assert (told["left_out_withdrawn"] > 0) == (into == "one")
    assert WORDS not in raw(target)
    assert ask(target, f"SELECT state, why FROM ledger WHERE address = '{STORY}'") == [("excluded", "withdrawn")]
    assert ask(target, f"SELECT count(*) FROM sighting WHERE address = '{STORY}'") == [(0,)]
    assert ask(target, "SELECT reason FROM withdrawn") == ask(one, "SELECT reason FROM withdrawn")
    merged(source, target)


def test_withdrawn_in_one_it_is_the_same_either_way(one: Path, other: Path, tmp_path: Path) -> None:
    for address in (STORY, FERRY):
        assert run("withdraw", address, "--reason", "x", "--yes", "--archive", one).exit_code == 0
    kept = Path(shutil.copytree(one, tmp_path / "kept"))
    merged(other, one)
    merged(kept, other, "--yes")
    found = [said(archive) for archive in (one, other)]
    for name in ("captures", "revisions", "stories"):
        assert found[0][name] == found[1][name], name
    for archive in (one, other):
        assert ask(archive, f"SELECT evidence_file FROM capture WHERE url = '{FEED}' AND part = ''") == [(None,)]


# What lies elsewhere


def test_captures_without_bytes_of_their_own_come_too(tmp_path: Path, one: Path) -> None:
    """Linked files, which it goes on naming, and captures whose bytes went with a withdrawn story."""
    other = tmp_path / "linking"
    path = warc_gz(tmp_path / "theirs.warc.gz", list(pages(60)))
    assert run("replay", path, "--link", "--jobs", 1, "--archive", other).exit_code == 0
    with run_on(other) as opened:
        file(opened, feed(FERRY, MARKET, BRIDGE, hours=5))
    assert run("withdraw", FERRY, "--reason", "x", "--yes", "--archive", other).exit_code == 0
    told = merged(other, tmp_path / "new", "--yes")
    assert told["without_bytes_there"] == counts(other)[0]
    found = [said(archive) for archive in (tmp_path / "new", other)]
    for name in ("captures", "revisions", "stories"):
        assert found[0][name] == found[1][name], name
    merged(other, one, "--yes")
    linked = ask(one, f"SELECT count(*) FROM capture WHERE evidence_file = '{path}'")[0][0]
    assert 0 < linked <= 60
    assert merged(other, one)["captures_added"] == 0


def test_another_newspaper_comes_too(tmp_path: Path, one: Path) -> None:
    other = tmp_path / "khmer"
    page = next(each for each in saved_pages() if "postkhmer" in each.url)
    page = replace(page, captured_at=AT)
    with run_on(other, paper="postkhmer") as opened:
        file(opened, answer(page))
    merged(other, one)
    assert [path.name.split("-")[0] for path in (one / "evidence").iterdir()].count("postkhmer") == 1
    of_page = f"captured_at = '{AT.isoformat()}' AND url = '{page.url}'"
    assert ask(one, f"SELECT count(*) FROM capture WHERE {of_page}") == [(1,)]


def test_what_a_mirror_served_stays_readable(tmp_path: Path) -> None:
    other, origin = tmp_path / "mirrored", "http://127.0.0.1:8123"
    with run_on(other, origin=origin) as opened:
        for page in saved_pages(every=9):
            if page.url.startswith(SITE):
                file(opened, answer(replace(page, url=page.url.replace(SITE, origin))))
    told = merged(other, tmp_path / "new")
    assert told["captures_added"] == counts(other)[0] > 3
    assert said(tmp_path / "new") == said(other)


def test_lists_of_other_archives_are_joined(one: Path, other: Path) -> None:
    page = next(each for each in saved_pages() if each.url == STORY)
    assert page.captured_at is not None
    listed = [
        Candidate(entry=CdxEntry(url=url, captured_at=AT, digest="A" * 32), address=url)
        for url in (f"{SITE}/national/n{n}" for n in range(4))
    ]
    for archive, these, key in ((one, listed[:2], "on"), (other, listed[1:], None)):
        with run_on(archive) as opened:
            opened.archive.holdings.add_listing("wayback", "q", these, key, AT)
            opened.archive.holdings.refused("wayback", AT.date())
    with run_on(other) as opened:
        opened.archive.holdings.mark("wayback", listed[1].entry, "gone", "it says so")
    merged(other, one)
    states = dict(ask(one, "SELECT address, state FROM holding"))
    assert [states[f"{SITE}/national/n{n}"] for n in range(4)] == ["known", "gone", "known", "known"]
    assert ask(one, "SELECT resume_key, finished_at IS NULL FROM enumeration") == [(None, 0)]
    assert ask(one, "SELECT times FROM refusal") == [(1,)]


# The ledger


def row(**changes: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("section", "dated_on", "was", "why", "due_at", "leased_until", "visited_at", "capture_id"))
    usual = {"address": f"{SITE}/national/a", "url": f"{SITE}/national/a", "kind": "story", "depth": 3, "how": "link"}
    usual |= {"heard_from": None, "heard_at": "2020-01-01T00:00:00+00:00", "state": "known", "priority": 1}
    return empty | {"etag": None, "last_modified": None, "tries": 0, "visits": 0, "changes": 0} | usual | changes


EARLY, LATE = "2021-01-01T00:00:00+00:00", "2022-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("one_says", "other_says", "stays"),
    [
        ({}, {"state": "done", "visits": 1, "visited_at": EARLY}, {"state": "done", "visits": 1, "visited_at": EARLY}),
        (
            {"state": "done", "visits": 2, "visited_at": EARLY, "etag": '"1"'},
            {"state": "gone", "visits": 1, "visited_at": LATE},
            {"state": "gone", "visits": 2, "visited_at": LATE, "etag": '"1"'},
        ),
        ({}, {"state": "excluded", "why": "a trap"}, {"state": "excluded", "why": "a trap"}),
        ({"how": "asked"}, {"state": "excluded", "why": "a trap"}, {"state": "known", "why": None}),
        (
            {"how": "link", "heard_at": LATE},
            {"how": "sitemap", "heard_at": EARLY, "depth": 1},
            {"how": "sitemap", "heard_at": EARLY, "depth": 1},
        ),
        (
            {"section": "national"},
            {"dated_on": "2019-01-02", "kind": "page"},
            {"section": "national", "dated_on": "2019-01-02", "kind": "story"},
        ),
    ],
)
def test_an_address_is_as_the_one_that_knows_more_has_it(
    one_says: dict[str, Any], other_says: dict[str, Any], stays: dict[str, Any]
) -> None:
    ours, theirs = row(**one_says), row(**other_says)
    for found in (merged_row(ours, theirs), merged_row(theirs, ours)):
        assert {name: found[name] for name in stays} == stays
    assert {**merged_row(ours, theirs), "priority": 0} == {**merged_row(theirs, ours), "priority": 0}


def test_a_withdrawn_address_is_not_overturned() -> None:
    ours = row(state="excluded", why="withdrawn")
    for theirs in (row(state="done", visits=1, visited_at=LATE, depth=1), row(how="asked", heard_at=LATE)):
        assert merged_row(ours, theirs) | {"priority": 1} == ours


def test_leases_are_of_their_runs(one: Path, other: Path) -> None:
    with run_on(other) as opened:
        leased = [due.address for due in opened.due(5)]
    assert leased
    merged(other, one)
    assert ask(one, "SELECT count(*) FROM ledger WHERE state = 'leased'") == [(0,)]


# What is refused


def test_refusals(one: Path, other: Path, tmp_path: Path) -> None:
    refused(run("merge", one, "--archive", one), 2, "itself")
    refused(run("merge", tmp_path / "away", "--archive", one), 5, "no archive")
    (tmp_path / "empty").mkdir()
    refused(run("merge", tmp_path / "empty", "--archive", one), 5, "no archive")
    ask(other, "UPDATE alembic_version SET version_num = '0004'")
    refused(run("merge", other, "--archive", one), 6, "upgrade")
    refused(run("merge", one, "--archive", other), 6, "upgrade")
    assert not (tmp_path / "away").exists()


@pytest.mark.parametrize("used", ["one", "other"])
def test_an_archive_that_is_written_to_is_not_merged(one: Path, other: Path, used: str) -> None:
    with run_on(one if used == "one" else other):
        done = run("merge", other, "--archive", one)
    refused(done, 7, "in use by process")


def test_damage_is_named_and_the_rest_comes(one: Path, other: Path) -> None:
    path = min((other / "evidence").iterdir())
    offset, length = ask(
        other,
        "SELECT evidence_offset, evidence_length FROM capture WHERE status = 200 AND part = ''"
        f" AND evidence_file = '{path.name}' ORDER BY evidence_length DESC LIMIT 1",
    )[0]
    with path.open("r+b") as stream:
        stream.seek(offset + length // 2)
        stream.write(b"\0" * 64)
    done = run("merge", other, "--jobs", 1, "--archive", one)
    assert done.exit_code == 0
    assert f"{path}, byte {offset}: " in done.stderr
    is_sound(one)


# Killed

SMALL = "from postscraper.bulk import replay; replay.TRANSACTION, replay.BATCH = 5, 3\n"


def start(other: Path, archive: Path) -> Program:
    call = ("-c", f"{SMALL}from postscraper.cli.main import main; main()", "merge", other, "--yes", "--jobs", "1")
    with errors_of(archive).open("wb") as errors:
        return Program(ROOT, *call, "--archive", archive, errors=errors)


def errors_of(archive: Path) -> Path:
    return archive.with_name(f"{archive.name}.errors")


def ended(running: Program, archive: Path) -> int:
    assert running.wait(300) in (0, -9), errors_of(archive).read_text()
    return running.wait()


@pytest.mark.long
def test_killed_at_some_moments_nothing_is_lost_or_twice(one: Path, other: Path, tmp_path: Path) -> None:
    assert run("withdraw", FERRY, "--reason", "x", "--yes", "--archive", other).exit_code == 0
    beside = Path(shutil.copytree(one, tmp_path / "beside"))
    began = time.monotonic()
    assert ended(start(other, beside), beside) == 0
    seconds = time.monotonic() - began
    codes = []
    for share in (0.1, 0.3, 0.45, 0.6, 0.75, 0.9):
        running = start(other, one)
        try:
            running.wait(share * seconds)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
        codes.append(ended(running, one))
    assert -9 in codes
    assert ended(start(other, one), one) == 0
    is_sound(one)
    assert said(one) == said(beside)
    assert counts(one) == counts(beside)
    assert records_of(one) <= records_of(beside) + 4 * len(codes), "each run's own head and little more"
