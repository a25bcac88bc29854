"""Citation of one wording of a story, as CSL-JSON: https://docs.citationstyles.org, item type `article-newspaper`.

Headline and names stand as printed. The styles are written from it in storage/query/citation_styles.py.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, or_, select

from storage.database.bulk import chunks
from storage.database.schema import Capture, Reading, Revision, Story
from storage.query.proof import stored_wording

# Order of a personal name. Khmer names have the family name first, also in English; a page does not tell which it is.
Names = Literal["printed", "given-first", "family-first"]

# What other archives are called in a PWID, and where they show a capture.
_ARCHIVES = {"wayback": "archive.org", "commoncrawl": "commoncrawl.org"}
_WAYBACK = "https://web.archive.org/web/{at:%Y%m%d%H%M%S}/{url}"

_SUFFIX = re.compile(r"(.+?),?\s+((?:Jr|Sr)\b\.?|I{2,3}|IV)$")
_PARTICLE = re.compile(r"[a-z]")
_LATIN = re.compile(r"[^\W\d_]", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """item: as CSL-JSON. revision: its number. agency: beside authors; None without one.

    captured_at: of the capture, aware UTC; None when unknown. digest: of its payload, `sha256:…`. pwid: of the capture;
    None without a time. archive_url: where another archive shows it; None for captures of this archive alone.
    """

    item: Mapping[str, Any]
    revision: int
    agency: str | None
    captured_at: datetime | None
    digest: str
    pwid: str | None
    archive_url: str | None

    @property
    def note(self) -> str:
        """The capture, in words that stand behind any citation."""
        at = f"Archived {self.captured_at:%Y-%m-%dT%H:%M:%SZ}" if self.captured_at else "Archived at a time unknown"
        return ", ".join(filter(None, (at, self.digest, self.pwid)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The short form of a citation: one wording of a story, and the capture that first shows it.

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
            capture=row.id, url=row.url, archived_at=row.captured_at, digest=row.digest, pwid=_pwid_of(row, archive_id)
        )
        for chunk in chunks(sorted(numbers))
        for row in connection.execute(select(Capture.__table__).where(table.id.in_(chunk)))
    }


def _reference(row: Row[Any], archive_id: str) -> Reference:
    authors = _authors(json.loads(row.item), row, "printed")
    return Reference(
        story_id=row.story_id,
        address=row.canonical_url,
        revision=row.number,
        key=_key(row.story_id, authors, row.published_on, row.headline),
        archived_at=row.captured_at,
        digest=row.digest,
        pwid=_pwid_of(row, archive_id),
        capture=row.capture,
    )


def citation(
    connection: Connection,
    story_id: int,
    number: int | None = None,
    *,
    newspaper: str,
    archive_id: str,
    names: Names = "printed",
) -> Citation:
    """The citation of a revision; number: None for the newest.

    newspaper: its name, as it prints it. archive_id: of this archive in a PWID. Raises NoSuchStory.
    """
    stored = stored_wording(connection, story_id, number)
    row, capture = stored.revision, stored.capture
    story = connection.execute(select(Story.published_on, Story.section).where(Story.id == story_id)).one()
    at = capture.captured_at
    authors = _authors(stored.item, row, names)
    found = Citation(
        item={},
        revision=row.number,
        agency=row.agency if stored.item.get("authors") else None,
        captured_at=at,
        digest=capture.digest,
        pwid=_pwid_of(capture, archive_id),
        archive_url=_WAYBACK.format(at=at, url=capture.url) if at and capture.source == "wayback" else None,
    )
    item = {
        "id": _key(story_id, authors, story.published_on, row.headline),
        "type": "article-newspaper",
        "title": row.headline,
        "author": authors,
        "container-title": newspaper,
        "section": story.section,
        "issued": _date(story.published_on),
        "accessed": _date(at),
        "URL": stored.canonical_url,
        "language": stored.item.get("language"),
        "archive": found.pwid.split(":")[2] if found.pwid else archive_id,
        "archive_location": found.archive_url or found.pwid,
        "note": found.note,
    }
    return replace(found, item={name: value for name, value in item.items() if value})


def _authors(item: Mapping[str, Any], revision: Row[Any], names: Names) -> list[dict[str, str]]:
    """The people of the byline, else what it prints."""
    printed = revision.agency or revision.byline
    people = [author(name, names) for name in item.get("authors") or ()]
    return people or ([{"literal": printed}] if printed else [])


def _pwid_of(capture: Row[Any], archive_id: str) -> str | None:
    at = capture.captured_at
    return pwid(_ARCHIVES.get(capture.source, archive_id), at, capture.url) if at else None


def author(name: str, order: Names) -> dict[str, str]:
    """A name in CSL-JSON; whole where its order is not told, or its script has no such order."""
    if order == "printed" or not _LATIN.search(name) or " " not in name:
        return {"literal": name}
    suffixed = _SUFFIX.match(name)
    words = (suffixed[1] if suffixed else name).split()
    if len(words) < 2:
        return {"literal": name}
    if order == "family-first":
        family, given = words[:1], words[1:]
    else:
        last = len(words) - 1
        while last > 1 and _PARTICLE.match(words[last - 1]):  # van, de: part of the family name
            last -= 1
        given, family = words[:last], words[last:]
    parts = {"family": " ".join(family), "given": " ".join(given)}
    return parts | ({"suffix": suffixed[2]} if suffixed else {})


def pwid(archive_id: str, at: datetime, url: str) -> str:
    """The Persistent Web Identifier of one archived file: https://www.iana.org/assignments/urn-formal/pwid.

    `part` is the file alone, without what a page embeds. Signs that no URN may hold there are escaped (RFC 8141).
    """
    escaped = re.sub(r"[?#\[\]\s]|[^\x21-\x7e]", lambda sign: "".join(f"%{byte:02X}" for byte in sign[0].encode()), url)
    return f"urn:pwid:{archive_id}:{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}:part:{escaped}"


def _date(moment: date | None) -> dict[str, Any] | None:
    return {"date-parts": [[moment.year, moment.month, moment.day]]} if moment else None


def _key(story_id: int, authors: Sequence[Mapping[str, str]], published_on: date | None, headline: str) -> str:
    """A key for BibTeX: last word of the first author, year, first word of the headline; the number without letters."""
    name = (authors[0].get("family") or authors[0]["literal"]).split()[-1] if authors else ""
    words = [re.sub(r"[^a-z0-9]", "", word.lower()) for word in (name, *headline.split())]
    first = next((word for word in words[1:] if len(word) > 3), "")
    if not (words[0] or first):
        return f"story{story_id}"
    return f"{words[0]}{published_on.year if published_on else 'nd'}{first}"


def csl_json(found: Citation) -> str:
    return json.dumps([found.item], ensure_ascii=False, indent=1)
