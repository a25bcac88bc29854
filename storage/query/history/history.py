"""History of a story: its wordings, and its promotions on other pages."""

import json
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, Row, case, func, or_, select

from storage.database.schema import Capture, Image, Reading, Revision, Sighting, Story
from storage.errors import NoSuchStory

_WORDS = 4  # the longest of an address, by which similar addresses are found
_COMPARED = 200  # addresses


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


def find(connection: Connection, story: str | int) -> Row[Any]:
    """The row of a story by its number, its canonical address, or any address it was captured at.

    Raises NoSuchStory.
    """
    table = Story.__table__
    is_it = table.c.id == story if isinstance(story, int) else table.c.canonical_url == story
    row = connection.execute(select(table).where(is_it)).first()
    if row is None and isinstance(story, str):
        capture = Capture.__table__.c
        whole = (capture.url == story) & (capture.part == "")  # the address of a feed is not that of the stories in it
        captured = select(capture.story_id).where(or_(whole, capture.address == story))
        row = connection.execute(select(table).where(table.c.id.in_(captured)).order_by(table.c.id)).first()
    if row is None:
        raise NoSuchStory(f"the archive holds no story {story}")
    return row


def nearest(connection: Connection, address: str) -> str | None:
    """The canonical address most like an address; None when none is similar.

    Only addresses that contain one of the longest words of its last part are compared; of a part that is one word, as
    in Khmer, one of its halves.
    """
    last = address.rstrip("/").rsplit("/", 1)[-1]
    half = len(last) // 2
    pieces = sorted(last.split("-"), key=len)[-_WORDS:] if "-" in last else [last[:half], last[half:]]
    table = Story.__table__.c
    shared = [case((func.instr(table.canonical_url, piece) > 0, 1), else_=0) for piece in pieces if piece]
    if not shared:
        return None
    score = sum(shared[1:], shared[0])
    query = select(table.canonical_url).where(score > 0).order_by(score.desc(), table.canonical_url).limit(_COMPARED)
    return next(iter(get_close_matches(address, connection.execute(query).scalars().all(), n=1, cutoff=0.8)), None)


def full_story(connection: Connection, story: str | int) -> FullStory:
    """Raises NoSuchStory."""
    row = find(connection, story)
    capture, other = Capture.__table__, Story.__table__.c
    captures = (
        select(capture)
        .where(capture.c.story_id == row.id)
        .order_by(capture.c.captured_at.is_not(None), capture.c.captured_at, capture.c.id)
    )
    same = select(other.canonical_url).where(other.words_digest == row.words_digest, other.id != row.id)
    return FullStory(
        row=row,
        revisions=revisions(connection, row.id),
        captures=list(connection.execute(captures)),
        promotions=promotions(connection, row.canonical_url),
        same_words=sorted(connection.execute(same).scalars()),
    )


def revisions(connection: Connection, story_id: int) -> list[Wording]:
    """The wordings of a story, the oldest first."""
    revision, reading, image = Revision.__table__, Reading.__table__.c, Image.__table__
    images: dict[int, list[Row[Any]]] = {}
    of_story = select(revision.c.id).where(revision.c.story_id == story_id)
    for row in connection.execute(select(image).where(image.c.revision_id.in_(of_story)).order_by(image.c.position)):
        images.setdefault(row.revision_id, []).append(row)
    query = (
        select(revision, reading.item)
        .join(Reading, reading.id == revision.c.reading_id)
        .where(revision.c.story_id == story_id)
        .order_by(revision.c.number)
    )
    return [
        Wording(row=row, item=json.loads(row.item), images=images.get(row.id, [])) for row in connection.execute(query)
    ]


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
