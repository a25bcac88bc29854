"""Items: the contents of a page, in the newsroom's words.

Items are frozen; their field names, in this order, are the contract of the project. `plain`
gives any of them as JSON data, and Scrapy's own feed exporters use it through the fields'
`serializer`. Nothing here imports more than the standard library.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from typing import Any, Literal

BlockKind = Literal["paragraph", "crosshead", "quote", "list_item", "credit", "correction"]

Reason = Literal[
    "moved",  # the address answers with another address
    "gone",  # 404 or 410
    "refused",  # 401, 403, 451
    "server_error",  # 5xx, or a page that says so
    "bad_status",  # any other status that is no page
    "broken_transfer",  # the answer did not come whole, or answers another question; asked again soon
    "not_modified",  # 304: the page is as it was
    "empty",
    "not_html",
    "pdf",
    "picture",
    "not_a_picture",  # a page at the address of a picture
    "feed",  # a feed or sitemap that cannot be read as one
    "too_large",
    "hostile_markup",  # more tags or attributes than any page of a paper has
    "undecodable",  # a body whose content coding cannot be undone
    "challenge",  # a bot check in place of the page
    "log_in",
    "soft_404",  # answers 200, and is another page or a message
    "unknown_layout",
    "ambiguous_layout",  # more than one layout recognises it
    "no_headline",
    "no_body",
    "cut_before_body",  # the page ends before its words begin
    "not_an_article",  # jobs, forms, static pages
    "gallery",
    "video",
    "another_paper",
    "dropped",  # by a pipeline before the archive's
    "no_such_part",  # a story that today's layouts do not find any more in a feed or REST answer
    "layout_failed",  # a layout met what it does not know; the detail says what
]

ProblemKind = Literal[
    "unread_words",  # words in the article's scope that no rule reads; kept in `text`
    "cut",  # the page ends before its end: never a whole article
    "broken_transfer",  # the answer did not come whole, whatever it holds; asked again soon
    "paywall",  # the page says that more words exist
    "excerpt",  # a feed's entry that is a part of the story: its words are a summary
    "undecodable_bytes",  # bytes that are no text in the page's character set
    "odd_date",  # a printed date that cannot be read or trusted
    "odd_address",  # an address the page gives itself that cannot be its own
    "damage",  # words the site itself broke: lost drop caps, leaked markup
]

# What one form of a story may print and another has no place for.
Printable = Literal["standfirst", "byline", "captions", "body"]


def plain(value: Any) -> Any:
    """`value` as JSON data: dataclasses as objects, moments as `…Z`, days as ISO dates."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(inner) for inner in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _names(value.__class__)}
    return value


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


