"""The pictures of a story, with caption and credit apart."""

from postscraper.bylines import split_credit
from postscraper.extract import Node, Page, clean, many, node, nodes
from postscraper.items import Image
from postscraper.urls import absolute

# The default alternative text of the site's pictures, in all designs and both editions.
DEFAULT_ALTS = frozenset({"Content image - Phnom Penh Post", "Logo of Phnom Penh Post newspaper", "img"})


def image(url: str, printed: str | None, alt: str | None, *, block: int | None = None) -> Image:
    """A picture with its caption and credit apart, and without the site's default alt."""
    caption, credit = split_credit(printed)
    alt = clean(alt or "") or None
    return Image(
        url=url,
        caption=caption,
        credit=credit,
        caption_text=printed,
        alt=None if alt in DEFAULT_ALTS else alt,
        block=block,
    )


def main_picture(page: Page, box: str, caption: str) -> Image | None:
    """The picture above the story in the first `box` that holds one; None without one."""
    for each in nodes(page, box):
        img = node(each, "img[src]")
        url = absolute(page.url, img.attr("src") or "") if img is not None else None
        if img is not None and url is not None:
            printed = next(iter(many(each, caption)), None)
            return image(url, printed, img.attr("alt"))
    return None


class Album:
    """The pictures of a body, in reading order; block: index of the body block that each stands before."""

    def __init__(self, page: Page) -> None:
        self.url = page.url
        self.images: list[Image] = []

    def add(self, img: Node, printed: str | None, block: int) -> None:
        src = img.attr("src")
        url = absolute(self.url, src) if src else None
        if url is not None:
            self.images.append(image(url, printed, img.attr("alt"), block=block))

    def repeats(self, text: str, block: int) -> bool:
        """Whether a paragraph only says again what the picture right before it says."""
        last = self.images[-1] if self.images else None
        return last is not None and text in (last.caption_text, last.alt) and self.captions(text, block)

    def captions(self, text: str, block: int) -> bool:
        """Whether the words caption the picture right before them; one without a caption takes them."""
        last = self.images[-1] if self.images else None
        if last is None or last.block != block:
            return False
        if last.caption_text is None:
            self.images[-1] = image(last.url, text, last.alt, block=block)
            return True
        return text == last.caption_text
