"""Records of the archive for other programs: stories, revisions, teasers, pictures, changes.

Each kind is read one record at a time in an order that depends on the contents alone, so that equal archives export
equal bytes. A record is JSON data under the names of its `TypedDict` below; text is exact, moments are `…Z` in UTC.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Literal, TypedDict, get_args, get_type_hints

from sqlalchemy import Connection, inspect, text

from storage.database.values import plain
from storage.errors import Unsupported
from storage.query.export.selection import StorySelection

Kind = Literal["stories", "revisions", "teasers", "pictures", "changes"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Record = dict[str, Any]


class Block(TypedDict):
    kind: str
    text: str


class Picture(TypedDict):
    url: str
    caption: str | None
    credit: str | None
    caption_text: str | None
    alt: str | None
    block: int | None


class Link(TypedDict):
    url: str
    text: str
    block: int


class Problem(TypedDict):
    kind: str
    detail: str
    text: str | None


class Item(TypedDict):
    """An article as the paper printed it; the fields of `Article` in postscraper/items.py, without its teasers."""

    canonical_url: str
    language: str
    section: str | None
    published_on: date | None
    published_at: datetime | None
    headline: str
    kicker: str | None
    standfirst: str | None
    byline: str | None
    authors: list[str]
    agency: str | None
    dateline: str | None
    tags: list[str]
    body: list[Block]
    images: list[Picture]
    node_id: int | None
    layout: str
    url: str
    type: str
    published_text: str | None
    modified_at: datetime | None
    first_page: int | None
    links: list[Link]
    headline_variants: dict[str, str]
    not_printed: list[str]
    problems: list[Problem]


class StoryRecord(Item):
    """The newest wording of a story; section, day, time and number are the story's best values.

    same_words_as: the address of the story first seen with these words.
    """

    revisions: int
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    same_words_as: str | None


class RevisionRecord(Item):
    """One wording of a story, as the first capture that shows it reads.

    revision: its number, from 1. captures: how many show it. captured_at, digest, source: of the first.
    """

    revision: int
    first_captured_at: datetime | None
    last_captured_at: datetime | None
    captures: int
    captured_at: datetime | None
    digest: str
    source: str


class TeaserRecord(TypedDict):
    """A story announced on one captured page, `page_url`, which is an article or a listing (`page_is`).

    address: the canonical address of the story. headline, summary, url: as on that page.
    """

    address: str
    captured_at: datetime | None
    page_url: str
    page_is: str
    list: str | None
    position: int
    headline: str | None
    summary: str | None
    url: str
    image_url: str | None
    published_on: date | None
    published_at: datetime | None
    published_text: str | None


class PictureRecord(TypedDict):
    """A picture in one revision of a story; block: the body block it stands before, None for the main picture."""

    canonical_url: str
    revision: int
    position: int
    url: str
    caption: str | None
    credit: str | None
    caption_text: str | None
    alt: str | None
    block: int | None


class ChangeRecord(TypedDict):
    """One typed change between two wordings; revision: the number of the later one.

    silent: a change of substance that no note of the paper's explains. changed_at: the first capture that showed it.
    """

    canonical_url: str
    revision: int
    position: int
    kind: str
    field: str
    before: str | None
    after: str | None
    block: int | None
    silent: bool
    changed_at: datetime | None


_RECORDS: Mapping[Kind, Any] = {
    "stories": StoryRecord,
    "revisions": RevisionRecord,
    "teasers": TeaserRecord,
    "pictures": PictureRecord,
    "changes": ChangeRecord,
}
COLUMNS: Mapping[Kind, Mapping[str, Any]] = MappingProxyType(
    {kind: MappingProxyType(get_type_hints(record)) for kind, record in _RECORDS.items()}
)

# Tables and their joins; the rows are also what the data sheet counts.
_SOURCES: Mapping[Kind, str] = {
    "stories": "story JOIN revision ON revision.id = story.newest_revision_id"
    " JOIN reading ON reading.id = revision.reading_id LEFT JOIN story AS same ON same.id = story.same_words_as",
    "revisions": "revision JOIN story ON story.id = revision.story_id"
    " JOIN reading ON reading.id = revision.reading_id JOIN capture ON capture.id = revision.capture_id",
    "teasers": "sighting JOIN capture ON capture.id = sighting.capture_id"
    " LEFT JOIN story ON story.canonical_url = sighting.address",
    "pictures": "image JOIN revision ON revision.id = image.revision_id JOIN story ON story.id = revision.story_id",
    "changes": '"change" JOIN revision ON revision.id = "change".revision_id'
    ' JOIN story ON story.id = "change".story_id',
}
_SELECTED: Mapping[Kind, str] = {
    "stories": "reading.item, story.section, story.published_on, story.published_at, story.node_id,"
    " revision.standfirst, story.revisions, story.first_seen_at, story.last_seen_at,"
    " same.canonical_url AS same_words_as",
    "revisions": "reading.item, story.canonical_url, revision.number AS revision, revision.first_captured_at,"
    " revision.last_captured_at, revision.captures, capture.captured_at, capture.digest, capture.source",
    "teasers": "sighting.address, capture.captured_at, capture.url AS page_url, capture.outcome AS page_is,"
    " sighting.list, sighting.position, sighting.headline, sighting.summary, sighting.url, sighting.image_url,"
    " sighting.published_on, sighting.published_at, sighting.published_text",
    "pictures": "story.canonical_url, revision.number AS revision, image.position, image.url, image.caption,"
    " image.credit, image.caption_text, image.alt, image.block",
    "changes": 'story.canonical_url, revision.number AS revision, "change".position, "change".kind, "change".field,'
    ' "change".before, "change".after, "change".block, "change".silent, "change".changed_at',
}
_ORDER: Mapping[Kind, str] = {
    "stories": "story.canonical_url",
    "revisions": "story.canonical_url, revision.number",
    "teasers": "capture.captured_at, capture.url, capture.digest, capture.source, capture.part, sighting.list,"
    " sighting.position, sighting.address",
    "pictures": "story.canonical_url, revision.number, image.position",
    "changes": 'story.canonical_url, revision.number, "change".position',
}


def source(connection: Connection, kind: Kind, selection: StorySelection) -> str:
    """`FROM … WHERE …` of the rows of a kind; its parameters are those of the selection.

    Teasers of stories that the archive does not hold belong to no selection but that of everything.
    Raises BadQuery; Unsupported for a kind whose table the archive lacks.
    """
    if kind == "changes" and not inspect(connection).has_table("change"):
        raise Unsupported("the archive has no table of changes; run `postscraper upgrade`")
    where = "" if selection.is_everything else f" WHERE {selection.sql()}"
    return f" FROM {_SOURCES[kind]}{where}"


def records(connection: Connection, kind: Kind, selection: StorySelection) -> Iterator[Record]:
    """The records of a kind. Raises as `source` does."""
    query = f"SELECT {_SELECTED[kind]}{source(connection, kind, selection)} ORDER BY {_ORDER[kind]}"
    rows = connection.execution_options(yield_per=200).execute(text(query), selection.values())
    for row in rows.mappings():
        record = {name: _value(name, value) for name, value in row.items() if name != "item"}
        yield json.loads(row["item"]) | record if "item" in row else record


def _value(name: str, value: Any) -> Any:
    if name.endswith("_at") and value is not None:  # as the tables hold it: an item's moment but for the zone
        return value.replace("+00:00", "Z")
    return bool(value) if name == "silent" and value is not None else plain(value)
