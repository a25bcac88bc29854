"""The words of a story, block by block: every word read, skipped by name, or reported."""

import re
from bisect import bisect_left
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import lru_cache

from postscraper.extraction.bylines import is_correction, is_credit_line
from postscraper.extraction.elements import BLOCKS, UNSEEN, Node, Note, Words, classes, is_hidden, words, words_without
from postscraper.extraction.page import Page, nodes, there
from postscraper.extraction.pictures import Album, makes_room, picture_url, styled
from postscraper.extraction.tables import one_column
from postscraper.extraction.text import NO_WORDS, clean, without_markup, without_word
from postscraper.items import Block, BlockKind, Image, Link, Problem
from postscraper.urls import absolute

# No words of a story: code, controls, foreign frames, advertisers' boxes, and what a text processor leaves behind.
NEVER_WORDS = (
    "script, style, template, noscript, textarea, select, button:not(:is(h1, h2, h3, h4, h5, h6) > *), iframe, object,"
    " embed, svg, math, form, audio, video, canvas, map, noframes, .adsbygoogle, .addthis_toolbox, [id^='taboola-'],"
    " .trc_related_container, xml:not(:has(p, div)), w\\:worddocument, w\\:latentstyles, o\\:officedocumentsettings"
)
# Words that may or may not be the story's: reported in the item's problems.
REPORTED = "table, aside, nav, header, footer, dl, dialog, .menu, .hide, .hidden"
# Classes of such words, by the words that a class is made of: `social-share`, `relatedContent`, not `shareholder`.
_REPORTED_NAMES = frozenset(
    {
        *("related", "teaser", "teasers", "promo", "promos", "share", "shares", "sharing", "advert", "adverts"),
        *("advertisement", "advertisements", "advertising", "newsletter", "newsletters", "comment", "comments"),
    }
)
_CAPTION_NAMES = frozenset({"caption", "captions"})
PAYWALL = (
    ".paywall, [class|='paywall'], [class$='-paywall'], [class*='-paywall '], [class*=' paywall-'], [id|='paywall'],"
    " [id$='-paywall'], .subscribe-to-read"
)
# The boxes of a picture with its caption that HTML, WordPress and Joomla write by themselves.
BOXES = "figure, .wp-caption, .mosimage, div.img_caption"

# Elements that a rule can set aside: rules name another tag than these, or need one of these attributes.
NOT_BARE = ":not(p, br, a, b, strong, i, em), [class], [id], [style], [hidden], [aria-hidden]"

