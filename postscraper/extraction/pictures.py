"""The pictures of a story: the address that a browser comes to show, caption and credit apart."""

import re
from collections.abc import Iterator, Sequence
from operator import itemgetter

from postscraper.extraction.bylines import split_credit
from postscraper.extraction.elements import Node, classes, words
from postscraper.extraction.page import Page, many, nodes
from postscraper.extraction.text import clean
from postscraper.items import Image, Problem
from postscraper.newspaper import Newspaper
from postscraper.urls import absolute

# Where scripts that load pictures late keep the address, while `src` holds nothing or a placeholder.
_LATE = "data-src", "data-lazy-src", "data-original", "data-lazy", "data-echo", "data-actualsrc"
_LATE_SETS = "data-srcset", "data-lazy-srcset", "data-original-set"
_LATE_BACKGROUNDS = "data-bg", "data-background", "data-background-image", "data-bg-src"
# The width or density behind an address of a srcset, and what follows its comma without a space:
# https://html.spec.whatwg.org/multipage/images.html#srcset-attributes
_SIZE = re.compile(r"(?P<size>\d{1,9}(?:\.\d{1,9})?)[wxh](?:,(?P<next>\S*))?")
_BACKGROUND = re.compile(r"background(?:-image)?\s*:[^;:]{0,200}?url\(\s*[\"']?(?P<url>[^\"')]+)", re.I)
# Names of pictures that only make room or stand in for another.
_PLACEHOLDER = re.compile(
    r"(?:(?:image|img|lazy|lazyload|photo|ajax|bg)[-_])?"
    r"(?:spacer|blank|placeholder|pixel|transparent|clear|1x1|1px|loading|loader|lazy|lazyload|gr[ea]y|empty|dot)"
    r"(?:[-_]?(?:image|img|bg|\d+(?:x\d+)?))?\.(?:gif|png|svg|jpe?g|webp)",
    re.I,
)
_NAMES_A_PICTURE = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|avif)(?:\?\S*)?", re.I)
_LONGEST_STAND_IN = 400  # characters of a data: address; what stands in for a picture has about 80


def picture_url(page: Page, img: Node) -> str | None:
    """The absolute address of the picture that a browser comes to show; None when the page holds none.

    What a script loads late goes before `src`; then the largest of a srcset, of the sources of a
    `picture`, the twin for browsers without scripts, and any other attribute that names a picture.
    """
    src = img.attr("src")
    # Most pictures name nothing besides.
    if src and "data-" not in "".join(img.attrs) and (found := _shown(page, src)):
        return found
    return next((found for address in _addresses(img) if address and (found := _shown(page, address))), None)


def _addresses(img: Node) -> Iterator[str | None]:
    yield from (img.attr(name) for name in _LATE)
    yield from (_largest(img.attr(name)) for name in _LATE_SETS)
    yield img.attr("src")
    yield _largest(img.attr("srcset"))
    parent, twin = img.parent, img.next_sibling
    if isinstance(parent, Node) and parent.tag == "picture":
        yield from (_largest(each.attr("data-srcset") or each.attr("srcset")) for each in nodes(parent, "source"))
    if isinstance(twin, Node) and twin.tag == "noscript":
        yield from (each.attr("src") for each in nodes(twin, "img"))
    for name, value in img.attrs.items():
        if name.startswith("data-") and isinstance(value, str) and _NAMES_A_PICTURE.fullmatch(value.strip()):
            yield value


def first_picture_url(page: Page, where: Page | Node, css: str = "img") -> str | None:
    """The address of the first picture with one among the matches; None without any."""
    return next((found for img in nodes(where, css) if (found := picture_url(page, img))), None)


def styled(box: Node) -> list[Node]:
    """The box and what is inside it, as far as it may have a picture for its background."""
    return [box, *nodes(box, ", ".join(f"[{name}]" for name in ("style", *_LATE_BACKGROUNDS)))]


def background_url(page: Page, box: Node) -> str | None:
    """The address of the picture that a box has for its background; None without one."""
    rule = _BACKGROUND.search(box.attr("style") or "")
    for value in (rule["url"].strip() if rule else None, *(box.attr(name) for name in _LATE_BACKGROUNDS)):
        if value and (found := _shown(page, value)):
            return found
    return None


def _shown(page: Page, address: str) -> str | None:
    url = absolute(page.base, address) if "{" not in address else None  # a script's pattern of addresses
    return None if url is None or url in (page.url, page.base) or _is_placeholder(url) else url


def _is_placeholder(address: str) -> bool:
    return _PLACEHOLDER.fullmatch(address.partition("?")[0].rpartition("/")[2]) is not None


