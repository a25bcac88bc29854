"""The words of a story, block by block: every word read, skipped by name, or reported."""

import re
from dataclasses import dataclass, field

from postscraper.bylines import is_credit_line, split_credit
from postscraper.extract import Node, Page, Words, attribute, clean, node, nodes, words
from postscraper.items import Block, BlockKind, Image, Link, Problem
from postscraper.urls import absolute

# No words of a story: code, controls, foreign frames, and what the page itself hides.
NEVER_WORDS = (
    "script, style, template, noscript, textarea, select, button, iframe, object, embed, svg, math, form, audio,"
    " video, canvas, map, noframes, [hidden], [style*='display:none'], [style*='display: none']"
)
# Words that may or may not be the story's: kept in the item's problems.
REPORTED = (
    "aside, nav, header, footer, table, dl, details, dialog, [class*='related'], [class*='teaser'], [class*='promo'],"
    " [class*='share'], [class*='advert'], [class*='newsletter'], [class*='comment']"
)
PAYWALL = "[class*='paywall'], [id*='paywall'], [class*='subscribe-to-read']"

# The default alternative text of the site's pictures, in all designs and both editions.
DEFAULT_ALTS = frozenset({"Content image - Phnom Penh Post", "Logo of Phnom Penh Post newspaper", "img"})

