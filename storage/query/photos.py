"""Pictures that are kept: where the same photo was printed, and which pictures are lost."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select

from storage.database.bulk import chunks
from storage.database.derived import Photo
from storage.database.schema import Address, Capture, Image, Revision, Story

# Bits of 64 in which two perceptual hashes of one photo differ at most. Of 60 pictures drawn for the purpose another
# size, quality, brightness or a watermark changed up to 4, and no two were nearer than 18. A crop is another photo.
MOST_DISTANT = 8

AddressOf = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPhoto:
    """A picture at one address, as it was last captured; the columns of the table `photo`, and its record."""

    address: str
    captured_at: datetime | None
    digest: str
    mime: str | None
    width: int | None
    height: int | None
    bytes: int
    state: str
    phash: str | None
    evidence_file: str | None
    evidence_offset: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoUse:
    """A picture as one story prints it, with one caption; distance: bits from the first photo of its group."""

    story_id: int
    canonical_url: str
    headline: str
    published_on: date | None
    image_url: str
    caption: str | None
    credit: str | None
    distance: int
    photo: KeptPhoto


@dataclass(frozen=True, slots=True, kw_only=True)
class LostPicture:
    """A picture that stories print and the archive does not hold.

    state, why: of its address in the ledger; `never asked for` for one that is not there. stories: that print it.
    """

    address: str
    state: str
    why: str | None
    stories: tuple[str, ...]


class _Printed(NamedTuple):
    """A picture in the words of one story."""

    story_id: int
    url: str
    caption: str | None
    credit: str | None


def same_photos(
    connection: Connection, address_of: AddressOf, story_id: int | None = None, *, limit: int | None = None
) -> tuple[int, list[list[PhotoUse]]]:
    """How many photos several stories print, and the first of them, each with all its uses, the earliest first.

    address_of: the ledger's key of a url; None for what is no address. story_id: only the photos of this story, also
    those that no other prints. limit: None for all.
    """
    printed: dict[str, list[_Printed]] = {}
    for row in connection.execute(_PRINTED):
        if address := address_of(row.url):
            printed.setdefault(address, []).append(_Printed(*row))
    groups: dict[int, list[tuple[int, KeptPhoto, _Printed]]] = {}
    for leader, distance, photo in _grouped(_photos(connection)):
        for use in printed.get(photo.address, ()):
            groups.setdefault(leader, []).append((distance, photo, use))
    chosen = []
    for uses in groups.values():
        stories = {use.story_id for _, _, use in uses}
        if story_id in stories if story_id is not None else len(stories) > 1:
            chosen.append(uses)
    facts = _stories(connection, {use.story_id for uses in chosen[:limit] for _, _, use in uses})
    return len(chosen), [sorted((_use(*use, facts) for use in uses), key=_earliest_first) for uses in chosen[:limit]]


def _use(distance: int, photo: KeptPhoto, printed: _Printed, facts: Mapping[int, dict[str, Any]]) -> PhotoUse:
    return PhotoUse(
        story_id=printed.story_id,
        **facts[printed.story_id],
        image_url=printed.url,
        caption=printed.caption,
        credit=printed.credit,
        distance=distance,
        photo=photo,
    )


def _earliest_first(use: PhotoUse) -> tuple[Any, ...]:
    return use.published_on is None, use.published_on or date.min, use.canonical_url, use.image_url


_PRINTED = (
    select(Revision.story_id, Image.url, Image.caption, Image.credit)
    .join(Revision, Revision.id == Image.revision_id)
    .distinct()
    .order_by(Revision.story_id, Image.url)
)


def _photos(connection: Connection) -> Iterator[KeptPhoto]:
    """The last capture of each picture, in the order of their captures."""
    photo, capture = Photo.__table__.c, Capture.__table__.c
    names = ("address", "captured_at", "digest", "mime", "width", "height", "bytes", "state", "phash")
    query = (
        select(*(photo[name] for name in names), capture.evidence_file, capture.evidence_offset)
        .join(Capture, capture.id == photo.capture_id)
        .order_by(photo.captured_at, photo.capture_id)
    )
    last = {row.address: KeptPhoto(**row._mapping) for row in connection.execute(query)}
    yield from last.values()


_PARTS = MOST_DISTANT + 1  # by the pigeonhole principle two hashes of one photo are equal in one part
_BITS = -(-64 // _PARTS)


def _grouped(photos: Iterator[KeptPhoto]) -> Iterator[tuple[int, int, KeptPhoto]]:
    """Each photo with the number of its group and its distance from the first photo there.

    A photo joins the nearest first photo within MOST_DISTANT. One without a hash is alone with equal bytes.
    """
    firsts: list[int] = []
    by_part: dict[tuple[int, int], list[int]] = {}
    by_digest: dict[str, int] = {}
    for photo in photos:
        if photo.phash is None:
            group = by_digest.setdefault(photo.digest, len(firsts))
            if group == len(firsts):
                firsts.append(-1)
            yield group, 0, photo
            continue
        bits = int(photo.phash, 16)
        parts = [(part, bits >> part * _BITS & (1 << _BITS) - 1) for part in range(_PARTS)]
        near = {number for part in parts for number in by_part.get(part, ())}
        distance, group = min((((firsts[number] ^ bits).bit_count(), number) for number in near), default=(64, -1))
        if distance > MOST_DISTANT:
            distance, group = 0, len(firsts)
            firsts.append(bits)
            for part in parts:
                by_part.setdefault(part, []).append(group)
        yield group, distance, photo


def _stories(connection: Connection, ids: set[int]) -> dict[int, dict[str, Any]]:
    story, revision = Story.__table__.c, Revision.__table__.c
    facts: dict[int, dict[str, Any]] = {}
    for chunk in chunks(sorted(ids)):
        query = (
            select(story.id, story.canonical_url, story.published_on, revision.headline)
            .join(Revision, revision.id == story.newest_revision_id)
            .where(story.id.in_(chunk))
        )
        for number, url, day, headline in connection.execute(query):
            facts[number] = {"canonical_url": url, "published_on": day, "headline": headline}
    return facts


def lost_pictures(connection: Connection, address_of: AddressOf) -> list[LostPicture]:
    """The pictures that stories print and no capture holds, by address."""
    stories: dict[str, set[str]] = {}
    query = (
        select(Image.url, Story.canonical_url)
        .join(Revision, Revision.id == Image.revision_id)
        .join(Story, Story.id == Revision.story_id)
        .distinct()
    )
    for url, story in connection.execute(query):
        if address := address_of(url):
            stories.setdefault(address, set()).add(story)
    for (address,) in connection.execute(select(Capture.address).where(Capture.reason == "picture").distinct()):
        stories.pop(address, None)
    states: dict[str, tuple[str, str | None]] = {}
    for chunk in chunks(sorted(stories)):
        known = select(Address.address, Address.state, Address.why).where(Address.address.in_(chunk))
        states |= {address: (state, why) for address, state, why in connection.execute(known)}
    return [
        LostPicture(address=address, state=state, why=why, stories=tuple(sorted(stories[address])))
        for address in sorted(stories)
        for state, why in [states.get(address, ("never asked for", None))]
    ]


_PRINTED_AND_KEPT = (
    select(Image.url, Image.caption, Image.credit, Image.alt, Story.id.label("story_id"), Story.canonical_url)
    .add_columns(Story.language, Story.published_on, Revision.headline, func.max(Capture.id).label("capture_id"))
    .select_from(Capture)
    .join(Image, Image.url == Capture.url)
    .join(Story, Story.newest_revision_id == Image.revision_id)
    .join(Revision, Revision.id == Image.revision_id)
    .where(Capture.outcome == "unread", Capture.reason == "picture", Capture.evidence_file.is_not(None))
)


def kept_pictures(
    connection: Connection,
    *,
    since: date | None = None,
    until: date | None = None,
    credit: str | None = None,
    urls: Collection[str] | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Row[Any]]:
    """Pictures with stored bytes as the newest wordings print them, the last published first.

    since, until: days of publication, both included. credit: as printed. urls: of these pictures only. Rows have the
    columns of `image`, those of the story, its headline, and `capture_id` of the last capture.
    """
    query = _PRINTED_AND_KEPT
    if since is not None:
        query = query.where(Story.published_on >= since)
    if until is not None:
        query = query.where(Story.published_on <= until)
    if credit is not None:
        query = query.where(Image.credit == credit)
    if urls is not None:
        query = query.where(Image.url.in_(urls))
    newest = (Story.published_on.is_(None), Story.published_on.desc(), Story.id.desc(), Image.position)
    return list(connection.execute(query.group_by(Image.id).order_by(*newest).limit(limit).offset(offset)))


def kept_by_credit(connection: Connection) -> dict[str | None, int]:
    """Prints of kept pictures in the newest wordings by credit, the largest count first; None: without one."""
    prints = _PRINTED_AND_KEPT.group_by(Image.id).subquery().c
    number = func.count()
    query = select(prints.credit, number).group_by(prints.credit).order_by(number.desc(), prints.credit)
    return dict(connection.execute(query).all())


def counts(connection: Connection) -> Counter[str]:
    """Pictures by state of their last capture."""
    return Counter(photo.state for photo in _photos(connection))
