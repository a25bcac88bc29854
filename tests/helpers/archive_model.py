"""Pages and a plain model for the state machine: what an archive must say of the pages that it took."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from postscraper.items import Item
from storage.archive import Archive
from storage.database.values import plain
from storage.warc.exchange import Exchange
from tests.helpers.archives import SITE

Words = tuple[str, str]  # headline and body

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"/>
<meta name="generator" content="Drupal 7 (http://drupal.org)"/>
<link rel="canonical" href="{url}"/>
<title>{headline}, National, Phnom Penh Post</title></head>
<body class="html not-front page-node page-node-5001 node-type-article">
<div class="block-ppp-top-navigation"><a href="/user/">Login</a></div>
<div class="section section-width-sidebar single-article-header"><h2>{headline}</h2>
<div class="article-author-wrapper"><p>Sok Dara | Publication date 20 June 2018 | 08:10 ICT</p></div></div>
<div class="section section-width-sidebar"><article>
<div id="node-5001" class="node node-article">
<div itemprop="articleBody" id="ArticleBody"><p>{body}</p></div></div></article></div>
<div class="dfp_ad"><!-- {advert} --></div>
<footer id="footer">Post Media, edition {advert}</footer></body></html>
"""


def story_page(slug: str, words: Words, advert: int) -> bytes:
    """About 4 kB, so that a second answer of the same bytes is kept as a revisit."""
    url, (headline, body) = f"{SITE}/national/{slug}", words
    return _PAGE.format(url=url, headline=headline, body=body, advert=f"{advert} " * 500).encode()


def sitemap(slugs: set[str]) -> bytes:
    named = "".join(f"<url><loc>{SITE}/national/{slug}</loc></url>" for slug in sorted(slugs))
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{named}</urlset>'.encode()


@dataclass(frozen=True)
class Page:
    """One answer, and what it must do to the archive; words: of a story. heard: addresses that it announces."""

    exchange: Exchange
    words: Words | None = None
    heard: frozenset[str] = frozenset()
    filed: bool = True


@dataclass(frozen=True)
class Kept:
    """A page whose bytes are kept, and which no row names yet; span: of its record in the file."""

    page: Page
    item: Item
    file: str
    span: slice


@dataclass
class Model:
    """What the archive must say."""

    captures: set[tuple[str, datetime]] = field(default_factory=set)
    stories: dict[str, dict[datetime, Words]] = field(default_factory=dict)
    addresses: set[str] = field(default_factory=set)

    def take(self, page: Page) -> None:
        url, at = page.exchange.url, page.exchange.captured_at
        if not page.filed or at is None:
            return
        self.captures.add((url, at))
        self.addresses |= {url, *page.heard}
        if page.words:
            self.stories.setdefault(url, {})[at] = page.words

    def wordings(self) -> dict[str, list[Words]]:
        in_order = {url: [seen[at] for at in sorted(seen)] for url, seen in self.stories.items()}
        return {url: [words for words, _ in groupby(seen)] for url, seen in in_order.items()}

    def export(self) -> list[tuple[object, ...]]:
        told = self.wordings()
        return [
            (url, *told[url][-1], len(told[url]), plain(min(seen)), plain(max(seen)))
            for url, seen in sorted(self.stories.items())
        ]


def exported(archive: Archive) -> list[tuple[object, ...]]:
    return [
        (
            *(each["canonical_url"], each["headline"], "\n\n".join(block["text"] for block in each["body"])),
            *(each["revisions"], each["first_seen_at"], each["last_seen_at"]),
        )
        for each in archive.stories()
    ]


def worded(archive: Archive, url: str) -> Iterator[Words]:
    for wording in archive.story(url).revisions:
        yield wording.row.headline, wording.row.body
