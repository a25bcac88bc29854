"""Citation of one wording of a story, as CSL-JSON: https://docs.citationstyles.org, item type `article-newspaper`.

Headline and names stand as printed. The styles are written from it in storage/query/citation_styles.py.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, select

from storage.database.schema import Story
from storage.query.proof import StoredWording, stored_wording

# Order of a personal name. Khmer names have the family name first, also in English; a page does not tell which it is.
Names = Literal["printed", "given-first", "family-first"]

# What other archives are called in a PWID, and where they show a capture.
ARCHIVES = {"wayback": "archive.org", "commoncrawl": "commoncrawl.org"}
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
    story = connection.execute(select(Story.__table__).where(Story.id == story_id)).one()
    return of_wording(story, stored, newspaper=newspaper, archive_id=archive_id, names=names)


def of_wording(
    story: Row[Any], stored: StoredWording, *, newspaper: str, archive_id: str, names: Names = "printed"
) -> Citation:
    """As `citation`, of rows that are read already. story: its row."""
    row, at = stored.revision, stored.capture.captured_at
    holder = ARCHIVES.get(stored.capture.source, archive_id) if at else archive_id
    cited = _without_item(stored, holder)
    authors = _authors(stored, names)
    item = {
        "id": key_of(story.id, authors, story.published_on, row.headline),
        "type": "article-newspaper",
        "title": row.headline,
        "author": authors,
        "container-title": newspaper,
        "section": story.section,
        "issued": _date(story.published_on),
        "accessed": _date(at),
        "URL": stored.canonical_url,
        "language": stored.item.get("language"),
        "archive": holder,
        "archive_location": cited.archive_url or cited.pwid,
        "note": cited.note,
    }
    return replace(cited, item={name: value for name, value in item.items() if value})


def _without_item(stored: StoredWording, holder: str) -> Citation:
    """holder: the archive that the capture is from, as a PWID names it."""
    row, capture, at = stored.revision, stored.capture, stored.capture.captured_at
    return Citation(
        item={},
        revision=row.number,
        agency=row.agency if stored.item.get("authors") else None,
        captured_at=at,
        digest=capture.digest,
        pwid=pwid(holder, at, capture.url) if at else None,
        archive_url=_WAYBACK.format(at=at, url=capture.url) if at and capture.source == "wayback" else None,
    )


def _authors(stored: StoredWording, names: Names) -> list[dict[str, str]]:
    """The persons; without one the agency, or the byline as printed."""
    printed = stored.revision.agency or stored.revision.byline
    persons = [author(name, names) for name in stored.item.get("authors") or ()]
    return persons or ([{"literal": printed}] if printed else [])


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


def key_of(story_id: int, authors: Sequence[Mapping[str, str]], published_on: date | None, headline: str) -> str:
    """A key for BibTeX: the first author, year, first word of the headline; the number without letters.

    The family name where it is known, else the whole name: in Khmer the family name comes first.
    """
    name = (authors[0].get("family") or authors[0]["literal"]) if authors else ""
    words = [re.sub(r"[^a-z0-9]", "", word.lower()) for word in (name, *headline.split())]
    first = next((word for word in words[1:] if len(word) > 3), "")
    if not (words[0] or first):
        return f"story{story_id}"
    return f"{words[0]}{published_on.year if published_on else 'nd'}{first}"


def csl_json(reference: Citation) -> str:
    return json.dumps([reference.item], ensure_ascii=False, indent=1)
