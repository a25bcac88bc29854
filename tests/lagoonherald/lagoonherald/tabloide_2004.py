"""O Arauto da Lagoa, the system Tabloide (2004 to 2018).

Known by its generator. A story's address is `/index.php?artigo=N`.

- A story without a time has midnight: samples …/festa-do-emigrante
"""

from dataclasses import replace

from postscraper.extraction.body import body
from postscraper.extraction.bylines import odd_byline, people
from postscraper.extraction.dates import dated, is_default_time
from postscraper.extraction.page import Page, headline, link, maybe, node, nodes, one, scope
from postscraper.items import Article, DatedTeaser, Listing

END = "#rodape"
STORY = "#texto"


def recognises(page: Page) -> bool:
    return page.generator.startswith("Tabloide")


def article(page: Page) -> Article | None:
    if node(page, "#artigo") is None:
        return None
    printed_headline = headline(page, "#artigo > h1")
    story = body(page, scope(page, STORY), pictures=".foto", caption=".legenda")
    byline, line = maybe(page, ".assinatura"), maybe(page, ".data")
    date, problems = dated(page, line) if line else (None, ())
    if date and is_default_time(date.at, page.paper):
        date = replace(date, at=None)
    authors, agency = people(byline, page.paper)
    return Article(
        layout="tabloide_2004",
        language=page.language_of(printed_headline + story.text),
        url=page.url,
        canonical_url=page.canonical(page.url),
        headline=printed_headline,
        byline=byline,
        authors=authors,
        agency=agency,
        published_at=date.at if date else None,
        published_on=date.on if date else None,
        published_text=line,
        images=story.images,
        body=story.blocks,
        links=story.links,
        problems=(*page.problems, *odd_byline(byline, page.paper), *problems, *story.problems),
        capture=page.receipt,
    )


def listing(page: Page) -> Listing | None:
    cards = nodes(page, "#lista > li")
    return Listing(
        layout="tabloide_2004",
        language=page.language_of(""),
        url=page.url,
        canonical_url=page.canonical(page.url),
        section=maybe(page, "#seccao"),
        teasers=tuple(
            DatedTeaser(list=None, position=position, headline=one(card, "a"), url=link(page, card, "a"))
            for position, card in enumerate(cards, 1)
        ),
        problems=page.problems,
        capture=page.receipt,
    )
