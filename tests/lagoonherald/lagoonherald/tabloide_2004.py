"""O Arauto da Lagoa, the system Tabloide (2004 to 2018).

Known by its generator. A story's address is `/index.php?artigo=N`.

- A story without a time has midnight: samples …/festa-do-emigrante
"""

from dataclasses import replace

from postscraper.extraction import assemble
from postscraper.extraction.body import body
from postscraper.extraction.dates import dated, is_default_time
from postscraper.extraction.page import Page, headline, link, maybe, nodes, one, scope, there
from postscraper.items import Article, DatedTeaser, Listing

END = "#rodape"
STORY = "#texto"


def recognises(page: Page) -> bool:
    return page.generator.startswith("Tabloide")


def article(page: Page) -> Article | None:
    if not there(page, "#artigo"):
        return None
    printed_headline = headline(page, "#artigo > h1")
    story = body(page, scope(page, STORY), pictures=".foto", caption=".legenda")
    line = maybe(page, ".data")
    date, problems = dated(page, line) if line else (None, ())
    if date and is_default_time(date.at, page.paper):
        date = replace(date, at=None)
    return assemble.article(
        page,
        layout="tabloide_2004",
        headline=printed_headline,
        byline=maybe(page, ".assinatura"),
        date=date,
        images=story.images,
        story=story,
        address=page.canonical(page.url),
        problems=(*problems, *story.problems),
    )


def listing(page: Page) -> Listing | None:
    teasers = (
        DatedTeaser(list=None, position=position, headline=one(card, "a"), url=link(page, card, "a"))
        for position, card in enumerate(nodes(page, "#lista > li"), 1)
    )
    return assemble.listing(
        page, layout="tabloide_2004", section=maybe(page, "#seccao"), entries=teasers, next_url=None
    )
