"""Digests of the days: their construction, and what shows against a published file."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copytree

import pytest

from postscraper.items import Capture
from postscraper.run.evidence_reader import EvidenceReader
from storage.maintenance.check import verify
from storage.maintenance.checks.findings import Finding
from storage.query import fixity
from tests.helpers.archives import answer, file, run_on, saved_pages
from tests.helpers.canonical import ask
from tests.helpers.commands import refused, run
from tests.helpers.warc_files import exchanges_in

STORY = "https://www.phnompenhpost.com/national/river-clinic-opens-koh-thom"
CLINIC = "2018-06-12"


def filled(folder: Path, captures: Sequence[Capture]) -> Path:
    with run_on(folder) as opened:
        opened.begin()
        for page in captures:
            file(opened, answer(page))
    return folder


def clinic() -> Capture:
    return next(page for page in saved_pages() if page.url.endswith("river-clinic-opens-koh-thom"))


def others(count: int, hours: int = 0) -> list[Capture]:
    """Other stories of the clinic's day, one capture of each."""
    pages = (page for page in saved_pages() if b'id="ArticleBody"' in page.body and page.url != STORY)
    found = list({page.url: page for page in pages}.values())
    at = clinic().captured_at
    assert at is not None
    return [moved(page, at + timedelta(hours=hours + 1, minutes=n)) for n, page in enumerate(found[:count])]


def moved(page: Capture, at: datetime) -> Capture:
    return Capture(url=page.url, captured_at=at, body=page.body, source="live")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return filled(tmp_path / "archive", [clinic(), *others(3), saved_pages()[0]])


def publish(archive: Path, *words: str) -> Path:
    out = archive.parent / f"fixity{len(words)}.txt"
    assert run("fixity", *words, "-o", out, "--archive", archive).exit_code == 0
    return out


def against(archive: Path, published: Path) -> tuple[list[Finding], list[str]]:
    report = verify(archive, EvidenceReader(archive), against=fixity.published(published.read_text()))
    return [finding for finding in report.findings if finding.kind == "fixity"], report.notes


def test_the_construction_is_that_of_the_documentation(archive: Path) -> None:
    """From the WARC files alone, as another program would."""
    (path,) = (archive / "evidence").iterdir()
    found: dict[str, list[str]] = {}
    for _, exchange in exchanges_in(path, lambda damage: pytest.fail(str(damage))):
        assert exchange.captured_at is not None
        line = (
            f"{exchange.captured_at:%Y-%m-%dT%H:%M:%SZ} {exchange.status} "
            f"sha256:{hashlib.sha256(exchange.body).hexdigest()} {exchange.url}"
        )
        digest = hashlib.sha256(f"{line}\n".encode()).hexdigest()
        found.setdefault(line[:10], []).append(digest)
    lines = ["postscraper fixity 1"]
    for day, digests in sorted(found.items()):
        whole = hashlib.sha256("".join(f"{each}\n" for each in sorted(digests)).encode()).hexdigest()
        lines.append(f"{day} {len(digests)} sha256:{whole}")
    assert publish(archive).read_text().splitlines() == lines
    assert len(lines) > 2


def test_days_are_chosen_and_records_listed(archive: Path) -> None:
    said = run("fixity", "--since", CLINIC, "--until", CLINIC, "--records", "--archive", archive).stdout.splitlines()
    assert len(said) == 2 + 4
    assert sum(STORY in line for line in said) == 1
    data = json.loads(run("fixity", "--json", "--archive", archive).stdout)
    assert [(day["day"], day["count"]) for day in data if day["day"] == CLINIC] == [(CLINIC, 4)]


