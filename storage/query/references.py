"""References: the short form of a citation, for many wordings and captures at once."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from storage.database.bulk import chunks
from storage.database.schema import Capture, Reading, Revision, Story
from storage.query.citation import ARCHIVES, author, key_of, pwid


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One wording of a story, and the capture that first shows it.

    story_id: number of the story. address: canonical, of the story. revision: number of the wording, from 1.
    key: of the citation, as in BibTeX. archived_at: when the capture came, in UTC; null when no source gives it.
    digest: of its body as it came, `sha256:…`. pwid: Persistent Web Identifier of the capture; null without a time.
    capture: its number.
    """

    story_id: int
    address: str
    revision: int
    key: str
    archived_at: datetime | None
    digest: str
    pwid: str | None
    capture: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureReference:
    """One capture. capture: its number. archived_at, digest, pwid: as of a Reference."""

    capture: int
    url: str
    archived_at: datetime | None
    digest: str
    pwid: str | None


RevisionKey = tuple[int, int | None]  # number of a story; of its revision, None for the newest


def references(
    connection: Connection, wordings: Collection[RevisionKey], archive_id: str
) -> dict[RevisionKey, Reference]:
    """The references of wordings that are held. archive_id: of this archive in a PWID."""
    revision, story, capture = Revision.__table__.c, Story.__table__.c, Capture.__table__.c
    query = (
        select(revision.story_id, revision.number, revision.headline, revision.byline, revision.agency)
        .add_columns(story.canonical_url, story.published_on, Reading.__table__.c.item)
        .add_columns((revision.id == story.newest_revision_id).label("is_newest"))
        .add_columns(capture.id.label("capture"), capture.captured_at, capture.digest, capture.source, capture.url)
        .join(Story, story.id == revision.story_id)
        .join(Capture, capture.id == revision.capture_id)
        .join(Reading, Reading.__table__.c.id == revision.reading_id)
    )
    held: dict[RevisionKey, Reference] = {}
    for chunk in chunks(sorted({story_id for story_id, _ in wordings})):
        numbers = {number for story_id, number in wordings if story_id in chunk and number is not None}
        chosen = or_(revision.id == story.newest_revision_id, revision.number.in_(sorted(numbers)))
        for row in connection.execute(query.where(revision.story_id.in_(chunk), chosen)):
            names = {(row.story_id, row.number), *([(row.story_id, None)] if row.is_newest else ())}
            held |= dict.fromkeys(names.intersection(wordings), _reference(row, archive_id))
    return held


def capture_references(
    connection: Connection, numbers: Collection[int], archive_id: str
) -> dict[int, CaptureReference]:
    """The references of captures, by number."""
    table = Capture.__table__.c
    return {
        row.id: CaptureReference(
            capture=row.id, url=row.url, archived_at=row.captured_at, digest=row.digest, pwid=_pwid(row, archive_id)
        )
        for chunk in chunks(sorted(numbers))
        for row in connection.execute(select(Capture.__table__).where(table.id.in_(chunk)))
    }


def _reference(row: Row[Any], archive_id: str) -> Reference:
    printed = row.agency or row.byline
    people = [author(name, "printed") for name in json.loads(row.item).get("authors") or ()]
    authors = people or ([{"literal": printed}] if printed else [])
    return Reference(
        story_id=row.story_id,
        address=row.canonical_url,
        revision=row.number,
        key=key_of(row.story_id, authors, row.published_on, row.headline),
        archived_at=row.captured_at,
        digest=row.digest,
        pwid=_pwid(row, archive_id),
        capture=row.capture,
    )


def _pwid(capture: Row[Any], archive_id: str) -> str | None:
    at = capture.captured_at
    return pwid(ARCHIVES.get(capture.source, archive_id), at, capture.url) if at else None