# Scrapy's feed exporters call `serializer` on a field's value before they write it.
PLAIN: dict[str, Any] = {"serializer": plain}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The place of a capture's bytes: one record of one evidence file.

    file: its name in the folder `evidence`. offset, length: in bytes.
    """

    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The facts of a capture that its item carries: all but the bytes and headers.

    url: as requested.
    captured_at: aware UTC; None when the source does not give it.
    status: of HTTP; 200 for a saved page.
    source: the name of the source: live, folder, warc …
    digest: `sha256:` and the hex digest of the body as it came.
    record: None when the bytes are not in the evidence.
    part: of a story that a feed or a REST answer carries whole, its address there; None: the whole answer.
    """

    url: str
    captured_at: datetime | None
    status: int
    source: str
    digest: str
    record: Record | None
    part: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """The answer of one address at one moment.

    body: as it came, before any content coding is undone.
    headers: name and value, in their order; names as the source gives them.
    source: the name of the source: live, folder, warc …
    conditional: whether the request named a version that is held already; None when the request is not known.
    """

    url: str
    captured_at: datetime | None
    body: bytes = field(repr=False)
    source: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    record: Record | None = None
    cut: bool = False  # the body is not whole, by what the source recorded
    conditional: bool | None = None

    def header(self, name: str) -> str | None:
        """The first value of the header `name`; None when there is none."""
        name = name.lower()
        return next((value for key, value in self.headers if key.lower() == name), None)

    def receipt(self) -> Receipt:
        return Receipt(
            url=self.url,
            captured_at=self.captured_at,
            status=self.status,
            source=self.source,
            digest="sha256:" + sha256(self.body).hexdigest(),
            record=self.record,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of words of the body, in reading order.

    kind: one of a closed list. text: without markup.
    """

    kind: BlockKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture of the story.

    url: absolute. caption: without the credit; None when none is printed.
    credit: who made it; None when none is printed.
    caption_text: caption and credit as printed, in one string; None when neither is printed.
    alt: None when the page gives none, or the site's default.
    block: index of the body block it stands before (the number of blocks: after the last);
        None for the main picture.
    """

    url: str
    caption: str | None = None
    credit: str | None = None
    caption_text: str | None = None
    alt: str | None = None
    block: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link inside the body.

    url: absolute. text: the words of the link. block: index of the body block it stands in.
    """

    url: str
    text: str
    block: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaser:
    """A story announced on a page.

    list: the printed name of the list; None when it has none.
    position: in its list, from 1.
    headline: None in a sitemap, which lists addresses alone.
    url: absolute. summary: None when none is printed. image_url: None without a picture.
    """

    list: str | None
    position: int
    headline: str | None
    url: str
    summary: str | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedTeaser(Teaser):
    """A teaser of a listing, with its date.

    published_at: aware UTC; None when the page prints no trustworthy time.
    published_on: the day on the newspaper's clock; None when none is printed.
    published_text: the date as printed; None when none is.
    """

    published_on: date | None = None
    published_at: datetime | None = None
    published_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A doubt about a reading.

    kind: one of a closed list. detail: a sentence. text: the words concerned, as they stand; None when no words are.
    """

    kind: ProblemKind
    detail: str
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A story as printed on one page.

    type: the kind of the item. layout: the design by which it was read. language: en or km.
    url: as fetched. canonical_url: the https, www form of the page's address.
    node_id: the number the site's engine gave the story; None when it shows none.
    headline: the story's own, never a teaser's. kicker: the line above it; None when none is printed.
    standfirst: the summary below the headline; None when none is printed.
    byline: as printed; None when none is. authors: people only; empty when it names none.
    agency: the wire service; None when none is named. dateline: a place; None when none is printed.
    section: as printed; None when the page names none. tags: without the section.
    published_at, modified_at: aware UTC; None when the page vouches for no time.
    published_on: the day on the newspaper's clock; None when the page vouches for none.
    published_text: the date as printed; None when none is.
    images: the main picture first, then as they stand. body: its blocks in reading order.
    teasers: other stories that the page announces. links: those inside the body.
    first_page: how many blocks of the body stand on the first page of a story in several; None for a story on one.
    headline_variants: other wordings of the headline on the page, by place.
    not_printed: fields that this form of the story has no place for, so that their absence means nothing;
        `captions` is the main picture's caption, `body` what stands on further pages.
    problems: what could not be read with certainty. capture: where the page came from.
    """

    type: Literal["article"] = "article"
    layout: str
    language: str
    url: str
    canonical_url: str
    node_id: int | None = None
    headline: str
    kicker: str | None = None
    standfirst: str | None = None
    byline: str | None = None
    authors: tuple[str, ...] = field(default=(), metadata=PLAIN)
    agency: str | None = None
    dateline: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = field(default=(), metadata=PLAIN)
    published_at: datetime | None = field(default=None, metadata=PLAIN)
    published_on: date | None = field(default=None, metadata=PLAIN)
    published_text: str | None = None
    modified_at: datetime | None = field(default=None, metadata=PLAIN)
    images: tuple[Image, ...] = field(default=(), metadata=PLAIN)
    body: tuple[Block, ...] = field(metadata=PLAIN)
    first_page: int | None = None
    teasers: tuple[Teaser, ...] = field(default=(), metadata=PLAIN)
    links: tuple[Link, ...] = field(default=(), metadata=PLAIN)
    headline_variants: Mapping[str, str] = field(default_factory=dict, metadata=PLAIN)
    not_printed: tuple[Printable, ...] = field(default=(), metadata=PLAIN)
    problems: tuple[Problem, ...] = field(default=(), metadata=PLAIN)
    capture: Receipt = field(metadata=PLAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A front, section, search, author or tag page, a feed or a sitemap: its teasers.

    section: None when the page is of none. page: as the address counts, from 0.
    teasers: in the order of the page. next_url: None on the last page.
    totals: how many stories the site reports, by the name of a section; under "" those of this list itself.
    """

    type: Literal["listing"] = "listing"
    layout: str
    language: str
    url: str
    canonical_url: str
    section: str | None = None
    page: int = 0
    teasers: tuple[DatedTeaser, ...] = field(default=(), metadata=PLAIN)
    next_url: str | None = None
    totals: Mapping[str, int] = field(default_factory=dict, metadata=PLAIN)
    problems: tuple[Problem, ...] = field(default=(), metadata=PLAIN)
    capture: Receipt = field(metadata=PLAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A page that gave neither article nor listing, and why.

    reason: one of a closed list. detail: a sentence.
    """

    type: Literal["unread"] = "unread"
    reason: Reason
    detail: str
    url: str
    capture: Receipt = field(metadata=PLAIN)


Item = Article | Listing | Unread
