"""Views of the kept pictures: by day and credit, and the photos that several stories print."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from typing import Any

from sqlalchemy import Connection

from postscraper.run.evidence_reader import EvidenceReader
from postscraper.web.pages import PAGE, Entry, Page, Parameter, ResultList, Room, Row, columns
from storage.query import captures
from storage.query.history.history import find
from storage.query.photos import PhotoUse, kept_by_credit, kept_pictures, same_photos

_ON_A_PAGE = 48
_MOST_CREDITS = 40
_MOST_PHOTOS = 100  # that several stories print


def pictures(
    room: Room, connection: Connection, since: date | None, until: date | None, credit: str | None, page: int
) -> dict[str, Any]:
    rows = kept_pictures(
        connection,
        since=since,
        until=until,
        credit=credit,
        limit=_ON_A_PAGE + 1,
        offset=_ON_A_PAGE * (page - 1),
    )
    credits_printed = kept_by_credit(connection)
    return {
        "title": f"Pictures: {credit}" if credit else "Pictures",
        "credits": dict(list(credits_printed.items())[:_MOST_CREDITS]),
        "all_credits": len(credits_printed),
        "total": sum(credits_printed.values()),
        "page": page,
        "more": len(rows) > _ON_A_PAGE,
        "shown": room.has_evidence,
        "pictures": [columns(row) for row in rows[:_ON_A_PAGE]],
    }


def photos(room: Room, connection: Connection, story: int | None) -> dict[str, Any]:
    """story: only the photos of this one, by its number."""
    of_story = find(connection, story).canonical_url if story is not None else None
    address = EvidenceReader(room.folder).address

    def key(url: str) -> str | None:
        with suppress(ValueError):
            return address(url)
        return None

    total, groups = same_photos(connection, key, story, limit=_MOST_PHOTOS)
    numbers = captures.pictures(connection, [use.photo.address for uses in groups for use in uses])
    return {
        "story": story,
        "canonical_url": of_story,
        "total": total,
        "shown": room.has_evidence,
        "photos": [
            {"capture_id": next((numbers[use.photo.address] for use in uses if use.photo.address in numbers), None)}
            | {"width": uses[0].photo.width, "height": uses[0].photo.height, "uses": [_use(use) for use in uses]}
            for uses in groups
        ],
    }


def _use(use: PhotoUse) -> dict[str, Any]:
    names = ("story_id", "canonical_url", "headline", "published_on", "image_url", "caption", "credit", "distance")
    return {name: getattr(use, name) for name in names}


def _entry(row: Row) -> Entry:
    return Entry(
        name=f"{row['canonical_url']}#{row['url']}",
        path=f"/story/{row['story_id']}",
        title=row["caption"] or row["headline"],
        updated=row["published_on"],
        summary=row["headline"],
        author=row["credit"],
    )


def _uses(data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for number, photo in enumerate(data["photos"], 1):
        for use in photo["uses"]:
            yield {"photo": number, **use}


PAGES = (
    Page(
        name="pictures",
        path="/pictures",
        view=pictures,
        heavy=True,
        summary="Kept pictures by the day of their stories, with captions and credits.",
        list=ResultList(
            rows=lambda data: data["pictures"],
            columns=("published_on", "story_id", "headline", "caption", "credit", "url", "capture_id"),
            entry=_entry,
        ),
        parameters=(
            Parameter(name="since", means="Published on this day or later.", kind="first day"),
            Parameter(name="until", means="Published on this day or earlier.", kind="last day"),
            Parameter(name="credit", means="By this photographer or agency, as printed."),
            PAGE,
        ),
    ),
    Page(
        name="photos",
        path="/pictures/again",
        view=photos,
        heavy=True,
        summary="Photos that several stories print, with each caption and credit.",
        list=ResultList(
            rows=_uses,
            columns=("photo", "published_on", "story_id", "headline", "caption", "credit", "image_url", "distance"),
        ),
        parameters=(Parameter(name="story", means="Only the photos of this story, by its number.", kind="number"),),
    ),
)