_CROSSHEADS = ("h1", "h2", "h3", "h4", "h5", "h6")
_KINDS: dict[str, BlockKind] = {"blockquote": "quote", "li": "list_item", **dict.fromkeys(_CROSSHEADS, "crosshead")}
# Skipped without a trace on the page: no gap between the words around it.
_NO_GAP = frozenset({"script", "style", "template", "noscript", "noframes", "map", "xml", "svg"})
_ROOM = NO_WORDS + " \t\n\r\f\v\xa0"
_LONGEST_CROSSHEAD = 120  # characters; longer bold paragraphs are shouted, not headed


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Blocks, pictures and links of a story, and the problems met in reading them."""

    blocks: tuple[Block, ...]
    images: tuple[Image, ...]
    links: tuple[Link, ...]
    problems: tuple[Problem, ...]

    @property
    def text(self) -> str:
        return "\n".join(block.text for block in self.blocks)

    def without(self, dropped: Collection[int]) -> "Body":
        """The body without some blocks, by their indices, and without the links in them."""
        remaining = [index for index in range(len(self.blocks)) if index not in dropped]
        return replace(
            self,
            blocks=tuple(self.blocks[index] for index in remaining),
            images=tuple(
                replace(each, block=bisect_left(remaining, each.block)) if each.block else each for each in self.images
            ),
            links=tuple(
                replace(each, block=bisect_left(remaining, each.block))
                for each in self.links
                if each.block not in dropped
            ),
        )


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
    pictures: str = BOXES,
    caption: str = "figcaption",
    reported: str = "",
) -> Body:
    """The blocks, pictures, links and problems of the scopes, in reading order.

    skip: what the layout leaves out by name. pictures: the boxes that hold a picture with its
    caption, besides BOXES; caption: the element inside that holds the printed caption and credit,
    besides those whose class is a caption's. reported: what may be no words of the story, besides
    REPORTED.
    """
    reader = _Reader(page, skip, pictures, caption, reported)
    for scope in scopes:
        reader.read(scope)
    return Body(
        blocks=tuple(reader.blocks),
        images=tuple(reader.album.images),
        links=tuple(reader.links),
        problems=(*reader.problems, *reader.album.problems),
    )


_IMG = "img:not(noscript *), amp-img"  # not the twin for browsers without scripts

# Returns whether to read on inside the element.
_Rule = Callable[["_Reader", Node], bool]


class _Reader:
    def __init__(self, page: Page, skip: str, pictures: str, caption: str, reported: str) -> None:
        self.page = page
        self.pictures = f"{BOXES}, {pictures}"
        self.caption = caption
        # Elements that are set aside, by rule; the first rule that matches an element holds.
        self.rules: tuple[tuple[str, _Rule], ...] = (
            (UNSEEN, _Reader._hide),
            (f"{NEVER_WORDS}, {skip}" if skip else NEVER_WORDS, _Reader._skip),
            (self.pictures, _Reader._picture),
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
        if there(scope, NOT_BARE):
            self.aside = self._named(scope)
            self.aside |= {each: rule for css, rule in reversed(self.rules) for each in nodes(scope, css)}
            self.aside |= {each: _Reader._hide for each in nodes(scope, "[style], [aria-hidden]") if is_hidden(each)}
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

    def _named(self, scope: Node) -> dict[Node, _Rule]:
        """Elements that are set aside by the words in their class, with their rules."""
        rules: dict[Node, _Rule] = {}
        for each in nodes(scope, "[class]"):
            names = _class_words(each.attr("class") or "")
            if not names.isdisjoint(_REPORTED_NAMES):
                rules[each] = _Reader._report
            elif each.tag != "img" and not names.isdisjoint(_CAPTION_NAMES):
                rules[each] = _Reader._lone_caption
        return rules

    def _words(self, text: str) -> None:
        if text.isspace() or not (text.isascii() or text.strip(_ROOM)):
            # A zero-width space between two line breaks makes room; inside a line of Khmer it parts words.
            if not self.run.breaks:
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
        if self.aside and (rule := self.aside.get(child)) and not rule(self, child):
            return False
        if tag in BLOCKS:
            self._close()
            if kind := _KINDS.get(tag):
                self.kinds.append(kind)
        elif tag == "br":
            self.run.breaks += 1
            self.run.words.append("\n")
            return False
        elif tag in ("img", "amp-img"):
            self._img(child)
        elif tag in ("b", "strong"):
            self.bold += 1
        elif tag == "a" and (href := child.attr("href")) and (url := absolute(self.page.base, href)):
            self.run.links.append((url, words(child)))
        return True

    def _img(self, img: Node) -> None:
        if not {"emoji", "wp-smiley"}.isdisjoint(classes(img)):
            self.run.words.append(img.attr("alt") or " ")  # a character that WordPress draws
            return
        self._gap()
        self.album.add(img, None, len(self.blocks))

    def _gap(self) -> None:
        """Words do not run together around what stands between them."""
        if self.run.words:
            self.run.words.append(" ")

    def _leave(self, parent: Node) -> None:
        tag = parent.tag
        if tag in BLOCKS:
            self._close()
            if tag in _KINDS:
                self.kinds.pop()
        elif tag in ("b", "strong"):
            self.bold -= 1

    def _hide(self, child: Node) -> bool:
        """Leave out an invisible element: it makes no gap, but ends a block as other blocks do."""
        if child.tag in BLOCKS:
            self._close()
        self._check_swallowed(f"<{child.tag}>", child.text)
        return False

    def _skip(self, child: Node) -> bool:
        """Skipped by name, unless it holds the end of the story's box: then it swallowed words."""
        if child.tag not in _NO_GAP:
            self._gap()
        return self._hide(child)

    def _check_swallowed(self, opening: str, text: str) -> None:
        if text.count("</div") > text.count("<div"):
            detail = f"an unclosed {opening} has swallowed what follows it"
            self.problems.append(Problem(kind="cut", detail=detail, text=clean(text)))

    def _paywall(self, child: Node) -> bool:
        self._close()
        self.problems.append(Problem(kind="paywall", detail="the page asks to subscribe", text=words(child)))
        return False

    def _report(self, child: Node) -> bool:
        """Kept as a problem; of a table with figures in columns the pictures stay. One that sets words out is read."""
        if child.tag == "table":
            if one_column(self.page, child):
                return True
            for img in nodes(child, "img"):
                self.album.add(img, None, len(self.blocks))
        self._close()
        where = f"<{child.tag} class={' '.join(classes(child)) or None!r}>"
        if text := self._words_of(child):
            self._unread(where, text)
        elif _class_words(child.attr("class") or "").isdisjoint(_REPORTED_NAMES) and self._holds_pictures(child):
            self._unread(f"{where} holds nothing but pictures", None)
        return False

    def _words_of(self, box: Node, but: Node | None = None) -> str:
        """The words of a box with spaces between its blocks, without what is skipped and without the element `but`."""
        text = words_without(box, lambda each: each == but or self.aside.get(each) in (_Reader._skip, _Reader._hide))
        return text if text.strip(NO_WORDS) else ""

    def _holds_pictures(self, box: Node) -> bool:
        return box.tag != "table" and any(
            picture_url(self.page, img) and not makes_room(img) for img in nodes(box, "img")
        )

    def _unread(self, where: str, text: str | None) -> None:
        self.problems.append(Problem(kind="unread_words", detail=where, text=text))

    def _damage(self, detail: str, text: str) -> None:
        self.problems.append(Problem(kind="damage", detail=detail, text=text))

    def _picture(self, box: Node) -> bool:
        self._close()
        if nodes(box, self.pictures):
            return True  # boxes in a box: each has its own caption
        block = len(self.blocks)
        caption = next((each for each in nodes(box, f"{self.caption}, [class]") if self._is_caption(each)), None)
        printed = words(caption) if caption is not None else None
        pictures = [img for img in nodes(box, _IMG) or nodes(box, "img") if not self._is_skipped(img)]
        have_addresses = [self.album.add(img, printed, block) for img in pictures]
        if not have_addresses and not any(self.album.add_background(each, printed, block) for each in styled(box)):
            # No box of a picture, but of a video, a table or a quotation.
            self.aside |= {each: _Reader._unread_caption for each in nodes(box, "*") if self._is_caption(each)}
            return True
        if (rest := self._words_of(box, but=caption)) and rest != printed:
            self._unread("beside a picture", rest)
        return False

    def _is_skipped(self, img: Node) -> bool:
        return any(self.aside.get(each) is _Reader._skip for each in img.ancestors if isinstance(each, Node))

    def _is_caption(self, each: Node) -> bool:
        return self.aside.get(each) is _Reader._lone_caption and not there(each, "img") and bool(words(each))

    def _lone_caption(self, child: Node) -> bool:
        if there(child, "img"):
            return True  # a box around a picture, or around the whole story
        self._close()
        if (text := words(child)) and not self.album.captions(text, len(self.blocks)):
            self._unread_caption(child)
        return False

    def _unread_caption(self, child: Node) -> bool:
        self._close()
        self._unread("a caption without a picture", words(child))
        return False

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
        marked = "{" in text or "[" in text or "<" in text or "false false" in text or "mso-" in text
        if marked and (rest := without_word(text)) != text:
            self._damage("a text processor's settings among the words", text)
            text = rest
        if ("=" in text or "/>" in text) and (rest := without_markup(text)) != text:
            self._damage("markup among the words", text)
            text = rest
        if not text:
            return
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
        if is_correction(text, self.page.paper):
            return "correction"
        if is_credit_line(text, self.page.paper):
            return "credit"
        headed = not run.plain and len(text) <= _LONGEST_CROSSHEAD and text[-1] not in '.។”"’'
        return "crosshead" if headed else "paragraph"


_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=1024)
def _class_words(names: str) -> frozenset[str]:
    """The words that the names in a class attribute are made of."""
    return frozenset(re.split(r"[\s_-]+", _CAMEL.sub("-", names).lower()))