@pytest.mark.parametrize("words", [(), ("--records",)])
def test_compaction_backup_and_rebuilding_change_nothing(archive: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    published = publish(archive, *words)
    for command in (("compact",), ("rebuild",), ("backup", tmp_path / "copy")):
        assert run(*command, "--archive", archive).exit_code == 0
        folder = tmp_path / "copy" if command[0] == "backup" else archive
        assert publish(folder, *words).read_text() == published.read_text()
        done = run("verify", "--against", published, "--archive", folder)
        assert done.exit_code == 0, done.stdout


def test_records_that_came_later_or_from_another_archive_are_told_as_added(archive: Path, tmp_path: Path) -> None:
    published = publish(archive)
    filled(archive, others(5)[3:])
    assert against(archive, published) == ([], [f"{CLINIC}: 2 added since its digest was published"])
    other = filled(tmp_path / "other" / "archive", [clinic(), *others(4, hours=6)])
    theirs = publish(other)
    assert run("merge", other, "--yes", "--archive", archive).exit_code == 0
    assert against(archive, published) == ([], [f"{CLINIC}: 6 added since its digest was published"])
    # Of a merged archive's day that is mixed with this one's nobody can tell which records are whose.
    ((finding,), _) = against(archive, theirs)
    assert finding.what == "holds other records than were published: 5 records then, 10 now"
    listed = publish(other, "--records")
    assert against(archive, listed) == ([], [f"{CLINIC}: 5 added since its digest was published"])


def test_a_withdrawn_story_is_told_as_withdrawn(archive: Path, tmp_path: Path) -> None:
    published = publish(archive)
    withdraw = ("--reason", "court order", "--yes", "--archive", archive)
    assert run("withdraw", STORY, *withdraw).exit_code == 0
    said = ([], [f"{CLINIC}: 1 withdrawn since its digest was published"])
    assert against(archive, published) == said
    assert run("rebuild", "--archive", archive).exit_code == 0
    assert against(archive, published) == said
    between = publish(archive, "--until", CLINIC)
    filled(archive, others(4)[3:])
    ((another,),) = ask(
        archive,
        "SELECT url FROM capture WHERE captured_at LIKE ? AND story_id IS NOT NULL ORDER BY id LIMIT 1",
        f"{CLINIC}%",
    )
    assert run("withdraw", another, *withdraw).exit_code == 0
    assert against(archive, published)[1] == [f"{CLINIC}: 1 added, 2 withdrawn since its digest was published"]
    assert against(archive, between) == (
        [],
        [f"{CLINIC}: 1 added, 1 withdrawn since its digest was published"],
    )


def test_a_damaged_or_missing_record_is_named_with_its_day(archive: Path, tmp_path: Path) -> None:
    published, listed = publish(archive), publish(archive, "--records")
    ((offset, length),) = ask(archive, "SELECT evidence_offset, evidence_length FROM capture WHERE url = ?", STORY)
    (path,) = (archive / "evidence").iterdir()
    whole = copytree(archive, tmp_path / "whole")
    content = bytearray(path.read_bytes())
    content[offset + length // 2] ^= 8
    path.write_bytes(content)
    for given in (published, listed):
        ((finding,), notes) = against(archive, given)
        assert (finding.where, notes) == (CLINIC, [])
        assert finding.what.startswith("lacks 1 of 4 records, 2018-06-12T03:20:11Z 200 sha256:")
        assert STORY in finding.what
    ask(whole, "UPDATE capture SET url = url || '-' WHERE url = ?", STORY)
    ((finding,), _) = against(whole, published)
    assert finding.what == "holds other records than were published: 4 records then, 4 now"
    ask(whole, "UPDATE capture SET evidence_file = NULL WHERE url LIKE '%-clinic%'")
    ((finding,), _) = against(whole, listed)
    assert STORY in finding.what


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["its first line is ''"]),
        ("postscraper fixity 1\n2018 3\n", ["line 2", "neither a day nor a record"]),
        (f"postscraper fixity 1\n2018-06-12 1 sha256:{'0' * 64}\n {'1' * 64} a\n", ["line 3", "with its digest"]),
        (
            f"postscraper fixity 1\n2018-06-12 1 sha256:{'0' * 64}\n {fixity.record_digest('a')} a\n",
            ["2018-06-12", "the file was changed"],
        ),
    ],
)
def test_a_file_that_is_none_or_was_changed_is_refused(archive: Path, text: str, words: list[str]) -> None:
    path = archive.parent / "odd.txt"
    path.write_text(text)
    refused(run("verify", "--against", path, "--archive", archive), 2, "odd.txt", *words)
