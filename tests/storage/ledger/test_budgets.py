"""Budgets of sections: endless addresses under one path end there, by name, and nothing else waits for them."""

from datetime import date

import pytest

from storage.archive import Archive
from storage.ledger.ledger import Ledger
from storage.ledger.states import Budget, Discovery, page_of
from tests.helpers.addresses import heard
from tests.helpers.items import SITE, START, at

THREE = Budget(name="budget of section national: 3 addresses", start=f"{SITE}/national/", most=3)


@pytest.fixture
def ledger(archive: Archive) -> Ledger:
    return archive.ledger


def story(name: str, **changes: object) -> Discovery:
    return heard(name, budget=THREE, **changes)


def test_the_new_addresses_beyond_a_budget_are_excluded_by_its_name(ledger: Ledger) -> None:
    ledger.discover([story("a"), story("b")], START)
    elsewhere = f"{SITE}/nationality/a"
    ledger.discover(
        [story("b"), story("c"), story("d"), story("e"), Discovery(url=elsewhere, address=elsewhere, kind="story")],
        at(1),
    )
    assert ledger.whys("excluded") == {THREE.name: 2}
    taken = [row.address.removeprefix(SITE) for row in ledger.lease(9, now=at(2))]
    assert taken == ["/national/a", "/national/b", "/national/c", "/nationality/a"]


def test_hearing_again_takes_in_nothing_that_its_budget_left_out(ledger: Ledger) -> None:
    ledger.discover([story(name) for name in "abcd"], START)
    ledger.discover([story("d")], at(1))
    assert ledger.whys("excluded") == {THREE.name: 1}
    ledger.discover([heard("d", found_by="asked")], at(2))
    assert ledger.whys("excluded") == {}, "who asks for it by name gets it"


def test_a_larger_budget_takes_in_what_the_smaller_left_out(ledger: Ledger) -> None:
    ledger.discover([story(name) for name in "abcd"], START)
    larger = Budget(name="budget of section national: 9 addresses", start=THREE.start, most=9)
    ledger.discover([heard("d", budget=larger)], at(1))
    assert ledger.whys("excluded") == {}


def test_what_a_rule_excludes_takes_no_share(ledger: Ledger) -> None:
    ledger.discover([story("a"), story("x", excluded_by="a file, not a page"), story("b")], START)
    assert ledger.whys("excluded") == {"a file, not a page": 1}


def test_lists_take_turns_with_each_other_and_with_stories(ledger: Ledger) -> None:
    """An endless list in one section keeps nobody waiting."""
    for path in ("business", "national"):
        pages = [f"{SITE}/{path}", *(f"{SITE}/{path}?page={number}" for number in range(1, 3))]
        ledger.discover([Discovery(url=page, address=page, kind="listing") for page in pages], START)
    days_old = {"new": 0, "old": 2}
    for name, days in days_old.items():
        ledger.discover([heard(name, dated_on=date.fromordinal(START.date().toordinal() - days))], START)
    turns = [row.address.removeprefix(SITE) for row in ledger.lease(9, now=START)]
    assert turns == [
        *("/business", "/national", "/national/new", "/business?page=1", "/national?page=1"),
        *("/business?page=2", "/national/old", "/national?page=2"),
    ]


@pytest.mark.parametrize(
    ("address", "page"),
    [
        *(("/national", 0), ("/national?page=7", 7), ("/a?page=0,12", 12), ("/a?x=1&start=30", 3), ("/a?page=x", 0)),
        *(("/category/national/page/2", 1), ("/page/12?s=canal", 11), ("/?s=canal&paged=3", 2), ("/page/x", 0)),
    ],
)
def test_the_page_of_a_list(address: str, page: int) -> None:
    assert page_of(SITE + address) == page
