"""Endless addresses are left out by name: calendars, sessions, sitemaps of sitemaps, pages of links."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postscraper.items import Article, Block, Link, Listing
from postscraper.run.limits import (
    DEEPEST,
    DEEPEST_SITEMAP,
    MOST_ANNOUNCED,
    MOST_IDLE,
    MOST_NAMED,
    MOST_PAGES,
    MOST_SITEMAPS,
    IdlePages,
    budget,
    is_later_page,
    limit_passed,
    too_many,
)
from postscraper.urls import LONGEST_ADDRESS, canonical, path_of
from storage.ledger.states import Budget, Discovery, FoundBy
from tests.helpers.archives import SITE, answer, file, run_on, saved_pages
from tests.run.test_scope import discoverer_of, listing, teaser


def heard_of(path: str, depth: int = 0) -> Discovery:
    (found,) = discoverer_of().visit(listing(teaser(path)), depth=depth).discoveries
    return found


def onward(here: str, there: str, depth: int = 0) -> Discovery:
    page = replace(listing(next_url=SITE + there), url=SITE + here, canonical_url=SITE + here)
    (found,) = discoverer_of().visit(page, depth=depth).discoveries
    return found


def machines(layout: str, count: int) -> Listing:
    return replace(listing(*(teaser(f"/national/s-{number}") for number in range(count))), layout=layout)


CALENDAR = "a day or month of a calendar"
REPEATS = "path segments that repeat"


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/calendar", CALENDAR),
        ("/calendar?d=2031-05-01", CALENDAR),
        ("/Calendar/week/2031-W09", CALENDAR),
        ("/events/2031/05", CALENDAR),
        ("/events/1871/5/31", CALENDAR),
        ("/events/2031-05-01", CALENDAR),
        ("/2031/05", CALENDAR),
        ("/national/calendar-new-year-printed", None),
        ("/sport/2013-14", None),
        ("/national/2021-08-31-1039-222720.html", None),
        ("/2013/05/12/mill-reopens", None),
        ("/2013020761221/Business/mill-reopens.html", None),
        ("/a/b/a/b/a/b", REPEATS),
        ("/national/x/x/x", REPEATS),
        ("/a/b/c/d/b/c/d/b/c/d/e", REPEATS),
        ("/a/b/a/b/a", None),
        ("/national/national/story", None),
        ("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20", None),
        ("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21", "more than 20 path segments"),
        (f"/national?page={MOST_PAGES - 1}", None),
        ("/national?page=0,6000", None),
        (f"/national?page={MOST_PAGES}", "?page= is no number below 20,000"),
        ("/national?page=99999999999999999999", "?page= is no number below 20,000"),
        ("/national?page=-1", "?page= is no number below 20,000"),
        ("/national?page=១", "?page= is no number below 20,000"),
        (f"/category/national/page/{MOST_PAGES - 1}", None),
        (f"/category/national/page/{MOST_PAGES}", "/page/ is no number below 20,000"),
        ("/category/national?paged=99999999", "?paged= is no number below 20,000"),
        ("/index.php/Business?start=940", None),
        ("/index.php/Business?start=200000", "?start= is no number below 200,000"),
    ],
)
def test_an_endless_address_is_excluded_by_name(path: str, rule: str | None) -> None:
    assert heard_of(path).excluded_by == rule


def test_who_asks_for_an_address_by_name_gets_it() -> None:
    (asked,) = discoverer_of(urls=(f"{SITE}/events/2031/05",)).seeds()
    assert asked.excluded_by is None


@pytest.mark.parametrize(
    "path",
    [
        "/national/a;jsessionid=0A1B2C",
        "/national;jsessionid=1/a",
        "/national/a;JSESSIONID=1;sid=2",
        "/national/;PHPSESSID=9/a",
        "/national/a?PHPSESSID=0a1b2c",
        "/national/a?sid=1&jsessionid=2",
        "/national/a%CD%BEjsessionid=1",  # the Greek question mark, which becomes a semicolon
    ],
)
def test_a_session_is_no_part_of_an_address(path: str) -> None:
    assert canonical(SITE + path) == heard_of(path).address == f"{SITE}/national/a"


@given(st.lists(st.sampled_from(["/", ";", "a", "sid=", ";sid=", ";jsessionid=", ";PHPSESSID=", "%CD%BE", ".", "?"])))
def test_an_address_without_its_session_is_its_own_one_form(parts: list[str]) -> None:
    once = canonical(f"{SITE}/{''.join(parts)}")
    assert canonical(once) == once
    assert ";sid=" not in once


def test_semicolons_that_are_no_session_stay() -> None:
    for address in (f"{SITE}/national/a;b", f"{SITE}/national/a;inside=1", "https://example.org/a;jsessionid=1"):
        assert canonical(address) == address


def test_the_next_page_of_a_list_costs_no_depth_and_any_other_does() -> None:
    assert onward("/national?page=41", "/national?page=42", DEEPEST).excluded_by is None
    assert onward("/index.php/Business?start=10", "/index.php/Business?start=20", DEEPEST).excluded_by is None
    assert onward("/category/national", "/category/national/page/2/", DEEPEST).excluded_by is None
    assert onward("/?s=canal", "/page/2?s=canal", DEEPEST).excluded_by is None
    for here, there in [
        ("/a/feed", "/b/feed"),
        ("/national?page=1", "/national?page=0"),
        ("/national?page=1", "/business?page=2"),
        ("/national?page=1", "/national?page=1"),
        ("/category/national/page/3", "/category/national/page/2"),
        ("/category/national/page/3", "/category/business/page/4"),
    ]:
        assert onward(here, there, DEEPEST).excluded_by == f"deeper than {DEEPEST} links"
        assert onward(here, there, DEEPEST - 1).excluded_by is None
    assert not is_later_page(f"{SITE}/national", "https://www.postkhmer.com/national?page=1")


@pytest.mark.parametrize(
    ("address", "how", "name", "start"),
    [
        ("/national?page=7", "pager", "budget of section national: 10,000 addresses", "/national?"),
        ("/national/a-story", "teaser", "budget of section national: 200,000 addresses", "/national/"),
        ("/author/a-writer", "link", "budget of /author: 200,000 addresses", "/author/"),
        ("/sitemap.xml?page=3", "sitemap", "budget of sitemaps: 2,000", "/sitemap"),
        ("/national/a-story", "sitemap", "budget of sitemaps: 10,000,000 addresses", "/"),
    ],
)
def test_every_new_address_has_a_budget(address: str, how: FoundBy, name: str, start: str) -> None:
    discoverer = discoverer_of()
    most = int(name.split()[-1 if name.endswith("00") else -2].replace(",", ""))
    found = budget(SITE + address, discoverer.kind(SITE + address), how, discoverer.section(SITE + address))
    assert found == Budget(name=name, start=SITE + start, most=most)


def test_what_a_run_names_takes_no_share() -> None:
    assert {seed.budget for seed in discoverer_of().seeds()} == {None}
    assert heard_of("/national").budget is None


def walked(pages: int, announced: Callable[[int], list[str]], path: str = "/national") -> list[str | None]:
    """The rule against the next page of each of so many pages of a list, and of another list that goes on beside it."""
    discoverer, rules = discoverer_of(), []
    for number in range(pages):
        for where, stories in ((path, announced(number)), ("/business", [f"/business/s-{number}"])):
            here = f"{SITE}{where}" + (f"?page={number}" if number else "")
            page = replace(
                listing(*map(teaser, stories), next_url=f"{SITE}{where}?page={number + 1}"),
                url=here,
                canonical_url=here,
            )
            (following,) = (each for each in discoverer.visit(page).discoveries if each.found_by == "pager")
            if where == path:
                rules.append(following.excluded_by)
            else:
                assert following.excluded_by is None
    return rules


@pytest.mark.parametrize("behind", [[], ["/national/s-4"]])
def test_a_pager_that_goes_on_behind_its_end_is_left(behind: list[str]) -> None:
    rules = walked(40, lambda number: [f"/national/s-{number}"] if number < 5 else behind)
    idle = f"budget of section national: {MOST_IDLE} pages in a row with nothing new"
    assert rules[: 5 + MOST_IDLE] == [None] * (5 + MOST_IDLE)
    assert set(rules[5 + MOST_IDLE :]) == {idle}


def test_a_pager_of_a_few_pages_without_news_goes_on() -> None:
    assert set(walked(100, lambda number: [f"/national/s-{number // MOST_IDLE}"])) == {None}


@pytest.mark.parametrize("page", ["/national?page=1", "/category/national/page/2", "/page/2?s=canal"])
def test_a_page_that_is_read_twice_is_one_page(page: str) -> None:
    idle = IdlePages()
    assert [idle.count(SITE + page, ["a"]) for _ in range(30)] == [0] * 30


def test_the_pages_of_wordpress_are_of_one_list() -> None:
    idle = IdlePages()
    assert [idle.count(f"{SITE}/national/page/{number}", ["a"]) for number in range(2, 7)] == [0, 1, 2, 3, 4]
    assert idle.count(f"{SITE}/business/page/7", ["a"]) == 0


def test_a_page_of_links_is_followed_up_to_its_budget(caplog: pytest.LogCaptureFixture) -> None:
    story = Article(
        layout="drupal_2017",
        language="en",
        url=f"{SITE}/national/a",
        canonical_url=f"{SITE}/national/a",
        headline="h",
        body=(Block(kind="paragraph", text="t"),),
        links=tuple(Link(url=f"{SITE}/national/s-{number}", text="b", block=0) for number in range(100_000)),
        capture=listing().capture,
    )
    with caplog.at_level(logging.WARNING):
        discoveries = discoverer_of().visit(story).discoveries
    assert [each.address for each in discoveries] == [f"{SITE}/national/s-{number}" for number in range(MOST_ANNOUNCED)]
    assert "announces more than 1000 addresses" in caplog.text


def test_a_budget_counts_addresses_once_and_never_the_next_page() -> None:
    cards = [teaser(f"/national/s-{number % MOST_ANNOUNCED}/") for number in range(3 * MOST_ANNOUNCED)]
    assert len(discoverer_of().visit(listing(*cards)).discoveries) == MOST_ANNOUNCED
    more = [teaser(f"/national/s-{number}") for number in range(2 * MOST_ANNOUNCED)]
    discoveries = discoverer_of().visit(listing(*more, next_url=f"{SITE}/national?page=1")).discoveries
    assert (len(discoveries), discoveries[-1].found_by) == (MOST_ANNOUNCED + 1, "pager")


def test_links_to_other_hosts_use_up_no_budget() -> None:
    foreign = [replace(teaser(""), url=f"https://example.org/{number}") for number in range(2 * MOST_ANNOUNCED)]
    assert len(discoverer_of().visit(listing(*foreign, teaser("/national/a"))).discoveries) == 1


def test_machines_may_name_as_many_as_their_protocol_allows() -> None:
    assert len(discoverer_of().visit(machines("sitemap", MOST_ANNOUNCED + 1)).discoveries) == MOST_ANNOUNCED + 1
    assert len(discoverer_of().visit(machines("sitemap_index", MOST_SITEMAPS + 1)).discoveries) == MOST_SITEMAPS
    assert too_many("feed") == too_many("sitemap") == MOST_NAMED


def test_sitemaps_of_sitemaps_end() -> None:
    index = machines("sitemap_index", 1)
    rules = [discoverer_of().visit(index, depth=depth).discoveries[0].excluded_by for depth in range(6)]
    assert rules == [None] * DEEPEST_SITEMAP + [f"sitemaps more than {DEEPEST_SITEMAP} deep"] * 2
    assert discoverer_of().visit(machines("sitemap", 1), depth=DEEPEST_SITEMAP).discoveries[0].excluded_by is None


def test_an_address_too_long_for_a_key_is_not_heard() -> None:
    head = f"{SITE}/national/"
    longest = "/national/" + "a" * (LONGEST_ADDRESS - len(head))
    discoveries = discoverer_of().visit(listing(teaser(longest), teaser(longest + "a"))).discoveries
    assert [len(each.address) for each in discoveries] == [LONGEST_ADDRESS]
    assert len(canonical("https://www.phnompenhpost.com/" + "ក" * 255)) <= LONGEST_ADDRESS


def test_every_sample_stays_inside() -> None:
    """No limit keeps a crawl out of a page that the paper really had."""
    addresses = [canonical(page.url) for page in saved_pages()]
    assert {address: rule for address in addresses if (rule := limit_passed(address, path_of(address), 0))} == {}


def test_the_ledger_tells_the_rule(tmp_path: Path) -> None:
    page = next(each for each in saved_pages() if each.url == f"{SITE}/national/river-clinic-opens-koh-thom")
    body = page.body.replace(b"/national/old-cinema-street-118-become-night-school", b"/events/2031/05")
    with run_on(tmp_path) as opened:
        file(opened, answer(page, body=body))
        assert opened.archive.ledger.whys("excluded") == {CALENDAR: 1}
