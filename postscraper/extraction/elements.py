"""Elements of a page: their classes, and the words of theirs that a reader sees."""

import re
from collections.abc import Callable
from typing import cast

import turbohtml

from postscraper.extraction.text import NO_WORDS, clean

Node = turbohtml.Element
Words = turbohtml.Text
Note = turbohtml.Comment

# Expressions of one axis or tag each: a test of several names takes ten times as long as all of these.
_CLASSES = tuple(
    turbohtml.XPath(f"{path}/@class")
    for path in (
        "ancestor::*",
        "../*",
        "../../*",
        *(f".//{tag}" for tag in ("div", "section", "figure", "img", "table")),
    )
)

# What no reader sees, in any spelling; Word and scripts write spaces and capitals.
_HIDING = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?![\d.]*[1-9])"
    r"|(?:left|top|text-indent)\s*:\s*-(?:\d{4,}px|999px|\d{3,}r?em)|clip\s*:\s*rect\()",
    re.I,
)
# For screen readers alone: classes of Drupal, Bootstrap, WordPress and HTML5 Boilerplate.
UNSEEN = (
    ".element-invisible, .element-hidden, .visually-hidden, .visuallyhidden, .sr-only, .screen-reader-text,"
    " .screen-reader-only, [hidden]"
)


def is_hidden(node: Node) -> bool:
    """Whether nobody sees words of the element, by its own attributes.

    `aria-hidden` hides words from screen readers alone: they are printed, and only marks without
    a letter or figure, as on a button that closes a box, are none.
    """
    if _HIDING.search(node.attr("style") or "") is not None:
        return True
    return (
        node.attr("aria-hidden") == "true" and not any(map(str.isalnum, node.text)) and node.select_one("img") is None
    )


# Words of different ones stand apart.
BLOCKS = frozenset(
    {
        *("h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "section", "article", "main", "blockquote", "ul", "ol", "li"),
        *("pre", "hr", "center", "address", "details", "summary", "figure", "figcaption", "body", "table", "tbody"),
        *("tr", "td", "th", "fieldset", "dl", "dt", "dd", "form", "aside", "nav", "header", "footer", "dialog"),
        *("caption", "legend", "menu"),
    }
)
# Those that stand inside others without white space between them.
_PARTED = "p, div, li, td, th, dt, dd, h2, h3, h4, h5, h6, section, figcaption"
# Themes set styles and scripts inside headings, captions and summaries.
_UNPRINTED = f"script, style, template, noscript, svg, {UNSEEN}"
_NOT_PLAIN = f"{_PARTED}, {_UNPRINTED}, [style], [aria-hidden]"


def words(node: Node) -> str:
    """The words of the element that a reader sees; "" for one of nothing but white and zero-width space.

    An element that is hidden itself has its words: layouts select hidden ones to read them.
    """
    text = clean(node.text)
    if node.select_one(_NOT_PLAIN) is not None:  # most elements that are read hold none of these
        hidden, parted = unseen(node), node.select(_PARTED)
        # The last holds no other of these: if it holds all words, none stand apart.
        if hidden or (parted and clean(parted[-1].text) != text):
            text = words_without(node, hidden.__contains__)
    return text if text.isascii() or text.strip(NO_WORDS) else ""


def unseen(node: Node) -> set[object]:
    """The elements inside whose words no reader sees."""
    return {*node.select(_UNPRINTED), *filter(is_hidden, node.select("[style], [aria-hidden]"))}


def words_without(node: Node, is_left_out: Callable[[Node], bool]) -> str:
    """The words of the element without those of some inside it, with spaces between blocks."""
    parts: list[str] = []
    stack: list[object] = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, Words):
            parts.append(each.data)
        elif isinstance(each, str):
            parts.append(each)
        elif isinstance(each, Node) and not is_left_out(each):
            if each.tag in BLOCKS:
                parts.append(" ")
                stack.append(" ")
            stack.extend(reversed(each.children))
    return clean("".join(parts))


def class_attributes(node: Node) -> list[str]:
    """Of the elements around a node, those beside it and its parent, and the boxes, pictures and tables inside it."""
    return [text for path in _CLASSES for text in cast("list[str]", path(node))]


def classes(node: Node) -> list[str]:
    return (node.attr("class") or "").split()
