"""Convert an item to table rows without ids, and compute the digests by which items are compared."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from storage.database.values import Values, cleaned, day, dumped, is_storable, moment, plain, raw
from storage.ingest.wording import words_digest
from storage.ledger.discoveries import MergedDiscovery
from storage.ledger.states import DROPPED, UNCHANGED, UNDATED, Discovery, FinalState, Visit, state_after
from storage.query.history.notes import Note, notes
from storage.query.search.text import digest_of, index_words
from storage.warc.exchange import RecordLocation

# The key of a capture: url, time, digest of the body, source, part of the response.
Key = tuple[str, datetime | None, str, str, str]


# Captures with the same identity are one capture, whatever their sources: url, second, status, digest of the body, part
# of the response. Programs record different fractions of a second.
Identity = tuple[str, datetime | None, int, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRow:
    """An article as table columns.

    image_url: of the main image. revision: the columns of a revision. images: rows without the revision's id.
    words: the row of the search index without its id. authors, tags, links: rows of the derived tables without the
    story's id. notes: correction notes.
    """

    language: str
    section: str | None
    published_on: date | None
    published_at: datetime | None
    node_id: int | None
    image_url: str | None
    revision: Values
    images: tuple[tuple[Any, ...], ...]
    words: tuple[str, str, str, str]
    authors: tuple[tuple[Any, ...], ...]
    tags: tuple[tuple[Any, ...], ...]
    links: tuple[tuple[Any, ...], ...]
    notes: tuple[Note, ...]

    @classmethod
    def by(cls, article: Mapping[str, Any]) -> "ArticleRow":
        """article: as JSON data."""
        images = article.get("images") or ()
        body = "\n\n".join(block["text"] for block in article["body"])
        return cls(
            language=article["language"],
            section=article.get("section"),
            published_on=day(article.get("published_on")),
            published_at=moment(article.get("published_at")),
            node_id=article.get("node_id"),
            image_url=next((image["url"] for image in images if image.get("block") is None), None),
            revision={name: article.get(name) for name in _REVISION} | {"body": body},
            images=tuple((at, *map(image.get, IMAGE)) for at, image in enumerate(images, 1)),
            words=index_words(article, body),
            authors=tuple(enumerate(article.get("authors") or (), 1)),
            tags=tuple(enumerate(article.get("tags") or (), 1)),
            links=tuple((at, *map(link.get, LINK)) for at, link in enumerate(article.get("links") or (), 1)),
            notes=notes(article),
        )


_REVISION = ("layout", "headline", "kicker", "standfirst", "byline", "agency", "dateline")
LINK = ("url", "text", "block")
IMAGE = ("url", "caption", "credit", "caption_text", "alt", "block")
_TEASER = ("list", "position", "headline", "summary", "url", "image_url", "published_text")
RECORD = ("evidence_file", "evidence_offset", "evidence_length")
SIGHTING = (*_TEASER, "address", "published_on", "published_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedItem:
    """One item as table rows without ids. It may be made in another process.

    address: key in the ledger of the visited address; without a visit, the canonical address of the page.
    capture: its row.
    reading: the item as JSON; None for an unread page. article: None for other items.
    sightings: rows without the capture's id. final_state: of the address after a visit that finds new text.
    """

    outcome: str
    url: str
    canonical_url: str | None
    address: str
    key: Key
    capture: Values
    reading: str | None
    reading_digest: str | None
    article: ArticleRow | None
    sightings: tuple[tuple[Any, ...], ...]
    visit: Visit | None
    final_state: FinalState
    published_on: date | None
    page: int

    @property
    def captured_at(self) -> datetime | None:
        return self.key[1]

    def set_location(self, location: RecordLocation) -> None:
        """Set the location of bytes that were stored after the item was prepared."""
        self.capture.update(
            evidence_file=location.file, evidence_offset=location.offset, evidence_length=location.length
        )

    def without_links(self) -> "PreparedItem":
        """A copy whose visit has no discoveries."""
        return replace(self, visit=self.visit and replace(self.visit, discoveries=()))

    def dropped(self, detail: str) -> "PreparedItem":
        """A copy as an unread page or part that a pipeline dropped earlier."""
        empty = dict.fromkeys(("layout", "problems", "words_digest", "teasers_digest"))
        unread = {"outcome": "unread", "reason": DROPPED, "detail": detail}
        address = self.visit.address if self.visit else self.url
        return replace(
            self,
            outcome="unread",
            canonical_url=None,
            address=address,
            capture=self.capture | empty | unread | {"address": address},
            reading=None,
            reading_digest=None,
            article=None,
            sightings=(),
            final_state=state_after({"type": "unread", "reason": DROPPED}, self.visit.kind if self.visit else None),
            published_on=None,
            page=0,
        )

    def state_after(self, *, anything_new: bool) -> FinalState:
        """The state of the address after its visit."""
        same = self.outcome == "article" and self.final_state.state == "done" and not anything_new
        return UNCHANGED if same else self.final_state


def prepare(item: Any, visit: Visit | None = None) -> PreparedItem:
    """Prepare an item. A PreparedItem, as worker processes send it, is returned unchanged.

    Raises ValueError for an item of unknown type, or a capture time without a zone.
    """
    if isinstance(item, PreparedItem):
        return item
    whole = plain(item)
    kind = whole.get("type")
    if kind not in ("article", "listing", "unread"):
        raise ValueError(f"an item of type {kind!r}: article, listing or unread is wanted")
    content = {name: value for name, value in whole.items() if name not in ("capture", "teasers")}
    reading, teasers = dumped(content), dumped(whole.get("teasers", ()))
    if not (is_storable(reading) and is_storable(teasers)):
        return prepare(cleaned(whole), visit)
    unread = kind == "unread"
    capture = _capture(whole, visit)
    capture["teasers_digest"] = None if unread else digest_of(teasers)
    return PreparedItem(
        outcome=kind,
        url=whole["url"],
        canonical_url=whole.get("canonical_url"),
        address=capture["address"],
        key=key_of(capture),
        capture=capture,
        reading=None if unread else reading,
        reading_digest=None if unread else digest_of(reading),
        article=ArticleRow.by(whole) if kind == "article" else None,
        sightings=tuple(_sightings(whole.get("teasers") or (), visit)),
        visit=visit,
        final_state=state_after(whole, visit.kind if visit else None),
        published_on=day(whole.get("published_on")),
        page=whole.get("page") or 0,
    )


def key_of(capture: Mapping[str, Any]) -> Key:
    """capture: values of the table's columns."""
    return capture["url"], capture["captured_at"], capture["digest"], capture["source"], capture["part"]


