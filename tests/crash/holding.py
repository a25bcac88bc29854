"""Contents of an archive, read from outside: whether it is whole, and a picture of it without times and places."""

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from postscraper.urls import canonical
from storage.archive import Archive
from storage.errors import EvidenceError
from storage.evidence.store import Evidence
from storage.ledger.states import State
from storage.warc.digests import has_digest
from storage.warc.exchange import Exchange, RecordLocation
from tests.crash.pages import HOME
from tests.crash.program import Acknowledged

DATABASE = "archive.db"
TAKEN_OUT = ("first_seen_at", "last_seen_at")
REVISITED: tuple[State, ...] = ("done", "unchanged", "partial", "unread", "moved", "gone")

_CAPTURES = """SELECT url, status, digest, outcome, reason, detail, layout, problems, words_digest, etag, source
FROM capture"""
_REVISIONS = """SELECT canonical_url, number, revision.words_digest, captures, headline, body
FROM revision JOIN story ON story.id = story_id"""
_SIGHTINGS = """SELECT capture.url, capture.digest, list, position, headline, summary, sighting.url, sighting.address
FROM sighting JOIN capture ON capture.id = capture_id"""
_LEDGER = "SELECT address, kind, section, dated_on, state, why, visits, changes, etag FROM ledger"

Picture = dict[str, Counter[str]]


def asked(archive: Path, question: str) -> list[tuple[Any, ...]]:
    """By a reader of its own, which changes nothing."""
    with closing(sqlite3.connect(f"file:{archive / DATABASE}?mode=ro", uri=True)) as connection:
        return connection.execute(question).fetchall()


def picture(archive: Path, origin: str) -> Picture:
    """Everything an archive holds that a kill must not change, wherever the site was served."""
    found = {
        "captures": asked(archive, _CAPTURES),
        "revisions": asked(archive, _REVISIONS),
        "sightings": asked(archive, _SIGHTINGS),
        "ledger": asked(archive, _LEDGER),
    }
    taken = {name: Counter(repr(row).replace(origin, HOME) for row in rows) for name, rows in found.items()}
    with Archive.open(archive, readonly=True) as opened:
        stories = [{name: each[name] for name in each if name not in TAKEN_OUT} for each in opened.stories()]
    return taken | {"stories": Counter(json.dumps(each).replace(origin, HOME) for each in stories)}


def differences(found: Picture, expected: Picture) -> Iterator[str]:
    for name, rows in expected.items():
        for row, count in (found[name] - rows).items():
            yield f"{name}: {count} too many: {row[:300]}"
        for row, count in (rows - found[name]).items():
            yield f"{name}: {count} missing: {row[:300]}"


def lost(archive: Path, pages: Iterable[Acknowledged]) -> list[str]:
    """Acknowledged pages that have no row, or another place than they were told."""
    wanted = list(pages)
    if wanted and not (archive / DATABASE).exists():
        return [f"lost: {each.url}" for each in wanted]
    question = "SELECT url, captured_at, digest, evidence_file, evidence_offset, part FROM capture"
    held = set(asked(archive, question)) if wanted else set()
    return [
        f"lost: {each.url}, {each.captured_at}"
        for each in wanted
        if (each.url, each.captured_at, each.digest, each.file, each.offset, each.part) not in held
    ]


def damage(archive: Path) -> Iterator[str]:
    """What is broken: the database, its index of words, a row whose record is missing or another."""
    with closing(sqlite3.connect(archive / DATABASE)) as connection:
        if (said := connection.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
            yield f"database: {said[:3]}"
        if said := connection.execute("PRAGMA foreign_key_check").fetchall():
            yield f"foreign keys: {said[:3]}"
        try:
            connection.execute("INSERT INTO words(words) VALUES ('integrity-check')")
            connection.rollback()
        except sqlite3.DatabaseError as error:
            yield f"index of words: {error}"
    evidence = Evidence.open(archive / "evidence")
    rows = asked(archive, "SELECT evidence_file, evidence_offset, evidence_length, digest, url FROM capture")
    for file, offset, length, digest, url in rows:
        try:
            body = evidence.read(RecordLocation(file=file, offset=offset, length=length)).body
            if not has_digest(body, digest):
                yield f"evidence of {url}: another body"
        except EvidenceError as error:
            yield f"evidence of {url}: {error}"


def twice(archive: Path) -> list[str]:
    """Stories, revisions and captures that are there more than once."""
    questions = (
        "SELECT 'story', canonical_url FROM story GROUP BY canonical_url HAVING count(*) > 1",
        "SELECT 'revision', story_id FROM revision GROUP BY story_id, words_digest HAVING count(*) > 1",
        "SELECT 'capture', url FROM capture GROUP BY evidence_file, evidence_offset, part HAVING count(*) > 1",
    )
    return [f"twice: {row}" for question in questions for row in asked(archive, question)]


def rowless(archive: Path, origin: str) -> tuple[Counter[str], list[str]]:
    """Records that no row names: how many of each kind that may be, and those that may not.

    May be: robots.txt; an address that leads to itself; and an answer that a kill cut off between its
    neighbours' rows, if the address was asked again and gave the same.
    """
    question = "SELECT url, digest, evidence_file, evidence_offset FROM capture"
    rows = asked(archive, question)
    places, answers = {row[2:] for row in rows}, {row[:2] for row in rows}
    kinds: Counter[str] = Counter()
    unnamed: list[str] = []
    evidence = Evidence.open(archive / "evidence")
    for file in evidence.files():
        for place, exchange in evidence.records(file, report=lambda damage: unnamed.append(f"damage: {damage}")):
            if (place.file, place.offset) in places:
                continue
            kind = _kind(exchange, answers, origin)
            kinds[kind or "unnamed"] += 1
            if kind is None:
                unnamed.append(f"no row: {exchange.url}, {place}")
    return kinds, unnamed


def _kind(exchange: Exchange, answers: set[tuple[object, ...]], origin: str) -> str | None:
    if exchange.url == f"{origin}/robots.txt":
        return "robots"
    location = dict(exchange.headers).get("Location")
    if location is not None and canonical(origin + location) == canonical(exchange.url):
        return "to itself"
    return "asked again" if any(url == exchange.url for url, _ in answers) else None


def checked(archive: Path) -> list[str]:
    """What `warcio check` has against the files."""
    files = sorted(str(path) for path in (archive / "evidence").iterdir() if path.stat().st_size)
    words = [sys.executable, "-c", "from warcio.cli import main; main()", "check", *files]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    return [] if done.returncode == 0 else [f"warcio check: {line}" for line in done.stdout.splitlines()[:3]]