def _largest(srcset: str | None) -> str | None:
    """The address with the largest width or density of a srcset; the first of equal ones."""
    return max(_candidates(srcset), key=itemgetter(0), default=(1.0, None))[1] if srcset else None


def _candidates(srcset: str) -> Iterator[tuple[float, str]]:
    url = ""
    for word in srcset.split():
        if url and (size := _SIZE.fullmatch(word)):
            yield float(size["size"]), url
            url = size["next"] or ""
        else:
            if url:
                yield 1.0, url
            url = word.strip(",")
    if url:
        yield 1.0, url


def makes_room(img: Node) -> bool:
    """Whether it is no picture to a reader: a spacer, a counter's pixel, a stand-in without anything behind it."""
    src = img.attr("src") or ""
    tiny = img.attr("width") in ("0", "1") and img.attr("height") in ("0", "1")
    stand_in = src.startswith("data:") and len(src) <= _LONGEST_STAND_IN
    return tiny or stand_in or _is_placeholder(src)


def image(url: str, printed: str | None, alt: str | None, paper: Newspaper, *, block: int | None = None) -> Image:
    """A picture with its caption and credit apart, and without a default alt of the newspaper's."""
    caption, credit = split_credit(printed, paper)
    alt = clean(alt or "") or None
    return Image(
        url=url,
        caption=caption,
        credit=credit,
        caption_text=printed,
        alt=None if alt in paper.default_alts else alt,
        block=block,
    )


def main_picture(page: Page, boxes: Sequence[Node], caption: str) -> tuple[tuple[Image, ...], tuple[Problem, ...]]:
    """The picture above the story, in the first box that holds or is one; and the captions of boxes without one."""
    for each in boxes:
        printed = next(iter(many(each, caption)), None)
        for img in [each] if each.tag == "img" else nodes(each, "img"):
            if url := picture_url(page, img):
                return (image(url, printed, img.attr("alt"), page.paper),), ()
        for box in styled(each):
            if url := background_url(page, box):
                return (image(url, printed, box.attr("aria-label"), page.paper),), ()
    lone = dict.fromkeys(text for each in boxes for text in many(each, caption)[:1])
    return (), tuple(Problem(kind="unread_words", detail="a caption without a picture", text=text) for text in lone)


class Album:
    """The pictures of a body, in reading order; block: index of the body block that each stands before."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.images: list[Image] = []
        self.problems: list[Problem] = []

    def add(self, img: Node, printed: str | None, block: int) -> bool:
        """Whether the page holds the picture's address. A caption or an alt without one is a problem."""
        if printed is None and "caption" in classes(img):
            printed = clean(img.attr("title") or "") or None  # Joomla's caption.js prints it below the picture
        alt = img.attr("alt")
        if (url := picture_url(self.page, img)) is not None:
            if not (makes_room(img) and url == absolute(self.page.base, img.attr("src") or "")):
                self.images.append(image(url, printed, alt, self.page.paper, block=block))
            return True
        text = printed or clean(alt or "") or None
        if text not in self.page.paper.default_alts and (text or not makes_room(img)):
            self.problems.append(Problem(kind="unread_words", detail="a picture without an address", text=text))
        return False

    def add_background(self, box: Node, printed: str | None, block: int) -> bool:
        """Whether the box has a picture for its background."""
        url = background_url(self.page, box)
        if url is not None:
            self.images.append(image(url, printed, box.attr("aria-label"), self.page.paper, block=block))
        return url is not None

    def repeats(self, text: str, block: int) -> bool:
        """Whether a paragraph only says again what the picture right before it says, with or without its credit."""
        last = self.images[-1] if self.images else None
        if last is None or last.block != block:
            return False
        if text in (last.caption_text, last.caption):
            return True
        alt = (last.alt or "").rstrip(".")
        if not alt or not text.startswith(alt):
            return False
        return (split_credit(text, self.page.paper)[0] or "").rstrip(".") == alt and self.captions(text, block)

    def captions(self, text: str, block: int) -> bool:
        """Whether the words caption the picture right before them; one without a caption takes them."""
        last = self.images[-1] if self.images else None
        if last is None or last.block != block:
            return False
        if last.caption_text is None:
            self.images[-1] = image(last.url, text, last.alt, self.page.paper, block=block)
            return True
        return text == last.caption_text


def holds_anything(page: Page, box: Node) -> bool:
    """Whether a box, as a table's cell, holds words or a picture."""
    return bool(words(box)) or any(not makes_room(img) for img in nodes(box, "img"))
