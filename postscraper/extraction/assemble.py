"""Assembly of an item from what a layout reads, with the fields that are the same in every layout."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from postscraper.errors import PageRejected
from postscraper.extraction.body import Body
from postscraper.extraction.bylines import odd_byline, people
from postscraper.extraction.dates import Printed
from postscraper.extraction.page import Answer, Page, headline_variants
from postscraper.items import Article, DatedTeaser, Image, Listing, Problem, Teaser
from postscraper.urls import page_of


def published(date: Printed | None) -> dict[str, Any]:
    """The fields of an article or a teaser that say when it was published; None in each without a date."""
    return {
        "published_at": date.at if date else None,
        "published_on": date.on if date else None,
        "published_text": date.text if date else None,
    }


def undated(teaser: DatedTeaser) -> Teaser:
    """The teaser of a list beside a story, which keeps no date."""
    return Teaser(**{each.name: getattr(teaser, each.name) for each in fields(Teaser)})


def article(
    page: Page,
    *,
    layout: str,
    headline: str,
    twin: str | None = None,
    byline: str | None,
    agency: str | None = None,
    date: Printed | None = None,
    story: Body,
    images: tuple[Image, ...],
    address: str,
    odd_address: tuple[Problem, ...] = (),
    problems: tuple[Problem, ...],
    **others: Any,
) -> Article:
    """The story of a page. Raises PageRejected for one without a word or a picture.

    twin: see headline_variants. agency: for a byline that names none. images: all, the main one first.
    address, odd_address: see own_address. problems: all but those of the page, its address and its byline.
    others: further fields of the article, and those of `published` where a layout has no `date`.
    """
    if not story.blocks and not images:
        raise PageRejected("no_body", "the body holds no words and no picture")
    authors, agency_in_byline = people(byline, page.paper)
    return Article(
        layout=layout,
        language=page.language_of(headline + story.text),
        url=page.url,
        canonical_url=address,
        headline=headline,
        byline=byline,
        authors=authors,
        agency=agency_in_byline or agency,
        images=images,
        body=story.blocks,
        links=story.links,
        headline_variants=headline_variants(page, headline, twin),
        problems=(*page.problems, *odd_address, *odd_byline(byline, page.paper), *problems),
        capture=page.receipt,
        **(published(date) | others),
    )


def listing(
    answer: Answer,
    *,
    layout: str,
    language: str | None = None,
    section: str | None = None,
    entries: Iterable[DatedTeaser | Problem],
    next_url: str | None,
    totals: Mapping[str, int] = MappingProxyType({}),
    number: int | None = None,
) -> Listing:
    """The list of a page, or of an answer for machines.

    language: None for that of the headlines. entries: the teasers, and the problems met in reading them.
    number: of the page, from 0; None for that in its address.
    """
    parts = tuple(entries)
    teasers = tuple(each for each in parts if isinstance(each, DatedTeaser))
    return Listing(
        layout=layout,
        language=language or answer.language_of("".join(each.headline or "" for each in teasers)),
        url=answer.url,
        canonical_url=answer.canonical(answer.url),
        section=section,
        page=page_of(answer.url) if number is None else number,
        teasers=teasers,
        next_url=next_url,
        totals=dict(totals),
        problems=(*answer.problems, *(each for each in parts if isinstance(each, Problem))),
        capture=answer.receipt,
    )
