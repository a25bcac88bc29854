"""O Arauto da Lagoa, the system Maresia (since 2019).

Known by its generator. A card prints its day, or a day that the newspaper cannot have printed: samples …/mar
"""

from postscraper.extraction.body import body
from postscraper.extraction.bylines import odd_byline, people
from postscraper.extraction.dates import dated
from postscraper.extraction.page import Page, headline, link, maybe, node, nodes, one, own_address, scope
from postscraper.items import Article, DatedTeaser, Listing, Problem

END = "footer"
STORY = "div.corpo"


def recognises(page: Page) -> bool:
    return page.generator.startswith("Maresia")


def article(page: Page) -> Article | None:
    if node(page, "article.peca") is None:
        return None
    printed_headline = headline(page, "article.peca h1")
    story = body(page, scope(page, STORY))
    byline, line = maybe(page, ".autoria"), maybe(page, "time")
    date, problems = dated(page, line) if line else (None, ())
    authors, agency = people(byline, page.paper)
    address, odd_address = own_address(page)
    return Article(
        layout="maresia_2019",
        language=page.language_of(printed_headline + story.text),
        url=page.url,
        canonical_url=address,
        headline=printed_headline,
        standfirst=maybe(page, ".entrada"),
        byline=byline,
        authors=authors,
        agency=agency,
        section=maybe(page, ".seccao"),
        published_at=date.at if date else None,
        published_on=date.on if date else None,
        published_text=line,
        images=story.images,
        body=story.blocks,
        links=story.links,
        problems=(*page.problems, *odd_address, *odd_byline(byline, page.paper), *problems, *story.problems),
        capture=page.receipt,
    )


def listing(page: Page) -> Listing | None:
    teasers: list[DatedTeaser] = []
    problems: list[Problem] = []
    for position, card in enumerate(nodes(page, "li.cartao"), 1):
        line = maybe(card, "time")
        date, odd = dated(page, line) if line else (None, ())
        problems += odd
        teaser = DatedTeaser(
            list=None,
            position=position,
            headline=one(card, "h2"),
            url=link(page, card, "h2 a"),
            published_on=date.on if date else None,
            published_text=line,
        )
        teasers.append(teaser)
    return Listing(
        layout="maresia_2019",
        language=page.language_of("".join(each.headline or "" for each in teasers)),
        url=page.url,
        canonical_url=page.canonical(page.url),
        section=maybe(page, "h1"),
        teasers=tuple(teasers),
        problems=(*page.problems, *problems),
        capture=page.receipt,
    )
