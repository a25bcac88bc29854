"""Damage of every kind: `verify` names it, `check` mends what the evidence holds, `backup` copies a living archive."""

import json
import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from postscraper.run.evidence_reader import EvidenceReader
from storage.errors import ArchiveError
from storage.maintenance.check import verify
from storage.maintenance.checks import search_index
from storage.maintenance.checks.findings import Finding
from storage.query.search.text import digest_of
from storage.warc.exchange import Damage
from storage.warc.files import raw_records
from tests.helpers.archives import answer, file, fill, run_on, saved_pages
from tests.helpers.commands import run
from tests.helpers.crawls import crawl
from tests.helpers.mirror import Mirror
from tests.helpers.paths import SAMPLES

DAMAGES = int(os.environ.get("DAMAGES", "200"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "archive"
    fill(folder, saved_pages(every=3))
    return folder


@pytest.fixture
def archive(sound: Path, tmp_path: Path) -> Path:
    return copytree(sound, tmp_path / "archive")


def verified(folder: Path) -> list[Finding]:
    return verify(folder, EvidenceReader(folder)).findings


def ask(folder: Path, question: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(folder / "archive.db")) as database, database:
        database.create_function("digest_of", 1, digest_of)
        return database.execute(question, values).fetchall()


def evidence(folder: Path) -> Path:
    (found,) = (folder / "evidence").iterdir()
    return found


def test_an_undamaged_archive_is_sound(sound: Path) -> None:
    report = verify(sound, EvidenceReader(sound))
    assert report.findings == []
    assert report.counts == {"equal": ask(sound, "SELECT count(*) FROM capture")[0][0]}
    told = run("verify", "--json", "--archive", sound)
    assert (told.exit_code, json.loads(told.stdout)["sound"]) == (0, True)
    assert run("check", "--archive", sound).exit_code == 0
    sampled = json.loads(run("verify", "--sample", 5, "--json", "--archive", sound).stdout)
    assert sampled["captures"] == {"equal": 5}


def test_two_answers_of_one_address_in_one_transaction_keep_their_own_headers(tmp_path: Path) -> None:
    page = saved_pages()[1]
    assert page.captured_at is not None
    later = answer(page, captured_at=page.captured_at + timedelta(hours=1), headers=(("ETag", '"2"'),))
    with run_on(tmp_path) as opened:
        file(opened, answer(page), later)
    assert ask(tmp_path, "SELECT etag FROM capture ORDER BY captured_at") == [('"1"',), ('"2"',)]
    assert verified(tmp_path) == []


def test_a_crawled_archive_is_sound(tmp_path: Path, httpserver: HTTPServer) -> None:
    """By the real program, from a mirror: with robots.txt, answers of every status, and a second visit."""
    mirror = Mirror(httpserver, SAMPLES)
    assert crawl(tmp_path, mirror).returncode == 0
    assert run("retry", "--state", "done", "--archive", tmp_path / "archive").exit_code == 0
    assert crawl(tmp_path, mirror).returncode == 0
    assert mirror.conditional
    report = verify(tmp_path / "archive", EvidenceReader(tmp_path / "archive"))
    assert report.findings == []
    assert report.counts["equal"] == ask(tmp_path / "archive", "SELECT count(*) FROM capture")[0][0] > 60


@pytest.mark.parametrize("damages", [12, pytest.param(DAMAGES, marks=pytest.mark.long)])
def test_verify_names_every_damage(sound: Path, archive: Path, damages: int) -> None:
    """64 bytes overwritten anywhere; whether that changed anything is decided without `verify`."""
    before = everything(sound)
    files = [sound / "archive.db", sound / "archive.db", evidence(sound)]
    changed, seed, unnamed = 0, 0, []
    while changed < damages:
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
    records = [(piece.offset, piece.raw) for piece in raw_records(evidence(folder), lost.append)]
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
    ("UPDATE story SET canonical_url = canonical_url || '-0'", "story.canonical_url"),
    ("UPDATE story SET published_on = '2001-01-01'", "published_on"),
    ("UPDATE story SET same_words_as = 1 WHERE id = 2", "same_words_as"),
    ("UPDATE reading SET item = replace(item, 'the', 'a')", "item"),
    (
        "UPDATE reading SET item = replace(item, 'the', 'a'), digest = digest_of(replace(item, 'the', 'a'))",
        "reading.body",
    ),
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
    ("UPDATE words_data SET block = x'0A0505050505' WHERE id = 1", ""),
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


@pytest.mark.parametrize("mark", [*("warcinfo", "response", "request", "resource", "revisit"), "robots.txt"])
def test_verify_names_damage_to_records_of_every_kind(archive: Path, mark: str) -> None:
    content = evidence(archive).read_bytes()
    damaged = [piece for piece in raw_records(evidence(archive), print) if mark.encode() in piece.raw[:400]]
    middle = damaged[0].offset + damaged[0].length // 2
    evidence(archive).write_bytes(content[:middle] + bytes(64) + content[middle + 64 :])
    assert f"{evidence(archive).name}, byte {damaged[0].offset}" in {finding.where for finding in verified(archive)}


def test_verify_names_an_index_that_lost_its_rows(archive: Path) -> None:
    """What SQLite alone can tell: each question is answered, and some answers are wrong."""
    with closing(sqlite3.connect(archive / "archive.db")) as database:
        database.executescript(
            """
            CREATE INDEX empty ON capture (etag) WHERE etag = 'no such value';
            PRAGMA writable_schema = ON;
            UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'empty')
            WHERE name = 'ix_capture_digest';
            DELETE FROM sqlite_schema WHERE name = 'empty';
            """
        )
    assert any("missing from index ix_capture_digest" in finding.what for finding in verified(archive))


def test_verify_compares_the_words_of_every_revision(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "BATCH", 2)
    (count,) = ask(archive, "SELECT count(*) FROM revision")[0]
    ask(archive, "DELETE FROM words_docsize")
    found = {finding.where for finding in verified(archive) if finding.where.startswith("revision ")}
    assert len(found) == count
