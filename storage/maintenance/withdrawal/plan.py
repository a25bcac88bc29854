"""Plan of a withdrawal: the rows and bytes that go with a story. Changes nothing."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from storage.database.bulk import select_in
from storage.database.schema import Address, Capture, Image, Revision, Sighting, Story
from storage.errors import NoSuchStory
from storage.ingest.reprocess import Reader
from storage.ledger.states import LISTS

_ById = dict[int, Row[Any]]
_CAPTURE = Capture.__table__.c


@dataclass(slots=True)
class Withdrawal:
    """The rows and bytes that a withdrawal deletes.

    story: the address of the tombstone. addresses: all addresses that are kept out. captures: those of the addresses;
    their rows and bytes are deleted. mentions: captures of other pages with teasers of the story; they are deleted, or
    only their teasers. losing_bytes: captures of feeds and REST responses that contain the story, and of the other
    stories in them: their readings stay, their bytes are deleted. without_bytes: addresses of the stories among these
    that have no other bytes. same_words: addresses of other stories with the same text, which stay.
    """

    story: str
    addresses: tuple[str, ...]
    captures: list[Row[Any]] = field(default_factory=list)
    mentions: list[Row[Any]] = field(default_factory=list)
    losing_bytes: list[Row[Any]] = field(default_factory=list)
    without_bytes: tuple[str, ...] = ()
    same_words: tuple[str, ...] = ()


def plan(connection: Connection, reader: Reader, address: str, *, mentions: bool = False) -> Withdrawal:
    """What a withdrawal of the address deletes. mentions: the captures of other pages that announce the story, too.

    Raises NoSuchStory for a list or an unknown address.
    """
    row = _story_at(connection, address)
    addresses, pictures, own = {address}, set[str](), []
    if row is not None:
        addresses |= {row.canonical_url, *_aliases(connection, row.id)}
        pictures |= set(_own_pictures(connection, reader, row.id))
        own.append(_CAPTURE.story_id == row.id)
    shows = or_(_CAPTURE.address.in_(addresses | pictures), _CAPTURE.part.in_(addresses), *own)
    shown = connection.execute(select(Capture.__table__).where(shows)).all()
    # Not redirects and error pages of its address, because other addresses return the same bytes.
    with_words = [capture for capture in shown if capture.part or (row is not None and capture.story_id == row.id)]
    captures, other_parts = _with_same_bytes(connection, with_words)
    captures |= {capture.id: capture for capture in shown}
    announcing = {teaser.capture_id for teaser in teasers(connection, reader, addresses)}
    mentioning, parts_of_mentions = _with_same_bytes(connection, captures_by(connection, _CAPTURE.id, announcing))
    deleted = set(captures)
    if mentions:
        other_parts |= parts_of_mentions
        deleted |= mentioning.keys()
    losing = {row.id: row for row in other_parts.values() if row.id not in deleted and row.evidence_file is not None}
    return Withdrawal(
        story=address if row is None else row.canonical_url,
        addresses=tuple(sorted(addresses | pictures)),
        captures=_in_order(captures),
        mentions=_in_order({number: mentioning[number] for number in mentioning.keys() - captures - losing.keys()}),
        losing_bytes=_in_order(losing),
        without_bytes=tuple(_without_other_bytes(connection, losing, deleted | losing.keys())),
        same_words=() if row is None else tuple(sorted(_with_words(connection, row.words_digest) - addresses)),
    )


def _story_at(connection: Connection, address: str) -> Row[Any] | None:
    """The story of an address; None for a known address without one. Raises NoSuchStory."""
    stories, story = select(Story.__table__), Story.__table__.c
    row = connection.execute(stories.where(story.canonical_url == address)).first()
    if row is None:
        of_address = select(_CAPTURE.story_id).where(_CAPTURE.address == address)
        row = connection.execute(stories.where(story.id.in_(of_address)).order_by(story.id)).first()
    if row is None:
        kind = connection.execute(select(Address.kind).where(Address.address == address)).scalar()
        if kind is None:
            raise NoSuchStory(f"{address} is no story of this archive, nor an address that it knows")
        if kind in LISTS:
            raise NoSuchStory(f"{address} is a list, and no story")
    return row


def _in_order(captures: _ById) -> list[Row[Any]]:
    return [captures[number] for number in sorted(captures)]


def _with_words(connection: Connection, digest: str | None) -> set[str]:
    """The addresses of the stories with the same newest words."""
    return set(connection.execute(select(Story.canonical_url).where(Story.words_digest == digest)).scalars())


def _with_same_bytes(connection: Connection, rows: Iterable[Row[Any]]) -> tuple[_ById, _ById]:
    """All captures with the same bytes, because a site may serve a page at several addresses.

    Returns the captures of the same part of the response, and those of other parts.
    """
    parts = {(row.digest, row.part) for row in rows}
    same_bytes = captures_by(connection, _CAPTURE.digest, {digest for digest, _ in parts})
    same_part = {row.id: row for row in same_bytes if (row.digest, row.part) in parts}
    return same_part, {row.id: row for row in same_bytes if row.id not in same_part}


def captures_by(connection: Connection, column: Any, values: Collection[Any]) -> list[Row[Any]]:
    return list(select_in(connection, select(Capture.__table__), column, values))


def _without_other_bytes(connection: Connection, losing: _ById, lost: Collection[int]) -> Iterator[str]:
    """Addresses of the captures' stories that no other capture with a record has."""
    stories = {row.story_id for row in losing.values()} - {None}
    rows = captures_by(connection, _CAPTURE.story_id, stories)
    held = {row.story_id for row in rows if row.evidence_file is not None and row.id not in lost}
    without = stories - held
    yield from sorted(url for (url,) in select_in(connection, select(Story.canonical_url), Story.id, without))


