"""What is known of against what is held: the gaps by name, and how much no list may know of.

Known is whatever was ever announced: in the ledger, by a sighting, as a link in a story's text, in the index
of another archive.
Which of it is a story, and in which section, is the newspaper's to say.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from math import sqrt
from typing import Literal, Protocol

from sqlalchemy import Connection, case, func, select, text

from storage.database.schema import Address, Capture, Holding, Reading, Sighting, Story

Standing = Literal[
    "held",  # a story of the archive
    "missing",  # announced, not held, and nothing says why
    "unread",  # visited, and not read as a story
    "moved",  # leads to another address, which is known itself
    "gone",  # the site answers that there is no such page
    "excluded",  # a rule keeps the crawl out
    "failed",  # the server or the way to it
]
STANDINGS: tuple[Standing, ...] = ("held", "missing", "unread", "moved", "gone", "excluded", "failed")
# What a state of the ledger means for an address that is not held; all others: missing.
_STANDS: dict[str, Standing] = {
    "unread": "unread",
    "moved": "moved",
    "gone": "gone",
    "excluded": "excluded",
    "failed": "failed",
}

# What a state of its captures in another archive means for an address of which nothing else is known, the best first.
_STANDS_ELSEWHERE: dict[str, Standing] = {
    "held": "missing",
    "known": "missing",
    "failed": "failed",
    "gone": "gone",
    "passed over": "excluded",
}

List = Literal["sitemap", "feed", "listing", "teaser", "link", "wayback", "commoncrawl"]
# Made by the site's engine of what it has, and by people, who name what they write or read about.
BY_ENGINE: frozenset[str] = frozenset({"sitemap", "feed", "listing"})
BY_PEOPLE: frozenset[str] = frozenset({"teaser", "link"})

SMALLEST_OVERLAP = 7  # below it Chapman's estimate is biased: Robson and Regier, 1964
ASSUMED = (
    "the lists of the site's engine (sitemaps, feeds, sections) and the teasers and links on the pages of stories "
    "know of a story independently, and each of all stories as likely; popular stories are in both, which makes "
    "the estimate too small, and lists of different years overlap too little, which makes it too large"
)


class AddressRules(Protocol):
    """What the newspaper says of an address."""

    def key(self, url: str) -> str | None:
        """The ledger's key of an announced address; None when it is not the newspaper's."""
        ...

    def is_story(self, address: str) -> bool:
        """Whether a story is likely to lie there, by the form of the address."""
        ...

    def exclusion_rule(self, address: str) -> str | None:
        """The rule that keeps a crawl out of the address."""
        ...

    def section(self, address: str) -> str | None:
        """The section by the address; None when it tells none."""
        ...


@dataclass(slots=True)
class AuditedAddress:
    """One address that is, or may be, a story's. on: its day, as far as anything tells. lists: which announced it."""

    address: str
    standing: Standing = "missing"
    why: str | None = None
    on: date | None = None
    section: str | None = None
    lists: set[List] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """How many stories there are, known or not, from two kinds of lists that know of each other's stories.

    stories: Chapman's estimate, with the bounds of its 95 % interval. unknown: those in no list.
    """

    by_engine: int
    by_people: int
    in_both: int
    stories: int
    at_least: int
    at_most: int
    unknown: int


def audit(connection: Connection, places: AddressRules) -> list[AuditedAddress]:
    """Every address of a story that anything announced or that is held, by address."""
    found: dict[str, AuditedAddress] = {}
    for known in _of_ledger(connection):
        found[known.address] = known
    for address, day, kind in _announced(connection, places):
        known = found.get(address) or found.setdefault(address, _never_written_down(address, places))
        known.lists.add(kind)
        known.on = known.on or day
    for heard in _elsewhere(connection):
        found.setdefault(heard.address, heard).lists.update(heard.lists)
    for row in connection.execute(_HELD):
        found.setdefault(row.canonical_url, AuditedAddress(row.canonical_url))
        for address in {row.canonical_url, row.address} & found.keys():
            known = found[address]
            known.standing, known.why = "held", None
            known.on = row.published_on or known.on
            known.section = known.section or row.section
    kept = (known for address, known in found.items() if known.standing == "held" or places.is_story(address))
    return sorted((_placed(known, places) for known in kept), key=lambda known: known.address)


_HELD = (
    select(Story.canonical_url, Capture.address, Story.published_on, Story.section)
    .join(Capture, Capture.story_id == Story.id)
    .distinct()
)


