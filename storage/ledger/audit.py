"""Coverage audit: known addresses against held stories, with the reason of each gap, and an estimate of the unknown.

An address is known if it is in the ledger, in a sighting, in a link in a story's text, or in the index of another
archive. The newspaper decides which are stories, and of which section.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from math import sqrt
from typing import Any, Literal, Protocol

from sqlalchemy import Connection, case, func, or_, select, text

from storage.database.other_archives import Holding
from storage.database.schema import Address, Capture, Reading, Sighting, Story

Standing = Literal[
    "held",  # a story of the archive
    "missing",  # known and not held, without a reason
    "unread",  # visited, and not read as a story
    "moved",  # leads to another address, which is known itself
    "gone",  # the site answers that there is no such page
    "excluded",  # by a rule of the crawl
    "failed",  # error of the server or the network
]
STANDINGS: tuple[Standing, ...] = ("held", "missing", "unread", "moved", "gone", "excluded", "failed")
# Standing of an address found only in the index of another archive, by the state of its captures there, best first.
_STANDS_ELSEWHERE: dict[str, Standing] = {
    "held": "missing",
    "known": "missing",
    "failed": "failed",
    "gone": "gone",
    "passed over": "excluded",
}

List = Literal["sitemap", "feed", "listing", "teaser", "link", "wayback", "commoncrawl"]
# Lists that the site's software generates, and those made by people: teasers and links.
BY_ENGINE: frozenset[str] = frozenset({"sitemap", "feed", "listing"})
BY_PEOPLE: frozenset[str] = frozenset({"teaser", "link"})

SMALLEST_OVERLAP = 7  # below it Chapman's estimate is biased: Robson and Regier, 1964
ASSUMED = (
    "the lists of the site's engine (sitemaps, feeds, sections) and the teasers and links on the pages of stories "
    "know of a story independently, and each of all stories as likely; popular stories are in both, which makes "
    "the estimate too small, and lists of different years overlap too little, which makes it too large"
)


class AddressRules(Protocol):
    """The newspaper's rules for addresses."""

    def key(self, url: str) -> str | None:
        """The ledger's key of an announced address; None for one of another site."""
        ...

    def is_story(self, address: str) -> bool:
        """Whether the address, by its form, is probably that of a story."""
        ...

    def exclusion_rule(self, address: str) -> str | None:
        """The rule by which a crawl skips the address, or None."""
        ...

    def section(self, address: str) -> str | None:
        """The section in the address, or None."""
        ...