def _aliases(connection: Connection, story_id: int) -> Iterator[str]:
    """The addresses at which this story was captured, and no other story."""
    for alias in connection.execute(select(_CAPTURE.address).where(_CAPTURE.story_id == story_id).distinct()).scalars():
        others = select(_CAPTURE.id).where(_CAPTURE.address == alias, _CAPTURE.story_id != story_id)
        if connection.execute(others.limit(1)).first() is None:
            yield alias


def _own_pictures(connection: Connection, reader: Reader, story_id: int) -> Iterator[str]:
    """The addresses of pictures that are known, and that this story prints and no other."""
    of_stories = select(Image.url).join(Revision, Revision.id == Image.revision_id).distinct()
    for url in connection.execute(of_stories.where(Revision.story_id == story_id)).scalars():
        address = _key(reader, url)
        known = select(Address.address).where(Address.address == address, Address.kind == "picture")
        if address is None or connection.execute(known).first() is None:
            continue
        name = url.partition("?")[0].rsplit("/", 1)[-1]
        others = of_stories.where(Revision.story_id != story_id, Image.url.contains(name, autoescape=True))
        if all(_key(reader, other) != address for other in connection.execute(others).scalars()):
            yield address


def teasers(connection: Connection, reader: Reader, named: Collection[str]) -> Iterator[Row[Any]]:
    """Sightings of links to one of the addresses, in any form."""
    sighting = Sighting.__table__
    for address in sorted(named):
        last = address.rstrip("/").rsplit("/", 1)[-1]
        # A Khmer slug may be escaped in the url: then only the ledger's address finds it.
        may_lead = or_(sighting.c.address == address, sighting.c.url.contains(last, autoescape=True))
        for row in connection.execute(select(sighting).where(may_lead)):
            if row.address in named or _key(reader, row.url) in named:
                yield row


def _key(reader: Reader, url: str) -> str | None:
    with suppress(ValueError):
        return reader.address(url)
    return None