def _of_ledger(connection: Connection) -> Iterator[AuditedAddress]:
    table = Address.__table__.c
    columns = (table.address, table.state, table.was, table.why, table.dated_on, table.section, table.how)
    for row in connection.execute(select(*columns)):
        standing = _STANDS.get(row.was or row.state, "missing")
        yield AuditedAddress(row.address, standing, row.why, row.dated_on, row.section, set(_LISTS_OF.get(row.how, ())))


# What the first hearing alone tells; a teaser may stand on a list or beside a story.
_LISTS_OF: dict[str, tuple[List, ...]] = {"sitemap": ("sitemap",), "feed": ("feed",), "link": ("link",)}


def _announced(connection: Connection, places: AddressRules) -> Iterator[tuple[str, date | None, List]]:
    teasers = (
        select(Sighting.url, Capture.outcome, Capture.layout, func.min(Sighting.published_on).label("day"))
        .join(Capture, Capture.id == Sighting.capture_id)
        .group_by(Sighting.url, Capture.outcome, Capture.layout)
    )
    for row in connection.execute(teasers):
        if address := places.key(row.url):
            yield address, row.day, _list(row.outcome, row.layout)
    for (url,) in connection.execute(text(_LINKS)):
        if address := places.key(url):
            yield address, None, "link"


def _elsewhere(connection: Connection) -> Iterator[AuditedAddress]:
    """Addresses in the indexes of other archives, once for each archive."""
    table = Holding.__table__.c
    rank = case({state: n for n, state in enumerate(_STANDS_ELSEWHERE)}, value=table.state)
    best = func.row_number().over(partition_by=(table.archive, table.address), order_by=rank).label("place")
    rows = select(table.archive, table.address, table.state, table.why, table.section, best).subquery()
    for row in connection.execute(select(rows).where(rows.c.place == 1)):
        standing = _STANDS_ELSEWHERE[row.state]
        why = None if standing == "missing" else row.why
        yield AuditedAddress(row.address, standing, why, section=row.section, lists={row.archive})


def totals(connection: Connection, layout: str) -> dict[str, dict[str, int]]:
    """How much the site has by the newest capture of each list (`Listing.totals`), by its address."""
    capture, reading = Capture.__table__.c, Reading.__table__.c
    found = (
        select(capture.address, reading.item)
        .join(Reading, reading.id == capture.reading_id)
        .where(capture.layout == layout, capture.outcome == "listing")
        .order_by(capture.captured_at)
    )
    said = {address: json.loads(item)["totals"] for address, item in connection.execute(found)}
    return {address: counts for address, counts in said.items() if counts}


_LINKS = """
SELECT DISTINCT json_extract(link.value, '$.url') FROM reading, json_each(reading.item, '$.links') AS link
"""


def _list(outcome: str, layout: str) -> List:
    if outcome == "article":
        return "teaser"
    if layout == "feed":
        return "feed"
    return "sitemap" if layout.startswith("sitemap") else "listing"


def _never_written_down(address: str, places: AddressRules) -> AuditedAddress:
    by = places.exclusion_rule(address)
    return AuditedAddress(address, "excluded" if by else "missing", by)


def _placed(known: AuditedAddress, places: AddressRules) -> AuditedAddress:
    known.section = places.section(known.address) or known.section
    return known


def estimate(known: Iterable[AuditedAddress]) -> Estimate | None:
    """How many stories there may be, by Chapman's form of the Lincoln-Petersen estimate; see ASSUMED.

    None when the two kinds of lists share fewer than seven stories. With the variance of Seber, The
    Estimation of Animal Abundance, 1982, p. 60.
    """
    stories = [each.lists for each in known if each.standing not in ("moved", "excluded", "unread")]
    engine, people = (sum(bool(lists & kinds) for lists in stories) for kinds in (BY_ENGINE, BY_PEOPLE))
    both = sum(bool(lists & BY_ENGINE and lists & BY_PEOPLE) for lists in stories)
    if both < SMALLEST_OVERLAP:
        return None
    whole = (engine + 1) * (people + 1) / (both + 1) - 1
    variance = (engine + 1) * (people + 1) * (engine - both) * (people - both) / ((both + 1) ** 2 * (both + 2))
    listed = engine + people - both
    spread = 1.96 * sqrt(variance)
    return Estimate(
        by_engine=engine,
        by_people=people,
        in_both=both,
        stories=round(whole),
        at_least=max(round(whole - spread), listed),
        at_most=round(whole + spread),
        unknown=max(round(whole) - listed, 0),
    )
