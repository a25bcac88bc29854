"""The real section page of Post Khmer, October 2016, with every field that is certain."""

from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest

from postscraper.items import DatedTeaser, Listing
from postscraper.newspapers import POSTKHMER
from postscraper.reading.read import read
from postscraper.sources.folder import capture

SECTION = "ព័ត៌មានជាតិ"
URL = "http://www.postkhmer.com/%E1%9E%96%E1%9F%90%E1%9E%8F%E1%9F%8C%E1%9E%98%E1%9E%B6%E1%9E%93%E1%9E%87%E1%9E%B6%E1%9E%8F%E1%9E%B7"


@pytest.fixture
def section(real_pages: Path) -> Listing:
    page = capture(
        real_pages / "postkhmer-section-2016-10-15.html",
        url=URL,
        captured_at=datetime(2016, 10, 15, 12, 25, tzinfo=UTC),
    )
    found = read(page, POSTKHMER)
    assert isinstance(found, Listing), found
    return found


@pytest.fixture
def teasers(section: Listing) -> list[DatedTeaser]:
    return [each for each in section.teasers if isinstance(each, DatedTeaser)]


def test_what_the_page_is(section: Listing) -> None:
    assert (section.layout, section.language, section.section, section.page) == ("drupal_2013", "km", SECTION, 0)
    assert section.canonical_url == URL.replace("http:", "https:")
    assert section.next_url == f"{URL}?page=1"
    assert section.problems == ()


def test_fifteen_stories_card_by_card(section: Listing, teasers: list[DatedTeaser]) -> None:
    assert len(section.teasers) == len(teasers) == 15
    assert [each.position for each in teasers] == list(range(1, 16))
    assert {each.list for each in teasers} == {None}
    assert len({each.headline for each in teasers}) == len({each.url for each in teasers}) == 15


def test_addresses_lie_in_the_section(teasers: list[DatedTeaser]) -> None:
    assert all(unquote(each.url).startswith(f"http://www.postkhmer.com/{SECTION}/") for each in teasers)


def test_days_and_no_time(teasers: list[DatedTeaser]) -> None:
    assert [each.published_on for each in teasers] == [date(2016, 10, 14)] * 7 + [date(2016, 10, 13)] * 8
    assert [each.published_text for each in teasers[6:8]] == ["Fri, 14 October 2016", "Thu, 13 October 2016"]
    assert {each.published_at for each in teasers} == {None}


def test_summaries_keep_town_and_zero_width_spaces(teasers: list[DatedTeaser]) -> None:
    summaries = [each.summary or "" for each in teasers]
    assert sum(each.startswith("ភ្នំពេញៈ ") for each in summaries) >= 8
    assert all("\u200b" in each and "\x00" not in each for each in summaries)
    assert sum(map(len, summaries)) > 15 * 100


def test_pictures(teasers: list[DatedTeaser]) -> None:
    styles = [(each.image_url or "").split("/styles/")[-1].split("/")[0] for each in teasers]
    assert styles == ["category_big"] + ["advert_small"] * 14
    assert all("?itok=" in (each.image_url or "") for each in teasers)


def test_the_page_notes_its_own_age(real_pages: Path) -> None:
    """The Boost cache's line, and not the time of saving, says which days the page can print."""
    page = capture(
        real_pages / "postkhmer-section-2016-10-15.html", url=URL, captured_at=datetime(2010, 1, 1, tzinfo=UTC)
    )
    found = read(page, POSTKHMER)
    assert isinstance(found, Listing)
    assert found.problems == ()
