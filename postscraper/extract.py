"""The page as a tree, and the verbs that read it: the verb says how many.

`one` raises unless exactly one, `maybe` allows none, `many` any number. This module wraps the
HTML engine (turbohtml, which builds the tree that browsers build); nothing else names it.
"""

import re
from functools import cached_property
from typing import cast
from unicodedata import is_normalized, normalize

import turbohtml

from postscraper.errors import Ambiguous, Missing, NotAStory
from postscraper.items import Capture, Language, Problem, Receipt
from postscraper.urls import NO_ALIASES, Aliases, absolute, canonical

Node = turbohtml.Element
Words = turbohtml.Text
Note = turbohtml.Comment

# Characters that make room and are no words: editors fill empty paragraphs with them.
NO_WORDS = "\u200b\u200c\u200d\u2060\ufeff\u00ad "

# Attributes as words, seen in stories of the 1990s and of 2018-19.
_LEAKED = re.compile(
    r"(?:\bitemscope\s+)?\b(?:item(?:type|prop|scope)|class|style|href|src|alt|width|height)=(\"[^\"]*\"|'[^']*')\s*/?>?"
    r"|\"\s*/>"
)
_NOT_KHMER = re.compile("[^\u1780-\u17d3]+")
_LEADS_KHMER = b"\xe1"  # in UTF-8; one byte is found faster than a range of letters
_LETTER = re.compile(r"[^\W\d_]")
_ADDRESSES = turbohtml.XPath("//a/@href")

# A tree takes some hundred kB for a millisecond. glibc gives so much back to the system each time, and has it zeroed
# again for the next page, until it has seen a larger block freed: mallopt(3), M_MMAP_THRESHOLD. This one does, and is
# never touched; a seventh of the time that a page of 86 kB takes.
bytes(4 * 1024 * 1024)


class Page:
    """One parsed page.

    url: as fetched. aliases: hosts that serve the paper besides its own (see urls.canonical).
    problems: what was wrong with the bytes before any layout looked.
    """

    def __init__(
        self,
        text: str,
        capture: Capture,
        problems: tuple[Problem, ...] = (),
        aliases: Aliases = NO_ALIASES,
    ) -> None:
        self.tree = turbohtml.parse(text)
        # A line break stands between words; the engine's text would run them together. Walked, not selected:
        # the index of tags that a selector makes would be for nothing, since each change undoes it.
        for line_break in list(self.tree.iter_elements("br")):
            line_break.text = "\n"
        self.source_text = text
        self.url = capture.url
        self.capture = capture
        self.problems = problems
        self.aliases = aliases

    @cached_property
    def receipt(self) -> Receipt:
        return self.capture.receipt()

    @cached_property
    def body_classes(self) -> frozenset[str]:
        """The classes of the body element: Drupal tells there what kind of page it built."""
        body = self.tree.select_one("body")
        return frozenset(classes(body)) if body is not None else frozenset()

    def meta(self, name: str) -> str | None:
        """The first content of a meta element of that name, else property, else itemprop; None when absent or empty."""
        return clean(self._meta(name)) or None

    @cached_property
    def generator(self) -> str:
        """What built the page, as it says itself; "" when it does not."""
        return self._meta("generator")

    def _meta(self, name: str) -> str:
        # A selector each, of one attribute: an element is made only for what it finds.
        for key in ("name", "property", "itemprop"):
            for each in self.tree.select(f"meta[{key}='{name}']"):
                known_as = each.attr("name") or each.attr("property") or each.attr("itemprop")
                if known_as == name and (content := each.attr("content")):
                    return content
        return ""

    @property
    def addresses(self) -> list[str]:
        """What the links of the page hold in href, as it stands."""
        return cast(list[str], _ADDRESSES(self.tree))

    def canonical(self, url: str) -> str:
        """`url` in the archive's one form, with this page's aliases."""
        return canonical(url, self.aliases)


def clean(text: str) -> str:
    """Words with single spaces between them, in NFC; zero-width characters stay."""
    # Text that is printable has no white space but the space: most of it needs no cutting into words.
    text = text.strip(" ") if text.isprintable() and "  " not in text else " ".join(text.split())
    return text if text.isascii() or is_normalized("NFC", text) else normalize("NFC", text)


def without_markup(text: str) -> str:
    """The words without what an editor's broken tag left among them; "" when nothing else stands there."""
    left = clean(_LEAKED.sub("", text))
    return left if left.strip("<>/ ") else ""


