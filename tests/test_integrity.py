"""Damage of every kind: `verify` names it, `check` mends what the evidence holds, `backup` copies a living archive."""

import json
import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from threading import Event, Thread
from typing import Any

import pytest
from calling import refused, run
from keeping import SITE, answer, desk, file, fill, saved_pages

from postscraper.witness import Witness
from storage.archive import Archive
from storage.errors import ArchiveError
from storage.exchange import Damage
from storage.fixity.examining import check, verify
from storage.fixity.findings import Finding
from storage.runlock import RunLock
from storage.warcfile import pieces

DAMAGES = int(os.environ.get("DAMAGES", "200" if os.environ.get("CI") else "50"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "archive"
    fill(folder, saved_pages(every=3))
    return folder


@pytest.fixture
def archive(sound: Path, tmp_path: Path) -> Path:
    return copytree(sound, tmp_path / "archive")


def verified(folder: Path) -> list[Finding]:
    return verify(folder, Witness(folder)).findings


def ask(folder: Path, question: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(folder / "archive.db")) as database, database:
        return database.execute(question, values).fetchall()


def evidence(folder: Path) -> Path:
    (found,) = (folder / "evidence").iterdir()
    return found


def test_an_undamaged_archive_is_sound(sound: Path) -> None:
    report = verify(sound, Witness(sound))
    assert report.findings == []
    assert report.counts == {"equal": ask(sound, "SELECT count(*) FROM capture")[0][0]}
    told = run("verify", "--json", "--archive", sound)
    assert (told.exit_code, json.loads(told.stdout)["sound"]) == (0, True)
    assert run("check", "--archive", sound).exit_code == 0
    sampled = json.loads(run("verify", "--sample", 5, "--json", "--archive", sound).stdout)
    assert sampled["captures"] == {"equal": 5}


def test_verify_names_every_damage(sound: Path, archive: Path) -> None:
    """64 bytes overwritten anywhere; whether that changed anything is decided without `verify`."""
    before = everything(sound)
    files = [sound / "archive.db", sound / "archive.db", evidence(sound)]
    changed, seed, unnamed = 0, 0, []
    while changed < DAMAGES:
        seed += 1
        chance = random.Random(seed)
        whole = chance.choice(files)
        content = whole.read_bytes()
        at = chance.randrange(len(content) - 64)
        target = archive / whole.relative_to(sound)
        target.write_bytes(content[:at] + overwritten(content[at : at + 64], chance) + content[at + 64 :])
        if everything(archive) != before:
            changed += 1
            if not named(archive):
                unnamed.append((seed, whole.name, at))
        target.write_bytes(content)
        forget_log(archive)
    assert unnamed == []
    assert verified(archive) == []


def overwritten(old: bytes, chance: random.Random) -> bytes:
    """Noise, zeros, other letters, or some bits turned: what fails on a disk, and what is harder to see."""
    letters = b"abcdefghijklmnopqrstuvwxyz 0123456789:/-"
    return chance.choice(
        [
            chance.randbytes(64),
            bytes(64),
            bytes(chance.choice(letters) for _ in old),
            bytes(byte ^ 1 << chance.randrange(8) if chance.random() < 0.2 else byte for byte in old),
        ]
    )


def named(folder: Path) -> bool:
    try:
        return verified(folder) != []
    except ArchiveError:
        return True  # a sentence and an exit code, as of every command


def everything(folder: Path) -> Any:
    """All rows of all tables, all words of the index, all records of the evidence; the error that hides them."""
    lost: list[Damage] = []
    records = [(piece.offset, piece.raw) for piece in pieces(evidence(folder), lost.append)]
    try:
        with closing(sqlite3.connect(f"file:{folder}/archive.db?mode=ro", uri=True)) as database:
            stored = list(tables(database))
    except (sqlite3.Error, UnicodeDecodeError) as error:
        stored = [repr(error)]
    forget_log(folder)
    return stored, records, lost


def tables(database: sqlite3.Connection) -> Iterator[Any]:
    schema = database.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall()
    yield schema
    for kind, name, _ in schema:
        if kind == "table" and not name.startswith("words"):
            yield database.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()
    database.execute("CREATE VIRTUAL TABLE temp.places USING fts5vocab('main', 'words', 'instance')")
    for name in ("temp.places", "words_docsize", "article", "promotion"):
        yield database.execute(f"SELECT * FROM {name}").fetchall()


def forget_log(folder: Path) -> None:
    for log in ("archive.db-wal", "archive.db-shm"):
        with suppress(FileNotFoundError):
            (folder / log).unlink()


CHANGES = [
    ("UPDATE revision SET headline = headline || '!'", "revision 1.headline"),
    ("UPDATE revision SET body = replace(body, 'the', 'a')", "revision 1.body"),
    ("UPDATE revision SET byline = 'Nobody' WHERE byline IS NOT NULL", "revision 1.byline"),
    ("UPDATE image SET caption = 'Another picture.' WHERE caption IS NOT NULL", "revision 1.image 1.caption"),
    ("DELETE FROM image", "revision 1.images"),
    ("UPDATE story SET section = 'Elsewhere'", "section"),
    ("UPDATE story SET published_on = '2001-01-01'", "published_on"),
    ("UPDATE story SET same_words_as = 1 WHERE id = 2", "same_words_as"),
    ("UPDATE reading SET item = replace(item, 'the', 'a')", "item"),
    ("UPDATE sighting SET headline = 'Another story' WHERE headline IS NOT NULL", "sighting 1.headline"),
    ("DELETE FROM sighting WHERE position = 2", "sightings"),
    ("UPDATE capture SET reason = 'gallery' WHERE outcome = 'unread'", "reason"),
    ("UPDATE capture SET digest = 'sha256:' || hex(zeroblob(32))", "digest"),
    ("UPDATE capture SET etag = '\"2\"' WHERE etag IS NOT NULL", "etag"),
    ("UPDATE capture SET evidence_offset = evidence_offset + 1", ""),
    ("UPDATE ledger SET url = 'https://www.phnompenhpost.com/elsewhere'", "address"),
    ("UPDATE ledger SET dated_on = '2001-01-01' WHERE dated_on IS NOT NULL", "priority"),
    ("UPDATE ledger SET heard_from = 'https://www.phnompenhpost.com/nowhere'", "heard_from"),
    ("DELETE FROM ledger WHERE kind = 'story' AND state = 'known'", ""),
    ("INSERT INTO words(words) VALUES ('delete-all')", ""),
    ("DROP INDEX ix_sighting_address", ""),
]


@pytest.mark.parametrize(("statement", "field"), CHANGES, ids=[statement for statement, _ in CHANGES])
def test_verify_names_the_field_that_was_changed(archive: Path, statement: str, field: str) -> None:
    ask(archive, statement)
    found = verified(archive)
    assert found
    assert not field or field in {each for finding in found for each in finding.fields}
    assert json.loads((told := run("verify", "--json", "--archive", archive)).stdout)["findings"]
    assert told.exit_code == 15


def stories(folder: Path) -> Any:
    with Archive.open(folder, readonly=True) as opened:
        return [{**each, "capture": None} for each in opened.stories()]


def mended(folder: Path) -> str:
    told = run("check", "--repair", "--archive", folder)
    assert told.exit_code == 0, told.output
    assert verified(folder) == []
    return told.stdout


def test_a_torn_tail_is_told_and_cut_off(archive: Path) -> None:
    whole = evidence(archive).read_bytes()
    record = next(pieces(evidence(archive), print))
    evidence(archive).write_bytes(whole + whole[: record.length // 2])
    told = run("check", "--archive", archive)
    assert told.exit_code == 15
    assert f"tail: {evidence(archive).name}, byte {len(whole)}: the file ends inside this record" in told.stdout
    assert "was cut off" in mended(archive)
    assert evidence(archive).read_bytes() == whole


def test_a_record_without_a_row_is_read_in(archive: Path) -> None:
    page = replace(saved_pages()[1], url=f"{SITE}/national/a-page-of-an-interrupted-run")
    with desk(archive) as opened:
        opened.keep(answer(page))
        file(opened, answer(replace(page, url=f"{SITE}/national/another-page")))
    (found,) = check(archive, Witness(archive))[0].findings
    assert (found.kind, page.url in found.what) == ("unfiled", True)
    assert page.url in mended(archive)
    assert ask(archive, "SELECT count(*) FROM capture WHERE url = ?", page.url) == [(1,)]


def test_what_no_evidence_holds_cannot_be_mended(archive: Path) -> None:
    evidence(archive).rename(archive / "elsewhere")
    told = run("check", "--repair", "--archive", archive)
    assert told.exit_code == 15
    assert "bring the evidence file back from a copy" in told.stdout
    (archive / "elsewhere").rename(archive / "evidence" / "post-20260101T0000Z-00001.warc.gz")
    assert run("check", "--archive", archive).exit_code == 15


def test_an_index_without_words_is_built_anew(archive: Path) -> None:
    ask(archive, "INSERT INTO words(words) VALUES ('delete-all')")
    assert "index of words was built anew" in mended(archive)


def test_a_broken_database_is_built_anew_and_kept(archive: Path) -> None:
    before = stories(archive)
    known = ask(archive, "SELECT address FROM ledger ORDER BY 1")
    content = bytearray((archive / "archive.db").read_bytes())
    for page in range(5 * 4096, len(content), 16 * 4096):
        content[page : page + 64] = b"\xff" * 64
    (archive / "archive.db").write_bytes(content)
    assert "built anew" in mended(archive)
    assert stories(archive) == before
    assert {address for (address,) in ask(archive, "SELECT address FROM ledger")} >= {
        address for (address,) in known if address in told_by_pages(archive)
    }
    assert [path.read_bytes() for path in archive.glob("archive.db.*.damaged")] == [bytes(content)]


def told_by_pages(folder: Path) -> set[str]:
    return {address for (address,) in ask(folder, "SELECT address FROM sighting UNION SELECT address FROM capture")}


def test_a_wrong_field_is_mended_by_building_anew(archive: Path) -> None:
    before, known = stories(archive), ask(archive, "SELECT address FROM ledger ORDER BY 1")
    ask(archive, "UPDATE revision SET headline = 'Nothing of the kind'")
    assert run("check", "--rebuild", "--archive", archive).exit_code == 0
    assert verified(archive) == []
    assert stories(archive) == before
    assert ask(archive, "SELECT address FROM ledger ORDER BY 1") == known, "even what only a person asked for"


def test_repair_waits_for_no_crawl(archive: Path) -> None:
    with RunLock(archive):
        refused(run("check", "--repair", "--archive", archive), 7, "in use by process")
    refused(run("check", "--repair", "--archive", archive / "none"), 5, "no archive")
    assert not (archive / "none").exists()
