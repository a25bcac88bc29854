"""Facets, trends and filters equal a count over the tables, one story at a time."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from sqlalchemy import text

from postscraper.items import Block
from storage.archive import Archive
from storage.maintenance.checks.search_index import counts as wrong_counts
from storage.query.search import search
from storage.query.search.facets import facets
from storage.query.search.filters import Filters
from storage.query.search.search import Page, count
from storage.query.search.spelling import Spelling
from storage.query.search.trend import trend
from tests.helpers.items import article

WORDS = ["rice", "canal", "boat", "exports", "export", "ទឹក", "ភ្នំពេញ"]
SECTIONS = ["National", "Business", "Sport", None]
FILTERS = [
    Filters(),
    Filters(year=2013),
    Filters(section="national", language="en"),
    Filters(edited=True),
    Filters(corrected=True, since=date(2012, 3, 1)),
    Filters(author="vuthy", layout="drupal_2017"),
    Filters(until=date(2014, 7, 31), edited=False),
]


def story(number: int, chance: random.Random) -> list[Any]:
    """The captures of one story: some are edited, some corrected, some have no day."""
    day = None if chance.random() < 0.1 else date(2011, 1, 1) + timedelta(days=chance.randrange(365))
    if day is not None:
        day = day.replace(year=chance.choice([2011, 2013, 2014, 2016]))
    fields: dict[str, Any] = {
        "headline": "-",
        "language": chance.choice(["en", "en", "km"]),
        "section": chance.choice(SECTIONS),
        "published_on": day,
        "authors": tuple(chance.sample(['Heng "V" Vuthy', "Kun Kour", "A\\B", "សុខ"], chance.randint(0, 2))),
        "layout": chance.choice(["drupal_2013", "drupal_2017"]),
    }
    fields["byline"] = " and ".join(fields["authors"]) or None
    captures = []
    for hours in range(chance.choice([1, 1, 1, 2, 3])):
        body = " ".join(chance.choices(WORDS, k=chance.randint(1, 4)))
        item = article(f"s{number}", hours=hours, body=f"{body} {hours}", **fields)
        if chance.random() < 0.1:
            item = replace(item, body=(*item.body, Block(kind="correction", text="It was Monday.")))
        captures.append(item)
    return captures


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, empty_archive: Path) -> Iterator[Archive]:
    chance = random.Random(1992)
    with Archive.open(copytree(empty_archive, tmp_path_factory.mktemp("counts") / "archive")) as archive:
        for start in range(0, 300, 60):  # a later batch edits stories of earlier ones
            captures = [item for number in range(start, start + 60) for item in story(number, chance)]
            chance.shuffle(captures)
            archive.add_many((item, None) for item in captures[:100])
            archive.add_many((item, None) for item in captures[100:])
        yield archive


def told(archive: Archive, words: str, filters: Filters) -> list[dict[str, Any]]:
    """The stories with all the words in one wording, by a look at every row; words: separated by spaces."""
    rows = "story JOIN revision ON story_id = story.id JOIN reading ON reading.id = reading_id"
    stories: dict[int, list[dict[str, Any]]] = {}
    with archive.connect() as connection:
        for row in connection.execute(text(f"SELECT story.*, item FROM {rows} ORDER BY number")).mappings():
            stories.setdefault(row["id"], []).append({**row, "item": json.loads(row["item"])})
    found = []
    for wordings in stories.values():
        newest = wordings[-1]
        kinds = {block["kind"] for wording in wordings for block in wording["item"]["body"]}
        facts = {
            "day": newest["published_on"],
            "section": newest["section"],
            "language": newest["language"],
            "layout": newest["item"]["layout"],
            "authors": newest["item"]["authors"],
            "edited": len(wordings) > 1,
            "corrected": "correction" in kinds,
        }
        texts = [{word for block in wording["item"]["body"] for word in block["text"].split()} for wording in wordings]
        if any(set(words.split()) <= each for each in texts) and passes(facts, filters):
            found.append(facts)
    return found


def passes(facts: dict[str, Any], filters: Filters) -> bool:
    day = facts["day"]
    checks: list[tuple[Any, Callable[[Any], bool]]] = [
        (filters.since, lambda since: day is not None and day >= since.isoformat()),
        (filters.until, lambda until: day is not None and day <= until.isoformat()),
        (filters.year, lambda year: day is not None and day.startswith(str(year))),
        (filters.section, lambda section: (facts["section"] or "").lower() == section),
        (filters.author, lambda author: any(author in name.lower() for name in facts["authors"])),
        *((getattr(filters, name), facts[name].__eq__) for name in ("language", "layout", "edited", "corrected")),
    ]
    return all(holds(value) for value, holds in checks if value is not None)


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("words", ["rice", "canal boat", "ភ្នំពេញ", "absent"])
def test_facets_equal_a_count_over_the_rows(filled: Archive, words: str, filters: Filters) -> None:
    stories = told(filled, words, filters)
    counted = filled.ask(facets, words, filters)
    assert counted.stories == len(stories) == filled.ask(count, words, filters)
    assert len(filled.ask(search.search, words, filters, Page(sort="newest", limit=999))) == len(stories)
    assert counted.years == Counter(int(each["day"][:4]) if each["day"] else None for each in stories)
    for name, values in (("section", counted.sections), ("language", counted.languages), ("layout", counted.layouts)):
        assert values == Counter(each[name] for each in stories)
    assert counted.authors == Counter(name for each in stories for name in each["authors"])
    assert counted.edited == sum(each["edited"] for each in stories)
    assert counted.corrected == sum(each["corrected"] for each in stories)


@pytest.mark.parametrize("by", ["year", "month"])
@pytest.mark.parametrize("filters", FILTERS)
def test_a_trend_equals_a_count_over_the_rows(filled: Archive, filters: Filters, by: Any) -> None:
    questions = ["rice", "canal boat", "ទឹក", "?"]
    found = filled.ask(trend, questions, filters, by)
    size = {"year": 4, "month": 7}[by]

    def periods(words: str) -> Counter[str | None]:
        return Counter(each["day"] and each["day"][:size] for each in told(filled, words, filters))

    every = periods("")
    assert dict(zip(found.periods, found.all_stories, strict=True)) == {
        period: every[period] for period in found.periods
    }
    assert set(every) - {None} <= set(found.periods)
    assert found.all_undated == every[None]
    for series in found.series[:3]:
        expected = periods(series.words)
        assert series.stories == tuple(expected[period] for period in found.periods)
        assert series.undated == expected[None]
        for count_of, of_all, share in zip(series.stories, found.all_stories, found.shares(series), strict=True):
            assert share == (count_of / of_all if of_all else None)
    assert not any(found.series[3].stories)


def test_the_periods_have_no_gap(filled: Archive) -> None:
    months = filled.ask(trend, ["rice"], Filters(), "month").periods
    years = filled.ask(trend, ["rice"], Filters(), "year")
    assert (
        months
        == tuple(sorted(f"{year}-{month:02}" for year in range(2011, 2017) for month in range(1, 13)))[
            months[0] != "2011-01" : len(months) + (months[0] != "2011-01")
        ]
    )
    assert years.periods == ("2011", "2012", "2013", "2014", "2015", "2016")
    assert list(years.shares(years.series[0]))[1] is None
    assert years.series[0].stories[1] == 0


def test_forms_are_a_search_with_or(filled: Archive) -> None:
    forms = Spelling(forms=True)
    found = filled.ask(facets, "export", Filters(), forms)
    assert found == filled.ask(facets, "export OR exports", Filters())
    assert found.stories > filled.ask(facets, "export", Filters()).stories


def test_the_rows_for_counting_are_checked(filled: Archive) -> None:
    with filled.connect() as connection:
        assert list(wrong_counts(connection)) == []
        connection.execute(text("UPDATE search_row SET number = 7 WHERE revision_id = 1"))
        connection.execute(text("DELETE FROM search_row WHERE revision_id = 2"))
        connection.execute(text("UPDATE author_list SET names = '[1]' WHERE id = 1"))
        wrong = {finding.where for finding in wrong_counts(connection)}
        connection.rollback()
    assert {"revision 1", "revision 2"} < wrong


def test_the_stories_of_each_combination_are_counted_and_checked(filled: Archive) -> None:
    counted = text("SELECT facets_id, count(*) FROM search_row WHERE newest GROUP BY facets_id")
    kept = text("SELECT id, stories FROM facets WHERE stories")
    with filled.connect() as connection:
        before = dict(connection.execute(kept).all())
        assert before == dict(connection.execute(counted).all())
        connection.execute(text("DELETE FROM search_row WHERE story_id IN (3, 4, 5)"))
        assert dict(connection.execute(kept).all()) == dict(connection.execute(counted).all()) != before
        connection.execute(text("UPDATE facets SET stories = stories + 1 WHERE id = 1"))
        assert "row 1 of facets" in {finding.where for finding in wrong_counts(connection)}
        connection.rollback()


def test_statistics_equal_a_count_over_the_stories(filled: Archive) -> None:
    stories = told(filled, "", Filters())
    counted = filled.stats()
    assert counted.stories == len(stories)
    assert counted.stories_by_year == Counter(int(each["day"][:4]) if each["day"] else None for each in stories)
    assert counted.stories_by_section == Counter(each["section"] for each in stories)
    assert list(counted.stories_by_section.values()) == sorted(counted.stories_by_section.values(), reverse=True)
    assert counted.stories_by_language == Counter(each["language"] for each in stories)
    days = {date.fromisoformat(each["day"]) for each in stories if each["day"]}
    assert (counted.first_on, counted.last_on) == (min(days), max(days))
    lacking = {min(days) + timedelta(days=n) for n in range((max(days) - min(days)).days)} - days
    assert {start + timedelta(days=n) for start, end in counted.gaps for n in range((end - start).days + 1)} == lacking


@pytest.mark.parametrize("filters", [*FILTERS, Filters(year=2011), Filters(since=date(2013, 1, 1), section="sport")])
@pytest.mark.parametrize("sort", ["newest", "oldest"])
@pytest.mark.parametrize("words", ["rice", "canal OR boat", "ទឹក"])
def test_stories_looked_up_day_by_day_are_those_of_all_hits_sorted(
    filled: Archive, monkeypatch: pytest.MonkeyPatch, words: str, sort: Any, filters: Filters
) -> None:
    def pages() -> list[list[tuple[int, int]]]:
        options = [Page(sort=sort, limit=3, number=number) for number in (1, 2, 5)] + [Page(sort=sort, limit=200)]
        hits = [filled.ask(search.search, words, filters, page) for page in options]
        return [[(hit.story_id, hit.revision) for hit in page] for page in hits]

    by_sorting = pages()
    monkeypatch.setattr(search, "MOST_SORTED", 1)
    assert pages() == by_sorting
    monkeypatch.setattr(search, "WALKED", (1, 2))  # so that walks end before the page is full
    assert pages() == by_sorting


def test_authors_of_very_common_words_are_counted_in_the_last_wordings(
    filled: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = filled.ask(facets, "rice", Filters())
    assert whole.stories_for_authors == whole.stories
    monkeypatch.setattr("storage.query.search.facets.MOST_WITH_AUTHORS", 40)
    last = filled.ask(facets, "rice", Filters())
    assert (last.stories, last.years) == (whole.stories, whole.years)
    with filled.connect() as connection:
        rows = connection.execute(
            text(
                """SELECT DISTINCT story_id, names FROM (SELECT story_id, author_list_id FROM words
                JOIN search_row ON revision_id = words.rowid WHERE words MATCH 'rice'
                ORDER BY words.rowid DESC LIMIT 40)
                JOIN author_list ON author_list.id = author_list_id"""
            )
        ).all()
    assert last.stories_for_authors == len(rows) < whole.stories
    assert last.authors == Counter(name for row in rows for name in json.loads(row.names))
