"""Items for the tests of the archive, with no more said than a test needs."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Row

from postscraper.items import Article, Block, Image, Listing, Receipt, Teaser, Unread
from storage.archive import Archive
from storage.query.history.history import promotions

SITE = "https://www.phnompenhpost.com"
START = datetime(2018, 6, 20, 1, 10, tzinfo=UTC)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def receipt(url: str, hours: float | None, page: str, **changes: Any) -> Receipt:
    usual = {
        "url": url,
        "captured_at": None if hours is None else at(hours),
        "status": 200,
        "source": "folder",
        "digest": f"sha256:{sha256(page.encode()).hexdigest()}",
        "record": None,
    }
    return Receipt(**(usual | changes))


def article(slug: str = "canal", hours: float | None = 0, body: str = "Water rises.", **changes: Any) -> Article:
    """A story; a blank line in `body` begins a new block. page: what tells one capture's bytes from another's."""
    url = f"{SITE}/national/{slug}"
    page = changes.pop("page", repr((body, sorted(changes.items(), key=lambda each: each[0]))))
    source = changes.pop("source", "folder")
    record = changes.pop("record", None)
    usual = {
        "layout": "drupal_2017",
        "language": "en",
        "url": url,
        "canonical_url": url,
        "headline": "The canal",
        "body": tuple(Block(kind="paragraph", text=text) for text in body.split("\n\n")),
        "capture": receipt(url, hours, page, source=source, record=record),
    }
    return Article(**(usual | changes))


def captioned(*captions: str) -> tuple[Image, ...]:
    return tuple(Image(url=f"{SITE}/{n}.jpg", caption=caption) for n, caption in enumerate(captions))


def teaser(slug: str, position: int = 1, **changes: Any) -> Teaser:
    usual = {"list": "MOST VIEWED", "position": position, "headline": slug, "url": f"{SITE}/national/{slug}"}
    return Teaser(**(usual | changes))


def listing(*teasers: Teaser, hours: float = 0, page: int = 0, slug: str = "national") -> Listing:
    url = f"{SITE}/{slug}"
    return Listing(
        layout="drupal_2017",
        language="en",
        url=url,
        canonical_url=url,
        page=page,
        teasers=teasers,
        capture=receipt(url, hours, repr((teasers, page))),
    )


def unread(reason: Any = "gone", slug: str = "canal", hours: float = 0) -> Unread:
    url = f"{SITE}/national/{slug}"
    return Unread(reason=reason, detail="a sentence", url=url, capture=receipt(url, hours, reason, status=404))


def sightings(archive: Archive, address: str) -> list[Row[Any]]:
    """Where and when an address was announced; it need not be archived itself."""
    with archive.connect() as connection:
        return promotions(connection, address)
