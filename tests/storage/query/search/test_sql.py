"""Search in plain SQL gives the rows of the search, in both languages."""

import sqlite3
from contextlib import closing
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from storage.archive import Archive
from storage.query.search.filters import Filters
from storage.query.search.search import Page, search
from storage.query.search.spelling import Spelling
from storage.query.search.sql import statement
from tests.helpers.items import article

TEXTS = ["Rice exports rise.", "The king's rice; it's '១០' o'clock.", "ទៅភ្នំពេញក្នុងឆ្នាំ២០១៨។", "កសិករលក់អង្ករ ២០១៨", "-"]
QUESTIONS = [
    "rice",
    '"rice exports"',
    "ភ្នំពេញ",
    "2018",
    "២០១៨ -ភ្នំពេញ",
    "king's OR អង្ករ",
    "NEAR(rice rise, 3)",
    "?",
    "ri*",
]


@pytest.fixture
def filled(archive: Archive) -> Archive:
    for n, body in enumerate(TEXTS):
        language = "km" if "ក" in body else "en"
        day = date(2015 + n, 1, 2)
        archive.add(article(f"s{n}", body=body, language=language, section="It's", published_on=day, byline="O'Neil"))
    archive.add(article("s0", hours=1, body="Rice is exported.", section="It's", published_on=date(2015, 1, 2)))
    return archive


@pytest.mark.parametrize("words", QUESTIONS)
@pytest.mark.parametrize(
    "filters", [Filters(), Filters(section="it's", year=2016), Filters(edited=True, author="o'neil", language="en")]
)
def test_a_statement_gives_the_hits_in_any_sqlite(filled: Archive, words: str, filters: Filters) -> None:
    spelling = Spelling(forms=True)
    hits = filled.ask(search, words, filters, Page(limit=99), spelling)
    sql = filled.ask(statement, words, filters, spelling)
    with closing(sqlite3.connect(filled.folder / "archive.db")) as plain:
        assert sorted(row[0] for row in plain.execute(sql)) == sorted(hit.story_id for hit in hits)


@pytest.mark.parametrize("words", QUESTIONS)
def test_the_function_gives_the_hits_on_the_program_s_connections(filled: Archive, words: str) -> None:
    with filled.connect() as connection:
        query = text("SELECT DISTINCT canonical_url FROM search WHERE words MATCH query(:words)")
        urls = set(connection.execute(query, {"words": words}).scalars())
    assert urls == {hit.canonical_url for hit in filled.search(words)}


@pytest.mark.parametrize("view", ["article", "search"])
@pytest.mark.parametrize(("condition", "stories"), [(">= '2018'", 2), ("< '2016'", 1), ("LIKE '2017%'", 1)])
def test_days_of_views_compare_with_a_year_alone(filled: Archive, view: str, condition: str, stories: int) -> None:
    query = f"SELECT count(DISTINCT canonical_url) FROM {view} WHERE published_on {condition}"
    with closing(sqlite3.connect(filled.folder / "archive.db")) as plain:
        assert plain.execute(query).fetchone() == (stories,)


def test_words_without_a_meaning_are_an_error(filled: Archive) -> None:
    sqlite3.enable_callback_tracebacks(False)  # Datasette, in another test of this process, turns them on
    with filled.connect() as connection, pytest.raises(OperationalError):
        connection.execute(text("SELECT query('(')")).scalar()
