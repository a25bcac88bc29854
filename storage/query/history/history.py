"""History of a story: its wordings, and its promotions on other pages."""

import json
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, or_, select

from storage.database.schema import Capture, Image, Reading, Revision, Sighting, Story
from storage.errors import NoSuchStory
from storage.query.captures import IN_TIME

_WORDS = 4  # the longest of an address, by which similar addresses are found
_COMPARED = 200  # addresses
_ALIKE = 0.75  # of 1, the last parts of two addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One revision: `row` as in the table `revision`, the whole item, its pictures."""

    row: Row[Any]
    item: dict[str, Any]
    images: list[Row[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FullStory:
    """A story with its whole history; rows have the columns of the tables.

    promotions: sightings of teasers of it, in the order of time, with the page's `page_url`, `captured_at` and
    `page_is` (article or listing). same_words: addresses of stories with equal words.
    """

    row: Row[Any]
    revisions: list[Wording]
    captures: list[Row[Any]]
    promotions: list[Row[Any]]
    same_words: list[str]


_BY_NUMBER = select(Story.__table__).where(Story.__table__.c.id == bindparam("story"))
_BY_ADDRESS = select(Story.__table__).where(Story.__table__.c.canonical_url == bindparam("story"))


def find(connection: Connection, story: str | int) -> Row[Any]:
    """The row of a story by its number, its canonical address, or any address it was captured at.

    Raises NoSuchStory.
    """
    table = Story.__table__
    query = _BY_NUMBER if isinstance(story, int) else _BY_ADDRESS
    row = connection.execute(query, {"story": story}).first()
    if row is None and isinstance(story, str):
        capture = Capture.__table__.c
        whole = (capture.url == story) & (capture.part == "")  # the address of a feed is not that of the stories in it
        captured = select(capture.story_id).where(or_(whole, capture.address == story))
        row = connection.execute(select(table).where(table.c.id.in_(captured)).order_by(table.c.id)).first()
    if row is None:
        raise NoSuchStory(f"the archive holds no story {story}")
    return row


def nearest(connection: Connection, address: str) -> str | None:
    """The canonical address whose last part is most like that of an address; None when none is similar.

    Only addresses that contain one of the longest words of its last part are compared; of a part that is one word, as
    in Khmer, one of its halves.
    """
    last = _last_part(address)
    half = len(last) // 2
    pieces = sorted(last.split("-"), key=len)[-_WORDS:] if "-" in last else [last[:half], last[half:]]
    table = Story.__table__.c
    shared = [case((func.instr(table.canonical_url, piece) > 0, 1), else_=0) for piece in pieces if piece]
    if not shared:
        return None
    score = sum(shared[1:], shared[0])
    query = select(table.canonical_url).where(score > 0).order_by(score.desc(), table.canonical_url).limit(_COMPARED)
    by_part = {_last_part(url): url for url in connection.execute(query).scalars()}
    near = get_close_matches(last, by_part, n=1, cutoff=_ALIKE)
    return by_part[near[0]] if near else None


def _last_part(address: str) -> str:
    return address.rstrip("/").removesuffix("/amp").rsplit("/", 1)[-1]


def full_story(connection: Connection, story: str | int) -> FullStory:
    """Raises NoSuchStory."""
    row = find(connection, story)
    return FullStory(
        row=row,
        revisions=revisions(connection, row.id),
        captures=captures_of(connection, row.id),
        promotions=promotions(connection, row.canonical_url),
        same_words=same_words(connection, row),
    )


# Built once, as the others of a story: it takes as long as the queries themselves.
_CAPTURES = select(Capture.__table__).where(Capture.__table__.c.story_id == bindparam("story_id")).order_by(*IN_TIME)
_SAME_WORDS = select(Story.__table__.c.canonical_url).where(
    Story.__table__.c.words_digest == bindparam("words_digest"), Story.__table__.c.id != bindparam("story_id")
)


def captures_of(connection: Connection, story_id: int) -> list[Row[Any]]:
    """The captures of a story in the order of time, those of unknown time first."""
    return list(connection.execute(_CAPTURES, {"story_id": story_id}))


def same_words(connection: Connection, story: Row[Any]) -> list[str]:
    """Canonical addresses of other stories with equal words; story: its row."""
    values = {"words_digest": story.words_digest, "story_id": story.id}
    return sorted(connection.execute(_SAME_WORDS, values).scalars())


_REVISION, _IMAGE = Revision.__table__, Image.__table__
_REVISIONS = (
    select(_REVISION, Reading.__table__.c.item)
    .join(Reading, Reading.__table__.c.id == _REVISION.c.reading_id)
    .where(_REVISION.c.story_id == bindparam("story_id"))
    .order_by(_REVISION.c.number)
)
_IMAGES = (
    select(_IMAGE)
    .where(_IMAGE.c.revision_id.in_(select(_REVISION.c.id).where(_REVISION.c.story_id == bindparam("story_id"))))
    .order_by(_IMAGE.c.position)
)


def revisions(connection: Connection, story_id: int) -> list[Wording]:
    """The wordings of a story, the oldest first."""
    images: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(_IMAGES, {"story_id": story_id}):
        images.setdefault(row.revision_id, []).append(row)
    rows = connection.execute(_REVISIONS, {"story_id": story_id})
    return [Wording(row=row, item=json.loads(row.item), images=images.get(row.id, [])) for row in rows]


def promotions(connection: Connection, address: str) -> list[Row[Any]]:
    """The sightings of an address of the ledger, in the order of time; it need not be archived itself."""
    sighting, capture = Sighting.__table__, Capture.__table__.c
    page = (capture.captured_at, capture.url.label("page_url"), capture.outcome.label("page_is"))
    query = (
        select(sighting, *page)
        .join(Capture, capture.id == sighting.c.capture_id)
        .where(sighting.c.address == address)
        .order_by(capture.captured_at, capture.url, sighting.c.list, sighting.c.position)
    )
    return list(connection.execute(query))
