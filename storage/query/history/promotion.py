"""Promotion of a story: on which pages it was announced, from when to when, how high, and under which headlines.

All of it is what captures show. Of the time between two captures of a page nothing is known but that a story in both
stayed, if none between lacks it. An answer 304 repeats the page last read from the same source; a page that broke off
shows that a story stood there, and never that it did not.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, Row, bindparam, select

from storage.database.bulk import chunks
from storage.database.schema import Address, Capture, Reading, Revision, Sighting, Story
from storage.query.captures import IN_TIME

# Lists for machines, which name every story: no promotion.
_NO_PROMOTION = ("sitemap", "rest")


class Place(NamedTuple):
    """The highest place of a story in a list at one capture."""

    at: datetime
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One stay of a story in one list of a page.

    page: its address. kind: front, listing or feed. list: its printed name, None without one.
    not_yet_at: the last capture of the page before, which lacks the story there; None when there is none.
    gone_by: the first whole capture behind the stay, which lacks it; None when there is none: it may stand there still.
    captures: those that show it. places: each change of its place, the first included; best: the smallest.
    wordings: headlines and summaries, in the order of time.
    """

    page: str
    kind: str
    list: str | None
    not_yet_at: datetime | None
    seen_from: datetime
    seen_to: datetime
    gone_by: datetime | None
    captures: int
    best: int
    places: tuple[Place, ...]
    wordings: tuple[tuple[str | None, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Announcements in a list beside other stories, as MOST VIEWED; the list is often one for the whole site."""

    list: str | None
    pages: int
    seen_from: datetime
    seen_to: datetime
    best: int
    wordings: tuple[tuple[str | None, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """Announcements of a story. headline: of its newest wording, else of its last teaser; None without any.

    stays: in the order of time. undated: announcements on captures of unknown time, which are left out.
    """

    address: str
    headline: str | None
    stays: tuple[Stay, ...]
    beside: tuple[Beside, ...]
    undated: int


def promotion(connection: Connection, address: str) -> Promotion:
    """Of a story by its canonical address; the story itself need not be archived."""
    rows = _sightings(connection, address)
    dated = [row for row in rows if row.captured_at is not None]
    listed = [row for row in dated if row.outcome == "listing" and row.kind not in _NO_PROMOTION]
    pages = _observations(connection, {row.page for row in listed})
    by_capture: dict[tuple[int, str | None], list[Row[Any]]] = {}
    for row in listed:
        by_capture.setdefault((row.capture_id, row.list), []).append(row)
    kinds = {(row.page, row.list): row.kind or "listing" for row in listed}
    every = ((page, kind, name, pages[page]) for (page, name), kind in kinds.items())
    stays = [stay for place in every for stay in _stays(*place, by_capture)]
    return Promotion(
        address=address,
        headline=_headline(connection, address) or next((row.headline for row in reversed(rows) if row.headline), None),
        stays=tuple(sorted(stays, key=lambda stay: (stay.seen_from, stay.page, stay.list or ""))),
        beside=tuple(_beside([row for row in dated if row.outcome == "article"])),
        undated=len(rows) - len(dated),
    )


def _headline(connection: Connection, address: str) -> str | None:
    newest = select(Revision.headline).join(Story, Story.newest_revision_id == Revision.id)
    return connection.execute(newest.where(Story.canonical_url == address)).scalar()


# Built once, as the other queries: it takes as long as they do.
_SIGHTING, _CAPTURE, _LEDGER = Sighting.__table__.c, Capture.__table__.c, Address.__table__.c
_SIGHTINGS = (
    select(_SIGHTING.capture_id, _SIGHTING.list, _SIGHTING.position, _SIGHTING.headline, _SIGHTING.summary)
    .add_columns(_CAPTURE.captured_at, _CAPTURE.outcome, _CAPTURE.address.label("page"), _LEDGER.kind)
    .join(Capture, _CAPTURE.id == _SIGHTING.capture_id)
    .outerjoin(Address, _LEDGER.address == _CAPTURE.address)
    .where(_SIGHTING.address == bindparam("address"))
    .order_by(*IN_TIME, _SIGHTING.position)
)


def _sightings(connection: Connection, address: str) -> Sequence[Any]:
    return connection.execute(_SIGHTINGS, {"address": address}).all()


class _Observation(NamedTuple):
    """capture_id: of the page as it stood at the moment; of an answer 304 that of the page before."""

    at: datetime
    capture_id: int
    whole: bool


def _observations(connection: Connection, pages: Iterable[str]) -> dict[str, list[_Observation]]:
    capture = Capture.__table__.c
    columns = (capture.address, capture.id, capture.captured_at, capture.source, capture.outcome, capture.problems)
    by_page: dict[str, list[_Observation]] = {}
    last: dict[tuple[str, str], _Observation] = {}
    for chunk in chunks(sorted(pages)):
        query = (
            select(*columns)
            .where(capture.address.in_(chunk), capture.captured_at.is_not(None), capture.part == "")
            .where((capture.outcome == "listing") | (capture.reason == "not_modified"))
            .order_by(*IN_TIME)
        )
        for address, capture_id, at, source, outcome, problems in connection.execute(query):
            if outcome == "listing":
                last[address, source] = _Observation(at, capture_id, is_whole(problems))
            if (address, source) in last:
                by_page.setdefault(address, []).append(last[address, source]._replace(at=at))
    return by_page


def is_whole(problems: str | None) -> bool:
    """Whether a page came to its end; problems: as JSON text."""
    kinds = {problem["kind"] for problem in json.loads(problems or "[]")}
    return kinds.isdisjoint(("cut", "broken_transfer"))


def _stays(
    page: str,
    kind: str,
    name: str | None,
    observations: Sequence[_Observation],
    sightings: Mapping[tuple[int, str | None], Sequence[Row[Any]]],
) -> Iterator[Stay]:
    without: datetime | None = None
    shown: list[tuple[datetime, Sequence[Row[Any]]]] = []
    for at, capture_id, whole in observations:
        if rows := sightings.get((capture_id, name)):
            shown.append((at, rows))
        elif whole:
            if shown:
                yield _stay(page, kind, name, without, shown, at)
            shown, without = [], at
    if shown:
        yield _stay(page, kind, name, without, shown, None)


def _stay(
    page: str,
    kind: str,
    name: str | None,
    before: datetime | None,
    shown: Sequence[tuple[datetime, Sequence[Row[Any]]]],
    after: datetime | None,
) -> Stay:
    highest = [Place(at, min(row.position for row in rows)) for at, rows in shown]
    moves = [place for n, place in enumerate(highest) if n == 0 or highest[n - 1].position != place.position]
    return Stay(
        page=page,
        kind=kind,
        list=name,
        not_yet_at=before,
        seen_from=shown[0][0],
        seen_to=shown[-1][0],
        gone_by=after,
        captures=len(shown),
        best=min(place.position for place in highest),
        places=tuple(moves),
        wordings=_wordings(row for _, rows in shown for row in rows),
    )


def _wordings(rows: Iterable[Row[Any]]) -> tuple[tuple[str | None, str | None], ...]:
    return tuple(dict.fromkeys((row.headline, row.summary) for row in rows))


def _beside(rows: Iterable[Row[Any]]) -> Iterator[Beside]:
    lists: dict[str | None, list[Row[Any]]] = {}
    for row in rows:
        lists.setdefault(row.list, []).append(row)
    for name, same_list in lists.items():
        yield Beside(
            list=name,
            pages=len({row.page for row in same_list}),
            seen_from=same_list[0].captured_at,
            seen_to=same_list[-1].captured_at,
            best=min(row.position for row in same_list),
            wordings=_wordings(same_list),
        )


# --- Headlines side by side -------------------------------------------------------------------

# Places of a headline, in the order in which they are listed, with what each is.
PLACES: Mapping[str, str] = {
    "page": "above the story",
    "title": "the page's title tag",
    "og": "for social networks",
    "hidden": "a hidden twin on the page",
    "feed": "in a feed",
    "rest": "in an answer of the REST API",
    "front": "a teaser on the front page",
    "listing": "a teaser in a list",
    "beside": "a teaser beside other stories",
    "address": "the words of the address",
}
_FORMS = {"feed": "feed", "wordpress_rest": "rest"}  # by layout
_LISTS = {"sitemap": None, "rest": "rest", "front": "front", "feed": "feed"}  # by the ledger's kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One wording in one place (`PLACES`), and the captures that show it; None of unknown time, or of no capture."""

    place: str
    headline: str
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    captures: int


def headlines(connection: Connection, story: Row[Any]) -> list[Headline]:
    """Every wording of a story's headline, by place and then in the order of time; story: its row."""
    seen: dict[tuple[str, str], list[datetime | None]] = {}
    for place, wording, at in (*_on_page(connection, story.id), *_in_teasers(connection, story.canonical_url)):
        seen.setdefault((place, wording), []).append(at)
    if words := _words_of(story.canonical_url):
        seen["address", words] = []
    order = list(PLACES)
    wordings = []
    for (place, wording), moments in seen.items():
        dated = [at for at in moments if at is not None]
        span = (min(dated), max(dated)) if dated else (None, None)
        wordings.append(
            Headline(place=place, headline=wording, first_seen_at=span[0], last_seen_at=span[1], captures=len(moments))
        )
    return sorted(wordings, key=lambda each: (order.index(each.place), str(each.first_seen_at or "")))


_READ = (
    select(_CAPTURE.captured_at, _CAPTURE.reading_id)
    .where(_CAPTURE.story_id == bindparam("story_id"), _CAPTURE.reading_id.is_not(None))
    .order_by(*IN_TIME)
)
_ITEMS = select(Reading.__table__.c.id, Reading.__table__.c.item).where(
    Reading.__table__.c.id.in_(select(_CAPTURE.reading_id).where(_CAPTURE.story_id == bindparam("story_id")))
)


def _on_page(connection: Connection, story_id: int) -> Iterator[tuple[str, str, datetime | None]]:
    rows = connection.execute(_READ, {"story_id": story_id}).all()
    items = {reading_id: json.loads(item) for reading_id, item in connection.execute(_ITEMS, {"story_id": story_id})}
    for at, reading_id in rows:
        item = items[reading_id]
        yield _FORMS.get(item["layout"], "page"), item["headline"], at
        for place, wording in item["headline_variants"].items():
            yield place, wording, at


def _in_teasers(connection: Connection, address: str) -> Iterator[tuple[str, str, datetime | None]]:
    for row in _sightings(connection, address):
        place = "beside" if row.outcome == "article" else _LISTS.get(row.kind or "listing", "listing")
        if place and row.headline:
            yield place, row.headline, row.captured_at


def _words_of(address: str) -> str | None:
    """The words of the last part of an address; None for a number."""
    slug = unquote(urlsplit(address).path.rstrip("/").rsplit("/", 1)[-1]).removesuffix(".html")
    return " ".join(slug.split("-")).strip() if any(letter.isalpha() for letter in slug) else None
