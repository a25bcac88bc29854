"""The picture above a story's content, and its caption."""

import re
from dataclasses import replace
from itertools import takewhile

from postscraper.extraction.body import Body
from postscraper.extraction.elements import Node, words
from postscraper.extraction.page import Page, nodes, there
from postscraper.extraction.pictures import image, main_picture, picture_url
from postscraper.items import Image, Problem
from postscraper.layouts.wordpress.places import BOXES, ELSEWHERE, Place, of_no_card

FEATURED = (
    ".wp-block-post-featured-image, .tdb_single_featured_image, .td-post-featured-image, .jeg_featured,"
    " .featured-area, .single-featured-image, .post-thumbnail, .entry-media, .featured-image, .single-featured"
)
CAPTIONS = "figcaption, [class*='caption']"
_SIZE = re.compile(r"-\d{2,5}x\d{2,5}(?=\.\w{2,5}$)|\?.*$")


def featured(page: Page, header: Place, box: Node) -> tuple[Image | None, tuple[Problem, ...]]:
    """The picture above the content, with the caption in its box, else beside it; None without a picture.

    A caption without one is a problem.
    """
    boxes = header.all(FEATURED)
    if not any(there(each, "img") for each in boxes):
        boxes += [each.closest("figure, .wp-caption") or each for each in _named_pictures(page, header, box)[:1]]
    pictures, lost = main_picture(page, boxes, CAPTIONS)
    main = next(iter(pictures), None)
    captions = set(filter(None, map(words, header.all(CAPTIONS))))
    if main is not None and main.caption_text is None and len(captions) == 1:
        main = image(main.url, captions.pop(), main.alt, page.paper)
    return main, lost


def _named_pictures(page: Page, header: Place, box: Node) -> list[Node]:
    """Pictures that WordPress marks as a post's, in the header; else above the content, those that Open Graph names."""
    pictures = of_no_card(header.all("img.wp-post-image"), box)
    if pictures or not (named := page.meta("og:image")):
        return pictures
    above = takewhile(box.__ne__, nodes(page, ", ".join(("img", *BOXES))))
    shown = ((each, picture_url(page, each)) for each in above if each.tag == "img" and not each.closest(ELSEWHERE))
    return of_no_card([each for each, url in shown if url and _name(url) == _name(named)], box)


def pictures(main: Image | None, story: Body) -> tuple[Image, ...]:
    """The featured picture and those of the body; some newspapers print the same one at the head of the body again."""
    if main is None:
        return story.images
    rest = story.images
    if rest and rest[0].block == 0 and _file(rest[0].url) == _file(main.url):
        if main.caption_text is None:
            main = replace(rest[0], block=None)
        rest = rest[1:] if rest[0].caption_text in (None, main.caption_text) else rest
    return (main, *rest)


def _name(url: str) -> str:
    return _file(url).rpartition("/")[2]


def _file(url: str) -> str:
    """The picture's file, whatever size WordPress cut of it."""
    return _SIZE.sub("", url)
