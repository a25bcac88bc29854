"""The ledger: addresses heard of, leased, left in one state, and looked at again when due."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from postscraper.items import Problem
from storage.archive import Archive
from storage.ledger.discoveries import MergedDiscovery, merge
from storage.ledger.ledger import Ledger
from storage.ledger.selection import Selection
from storage.ledger.states import Discovery, Visit
from tests.helpers.addresses import CANAL, heard, state
from tests.helpers.items import SITE, START, article, at, listing, unread


@pytest.fixture
def ledger(archive: Archive) -> Ledger:
    return archive.ledger


def leased(ledger: Ledger, hours: float = 0, limit: int = 99, **wanted: Any) -> list[str]:
    """The last parts of the addresses leased, in order."""
    rows = ledger.lease(limit, Selection(**wanted), now=at(hours))
    return [row.address.rpartition("/")[2] for row in rows]


def test_an_address_is_heard_once(ledger: Ledger) -> None:
    assert ledger.discover([heard(), heard(), heard("boats")], START) == 2
    assert ledger.discover([heard()], at(1)) == 0
    assert state(ledger) == ("known", None)
    assert ledger.row("nowhere") is None
    assert [row.address for row in ledger.rows("known")] == [f"{SITE}/national/boats", CANAL]


def test_hearing_again_learns_what_was_unknown(archive: Archive) -> None:
    links = heard(kind="page", depth=3), heard(depth=2, section="National", dated_on=date(2018, 6, 1))
    for hours, (page, link) in enumerate(zip((SITE, f"{SITE}/national"), links, strict=True)):
        archive.add(listing(hours=hours), Visit(address=page, kind="listing", discoveries=(link,)))
    later = heard(depth=5, section="Business", dated_on=date(2020, 1, 1), kind="listing")
    archive.ledger.discover([later], at(2))
    row = archive.ledger.row(CANAL)
    assert row is not None
    assert (row.kind, row.depth, row.section, row.dated_on) == ("story", 2, "National", date(2018, 6, 1))
    assert (row.heard_from, row.heard_at) == (SITE, START)


hearings = st.builds(
    heard,
    st.sampled_from(["canal", "boats"]),
    kind=st.sampled_from(["page", "story", "listing"]),
    section=st.sampled_from([None, "National", "Business"]),
    dated_on=st.sampled_from([None, date(2018, 6, 1), date(2020, 1, 1)]),
    excluded_by=st.sampled_from([None, "a rule", "another rule"]),
    depth=st.integers(0, 3),
)


@pytest.mark.long
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(hearings, max_size=8), cut=st.integers(0, 8))
@example(found=[heard(), heard(), heard(excluded_by="a rule"), heard()], cut=1)
def test_how_hearings_fall_into_batches_does_not_matter(
    new_archive: Callable[[], Archive], found: list[Discovery], cut: int
) -> None:
    said = [MergedDiscovery(each, f"page {number}", at(number)) for number, each in enumerate(found)]
    batches: dict[str, list[list[MergedDiscovery]]] = {
        "one by one": [[each] for each in said],
        "two": [said[:cut], said[cut:]],
        "slices": [[*merge(said[:cut]).values(), *merge(said[cut:]).values()]],
    }
    ledgers = {}
    for name, some in batches.items():
        with new_archive() as archive:
            for batch in some:
                archive.replay([], {}, batch)
            ledgers[name] = [tuple(row) for row in archive.ledger.rows()]
    assert ledgers["two"] == ledgers["one by one"]
    assert ledgers["slices"] == ledgers["one by one"]


def test_the_order_of_the_queue(ledger: Ledger) -> None:
    ledger.discover(
        [
            heard("page", kind="page"),
            heard("old", dated_on=date(1994, 1, 1)),
            heard("deep", dated_on=date(2018, 6, 1), depth=4),
            heard("new", dated_on=date(2018, 6, 1)),
            heard("undated"),
            heard("section", kind="listing"),
            heard("front", kind="front"),
            heard("feed", kind="feed", depth=1),
        ],
        START,
    )
    order = ["front", "section", "feed", "undated", "new", "deep", "old", "page"]
    assert leased(ledger, limit=3) == order[:3]
    assert leased(ledger) == order[3:]
    assert leased(ledger) == []


def test_a_story_never_seen_goes_before_one_to_be_seen_again(ledger: Ledger) -> None:
    ledger.discover([heard("seen", dated_on=date(2018, 6, 1)), heard("never", dated_on=date(1994, 1, 1))], START)
    ledger.settle(f"{SITE}/national/seen", "done", None, at(1), START)
    assert leased(ledger, hours=2) == ["never", "seen"]


def test_a_lease_lasts_as_long_as_its_run(ledger: Ledger) -> None:
    ledger.discover([heard()], START)
    ledger.settle(CANAL, "done", None, START, START)
    assert leased(ledger) == ["canal"]
    assert state(ledger) == ("leased", None)
    assert leased(ledger, hours=24 * 365) == [], "however long the site lets the run wait"
    assert ledger.due(at(24 * 365)) == 0
    assert ledger.release_all(at(1)) == 1, "the next run ends what is left of it"
    assert state(ledger) == ("done", None)
    assert leased(ledger, hours=1) == ["canal"]
    assert ledger.release([CANAL, "nowhere"]) == 1
    assert ledger.release([CANAL]) == 0


@pytest.mark.parametrize(
    ("wanted", "slugs"),
    [
        ({"kinds": ["story"]}, {"a", "b", "bare"}),
        ({"sections": ["National"]}, {"a", "bare", "front"}),
        ({"since": date(2018, 6, 2)}, {"b", "bare", "front"}),
        ({"until": date(2018, 6, 1)}, {"a", "bare", "front"}),
        ({"since": date(2018, 6, 1), "until": date(2018, 6, 1), "kinds": ["story"]}, {"a", "bare"}),
        ({"addresses": [f"{SITE}/national/b", "nowhere"]}, {"b"}),
        ({"addresses": []}, set()),
        ({"host": SITE.removeprefix("https://")}, {"a", "b", "bare", "front"}),
        ({"host": "www.postkhmer.com"}, set()),
    ],
)
def test_what_a_run_wants(ledger: Ledger, wanted: dict[str, Any], slugs: set[str]) -> None:
    ledger.discover(
        [
            heard("a", section="National", dated_on=date(2018, 6, 1)),
            heard("b", section="Business", dated_on=date(2018, 6, 2)),
            heard("bare"),
            heard("front", kind="front"),
        ],
        START,
    )
    assert set(leased(ledger, **wanted)) == slugs


def test_back_off_and_the_next_run(ledger: Ledger) -> None:
    ledger.discover([heard()], START)
    assert leased(ledger) == ["canal"]
    for wait in (5, 30, 180):
        assert ledger.failed(CANAL, "timeout", at(1)) == at(1) + timedelta(seconds=wait)
        assert ledger.next_due_at(at(1)) == at(1) + timedelta(seconds=wait)
        assert ledger.next_due_at(at(1), Selection(host="www.postkhmer.com")) is None
        assert leased(ledger, hours=1) == []
        assert leased(ledger, hours=1 + wait / 3600) == ["canal"]
    assert ledger.failed(CANAL, "timeout", at(2)) is None
    assert state(ledger) == ("failed", "timeout")
    assert leased(ledger, hours=999) == []
    assert ledger.next_due_at(at(2)) is None
    ledger.release_all(at(1000))
    assert leased(ledger, hours=1000) == ["canal"]
    assert ledger.failed(CANAL, "timeout", at(1000)) == at(1000) + timedelta(seconds=5)


def test_what_broke_off_is_tried_like_what_failed(archive: Archive) -> None:
    ledger = archive.ledger
    broken = (Problem(kind="broken_transfer", detail="the answer breaks off"),)
    ledger.discover([heard()], START)
    moment = 0.0
    for wait in (5, 30, 180):
        assert leased(ledger, hours=moment) == ["canal"]
        archive.add(article(hours=moment, problems=broken, page=str(wait)), Visit(address=CANAL, kind="story"))
        assert state(ledger) == ("partial", "broken_transfer")
        assert ledger.next_due_at(at(moment)) == at(moment) + timedelta(seconds=wait)
        moment += wait / 3600
    assert leased(ledger, hours=moment) == ["canal"]
    archive.add(article(hours=moment, problems=broken), Visit(address=CANAL, kind="story"))
    assert ledger.next_due_at(at(moment)) is None
    assert leased(ledger, hours=999) == []
    ledger.release_all(at(1000))
    assert leased(ledger, hours=1000) == ["canal"]
    archive.add(article(hours=1000), Visit(address=CANAL, kind="story"))
    ledger.release_all(at(1001))
    assert leased(ledger, hours=1001) == []


def test_a_server_that_says_when_is_obeyed(archive: Archive) -> None:
    for hours, asked_seconds, wait in ((0, 3600, 3600), (1, 1, 30)):
        visit = Visit(address=CANAL, kind="story", retry_after_seconds=asked_seconds)
        archive.add(unread("server_error", hours=hours), visit)
        assert archive.ledger.next_due_at(at(hours)) == at(hours) + timedelta(seconds=wait)


def test_excluded_addresses_are_never_leased(ledger: Ledger) -> None:
    ledger.discover([heard(), heard("admin", excluded_by="robots.txt")], START)
    ledger.excluded(CANAL, "section", START)
    assert leased(ledger, hours=9999) == []
    assert ledger.retry("excluded", START) == 0
    assert ledger.whys("excluded") == {"robots.txt": 1, "section": 1}
    ledger.discover([heard()], at(1))  # the rules have changed
    assert leased(ledger, hours=1) == ["canal"]
    ledger.discover([heard(excluded_by="robots.txt")], at(2))  # too late: it is being visited
    assert state(ledger) == ("leased", None)


def test_asked_for_by_name_is_due_at_once(ledger: Ledger) -> None:
    ledger.discover([heard()], START)
    ledger.settle(CANAL, "done", None, at(999), START)
    ledger.discover([heard()], at(1))
    assert leased(ledger, hours=1) == []
    ledger.discover([heard(found_by="asked")], at(1))
    assert leased(ledger, hours=1) == ["canal"]


def test_counts(ledger: Ledger) -> None:
    ledger.discover([heard(f"s{n}") for n in range(6)], START)
    for n, why in enumerate(["soft_404", "pdf", "soft_404"]):
        ledger.settle(f"{SITE}/national/s{n}", "unread", why, at(720), START)
    assert len(leased(ledger, limit=2)) == 2
    assert ledger.counts() == {"known": 1, "leased": 2, "unread": 3}
    assert list(ledger.whys("unread").items()) == [("soft_404", 2), ("pdf", 1)]
    assert ledger.due(START) == 1
    assert ledger.not_yet_due(START, begun_at=at(1)) == 3
    assert ledger.not_yet_due(START, begun_at=START) == 0  # those that this run has visited itself
    assert ledger.due(at(1)) == 1
    assert ledger.release_all(at(1)) == 2
    assert ledger.due(at(1)) == 3
    assert ledger.retry("unread", at(1)) == 3
    assert len(leased(ledger, hours=1)) == 6


def test_unknown_addresses_cannot_be_settled(ledger: Ledger) -> None:
    with pytest.raises(KeyError, match="nowhere"):
        ledger.failed("nowhere", "timeout", START)


STEPS = ("lease", "done", "fail", "release", "wait")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 4)), max_size=20))
def test_every_address_is_in_one_state_and_leased_to_one(
    new_archive: Callable[[], Archive], steps: list[tuple[str, int]]
) -> None:
    with new_archive() as archive:
        ledger, hours = archive.ledger, 0.0
        ledger.discover([heard(f"s{n}") for n in range(5)], START)
        held: set[str] = set()
        for step, n in steps:
            if step == "lease":
                given_out = {row.address for row in ledger.lease(n, now=at(hours))}
                assert not given_out & held  # to nobody else meanwhile
                held |= given_out
            elif step == "wait":
                hours += n / 2
            elif step == "release":
                ledger.release_all(at(hours))
                held.clear()
            elif held:
                address = held.pop()
                if step == "done":
                    ledger.settle(address, "done", None, at(hours + 24), at(hours))
                else:
                    ledger.failed(address, "timeout", at(hours))
            counts = ledger.counts()
            assert sum(counts.values()) == 5
            assert counts.get("leased", 0) == len(held)


def test_heards_are_values() -> None:
    assert replace(heard(), depth=1) != heard()
    assert len({heard(), heard()}) == 1
