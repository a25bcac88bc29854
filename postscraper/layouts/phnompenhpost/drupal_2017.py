"""Phnom Penh Post and Post Khmer, the redesigned Drupal 7 theme (captures 2017-11 to 2023-09).

Certain, from real markup: the article page with its MOST VIEWED and related lists (2018).
From selectors that worked for others, and from screen pictures: section, search and front
pages. Known by its generator, Drupal 7, and by the theme's section wrapper and top bar.

`dcterms.creator` is who posted the story, not its author; `dcterms.modified` precedes
`dcterms.date`, and the printed time is the modified one. Lists from 2020 on print a 12-hour
clock without am or pm: their times are never taken. The most viewed list is the site's, not the
story's, and may hold the story itself.
"""

import re
from collections.abc import Iterator

from postscraper.body import body, main_picture
from postscraper.bylines import people
from postscraper.dates import Printed, believable, printed_moment
from postscraper.errors import NotAStory
from postscraper.extract import Page, headline, language_of, maybe, maybe_link, node, nodes, scope, words
from postscraper.items import Article, Listing, Problem, Teaser
from postscraper.layouts.phnompenhpost import drupal

END = "footer"

# Hidden forms, the contact line and the lists stand inside or right behind the body.
SKIP = "#loginFormDIV, #createAccountFormDIV, .contact-author, .recommened-news, .related-content, .dfp_ad"
PICTURES = "figure, .node-image"
CAPTION = ".node-image-caption, figcaption"

_PUBLISHED = re.compile(r"^(?P<byline>.*?)\s*\|?\s*Publication date\s+(?P<date>\S.*)$")


def recognises(page: Page) -> bool:
    theme = ".section-width-sidebar, .block-ppp-top-navigation, .pager-load-more"
    return page.generator.startswith("Drupal 7") and node(page, theme) is not None


def article(page: Page) -> Article | None:
    if "node-type-article" not in page.body_classes:
        return None
    printed_headline = headline(page, ".single-article-header > h2")
    story = body(page, scope(page, "#ArticleBody[itemprop=articleBody]"), skip=SKIP, pictures=PICTURES, caption=CAPTION)
    picture = main_picture(page, ".node-main-image", CAPTION)
    if not story.blocks and picture is None and not story.images:
        raise NotAStory("no_body", "the body holds no words and no picture")
    byline, date, problems = _published(page)
    authors, agency = people(byline)
    head = drupal.head(page, printed_headline)
    return Article(
        layout="drupal_2017",
        language=language_of(printed_headline + story.text),
        url=page.url,
        canonical_url=head.canonical_url,
        node_id=head.node_id,
        headline=printed_headline,
        byline=byline,
        authors=authors,
        agency=agency,
        section=head.section,
        tags=head.tags,
        published_at=date.at if date else None,
        published_on=date.on if date else None,
        published_text=date.text if date else None,
        modified_at=head.modified_at,
        images=(*((picture,) if picture else ()), *story.images),
        body=story.blocks,
        teasers=(*_list(page, ".recommened-news"), *_list(page, ".related-content")),
        links=story.links,
        headline_variants=head.headline_variants,
        problems=(*page.problems, *problems, *story.problems),
        capture=page.receipt,
    )


def _published(page: Page) -> tuple[str | None, Printed | None, tuple[Problem, ...]]:
    """Byline and date of the line 'Name | Publication date 20 June 2018 | 08:10 ICT'."""
    line = maybe(page, ".single-article-header .article-author-wrapper > p") or ""
    found = _PUBLISHED.match(line)
    if found is None:
        return line.strip(" |") or None, None, ()
    byline = found["byline"].strip(" |") or None
    try:
        date = printed_moment(found["date"], "%d %B %Y | %H:%M ICT")
    except ValueError as error:
        return byline, None, (Problem(kind="odd_date", detail=str(error), text=found["date"]),)
    if not believable(date.on, page.capture.captured_at):
        return byline, None, (Problem(kind="odd_date", detail="no day the paper can print", text=date.text),)
    return byline, date, ()


def _list(page: Page, css: str) -> Iterator[Teaser]:
    """The teasers of the story page's side lists, card by card."""
    for box in nodes(page, css):
        name = maybe(box, "h2")
        for position, card in enumerate(nodes(box, ".item-list li"), 1):
            yield Teaser(
                list=name,
                position=position,
                headline=" ".join(text for each in nodes(card, "a") if (text := words(each))) or None,
                url=maybe_link(page, card, "a[href]") or "",
                summary=maybe(card, "p"),
                image_url=maybe_link(page, card, "img[src]"),
            )


def listing(page: Page) -> Listing | None:
    return None
