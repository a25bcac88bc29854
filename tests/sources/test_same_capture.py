"""The same answer is one capture, whichever source brings it, and however often."""

import gzip
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from storage.evidence import compact_format
from storage.ledger.states import BROKEN, State
from storage.maintenance.compact import compact
from storage.warc.exchange import Exchange
from tests.helpers.archives import SITE, answer, file, fill, run_on, saved_pages
from tests.helpers.canonical import ask, canonical
from tests.helpers.commands import run
from tests.helpers.crawls import scrapy
from tests.helpers.warc_files import earlier, records, warc_gz
from tests.storage.maintenance.test_withdraw_parts import BRIDGE, FERRY, MARKET, feed, posts

TABLES = ("capture", "story", "revision", "reading", "sighting", "ledger")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers, pages saved by hand, robots.txt, a revisit, a 304, small answers, a cut one, stories in parts."""
    archive = tmp_path_factory.mktemp("same") / "archive"
    fill(archive, saved_pages(every=3))
    page = next(each for each in saved_pages() if each.url.endswith("river-clinic-opens-koh-thom"))
    moved = {"status": 301, "headers": (("Location", f"{SITE}/national/the-clinic"),)}
    with run_on(archive) as opened:
        for number, small in enumerate(({"status": 404, "body": b"gone"}, {"body": b"", **moved}, {"cut": "length"})):
            file(opened, answer(replace(page, url=f"{SITE}/national/small-{number}"), **small))
        file(opened, answer(replace(page, url=f"{SITE}/national/wayback"), source="wayback", origin="20180612"))
        for exchange in (feed(FERRY, MARKET), posts(FERRY, BRIDGE, hours=1)):
            file(opened, exchange)
    return archive


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "archive"))


def is_sound(archive: Path) -> None:
    for command in ("check", "verify"):
        done = run(command, "--archive", archive)
        assert done.exit_code == 0, done.output


def records_of(archive: Path) -> int:
    folder = archive / "evidence"
    return sum(
        1 for name in compact_format.evidence_files(folder) for _ in compact_format.raw_records(folder / name, print)
    )


def said(archive: Path) -> dict[str, Any]:
    """All that the archive says; what failed or broke off is due again whenever a run begins."""
    found = canonical(archive)
    state = [row[9] for row in found["ledger"]]
    assert set(state) <= set(get_args(State))
    return found | {"ledger": [row for row in found["ledger"] if row[9] != "failed" and row[11] != BROKEN]}


def counts(archive: Path) -> dict[str, int]:
    return {table: ask(archive, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


@pytest.mark.parametrize("form", ["as written", "compact", "twice at once", "linked"])
def test_a_replay_of_its_own_evidence_adds_nothing(archive: Path, tmp_path: Path, form: str) -> None:
    if form == "compact":
        compact(archive)
        assert list((archive / "evidence").glob("*.zst"))
    paths = [archive / "evidence"]
    if form == "twice at once":
        paths.append(Path(shutil.copytree(archive / "evidence", tmp_path / "copy")))
    before, kept = said(archive), records_of(archive)
    done = run("replay", *paths, "--jobs", 1, "--archive", archive, *(("--link",) if form == "linked" else ()))
    assert done.exit_code == 0, done.output
    assert "known capture" in done.stdout
    assert "new stor" not in done.stdout
    assert records_of(archive) == kept
    assert said(archive) == before
    is_sound(archive)


def test_a_crawl_over_its_own_evidence_adds_nothing(archive: Path, tmp_path: Path) -> None:
    before, kept = counts(archive), records_of(archive)
    done = scrapy(tmp_path, "crawl", "post", "-a", "source=warc", "-a", f"path={archive / 'evidence'}")
    assert done.returncode == 0, done.stderr
    assert (counts(archive), records_of(archive)) == (before, kept)
    is_sound(archive)


def test_a_new_archive_made_of_evidence_is_the_same(archive: Path, tmp_path: Path) -> None:
    """Source, moment and request come over, so that it can be proved and rebuilt."""
    other = tmp_path / "other"
    assert run("replay", archive / "evidence", "--jobs", 1, "--archive", other).exit_code == 0
    of_paper = f"FROM capture WHERE address LIKE '{SITE}/%'"
    question = f"SELECT url, captured_at, status, source, digest, part, etag {of_paper} ORDER BY 1, 2, 6"
    assert ask(other, question) == ask(archive, question)
    assert {source for (source,) in ask(other, "SELECT DISTINCT source FROM capture")} == {"live", "folder", "wayback"}
    is_sound(other)
    before = counts(other)
    assert run("rebuild", "--archive", other).exit_code == 0
    assert counts(other) == before


def test_requests_come_over(archive: Path, tmp_path: Path) -> None:
    from_file = tmp_path / "other"
    run("replay", archive / "evidence", "--jobs", 1, "--archive", from_file)
    asked = {}
    for folder in (archive, from_file):
        with run_on(folder) as opened:
            found = (
                each
                for name in compact_format.evidence_files(folder / "evidence")
                for each in opened.evidence.records(name)
            )
            asked[folder] = {
                (exchange.url, exchange.captured_at): (exchange.requested_at, exchange.request_headers, exchange.origin)
                for _, exchange in found
                if exchange.url.startswith(f"{SITE}/national/")
            }
    assert asked[from_file] == asked[archive]
    assert any(requested_at for requested_at, _, _ in asked[archive].values())


def live_page(**changes: Any) -> Exchange:
    page = next(each for each in saved_pages() if each.url.endswith("river-clinic-opens-koh-thom"))
    assert page.captured_at is not None
    precise = replace(page, captured_at=page.captured_at.replace(microsecond=123_456))
    return answer(precise, **changes)


def as_they_have_it(exchange: Exchange, **changes: Any) -> Exchange:
    """The same capture in a file of another program, to the second."""
    assert exchange.captured_at is not None
    return replace(exchange, captured_at=exchange.captured_at.replace(microsecond=0), source="live", **changes)


@pytest.mark.parametrize("link", [(), ("--link",)])
@pytest.mark.parametrize("source", ["live", "wayback", "commoncrawl", "folder"])
def test_another_program_has_the_same_capture(tmp_path: Path, source: str, link: tuple[str, ...]) -> None:
    archive = tmp_path / "archive"
    held = live_page(source=source)
    with run_on(archive) as opened:
        file(opened, by_hand_of(held) if source == "folder" else held)
    before = said(archive)
    path = warc_gz(tmp_path / "theirs.warc.gz", [as_they_have_it(held)])
    done = run("replay", path, "--jobs", 1, "--archive", archive, *link)
    assert "1 page: 1 known capture" in done.stdout, done.output
    assert said(archive) == before
    is_sound(archive)


def by_hand_of(exchange: Exchange) -> Exchange:
    return replace(
        exchange, status=None, headers=(), request_headers=(), requested_at=None, source="folder", protocol="HTTP/1.1"
    )


@pytest.mark.parametrize(
    ("changes", "added"),
    [
        ({}, 0),
        ({"status": 203}, 1),
        ({"body": b"<html>Other words.</html>"}, 1),
        ({"url": f"{SITE}/national/another"}, 1),
        ({"captured_at": live_page().captured_at.replace(microsecond=0) + timedelta(seconds=1)}, 1),  # type: ignore[union-attr]
    ],
)
def test_what_makes_a_capture_another(tmp_path: Path, changes: dict[str, Any], added: int) -> None:
    archive = tmp_path / "archive"
    with run_on(archive) as opened:
        file(opened, live_page())
    theirs = replace(as_they_have_it(live_page()), **changes)
    run("replay", warc_gz(tmp_path / "x.warc.gz", [theirs]), "--jobs", 1, "--archive", archive)
    assert counts(archive)["capture"] == 1 + added
    is_sound(archive)


def test_the_source_is_that_of_the_first(tmp_path: Path) -> None:
    archive, held = tmp_path / "archive", live_page()
    run("replay", warc_gz(tmp_path / "x.warc.gz", [as_they_have_it(held)]), "--jobs", 1, "--archive", archive)
    with run_on(archive) as opened:
        file(opened, held)
    assert ask(archive, "SELECT source, captured_at FROM capture") == [("warc", str_of(as_they_have_it(held)))]
    is_sound(archive)


def str_of(exchange: Exchange) -> str:
    assert exchange.captured_at is not None
    return exchange.captured_at.isoformat()


def test_a_revisit_of_the_same_moment_is_the_same_capture(tmp_path: Path) -> None:
    archive, held = tmp_path / "archive", live_page()
    with run_on(archive) as opened:
        file(opened, held)
    original = as_they_have_it(replace(held, url=f"{SITE}/national/the-original"))
    revisit = records([as_they_have_it(held)], same_as=earlier(original))
    path = tmp_path / "theirs.warc.gz"
    path.write_bytes(b"".join(map(gzip.compress, [*records([original]), *revisit[1:]])))
    run("replay", path, "--jobs", 1, "--archive", archive)
    found = ask(archive, "SELECT url, source FROM capture ORDER BY source")
    assert found == [(held.url, "live"), (original.url, "warc")]
    is_sound(archive)


def test_what_others_wrote_cannot_say_where_it_came_from(archive: Path, tmp_path: Path) -> None:
    """Behind evidence of ours, in one file with it, stands a record that names a source and no file of ours."""
    own = min((archive / "evidence").iterdir())
    forged = replace(as_they_have_it(live_page()), url=f"{SITE}/national/forged", source="wayback")
    path = tmp_path / "both.warc.gz"
    path.write_bytes(own.read_bytes() + b"".join(map(gzip.compress, records([forged]))))
    run("replay", path, "--jobs", 1, "--archive", tmp_path / "other")
    assert ask(tmp_path / "other", f"SELECT source FROM capture WHERE url = '{forged.url}'") == [("warc",)]


def test_an_undated_capture_in_two_files_is_one(tmp_path: Path) -> None:
    dated = records([as_they_have_it(live_page())])
    undated = [b"\r\n".join(line for line in each.split(b"\r\n") if b"WARC-Date" not in line) for each in dated]
    for name in ("one.warc", "two.warc"):
        (tmp_path / name).write_bytes(b"".join(undated))
    for name in ("one.warc", "two.warc"):
        run("replay", tmp_path / name, "--jobs", 1, "--archive", tmp_path / "archive")
    assert ask(tmp_path / "archive", "SELECT captured_at, evidence_file FROM capture") == [
        (None, str(tmp_path / "one.warc"))
    ]


def test_saved_pages_brought_twice_are_one_capture(tmp_path: Path) -> None:
    folder, page = tmp_path / "pages", live_page()
    folder.mkdir()
    (folder / "page.html").write_bytes(page.body)
    (folder / "page.url").write_text(f"{page.url}\n{str_of(page)}\n")
    for copy in (folder, shutil.copytree(folder, tmp_path / "copy")):
        done = scrapy(tmp_path, "crawl", "post", "-a", "source=folder", "-a", f"path={copy}")
        assert done.returncode == 0, done.stderr
    assert counts(tmp_path / "archive")["capture"] == 1
    assert records_of(tmp_path / "archive") == 2, "the head of the file, and the page"
    is_sound(tmp_path / "archive")


def test_linked_files_add_nothing_to_copied_ones(archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for words in (("--link",), ()):
        evidence = Path(shutil.copytree(archive / "evidence", tmp_path / f"copy{len(words)}"))
        for each in evidence.iterdir():  # known under its name by a replay
            each.rename(each.with_name(f"x{len(words)}{each.name}"))
        assert run("replay", evidence, "--jobs", 1, "--archive", other, *words).exit_code == 0
        if words:
            before = counts(other)
            is_sound(other)  # linked records of ours say where they came from, too
    assert counts(other) == before


def test_a_rebuild_makes_one_of_what_an_earlier_version_kept_twice(archive: Path) -> None:
    wanted = counts(archive)["capture"]
    names = "url, address, captured_at, status, digest, part, outcome, reason, detail, layout, words_of_another"
    ask(
        archive,
        f"INSERT INTO capture (id, source, {names}) SELECT id + 10000, 'warc', {names} FROM capture"
        " WHERE outcome = 'unread'",
    )
    assert counts(archive)["capture"] > wanted
    assert run("rebuild", "--archive", archive).exit_code == 0
    assert counts(archive)["capture"] == wanted
    is_sound(archive)
