"""The words of a story, block by block: every word read, skipped by name, or reported."""

from collections.abc import Callable
from dataclasses import dataclass, field

from postscraper.bylines import is_correction, is_credit_line
from postscraper.extract import (
    NO_WORDS,
    Node,
    Note,
    Page,
    Words,
    clean,
    many,
    node,
    nodes,
    one_column,
    without_markup,
    words,
)
from postscraper.items import Block, BlockKind, Image, Link, Problem
from postscraper.pictures import Album
from postscraper.pictures import main_picture as main_picture
from postscraper.urls import absolute

# No words of a story: code, controls, foreign frames, and what the page itself hides.
NEVER_WORDS = (
    "script, style, template, noscript, textarea, select, button, iframe, object, embed, svg, math, form, audio,"
    " video, canvas, map, noframes, [hidden], [style*='display:none'], [style*='display: none']"
)
# Words that may or may not be the story's: kept in the item's problems.
REPORTED = (
    "aside, nav, header, footer, table, dl, dialog, [class*='related'], [class*='teaser'], [class*='promo'],"
    " [class*='share'], [class*='advert'], [class*='newsletter'], [class*='comment'], [class~='menu']"
)
PAYWALL = "[class*='paywall'], [id*='paywall'], [class*='subscribe-to-read']"

# What a rule can set aside: rules name another tag than these, or ask for one of these attributes.
NOT_BARE = ":not(p, br, a, b, strong, i, em), [class], [id], [style], [hidden]"

