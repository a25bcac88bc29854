"""An item, what its page announces, and how its address is left: one transaction."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from postscraper.items import Problem
from storage.archive import Archive
from storage.ledger.states import Discovery, Visit
from tests.helpers.addresses import CANAL, heard, hours_until_due, state
from tests.helpers.items import SITE, START, article, at, listing, sightings, teaser, unread


def visit(*heards: Discovery, **changes: Any) -> Visit:
    return Visit(**({"address": CANAL, "kind": "story", "discoveries": heards} | changes))


CUT = (Problem(kind="cut", detail="the page ends"), Problem(kind="odd_date", detail="two"))
BROKEN = (Problem(kind="broken_transfer", detail="the answer breaks off"),)


@pytest.mark.parametrize(
    ("item", "left", "hours"),
    [
        (article(hours=0), ("done", None), 90 * 24),  # no date: as if a month old
        (article(hours=0, published_on=date(2018, 6, 20)), ("done", None), 6),
        (article(hours=0, problems=CUT), ("partial", "cut"), 90 * 24),
        (article(hours=0, problems=CUT[1:]), ("done", None), 90 * 24),
        (article(hours=0, problems=CUT + BROKEN), ("partial", "broken_transfer, cut"), 5 / 3600),
        (replace(listing(hours=0), problems=BROKEN), ("partial", "broken_transfer"), 5 / 3600),
        (unread("not_modified"), ("unchanged", None), 90 * 24),
        (unread("gone"), ("gone", "gone"), 30 * 24),
        (unread("soft_404"), ("unread", "soft_404"), 30 * 24),
        (unread("moved"), ("moved", "moved"), None),
        (unread("server_error"), ("failed", "server_error"), 5 / 3600),
        (unread("bad_status"), ("failed", "bad_status"), 5 / 3600),
        (unread("broken_transfer"), ("failed", "broken_transfer"), 5 / 3600),
    ],
)
def test_how_a_visit_leaves_its_address(
    archive: Archive, item: Any, left: tuple[str, str | None], hours: float | None
) -> None:
    archive.ledger.discover([heard()], at(-1))
    archive.ledger.lease(1, now=at(-1))
    archive.add(item, visit(etag='"1"'))
    assert state(archive.ledger) == left
    assert hours_until_due(archive.ledger, 0) == pytest.approx(hours)
    row = archive.ledger.row(CANAL)
    assert row is not None
    assert (row.etag, row.visited_at) == ('"1"', START)


def test_a_visit_without_news_is_unchanged(archive: Archive) -> None:
    assert archive.add(article(hours=0), visit()) == "new story"
    archive.add(article(hours=5), visit())
    assert state(archive.ledger) == ("unchanged", None)
    archive.add(article(hours=9, body="Other."), visit())
    assert state(archive.ledger) == ("done", None)
    row = archive.ledger.row(CANAL)
    assert row is not None
    assert (row.visits, row.changes, row.visited_at) == (3, 1, at(9))
    assert hours_until_due(archive.ledger, 9) == 90 * 24
    archive.add(article(hours=11), visit())
    assert hours_until_due(archive.ledger, 11) == 7 * 24  # it changed once: a step sooner


def test_listings_and_pagers(archive: Archive) -> None:
    national = f"{SITE}/national"
    archive.add(listing(teaser("canal")), visit(address=national, kind="listing"))
    assert state(archive.ledger, national) == ("done", None)
    assert hours_until_due(archive.ledger, 0, national) == 1
    archive.add(listing(hours=1, page=4), visit(address=f"{national}?page=4", kind="listing"))
    assert hours_until_due(archive.ledger, 1, f"{national}?page=4") == 7 * 24


def test_what_a_page_announces_is_heard_with_it(archive: Archive) -> None:
    boats = heard("boats", url="http://m.phnompenhpost.com/boats")
    archive.add(article(teasers=(teaser("x", url=boats.url),)), visit(boats, heard(), heard("rice")))
    assert archive.ledger.counts() == {"done": 1, "known": 2}
    row = archive.ledger.row(boats.address)
    assert row is not None
    assert row.heard_from == CANAL
    assert len(sightings(archive, boats.address)) == 1  # the teaser's address is that of the ledger


def test_two_visits_of_one_address_in_one_batch(archive: Archive) -> None:
    archive.add_many([(article(hours=0), visit()), (article(hours=1), visit()), (article("rice"), None)])
    row = archive.ledger.row(CANAL)
    assert row is not None
    assert (row.visits, row.state, row.visited_at) == (2, "unchanged", at(1))


def test_a_failing_batch_leaves_the_ledger_as_it_was(archive: Archive) -> None:
    archive.ledger.discover([heard()], START)
    with pytest.raises(ValueError, match="surrogates"):
        archive.add_many([(article(), visit(heard("boats"))), (article("rice"), visit(heard("x", url="\ud800")))])
    assert archive.ledger.counts() == {"known": 1}
    assert list(archive.captures()) == []