@dataclass(slots=True)
class AuditedAddress:
    """An address that is, or may be, that of a story. on: its day, if known. lists: those that announce it."""

    address: str
    standing: Standing = "missing"
    why: str | None = None
    on: date | None = None
    section: str | None = None
    lists: set[List] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The number of stories, known or not, from the overlap of two kinds of lists.

    stories: Chapman's estimate; at_least, at_most: its 95 % interval. unknown: stories in no list.
    """

    by_engine: int
    by_people: int
    in_both: int
    stories: int
    at_least: int
    at_most: int
    unknown: int


def audit(connection: Connection, rules: AddressRules) -> list[AuditedAddress]:
    """All addresses of stories that are known or held, by address."""
    audited = {entry.address: entry for entry in _of_ledger(connection)}
    for address, day, kind in _announced(connection, rules):
        if address not in audited:
            rule = rules.exclusion_rule(address)
            audited[address] = AuditedAddress(address, "excluded" if rule else "missing", rule)
        audited[address].lists.add(kind)
        audited[address].on = audited[address].on or day
    for entry in _in_indexes(connection):
        audited.setdefault(entry.address, entry).lists.update(entry.lists)
    held = {row.id: row for row in connection.execute(_HELD)}
    others = connection.execute(_HELD_ELSEWHERE).all()
    for row in held.values():
        _hold(audited.setdefault(row.canonical_url, AuditedAddress(row.canonical_url)), row)
    for story_id, address in others:
        if address in audited:
            _hold(audited[address], held[story_id])
    lists = set(connection.scalars(_LISTS))
    stories = [
        entry
        for address, entry in sorted(audited.items())
        if entry.standing == "held" or (address not in lists and rules.is_story(address))
    ]
    for entry in stories:
        entry.section = rules.section(entry.address) or entry.section
    return stories


_HELD = select(Story.id, Story.canonical_url, Story.published_on, Story.section)
# Visited, or found as a further page of a list: their addresses may have the form of a story's.
_LISTS = select(Address.address).where(or_(Address.kind.in_(("front", "listing")), Address.how == "pager"))
_HELD_ELSEWHERE = (
    select(Story.id, Capture.address)
    .join(Capture, Capture.story_id == Story.id)
    .where(Capture.address != Story.canonical_url)
    .distinct()
)


def _hold(entry: AuditedAddress, story: Any) -> None:
    entry.standing, entry.why = "held", None
    entry.on = story.published_on or entry.on
    entry.section = entry.section or story.section


def _of_ledger(connection: Connection) -> Iterator[AuditedAddress]:
    table = Address.__table__.c
    columns = (table.address, table.state, table.was, table.why, table.dated_on, table.section, table.how)
    for row in connection.execute(select(*columns)):
        state = row.was or row.state
        standing: Standing = state if state in STANDINGS else "missing"
        # `how` is of the first discovery alone; a teaser may be on a list or on the page of a story.
        lists: set[List] = {row.how} & {"sitemap", "feed", "link"}
        yield AuditedAddress(row.address, standing, row.why, row.dated_on, row.section, lists)


def _announced(connection: Connection, rules: AddressRules) -> Iterator[tuple[str, date | None, List]]:
    lists = select(Capture.id).where(Capture.outcome != "article")
    day = func.min(Sighting.published_on)
    on_lists = (
        select(Sighting.url, day, Capture.layout)
        .join(Capture, Capture.id == Sighting.capture_id)
        .where(Capture.outcome != "article")
        .group_by(Sighting.url, Capture.layout)
    )
    for url, on, layout in connection.execute(on_lists):
        if address := rules.key(url):
            yield address, on, _list(layout)
    # Of the pages of stories, which are many, no row is read.
    on_stories = select(Sighting.url, day).where(Sighting.capture_id.not_in(lists)).group_by(Sighting.url)
    for url, on in connection.execute(on_stories):
        if address := rules.key(url):
            yield address, on, "teaser"
    for (url,) in connection.execute(text(_LINKS)):
        if address := rules.key(url):
            yield address, None, "link"


# Those of the newest wordings have rows of their own; in all other readings they are looked for. +id: SQLite must read
# the index of `reading_id` alone, for the rows of the revisions hold the texts.
_LINKS = """
SELECT url FROM story_link
UNION
SELECT json_extract(link.value, '$.url') FROM reading, json_each(reading.item, '$.links') AS link
WHERE reading.id NOT IN (SELECT reading_id FROM revision WHERE +id IN (SELECT newest_revision_id FROM story))
"""


def _list(layout: str | None) -> List:
    if layout == "feed":
        return "feed"
    return "sitemap" if layout and layout.startswith("sitemap") else "listing"


def _in_indexes(connection: Connection) -> Iterator[AuditedAddress]:
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
    """The site's own numbers in the newest capture of each list (`Listing.totals`), by its address."""
    capture, reading = Capture.__table__.c, Reading.__table__.c
    lists = (
        select(capture.address, reading.item)
        .join(Reading, reading.id == capture.reading_id)
        .where(capture.layout == layout, capture.outcome == "listing")
        .order_by(capture.captured_at)
    )
    newest = {address: json.loads(item)["totals"] for address, item in connection.execute(lists)}
    return {address: counts for address, counts in newest.items() if counts}


def estimate(audited: Iterable[AuditedAddress]) -> Estimate | None:
    """The number of stories by Chapman's form of the Lincoln-Petersen estimate; see ASSUMED.

    None when the two kinds of lists share fewer than seven stories. The variance is that of Seber, The Estimation of
    Animal Abundance, 1982, p. 60.
    """
    stories = [entry.lists for entry in audited if entry.standing not in ("moved", "excluded", "unread")]
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