_CROSSHEADS = ("h1", "h2", "h3", "h4", "h5", "h6")
_KINDS: dict[str, BlockKind] = {"blockquote": "quote", "li": "list_item", **dict.fromkeys(_CROSSHEADS, "crosshead")}
_BLOCKS = frozenset(_CROSSHEADS).union(
    ("p", "div", "section", "article", "main", "blockquote", "ul", "ol", "li", "pre", "hr", "center", "address"),
    ("details", "summary", "figure", "figcaption", "body", "table", "tbody", "tr", "td", "th", "fieldset", "dl"),
    ("dt", "dd"),
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


def body(
    page: Page,
    *scopes: Node,
    skip: str = "",
    pictures: str = "figure",
    caption: str = "figcaption",
    reported: str = "",
) -> Body:
    """The blocks, pictures, links and problems of the scopes, in reading order.

    skip: what the layout leaves out by name. pictures: the boxes that hold a picture with its
    caption; caption: the element inside that holds the printed caption and credit. reported: what
    may be no words of the story, besides REPORTED.
    """
    reader = _Reader(page, skip, pictures, caption, reported)
    for scope in scopes:
        reader.read(scope)
    return Body(
        blocks=tuple(reader.blocks),
        images=tuple(reader.album.images),
        links=tuple(reader.links),
        problems=tuple(reader.problems),
    )


_Rule = Callable[["_Reader", Node], None]


class _Reader:
    def __init__(self, page: Page, skip: str, pictures: str, caption: str, reported: str) -> None:
        self.page = page
        self.caption = caption
        # What is set aside, and by which rule; the first rule that knows an element holds.
        self.rules: tuple[tuple[str, _Rule], ...] = (
            (f"{NEVER_WORDS}, {skip}" if skip else NEVER_WORDS, _Reader._skip),
            (pictures, _Reader._picture),
            (caption, _Reader._lone_caption),
            (PAYWALL, _Reader._paywall),
            (f"{REPORTED}, {reported}" if reported else REPORTED, _Reader._report),
        )
        self.aside: dict[Node, _Rule] = {}
        self.blocks: list[Block] = []
        self.album = Album(page)
        self.links: list[Link] = []
        self.problems: list[Problem] = []
        self.run = _Run()
        self.bold = 0
        self.kinds: list[BlockKind] = ["paragraph"]

    def read(self, scope: Node) -> None:
        # Most stories are bare paragraphs alone: one look finds that no rule is needed.
        if node(scope, NOT_BARE) is not None:
            self.aside = {each: rule for css, rule in reversed(self.rules) for each in nodes(scope, css)}
        # A stack and no recursion: editors' markup nests a thousand deep.
        stack = [(scope, iter(scope.children))]
        while stack:
            parent, children = stack[-1]
            for child in children:
                if isinstance(child, Words):
                    self._words(child.data)
                elif isinstance(child, Node):
                    if self._enter(child):
                        stack.append((child, iter(child.children)))
                        break
                elif isinstance(child, Note):
                    self._check_swallowed("<!--", child.data)
            else:
                stack.pop()
                if stack:
                    self._leave(parent)
        self._close()

    def _words(self, text: str) -> None:
        if text.isspace():
            if self.run.words:
                self.run.words.append(text)
            return
        if self.run.breaks > 1:
            self._close()
        self.run.breaks = 0
        self.run.words.append(text)
        self.run.plain = self.run.plain or not self.bold

    def _enter(self, child: Node) -> bool:
        """Whether to read on inside."""
        tag = child.tag
        if self.aside and (rule := self.aside.get(child)) and not (tag == "table" and one_column(child)):
            rule(self, child)
            return False
        if tag in _BLOCKS:
            self._close()
            if kind := _KINDS.get(tag):
                self.kinds.append(kind)
        elif tag == "br":
            self.run.breaks += 1
        elif tag == "img":
            self.album.add(child, None, len(self.blocks))
        elif tag in ("b", "strong"):
            self.bold += 1
        elif tag == "a" and (href := child.attr("href")) and (url := absolute(self.page.url, href)):
            self.run.links.append((url, words(child)))
        return True

    def _leave(self, parent: Node) -> None:
        tag = parent.tag
        if tag in _BLOCKS:
            self._close()
            if tag in _KINDS:
                self.kinds.pop()
        elif tag in ("b", "strong"):
            self.bold -= 1

    def _skip(self, child: Node) -> None:
        """Skipped by name, unless it holds the end of the story's box: then it swallowed words."""
        self._check_swallowed(f"<{child.tag}>", child.text)

    def _check_swallowed(self, opening: str, text: str) -> None:
        if text.count("</div") > text.count("<div"):
            detail = f"an unclosed {opening} has swallowed what follows it"
            self.problems.append(Problem(kind="cut", detail=detail, text=clean(text)))

    def _paywall(self, child: Node) -> None:
        self.problems.append(Problem(kind="paywall", detail="the page asks to subscribe", text=words(child)))

    def _report(self, child: Node) -> None:
        self._close()
        if text := clean("".join(map(_spaced, child.descendants))):
            self._unread(f"<{child.tag} class={child.attr('class')!r}>", text)

    def _unread(self, where: str, text: str) -> None:
        self.problems.append(Problem(kind="unread_words", detail=where, text=text))

    def _picture(self, box: Node) -> None:
        self._close()
        printed = next(iter(many(box, self.caption)), None)
        for img in nodes(box, "img"):
            self.album.add(img, printed, len(self.blocks))
        rest = clean(box.text).replace(printed or "", "", 1).strip()
        if rest and rest != printed:
            self._unread("beside a picture", rest)

    def _lone_caption(self, child: Node) -> None:
        self._close()
        if (text := words(child)) and not self.album.captions(text, len(self.blocks)):
            self._unread("a caption without a picture", text)

    def _close(self) -> None:
        run = self.run
        if not run.words:
            run.breaks = 0
            return
        self.run = _Run()
        text = clean("".join(run.words))
        # A paragraph of nothing but zero-width spaces is how editors make room.
        if not text.strip(NO_WORDS):
            return
        if ("=" in text or "/>" in text) and (left := without_markup(text)) != text:
            self.problems.append(Problem(kind="damage", detail="markup among the words", text=text))
            if not left:
                return
            text = left
        block = len(self.blocks)
        if self.album.images and self.album.repeats(text, block):
            return
        if run.links:
            self.links += [Link(url=url, text=label, block=block) for url, label in run.links if label]
        self.blocks.append(Block(kind=self._kind_of(text, run), text=text))

    def _kind_of(self, text: str, run: _Run) -> BlockKind:
        kind = self.kinds[-1]
        if kind != "paragraph":
            return kind
        if is_correction(text):
            return "correction"
        if is_credit_line(text):
            return "credit"
        headed = not run.plain and len(text) <= _LONGEST_CROSSHEAD and text[-1] not in '.។”"’'
        return "crosshead" if headed else "paragraph"


def _spaced(part: object) -> str:
    """The words of a part of a box, with a space where a block begins: cells and items stand close in the source."""
    if isinstance(part, Words):
        return part.text
    return " " if isinstance(part, Node) and part.tag in _BLOCKS else ""
