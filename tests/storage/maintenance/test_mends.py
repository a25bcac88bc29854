"""Every finding names what mends it, and it does; what nothing has to be done about is no finding."""

import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from postscraper.run.evidence_reader import EvidenceReader
from storage.maintenance.check import check, verify
from storage.maintenance.checks.findings import MENDS, Finding, Report
from tests.helpers.archives import file, fill, run_on, saved_pages
from tests.helpers.commands import run
from tests.helpers.warc_files import pages, warc_gz
from tests.storage.maintenance.test_withdraw_parts import FERRY, MARKET, SCHOOL, WITHDRAW, feed

Damage = Callable[[Path], object]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "archive"
    fill(folder, saved_pages(every=4))
    with run_on(folder) as opened:
        file(opened, feed(FERRY, MARKET, SCHOOL))
        opened.archive.holdings.name_payloads(opened.evidence)
    assert looks(folder)[1].sound
    return folder


def looks(folder: Path) -> tuple[Report, Report]:
    return check(folder, EvidenceReader(folder))[0], verify(folder, EvidenceReader(folder))


def ask(statement: str) -> Damage:
    def damage(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "archive.db")) as database, database:
            database.execute(statement)

    return damage


def evidence(folder: Path) -> Path:
    return min((folder / "evidence").iterdir())


def torn(folder: Path) -> None:
    whole = evidence(folder).read_bytes()
    evidence(folder).write_bytes(whole + whole[:500])


def torn_under_another_name(folder: Path) -> None:
    theirs = warc_gz(folder / "evidence" / "postkhmer-20180620T0110Z-00001.warc.gz", pages(2))
    theirs.write_bytes(theirs.read_bytes()[:-100])


def a_record_alone(folder: Path) -> None:
    with run_on(folder) as opened:
        opened.record(feed(FERRY, hours=9))
        file(opened, feed(MARKET, hours=10))


