"""Types of answers about one story."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypedDict

from postscraper.items import Block, Image, Problem
from postscraper.run.proof import ProvedField, ProvedRecord
from storage.database.schema import Capture, Story
from storage.query.citation import Names
from storage.query.families import Member
from storage.query.history import changes
from storage.query.history.differences import Piece
from storage.query.history.gone import Gone
from storage.query.history.promotion import Promotion


class ArticleShown(TypedDict):
    """A story as printed. published_text: its date as printed. problems: what could not be read with certainty."""

    language: str
    headline: str
    kicker: str | None
    standfirst: str | None
    byline: str | None
    authors: Sequence[str]
    agency: str | None
    dateline: str | None
    section: str | None
    tags: Sequence[str]
    published_at: datetime | None
    published_on: date | None
    published_text: str | None
    modified_at: datetime | None
    images: Sequence[Image]
    body: Sequence[Block]
    problems: Sequence[Problem]
    layout: str


class LinkShown(TypedDict):
    """block: of the body, from 0. story: number of the story that it leads to; null if not held."""

    url: str
    text: str
    block: int
    story: int | None


class ChangeShown(TypedDict):
    """block: of the body, from 0. silent: a change of substance that no note explains."""

    kind: changes.ChangeKind
    field: str
    before: str | None
    after: str | None
    block: int | None
    silent: bool


class RevisionFacts(TypedDict):
    """number: from 1. captures: how many show this wording; capture_id: the first of them."""

    number: int
    first_captured_at: datetime | None
    last_captured_at: datetime | None
    captures: int
    layout: str
    capture_id: int


class RevisionShown(RevisionFacts):
    """changes: against the revision before."""

    headline: str
    changes: Sequence[ChangeShown]


class NoteShown(TypedDict):
    """A correction, clarification or note. number: of the revision that first shows it; explained: whose changes."""

    kind: str
    language: str
    text: str
    number: int
    explained: int | None


class HeadlineShown(TypedDict):
    """place: its key; where: in words. captures: how many show it."""

    place: str
    where: str
    headline: str
    captures: int


class Origin(TypedDict):
    """Where a field of the best reading is from. capture: its number; null when no capture prints the field."""

    rule: str
    because: str
    capture: int | None
    captured_at: datetime | None
    layout: str | None


class StoryAddress(TypedDict):
    """story: number of the story at this address; null if not held."""

    url: str
    story: int | None


class RecordShown(TypedDict):
    """The capture of a wording's text. id: its number."""

    id: int
    captured_at: datetime | None
    source: str
    digest: str
    evidence_file: str | None
    evidence_offset: int | None


class StoryPage(TypedDict):
    """item: the best reading of all captures, or the revision that was asked for. why: origins of its fields.

    pictures: captures of kept pictures, by address; shown: whether their bytes can be read; printed_again: other
    stories that print them. same_words: other addresses with equal words. record, citation: of the revision that was
    asked for, else of the newest; the citation in the style of Chicago. families: those of the story, the head first.
    """

    story: Story
    item: ArticleShown
    revision: int | None
    pictures: Mapping[str, int]
    shown: bool
    printed_again: int
    families: Sequence[Sequence[Member]]
    links: Sequence[LinkShown]
    revisions: Sequence[RevisionShown]
    corrections: Sequence[NoteShown]
    captures: Sequence[Capture]
    record: RecordShown
    citation: str
    promotion: Promotion
    headlines: Sequence[HeadlineShown]
    why: Mapping[str, Origin]
    gone: Sequence[Gone]
    same_words: Sequence[StoryAddress]


class Difference(TypedDict):
    """fields: those that differ, as pieces of text in reading order, which joined give both texts."""

    story: Story
    headline: str
    old: RevisionFacts
    new: RevisionFacts
    revisions: Sequence[int]
    changes: Sequence[changes.Change]
    fields: Mapping[str, Sequence[tuple[Piece, str]]]


class Cite(TypedDict):
    """digest: of the payload of the capture that first shows the revision, `sha256:…`. pwid: its Persistent Web
    Identifier. csl: CSL-JSON. styles: the reference by style.
    """

    story: int
    headline: str
    language: str
    revision: int
    names: Names
    digest: str
    pwid: str | None
    csl: Mapping[str, Any]
    styles: Mapping[str, str]


class ProofPage(TypedDict):
    """sound: whether every field was confirmed from the stored bytes, read again now."""

    story: int
    language: str
    canonical_url: str
    revision: int
    program: str
    sound: bool
    records: Sequence[ProvedRecord]
    fields: Sequence[ProvedField]