_CROSSHEADS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = _CROSSHEADS | {
    *(
        "p",
        "div",
        "section",
        "article",
        "main",
        "blockquote",
        "ul",
        "ol",
        "li",
        "pre",
        "hr",
        "center",
        "address",
    ),
    *("figure", "figcaption", "body", "table", "tbody", "tr", "td", "th", "fieldset", "dl", "dt", "dd"),
}
_BOLD = frozenset({"strong", "b"})
_CORRECTION = re.compile(r"(?:correction|clarification|editor[’']s note|កំណែតម្រូវ|កែតម្រូវ)\s*[:៖]", re.I)
# Attributes that an editor's broken tag left as words, seen in 1990s and 2018-19 stories.
_LEAKED = re.compile(
    r"(?:\b(?:item(?:type|prop|scope)|class|style|href|src|alt|width|height)=[\"'][^\"']*[\"']\s*/?>?|\"\s*/>)"
)
_LONGEST_CROSSHEAD = 120  # characters; longer bold paragraphs are shouted, not headed


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What the scope of a story holds."""

    blocks: tuple[Block, ...]
    images: tuple[Image, ...]
    links: tuple[Link, ...]
    problems: tuple[Problem, ...]

    @property
    def text(self) -> str:
        return "\n".join(block.text for block in self.blocks)


@dataclass(slots=True)
class _Run:
    """The words since the last border between blocks."""

    words: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    breaks: int = 0
    plain: bool = False  # some of the words are not bold


def body(page: Page, scope: Node, *, skip: str = "", pictures: str = "figure", caption: str = "figcaption") -> Body:
    """The blocks, pictures, links and problems of `scope`, in reading order.

    skip: what the layout leaves out by name. pictures: the boxes that hold a picture with its
    caption; caption: the element inside that holds the printed caption and credit.
    """
    return _Reader(page, scope, skip, pictures, caption).read()


class _Reader:
    def __init__(self, page: Page, scope: Node, skip: str, pictures: str, caption: str) -> None:
        self.page = page
        self.scope = scope
        self.caption = caption
        self.skipped = frozenset(nodes(scope, f"{NEVER_WORDS}, {skip}" if skip else NEVER_WORDS))
        self.pictures = frozenset(nodes(scope, pictures))
        self.reported = frozenset(nodes(scope, REPORTED))
        self.paywalls = frozenset(nodes(scope, PAYWALL))
        self.blocks: list[Block] = []
        self.images: list[Image] = []
        self.links: list[Link] = []
        self.problems: list[Problem] = []
        self.run = _Run()
        self.bold = 0
        self.kinds: list[BlockKind] = ["paragraph"]

    def read(self) -> Body:
        # A stack and no recursion: editors' markup nests a thousand deep.
        stack = [(self.scope, iter(self.scope.children))]
        while stack:
            parent, children = stack[-1]
            child = next(children, None)
            if child is None:
                stack.pop()
                self._leave(parent)
            elif isinstance(child, Words):
                self._words(child.text)
            elif isinstance(child, Node) and self._enter(child):
                stack.append((child, iter(child.children)))
        self._close()
        return Body(
            blocks=tuple(self.blocks),
            images=tuple(self.images),
            links=tuple(self.links),
            problems=tuple(self.problems),
        )

    def _words(self, text: str) -> None:
        if text.isspace():
            self.run.words.append(text)
            return
        if self.run.breaks > 1:
            self._close()
        self.run.breaks = 0
        self.run.words.append(text)
        self.run.plain = self.run.plain or not self.bold

    def _enter(self, child: Node) -> bool:
        """Whether to read on inside."""
        if child in self.skipped or self._set_aside(child):
            return False
        tag = child.tag
        if tag == "br":
            self.run.breaks += 1
        elif tag == "img":
            self._image(child, None)
        elif tag in _BLOCKS:
            self._close()
            if kind := _kind(tag):
                self.kinds.append(kind)
        elif tag in _BOLD:
            self.bold += 1
        elif tag == "a" and (href := attribute(child, "href")) and (url := absolute(self.page.url, href)):
            self.run.links.append((url, words(child)))
        return True

    def _leave(self, parent: Node) -> None:
        if parent is self.scope:
            return
        if parent.tag in _BLOCKS:
            self._close()
            if _kind(parent.tag):
                self.kinds.pop()
        elif parent.tag in _BOLD:
            self.bold -= 1

    def _set_aside(self, child: Node) -> bool:
        if child in self.pictures:
            self._close()
            self._picture(child)
        elif child in self.paywalls:
            self.problems.append(Problem(kind="paywall", detail="the page asks to subscribe", text=words(child)))
        elif child in self.reported:
            self._close()
            if text := words(child):
                name = f"<{child.tag} class={attribute(child, 'class')!r}>"
                self.problems.append(Problem(kind="unread_words", detail=name, text=text))
        else:
            return False
        return True

    def _picture(self, box: Node) -> None:
        printed = next((text for each in nodes(box, self.caption) if (text := words(each))), None)
        found = nodes(box, "img")
        for img in found:
            self._image(img, printed)
        rest = clean(box.text).replace(printed or "", "", 1).strip()
        if rest and rest != printed:
            self.problems.append(Problem(kind="unread_words", detail="beside a picture", text=rest))

    def _image(self, img: Node, printed: str | None) -> None:
        src = attribute(img, "src")
        url = absolute(self.page.url, src) if src else None
        if url is not None:
            self.images.append(image(url, printed, attribute(img, "alt"), block=len(self.blocks)))

    def _close(self) -> None:
        run, self.run = self.run, _Run()
        text = clean("".join(run.words))
        # A paragraph of nothing but zero-width spaces is how editors make room.
        if not text.strip("\u200b\ufeff\u00ad "):
            return
        if _LEAKED.search(text):
            left = clean(_LEAKED.sub("", text))
            self.problems.append(Problem(kind="damage", detail="markup among the words", text=text))
            if not left:
                return
            text = left
        block = len(self.blocks)
        self.links += [Link(url=url, text=label, block=block) for url, label in run.links]
        self.blocks.append(Block(kind=self._kind_of(text, run), text=text))

    def _kind_of(self, text: str, run: _Run) -> BlockKind:
        kind = self.kinds[-1]
        if kind != "paragraph":
            return kind
        if _CORRECTION.match(text):
            return "correction"
        if is_credit_line(text):
            return "credit"
        headed = not run.plain and len(text) <= _LONGEST_CROSSHEAD and text[-1] not in '.។”"’'
        return "crosshead" if headed else "paragraph"


def _kind(tag: str) -> BlockKind | None:
    if tag in _CROSSHEADS:
        return "crosshead"
    return {"blockquote": "quote", "li": "list_item"}.get(tag)  # type: ignore[return-value]


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
        url = absolute(page.url, attribute(img, "src") or "") if img is not None else None
        if img is not None and url is not None:
            printed = next((text for found in nodes(each, caption) if (text := words(found))), None)
            return image(url, printed, attribute(img, "alt"))
    return None