def overwritten(folder: Path) -> None:
    content = bytearray(evidence(folder).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    evidence(folder).write_bytes(content)


def half_withdrawn(folder: Path) -> None:
    shutil.copytree(folder / "evidence", folder / "before")
    assert run(*WITHDRAW, "--archive", folder).exit_code == 0
    shutil.rmtree(folder / "evidence")
    (folder / "before").rename(folder / "evidence")
    ask("UPDATE withdrawn_record SET state = 'waiting'")(folder)


def both(one: Damage, other: Damage) -> Damage:
    return lambda folder: (one(folder), other(folder))


NO_EVIDENCE = ask("UPDATE capture SET evidence_file = NULL WHERE id = 2")
NO_INDEX = ask("DROP INDEX ix_sighting_address")
PRIORITY = ask("UPDATE ledger SET priority = 0 WHERE state = 'done'")

DAMAGES: dict[str, tuple[Damage, str]] = {
    "index of words": (ask("INSERT INTO words(words) VALUES ('delete-all')"), "index"),
    "authors": (ask("UPDATE author SET name = 'x'"), "derived"),
    "no tags": (ask("DELETE FROM tag"), "derived"),
    "index dropped": (NO_INDEX, "database"),
    "index dropped, a capture in the database alone": (both(NO_EVIDENCE, NO_INDEX), "database"),
    "index dropped, a record lost": (both(overwritten, NO_INDEX), "database"),
    "ledger": (PRIORITY, "ledger"),
    "ledger, a capture in the database alone": (both(NO_EVIDENCE, PRIORITY), "ledger"),
    "ledger, a record lost": (both(overwritten, PRIORITY), "ledger"),
    "ledger, no address": (ask("UPDATE ledger SET url = 'nowhere' WHERE state = 'done'"), "ledger"),
    "ledger, heard from nowhere": (ask("UPDATE ledger SET heard_from = 'nowhere'"), "ledger"),
    "ledger, rows gone": (ask("DELETE FROM ledger WHERE kind = 'story' AND state = 'known'"), "ledger"),
    "validators": (ask("UPDATE capture SET etag = '\"2\"' WHERE etag IS NOT NULL"), "differs"),
    "words": (ask("UPDATE revision SET headline = 'x'"), "differs"),
    "reading": (ask("UPDATE reading SET item = replace(item, 'the', 'a')"), "differs"),
    "reading of nothing": (ask("INSERT INTO reading (digest, item) VALUES ('sha256:0', '{}')"), "differs"),
    "digest": (ask("UPDATE capture SET digest = 'sha256:' || hex(zeroblob(32)) WHERE part = ''"), "differs"),
    "url": (ask("UPDATE capture SET url = url || '-0' WHERE id = 2"), "differs"),
    "place of a record": (ask("UPDATE capture SET evidence_offset = evidence_offset + 1"), "differs"),
    "no file's name": (ask("UPDATE capture SET evidence_file = x'00' WHERE id = 2"), "differs"),
    "teasers": (ask("DELETE FROM sighting WHERE position = 2"), "differs"),
    "part": (ask(f"UPDATE capture SET part = 'x' WHERE part = '{SCHOOL}'"), "unfiled"),
    "payload": (ask(f"UPDATE payload SET sha1 = '{'A' * 32}' WHERE rowid = 2"), "elsewhere"),
    "payload of no form": (ask("UPDATE payload SET sha1 = 'A' WHERE rowid = 2"), "elsewhere"),
    "torn": (torn, "tail"),
    "torn under another name": (torn_under_another_name, "tail"),
    "record": (overwritten, "record"),
    "record without a row": (a_record_alone, "unfiled"),
    "withdrawal": (half_withdrawn, "withdrawal"),
}


def test_there_is_a_damage_of_every_kind() -> None:
    against_a_file = {"fixity"}  # tests/storage/query/test_fixity.py
    assert {kind for _, kind in DAMAGES.values()} == set(MENDS) - against_a_file


@pytest.mark.parametrize("name", DAMAGES)
def test_what_a_finding_names_mends_it(sound: Path, tmp_path: Path, name: str) -> None:
    damage, kind = DAMAGES[name]
    damaged = shutil.copytree(sound, tmp_path / "damaged")
    damage(damaged)
    assert kind in {each.kind for each in looks(damaged)[1].findings}
    for look in range(2):
        report = looks(damaged)[look]
        for mend in {report.mend(each) for each in report.findings}:
            archive = shutil.copytree(damaged, tmp_path / "mended")
            do(mend, archive, sound)
            assert [each for each in looks(archive)[look].findings if still(each, report, mend)] == []
            shutil.rmtree(archive)


def do(mend: str, archive: Path, sound: Path) -> None:
    """What the sentence says, as a person would."""
    if "from a copy" in mend:
        shutil.copytree(sound / "evidence", archive / "evidence", dirs_exist_ok=True)
        return
    (command,) = re.findall("`postscraper ([a-z -]+)`", mend)
    words: Sequence[str | Path] = WITHDRAW if command == "withdraw" else command.split()
    assert run(*words, "--archive", archive).exit_code in (0, 15)


def still(finding: Finding, before: Report, mend: str) -> bool:
    return finding.kind in {each.kind for each in before.findings if before.mend(each) == mend}


def test_a_file_that_no_run_wrote_is_noted_and_left_alone(sound: Path, tmp_path: Path) -> None:
    archive = shutil.copytree(sound, tmp_path / "archive")
    theirs = warc_gz(archive / "evidence" / "theirs.warc.gz", pages(2))
    (archive / "evidence" / "notes.warc.gz").write_text("no WARC file at all")
    (archive / "evidence" / "README.txt").write_text("what is in here")
    before = [path.read_bytes() for path in sorted((archive / "evidence").iterdir())]
    for words in (("check",), ("check", "--repair"), ("verify",), ("rebuild",)):
        told = run(*words, "--archive", archive)
        assert told.exit_code == 0, told.output
        assert words == ("rebuild",) or "theirs.warc.gz was written by no run, and is left out" in told.output
    assert [path.read_bytes() for path in sorted((archive / "evidence").iterdir())] == before
    assert len(looks(archive)[0].notes) == 2
    assert run("replay", theirs, "--archive", archive).exit_code == 0
    assert looks(archive)[1].sound
