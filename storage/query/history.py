"""A story through time: its wordings, what changed between two, and where and when it was announced."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher, get_close_matches
from typing import Any, Literal

from sqlalchemy import Connection, Row, case, func, or_, select

from storage.database.schema import Capture, Image, Reading, Revision, Sighting, Story
from storage.errors import NoSuchStory
from storage.query.text import CLUSTER

_PIECES = 4
_COMPARED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One revision: `row` as in the table `revision`, the whole item it was read as, its pictures."""

    row: Row[Any]
    item: dict[str, Any]
    images: list[Row[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FullStory:
    """Everything the archive knows of one story; rows have the columns of the tables.

    promotions: sightings of teasers that lead to it, in the order of time, with the page's `page_url`,
    `captured_at` and `page_is` (article or listing). same_words: addresses of stories with equal words.
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
    wanted = table.c.id == story if isinstance(story, int) else table.c.canonical_url == story
    row = connection.execute(select(table).where(wanted)).first()
    if row is None and isinstance(story, str):
        capture = Capture.__table__.c
        whole = (capture.url == story) & (capture.part == "")  # a feed's address is none of the stories in it
        captured = select(capture.story_id).where(or_(whole, capture.address == story))
        row = connection.execute(select(table).where(table.c.id.in_(captured)).order_by(table.c.id)).first()
    if row is None:
        raise NoSuchStory(f"the archive holds no story {story}")
    return row


def nearest(connection: Connection, address: str) -> str | None:
    """The canonical address that resembles an address most; None when none does.

    Only addresses that have a long word of its last part in common are compared; of a part that is one
    word, as in Khmer, one of its halves.
    """
    last = address.rstrip("/").rsplit("/", 1)[-1]
    half = len(last) // 2
    pieces = sorted(last.split("-"), key=len)[-_PIECES:] if "-" in last else [last[:half], last[half:]]
    table = Story.__table__.c
    shared = [case((func.instr(table.canonical_url, piece) > 0, 1), else_=0) for piece in pieces if piece]
    if not shared:
        return None
    score = sum(shared[1:], shared[0])
    found = select(table.canonical_url).where(score > 0).order_by(score.desc(), table.canonical_url).limit(_COMPARED)
    near = get_close_matches(address, connection.execute(found).scalars().all(), n=1, cutoff=0.8)
    return near[0] if near else None


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
    pictures = select(image).where(image.c.revision_id.in_(of_story)).order_by(image.c.position)
    for row in connection.execute(pictures):
        images.setdefault(row.revision_id, []).append(row)
    found = (
        select(revision, reading.item)
        .join(Reading, reading.id == revision.c.reading_id)
        .where(revision.c.story_id == story_id)
        .order_by(revision.c.number)
    )
    return [
        Wording(row=row, item=json.loads(row.item), images=images.get(row.id, [])) for row in connection.execute(found)
    ]


def promotions(connection: Connection, address: str) -> list[Row[Any]]:
    """Where and when an address was announced, in the order of time."""
    sighting, capture = Sighting.__table__, Capture.__table__.c
    page = (capture.captured_at, capture.url.label("page_url"), capture.outcome.label("page_is"))
    found = (
        select(sighting, *page)
        .join(Capture, capture.id == sighting.c.capture_id)
        .where(or_(sighting.c.address == address, sighting.c.url == address))
        .order_by(capture.captured_at, capture.url, sighting.c.list, sighting.c.position)
    )
    return list(connection.execute(found))


def as_of(story: FullStory, moment: datetime) -> Wording | None:
    """The wording in force at a moment (aware); None when the story was not seen yet by then."""
    seen = [
        each
        for each in story.revisions
        if each.row.first_captured_at is not None and each.row.first_captured_at <= moment
    ]
    return seen[-1] if seen else None


Change = Literal["same", "added", "removed"]


def differences(old: Wording, new: Wording) -> dict[str, list[tuple[Change, str]]]:
    """What changed between two wordings, word by word (Khmer: cluster by cluster), by field.

    Only fields that differ; each as pieces of text in reading order, whole when put together.
    """
    fields = ("headline", "kicker", "standfirst", "byline", "body")
    texts = {name: (getattr(old.row, name) or "", getattr(new.row, name) or "") for name in fields}
    texts["captions"] = _captions(old), _captions(new)
    return {name: list(compared(*pair)) for name, pair in texts.items() if pair[0] != pair[1]}


def _captions(wording: Wording) -> str:
    return "\n".join(image.caption for image in wording.images if image.caption)


_PIECE = re.compile(rf"{CLUSTER.pattern}|\s+|[^\W\u1780-\u17ff]+|.", re.DOTALL)


def compared(old: str, new: str) -> Iterator[tuple[Change, str]]:
    before, after = _PIECE.findall(old), _PIECE.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for what, start, end, new_start, new_end in matcher.get_opcodes():
        if what == "equal":
            yield "same", "".join(before[start:end])
            continue
        if end > start:
            yield "removed", "".join(before[start:end])
        if new_end > new_start:
            yield "added", "".join(after[new_start:new_end])
