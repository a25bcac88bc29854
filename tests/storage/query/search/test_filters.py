"""Filters give the stories that a look at each story gives."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from postscraper.items import Block
from storage.archive import Archive
from storage.query.search.filters import Filters
from tests.helpers.items import article

NOTE = (Block(kind="paragraph", text="Water rises."), Block(kind="correction", text="It was Monday."))


@pytest.fixture
def filled(archive: Archive) -> Archive:
    for n in range(1, 7):
        byline = "Kun Kourchettana" if n % 2 else "Heng Vuthy"
        archive.add(article(f"s{n}", byline=byline, section="National", published_on=date(2015 + n // 2, 6, n)))
    archive.add(article("edited", body="Water.", section="Business"))
    archive.add(article("edited", hours=1, body="Water falls.", layout="inhouse_2023", section="Business"))
    archive.add(replace(article("corrected"), body=NOTE))
    archive.add(article("khmer", language="km", body="ទឹក"))
    return archive


@pytest.mark.parametrize(
    ("filters", "slugs"),
    [
        ({"since": date(2016, 6, 3), "until": date(2017, 6, 4)}, "s3 s4"),
        ({"year": 2016}, "s2 s3"),
        ({"year": 2016, "until": date(2016, 6, 2)}, "s2"),
        ({"section": "BUSINESS"}, "edited"),
        ({"author": "vuthy"}, "s2 s4 s6"),
        ({"author": "vuthy OR kun", "year": 2018}, "s6"),
        ({"author": "?"}, ""),
        ({"language": "km"}, "khmer"),
        ({"layout": "inhouse_2023"}, "edited"),
        ({"edited": True}, "edited"),
        ({"edited": False, "section": "national", "year": 2015}, "s1"),
        ({"corrected": True}, "corrected"),
        ({"corrected": False, "year": 2015}, "s1"),
        ({}, "corrected edited khmer s1 s2 s3 s4 s5 s6"),
    ],
)
def test_filters(filled: Archive, filters: dict[str, Any], slugs: str) -> None:
    wanted = Filters(**filters)
    query = text(f"SELECT canonical_url FROM story WHERE {wanted.sql()}")
    with filled.connect() as connection:
        urls = connection.execute(query, wanted.values()).scalars().all()
    assert sorted(url.rpartition("/")[2] for url in urls) == slugs.split()
