"""The data sheet's counts are those of SQL."""

import json
import sqlite3
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from postscraper.newspapers import POST
from postscraper.reading.layout_version import layout_version
from storage.archive import Archive
from storage.query.export.records import COLUMNS
from tests.helpers.commands import run
from tests.helpers.items import article, captioned, listing, teaser


@pytest.fixture
def filled(archive: Archive) -> Archive:
    archive.add(article("a", 0, section="National", published_on=date(2018, 6, 1), byline="Kun K", authors=("Kun K",)))
    archive.add(article("a", 5, "Other words.", section="National", published_on=date(2018, 6, 1)))
    archive.add(article("b", 1, "B.", section="Business", published_on=date(2018, 6, 4), images=captioned("x", "y")))
    archive.add(article("c", 2, "C.", layout="joomla_2008", language="km", published_on=date(2009, 1, 2)))
    archive.add(article("d | `<b>`", 3, "D.", section="Odd | <b>*x*\n# y"))
    archive.add(listing(teaser("a"), teaser("b", 2, summary="B"), teaser("elsewhere", 3), hours=9))
    return archive


def sheet(archive: Archive, out: Path, *words: str) -> dict[str, Any]:
    done = run("export", out, *words, "--json", "--archive", archive.folder)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(out.with_name(f"{out.name}.datasheet.json").read_text("utf-8"))
    assert json.loads(done.stdout) == found
    assert found["sha256"] == sha256(out.read_bytes()).hexdigest()
    assert found["bytes"] == out.stat().st_size
    return found


def sql(archive: Archive, query: str) -> list[Any]:
    connection = sqlite3.connect(archive.folder / "archive.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_counts_of_stories(filled: Archive, tmp_path: Path) -> None:
    found = sheet(filled, tmp_path / "out.csv")
    assert [(found["records"],)] == sql(filled, "SELECT count(*) FROM article")
    assert [(found["revisions"],)] == sql(filled, "SELECT count(*) FROM revision")
    for name, column in (("year", "substr(published_on, 1, 4)"), ("section", "section"), ("language", "language")):
        counts = sql(filled, f"SELECT coalesce({column}, ''), count(*) FROM article GROUP BY 1")
        assert found[f"stories_by_{name}"] == dict(counts)
    assert found["designs"] == dict(sql(filled, "SELECT layout, count(*) FROM article GROUP BY 1"))
    assert found["layout_versions"] == {name: layout_version(name, POST) for name in found["designs"]}
    span = sql(filled, "SELECT min(published_on), max(published_on), sum(published_on IS NULL) FROM article")
    assert [(found["first_on"], found["last_on"], found["stories_without_day"])] == span
    assert found["gaps"] == [["2009-01-03", "2018-05-31"], ["2018-06-02", "2018-06-03"]]
    plain = ("section", "published_on", "byline", "headline", "standfirst", "kicker", "node_id", "same_words_as")
    counted = ", ".join(f"count({name})" for name in plain)
    assert [tuple(found["filled"][name] for name in plain)] == sql(filled, f"SELECT {counted} FROM article")
    assert set(found["filled"]) == set(COLUMNS["stories"])
    assert found["selection"] == {}
    assert "No licence is given" in found["licence"]


@pytest.mark.parametrize(
    ("kind", "table", "columns", "design"),
    [
        ("revisions", "revision", ("headline", "byline", "standfirst"), "revision.layout FROM revision"),
        ("teasers", "sighting", ("headline", "summary", "list", "published_on"),
         "capture.layout FROM sighting JOIN capture ON capture.id = capture_id"),
        ("pictures", "image", ("caption", "credit", "block"),
         "layout FROM image JOIN revision ON revision.id = revision_id"),
    ],
)  # fmt: skip
def test_counts_of_other_records(
    filled: Archive, tmp_path: Path, kind: str, table: str, columns: tuple[str, ...], design: str
) -> None:
    found = sheet(filled, tmp_path / "out.jsonl", "--of", kind)
    counts = ", ".join(f"count({name})" for name in columns)
    expected = sql(filled, f"SELECT count(*), {counts} FROM {table}")
    assert [(found["records"], *(found["filled"][name] for name in columns))] == expected
    assert sorted(found["designs"].items()) == [
        (name, count) for name, count in sql(filled, f"SELECT layout, count(*) FROM (SELECT {design}) GROUP BY 1")
    ]


def test_years_come_in_their_order(filled: Archive, tmp_path: Path) -> None:
    years = list(sheet(filled, tmp_path / "out.jsonl")["stories_by_year"])
    assert years == sorted(years)
    assert len(years) > 1


def test_other_spellings_of_the_words_are_part_of_the_selection(filled: Archive, tmp_path: Path) -> None:
    exact = sheet(filled, tmp_path / "a.jsonl", "--words", "worded")
    found = sheet(filled, tmp_path / "b.jsonl", "--words", "worded", "--forms", "--of", "revisions")
    assert (exact["stories"], exact["selection"]) == (0, {"words": "worded"})
    assert found["stories"] == sheet(filled, tmp_path / "c.jsonl", "--words", "words")["stories"] > 0
    assert found["selection"] == {"words": "worded", "forms": True}


def test_a_selection(filled: Archive, tmp_path: Path) -> None:
    found = sheet(filled, tmp_path / "out.parquet", "--since", "2018", "--section", "national", "--of", "teasers")
    assert found["selection"] == {"since": "2018-01-01", "section": "national"}
    assert (found["records"], found["stories"], found["revisions"]) == (1, 1, 2)
    assert found["gaps"] == []


def test_an_empty_selection(filled: Archive, tmp_path: Path) -> None:
    found = sheet(filled, tmp_path / "out.tei.xml", "--words", "zebra")
    assert (found["records"], found["stories"], found["first_on"], found["filled"]) == (0, 0, None, {})
    assert "no story has a day" in (tmp_path / "out.tei.xml.datasheet.md").read_text("utf-8")


def test_words_of_the_paper_break_no_table(filled: Archive, tmp_path: Path) -> None:
    sheet(filled, tmp_path / "out.jsonl")
    assert r"| Odd \| \<b\>\*x\* \# y | 1 |" in (tmp_path / "out.jsonl.datasheet.md").read_text("utf-8")
