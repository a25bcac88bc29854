"""Holdings of other archives in the audit, and when their rows are damaged."""

import json
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import pytest

from postscraper.run.evidence_reader import EvidenceReader
from postscraper.run.selection import candidate
from storage.holdings.models import CdxEntry
from storage.maintenance.check import check, verify
from tests.helpers.archives import SITE, answer, file, run_on, saved_pages
from tests.helpers.canonical import ask
from tests.helpers.commands import run

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def listed(name: str) -> CdxEntry:
    return CdxEntry(url=f"{SITE}/national/{name}", captured_at=datetime(2018, 6, 20, tzinfo=UTC), digest=name)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some pages, and an index that names one of them and others."""
    folder = tmp_path_factory.mktemp("elsewhere") / "archive"
    pages = saved_pages(every=9)
    story = next(page for page in pages if b'id="ArticleBody"' in page.body)
    with run_on(folder) as opened:
        file(opened, *(answer(page) for page in pages))
        opened.archive.holdings.name_payloads(opened.evidence)
        held = CdxEntry(
            url=story.url,
            captured_at=datetime(2018, 6, 20, tzinfo=UTC),
            digest=sha1(folder, opened.reader.address(story.url)),
        )
        names = [listed(name) for name in ("known", "failed", "gone", "passed")]
        holdings = opened.archive.holdings
        holdings.add_listing("wayback", "q", [candidate(opened, each) for each in (held, *names)], None, NOW)
        holdings.failed("wayback", listed("failed"), "status 503", NOW)
        holdings.mark("wayback", listed("gone"), "gone", "status 404")
        holdings.mark("wayback", listed("passed"), "passed over", "too large")
        holdings.refused("wayback", NOW.date())
    return folder


@pytest.fixture
def archive(filled: Path, tmp_path: Path) -> Path:
    return copytree(filled, tmp_path / "archive")


def sha1(folder: Path, address: str) -> str:
    question = "SELECT sha1 FROM payload JOIN capture USING (digest) WHERE address = ?"
    return str(ask(folder, question, address)[0][0])


def test_an_archive_with_an_index_is_sound(archive: Path) -> None:
    assert ask(archive, "SELECT state, count(*) FROM holding GROUP BY 1 ORDER BY 1") == [
        *(("failed", 1), ("gone", 1), ("held", 1), ("known", 1), ("passed over", 1))
    ]
    assert check(archive, EvidenceReader(archive))[0].findings == []
    assert verify(archive, EvidenceReader(archive)).findings == []


def test_the_audit_says_where_each_address_stands(archive: Path) -> None:
    told = json.loads(run("audit", "--json", "--archive", archive).stdout)
    found = {each["address"].rsplit("/", 1)[1]: each for each in told["not_held"] if "wayback" in each["lists"]}
    assert {name: (each["standing"], each["why"]) for name, each in found.items()} == {
        "known": ("missing", None),
        "failed": ("failed", "status 503"),
        "gone": ("gone", "status 404"),
        "passed": ("excluded", "too large"),
    }
    assert all(each["section"] == "national" for each in found.values())


DAMAGE = [
    ("holding", "state = 'lost'", "state"),
    ("holding", "due_at = '2020-01-01'", "due_at"),
    ("holding", "captured_at = 'then'", "captured_at"),
    ("holding", "address = 'https://www.phnompenhpost.com/'", "address"),
    ("holding", "section = 'sport'", "section"),
    ("holding", "turn = 0", "turn"),
    ("holding", "state = 'held', due_at = NULL", "state"),
    ("enumeration", "resume_key = 'here'", "resume_key"),
    ("enumeration", "pages = -1", "pages"),
    ("holding", "mime = x'ff'", "mime"),
    ("refusal", "day = 'today'", "day"),
    ("payload", "sha1 = 'A'", "sha1"),
    ("payload", "digest = 'sha256:0'", "digest"),
]


@pytest.mark.parametrize(("table", "change", "field"), DAMAGE)
def test_a_row_that_cannot_be_is_named_and_forgotten(archive: Path, table: str, change: str, field: str) -> None:
    where = "url LIKE '%/known'" if table == "holding" else f"rowid = (SELECT min(rowid) FROM {table})"
    ask(archive, f"UPDATE {table} SET {change} WHERE {where}")
    (finding,) = check(archive, EvidenceReader(archive))[0].findings
    assert finding.kind == "elsewhere"
    assert field in finding.fields
    (rows,) = ask(archive, f"SELECT count(*) FROM {table}")
    repaired = run("check", "--repair", "--archive", archive)
    assert repaired.exit_code == 0, repaired.output
    assert "1 rows of what other archives have were forgotten" in repaired.output
    assert ask(archive, f"SELECT count(*) FROM {table}") == [(rows[0] - 1,)]
    assert ask(archive, "SELECT count(*) FROM enumeration") == [(0,)], "the index is asked again"


def test_bytes_under_a_false_name_are_found(archive: Path) -> None:
    ask(archive, "UPDATE payload SET sha1 = ? WHERE rowid = 2", 32 * "A")
    (finding,) = verify(archive, EvidenceReader(archive)).findings
    assert (finding.kind, finding.fields) == ("elsewhere", ("payload.sha1",))