def identity_of(capture: Mapping[str, Any]) -> Identity:
    """capture: values of the table's columns."""
    at, names = capture["captured_at"], ("url", "status", "digest", "part")
    url, status, digest, part = map(capture.__getitem__, names)
    return url, second(at), status, digest, part


def second(moment: datetime | None) -> datetime | None:
    """A moment without its fraction of a second."""
    return None if moment is None else moment.replace(microsecond=0)


def _capture(item: Values, visit: Visit | None) -> Values:
    capture, problems = item["capture"], item.get("problems")
    record = capture["record"] or {}
    return {
        **{name: capture[name] for name in ("url", "status", "source", "digest")},
        "address": visit.address if visit else item.get("canonical_url") or item["url"],
        "captured_at": moment(capture["captured_at"]),
        "part": capture.get("part") or "",
        **{name: record.get(name.removeprefix("evidence_")) for name in RECORD},
        "etag": visit.etag if visit else None,
        "last_modified": visit.last_modified if visit else None,
        "outcome": item["type"],
        **{name: item.get(name) for name in ("reason", "detail", "layout")},
        "problems": dumped(problems) if problems else None,
        "reading_id": None,
        "story_id": None,
        "words_digest": words_digest(item) if item["type"] == "article" else None,
        "words_of_another": False,
    }


def _sightings(teasers: Iterable[Values], visit: Visit | None) -> Iterator[tuple[Any, ...]]:
    addresses = {discovery.url: discovery.address for discovery in visit.discoveries} if visit else {}
    for teaser in teasers:
        url, value_of = teaser["url"], teaser.get
        on, at = value_of("published_on"), value_of("published_at")
        yield *map(value_of, _TEASER), addresses.get(url, url), on and raw(day(on)), at and raw(moment(at))


def discoveries_of(item: PreparedItem) -> Iterator[MergedDiscovery]:
    if item.visit is None:
        return
    visit, now = item.visit, visited_at(item)
    yield MergedDiscovery(Discovery(url=item.url, address=visit.address, kind=visit.kind), None, now)
    for discovery in visit.discoveries:
        yield MergedDiscovery(discovery, visit.address, now)


def visited_at(item: PreparedItem) -> datetime:
    """The time of a visit: that of its capture, or UNDATED."""
    return item.captured_at or UNDATED
