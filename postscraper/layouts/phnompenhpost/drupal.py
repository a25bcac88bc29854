"""Parts of both Drupal 7 themes of the Post: the facts in a page's head, cards, the pager."""

import re
from contextlib import suppress
from datetime import datetime
from typing import Any

from postscraper.extraction.dates import Printed, believable, day_of, machine_moment, printed
from postscraper.extraction.elements import Node, words
from postscraper.extraction.page import Page, many, maybe, maybe_link, nodes, own_address
from postscraper.extraction.pictures import first_picture_url
from postscraper.items import Problem, Teaser
from postscraper.urls import absolute, page_only

TWIN = ".node-title h2 span[itemprop=name]"  # of the headline, hidden

_NODE = re.compile(r"page-node-(\d+)$")
_IN_ADDRESS = re.compile(r"/node/(\d+)$")


def head(page: Page) -> dict[str, Any]:
    """The fields of an article that the page's head gives; address, odd_address: see own_address."""
    section = page.meta("articleSection")
    own, problems = own_address(page)
    words_of_page = (page.meta("keywords") or "").split(",")
    return {
        "node_id": _node_id(page),
        "section": section,
        "tags": tuple(tag for each in words_of_page if (tag := each.strip()) and tag != section),
        "modified_at": _modified_at(page),
        "address": own,
        "odd_address": problems,
    }


def _node_id(page: Page) -> int | None:
    for name in page.body_classes:
        if match := _NODE.match(name):
            return int(match[1])
    short = maybe_link(page, page, "link[rel=shortlink]")
    match = _IN_ADDRESS.search(short) if short else None
    return int(match[1]) if match else None


def _modified_at(page: Page) -> datetime | None:
    """None for a change before the publication, as most pages of 2018 have, and for one after the capture."""
    published, modified = (machine_moment(page.meta(f"dcterms.{name}")) for name in ("date", "modified"))
    if modified is None or (published is not None and modified < published):
        return None
    captured = page.capture.captured_at
    return None if captured is not None and modified > captured else modified


def hidden_day(page: Page) -> tuple[Printed | None, tuple[Problem, ...]]:
    """The day of a page that prints none to see, from its hidden twin and its head; None unless they agree."""
    twin, head = maybe(page, ".authoring-information .posted-date"), page.meta("dcterms.date")
    moment = machine_moment(head)
    days = {"dcterms.date": day_of(moment, page.paper)} if moment else {}
    with suppress(ValueError):
        days |= {"the hidden .posted-date": printed(twin, page.paper).on} if twin else {}
    if not twin and not head:
        return None, (Problem(kind="odd_date", detail="the page prints no date, and hides none"),)
    hidden = "; ".join(filter(None, (twin, head)))
    if len(set(days.values())) != 1 or not believable(next(iter(days.values())), page.capture.captured_at, page.paper):
        return None, (Problem(kind="odd_date", detail="no date is printed, the hidden ones fail", text=hidden),)
    *_, (place, on) = days.items()
    text = twin or head or ""
    doubt = Problem(kind="odd_date", detail=f"no date is printed; the day is that of {place}", text=hidden)
    return Printed(text=text, on=on), (doubt,)


def teaser(page: Page, card: Node, name: str | None, position: int) -> Teaser:
    """The story that a card of a side list announces: a picture and a headline with one address, and a summary."""
    links = nodes(card, "a")
    urls = (url for each in links if (href := each.attr("href")) and (url := absolute(page.base, href)))
    return Teaser(
        list=name,
        position=position,
        headline=" ".join(filter(None, map(words, links))) or None,
        url=next(urls, ""),
        summary=" ".join(many(card, "p")) or None,
        image_url=first_picture_url(page, card),
    )


def next_url(page: Page) -> str | None:
    """The next page of a list, without the random key that each build of the site added; None on the last."""
    link = maybe_link(page, page, "ul.pager li.pager-next a[href]")
    return page_only(link) if link else None
