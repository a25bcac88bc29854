"""O Arauto da Lagoa, the system Maresia (since 2019).

Known by its generator. A card prints its day, or a day that the newspaper cannot have printed: samples …/mar
"""

from collections.abc import Iterator

from postscraper.extraction import assemble
from postscraper.extraction.body import body
from postscraper.extraction.dates import dated
from postscraper.extraction.page import Page, headline, link, maybe, nodes, one, own_address, scope, there
from postscraper.items import Article, DatedTeaser, Listing, Problem

END = "footer"
STORY = "div.corpo"


def recognises(page: Page) -> bool:
    return page.generator.startswith("Maresia")


def article(page: Page) -> Article | None:
    if not there(page, "article.peca"):
        return None
    printed_headline = headline(page, "article.peca h1")
    story = body(page, scope(page, STORY))
    line = maybe(page, "time")
    date, problems = dated(page, line) if line else (None, ())
    address, odd_address = own_address(page)
    return assemble.article(
        page,
        layout="maresia_2019",
        headline=printed_headline,
        standfirst=maybe(page, ".entrada"),
        byline=maybe(page, ".autoria"),
        section=maybe(page, ".seccao"),
        date=date,
        images=story.images,
        story=story,
        address=address,
        odd_address=odd_address,
        problems=(*problems, *story.problems),
    )


def listing(page: Page) -> Listing | None:
    return assemble.listing(
        page, layout="maresia_2019", section=maybe(page, "h1"), entries=_entries(page), next_url=None
    )


def _entries(page: Page) -> Iterator[DatedTeaser | Problem]:
    for position, card in enumerate(nodes(page, "li.cartao"), 1):
        line = maybe(card, "time")
        date, problems = dated(page, line)
        yield from problems
        yield DatedTeaser(
            list=None,
            position=position,
            headline=one(card, "h2"),
            url=link(page, card, "h2 a"),
            **(assemble.published(date) | {"published_text": line}),
        )