def words(node: Node) -> str:
    """What the element says; "" for an element of nothing but white and zero-width space."""
    text = clean(node.text)
    return text if text.isascii() or text.strip(NO_WORDS) else ""


def nodes(where: Page | Node, css: str) -> list[Node]:
    return (where.tree if isinstance(where, Page) else where).select(css)


def node(where: Page | Node, css: str) -> Node | None:
    """The first match, for asking whether there is any; None when there is none."""
    return (where.tree if isinstance(where, Page) else where).select_one(css)


def there(where: Page | Node, *selectors: str) -> bool:
    """Whether any of the selectors matches.

    Each is asked alone: for one that names a tag the engine looks at that tag's elements only.
    """
    tree = where.tree if isinstance(where, Page) else where
    return any(tree.select_one(css) is not None for css in selectors)


def the_node(where: Page | Node, css: str) -> Node:
    """The one match; matches with the same words are one. Raises Missing or Ambiguous."""
    found = nodes(where, css)
    if not found:
        raise Missing(f"{css}: no match")
    if len(found) > 1 and len({words(each) for each in found}) > 1:
        raise Ambiguous(f"{css}: {len(found)} matches: {[words(each)[:40] for each in found[:3]]}")
    return found[0]


def one(where: Page | Node, css: str) -> str:
    """The words of the one match. Raises Missing when there is none or it is empty."""
    text = words(the_node(where, css))
    if not text:
        raise Missing(f"{css}: matches, and holds no words")
    return text


def maybe(where: Page | Node, css: str) -> str | None:
    """The words of the one match; None when there is none or it is empty. Raises Ambiguous."""
    found = dict.fromkeys(many(where, css))
    if len(found) > 1:
        raise Ambiguous(f"{css}: {len(found)} matches: {[each[:40] for each in list(found)[:3]]}")
    return next(iter(found), None)


def many(where: Page | Node, css: str) -> list[str]:
    """The words of every match that has any."""
    return [text for each in nodes(where, css) if (text := words(each))]


def headline(where: Page | Node, css: str) -> str:
    """The words of the one match. Raises NotAStory when the page has no headline, and Ambiguous."""
    found = maybe(where, css)
    if found is None:
        raise NotAStory("no_headline", f"{css} holds no words")
    return found


def scope(page: Page, css: str) -> Node:
    """The one element that holds the story's words. Raises NotAStory without one, and Ambiguous."""
    if node(page, css) is None:
        cut = any(problem.kind == "cut" for problem in page.problems)
        raise NotAStory("cut_before_body" if cut else "no_body", f"{css} is not on the page")
    return the_node(page, css)


def headline_variants(page: Page, headline: str, hidden: str | None = None) -> dict[str, str]:
    """How else the page words its headline: the title and og:title as they stand, and a hidden twin that differs.

    hidden: the selector of the twin; None for a design without one.
    """
    title, twin = node(page, "head > title"), node(page, hidden) if hidden else None
    found = {"title": words(title) if title is not None else None, "og": page.meta("og:title")}
    if twin is not None and words(twin) != headline:
        found["hidden"] = words(twin)
    return {place: wording for place, wording in found.items() if wording}


def attribute(node: Node, name: str) -> str | None:
    return node.attr(name)


def classes(node: Node) -> list[str]:
    return (node.attr("class") or "").split()


def link(page: Page, where: Page | Node, css: str) -> str:
    """The absolute address of the first match with one. Raises Missing."""
    found = maybe_link(page, where, css)
    if found is None:
        raise Missing(f"{css}: no address")
    return found


def maybe_link(page: Page, where: Page | Node, css: str) -> str | None:
    """The absolute address that the first match with one holds in href, src or content; None without one."""
    for each in nodes(where, css):
        href = each.attr("href") or each.attr("src") or each.attr("content")
        if href and (found := absolute(page.url, href)):
            return found
    return None


def one_column(table: Node) -> bool:
    """Whether a table sets words one below the other, as old stories do, and holds no figures in columns."""
    return node(table, ":scope > tr > :nth-child(2), :scope > * > tr > :nth-child(2)") is None


def language_of(text: str) -> Language:
    """Khmer when at least a third of the letters are; the editions quote each other's names."""
    khmer = len(_NOT_KHMER.sub("", text)) if _LEADS_KHMER in text.encode("utf-8", "surrogatepass") else 0
    # Letters are counted only where it is not plain without: most texts are of one language.
    return "km" if khmer and (khmer * 3 >= len(text) or khmer * 3 >= len(_LETTER.findall(text))) else "en"
