"""Phnom Penh Post and Post Khmer, the first Drupal 7 theme (captures 2013 to 2017-11).

Known by its generator, Drupal 7, and by the theme's home icon, social counters or footer line,
none of which the theme of 2017 has.

Certain, from the real markup of one page of October 2016: the section list, the frame around it,
the pager and the Boost cache's line (see drupal_2013_lists). No markup of an article is known:
`#ArticleBody`, `img[itemprop=contentURL]` worked for others in 2016; the order picture, caption,
headline, date, byline, body is that of text dumps, and the hidden twins of the 2017 theme, which
kept it, give the classes. The comments' box is built from its words alone.

- An editor's alternative text doubles the caption, with or without the credit: samples …/flood-wall
- A day is printed, no time: the moment is the head's `dcterms.date` when it falls on that day.
  07:00 is what the engine gave to stories that had none: …/salt-road-closed
- Stories of 1992 to 2010 are damaged (see legacy): …/salt-road-closed, …/rail-sleepers-gone
- Re-runs name the issue they first stood in, and are stories of their own, as their originals
  are: …/night-market-burns (1998), …/night-market-burns-0 (2010)
- A Khmer story opens with its town in bold, as the real list's summaries do: …/khmer-well
- The police blotter is one page of several items: …/police-blotter-stolen-buffalo
- Old Joomla addresses answer with the front page: …/joomla-address
"""

from datetime import datetime

from postscraper.body import body, main_picture
from postscraper.bylines import odd_byline, people
from postscraper.dates import Printed, at_seven, believable, day_of, machine_moment, printed
from postscraper.errors import NotAStory
from postscraper.extract import Page, headline, language_of, maybe, node, nodes, scope, there, words
from postscraper.items import Article, Listing, Problem
from postscraper.layouts.phnompenhpost import drupal, drupal_2013_lists
from postscraper.layouts.phnompenhpost.legacy import agency_of, mended
from postscraper.layouts.phnompenhpost.opening import captioned, opened

END = "footer .footer-line"
STORY = "div#ArticleBody"

# The comments' box ("0 Comments", "Please, login or register to post a comment"), the column's
# "Latest Video" and the rest of the frame, should an editor's broken tag draw them into the body.
SKIP = (
    "#comments, .comment-wrapper, .login-to-comment, .latest-videos, .contact-author, .social-counters, .dfp_ad,"
    " #loginFormDIV, #createAccountFormDIV, .related-content"
)
PICTURES = "figure, .node-image"
CAPTION = ".node-image-caption, figcaption"


def recognises(page: Page) -> bool:
    theme = "span.home-icon", "div.social-counters", "div.footer-line"
    return page.generator.startswith("Drupal 7") and there(page, *theme)


def article(page: Page) -> Article | None:
    if "node-type-article" not in page.body_classes:
        return None
    printed_headline = headline(page, ".node-title > h2")
    scoped = body(page, scope(page, "#ArticleBody"), skip=SKIP, pictures=PICTURES, caption=CAPTION)
    opening, rest = opened(scoped)
    story = mended(rest)
    main, lost = main_picture(page, nodes(page, ".node-main-image"), CAPTION)
    images, lone = captioned((*main, *story.images), opening)
    if not story.blocks and not images:
        raise NotAStory("no_body", "the body holds no words and no picture")
    byline = maybe(page, ".authoring-information .byline")
    authors, agency = people(byline)
    date, at, problems = _published(page)
    head = drupal.head(page, printed_headline)
    return Article(
        layout="drupal_2013",
        language=language_of(printed_headline + story.text),
        url=page.url,
        canonical_url=head.canonical_url,
        node_id=head.node_id,
        headline=printed_headline,
        kicker=opening.kicker,
        standfirst=opening.standfirst,
        byline=byline,
        authors=authors,
        agency=agency or agency_of(story),
        dateline=opening.dateline or _khmer_dateline(page),
        section=head.section,
        tags=head.tags,
        published_at=at,
        published_on=date.on if date else None,
        published_text=date.text if date else None,
        modified_at=head.modified_at,
        images=images,
        body=story.blocks,
        links=story.links,
        headline_variants=head.headline_variants,
        problems=(*page.problems, *head.problems, *odd_byline(byline), *problems, *lost, *story.problems, *lone),
        capture=page.receipt,
    )


def _khmer_dateline(page: Page) -> str | None:
    """The town that opens a Khmer story in bold, with the sign that stands for a colon; the body keeps both."""
    bold = node(page, "#ArticleBody > p:first-of-type > strong:first-child")
    town = words(bold) if bold is not None else ""
    return town[:-1].strip() if town.endswith(("ៈ", "៖")) and len(town) <= 40 else None


def _published(page: Page) -> tuple[Printed | None, datetime | None, tuple[Problem, ...]]:
    """The printed day, and the moment on it that the head vouches for."""
    text = maybe(page, ".authoring-information .posted-date")
    if text is None:
        date, doubts = drupal.hidden_day(page)
        return date, None, doubts
    try:
        date = printed(text)
    except ValueError as error:
        return None, None, (Problem(kind="odd_date", detail=str(error), text=text),)
    if not believable(date.on, drupal_2013_lists.built_at(page) or page.capture.captured_at):
        return None, None, (Problem(kind="odd_date", detail="no day the paper can print", text=text),)
    at = machine_moment(page.meta("dcterms.date"))
    if at is None or day_of(at) != date.on or at == at_seven(date.on):
        return date, None, ()
    return date, at, ()


def listing(page: Page) -> Listing | None:
    return drupal_2013_lists.listing(page)
