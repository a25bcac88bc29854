"""A parsed page, and the verbs that read it; the verb fixes the number of matches.

`one` raises unless exactly one, `maybe` allows none, `many` any number. This module and `elements` wrap the
HTML engine (turbohtml, which builds the tree that browsers build); nothing else names it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import cast

import turbohtml

from postscraper.errors import Ambiguous, Missing, PageRejected
from postscraper.extraction.elements import Node, Words, classes, words
from postscraper.extraction.text import clean, shifted
from postscraper.items import Capture, Problem, Receipt
from postscraper.newspaper import Newspaper
from postscraper.urls import NO_ALIASES, Aliases, absolute, canonical, newspaper_at, why_not_own

_LETTER = re.compile(r"[^\W\d_]")
_ADDRESSES = turbohtml.XPath("//a/@href")
# A tree takes some hundred kB for a millisecond. glibc gives so much back to the system each time, and has it zeroed
# again for the next page, until it has seen a larger block freed: mallopt(3), M_MMAP_THRESHOLD. This one does, and is
# never touched; a seventh of the time that a page of 86 kB takes.
bytes(4 * 1024 * 1024)


@dataclass(eq=False)
class Answer:
    """One answer, a page's or one for machines, with the newspaper by whose particulars it is read.

    problems: what was wrong with the bytes before any layout looked.
    aliases: hosts that serve the paper besides its own (see urls.canonical).
    """

    capture: Capture
    paper: Newspaper
    problems: tuple[Problem, ...] = ()
    aliases: Aliases = field(default_factory=dict)

    @cached_property
    def url(self) -> str:
        """As fetched."""
        return self.capture.url

    @cached_property
    def receipt(self) -> Receipt:
        return self.capture.receipt()

    def canonical(self, url: str) -> str:
        """`url` in the archive's one form, with this answer's aliases."""
        if url not in self._forms:
            self._forms[url] = canonical(url, self.aliases)
        return self._forms[url]

    @cached_property
    def _forms(self) -> dict[str, str]:
        """Those known already, by address: a page's own is asked for a dozen times."""
        return {}

    def language_of(self, text: str) -> str:
        """The language of words in the answer, by its code; without any words, the edition's."""
        return language_of(text, self.paper) if text else edition_of(self.url, self.paper)


class Page(Answer):
    """One parsed page; base: what relative addresses on it are seen from."""

    def __init__(
        self,
        text: str,
        capture: Capture,
        paper: Newspaper,
        problems: tuple[Problem, ...] = (),
        aliases: Aliases = NO_ALIASES,
    ) -> None:
        super().__init__(capture, paper, problems, aliases)
        self.tree = turbohtml.parse(text)
        # A line break stands between words; the engine's text would run them together. Walked, not selected:
        # the index of tags that a selector makes would be for nothing, since each change undoes it.
        for line_break in list(self.tree.iter_elements("br")):
            line_break.text = "\n"
        self._write_marks()
        self.source_text = text
        self.base = self._base()

    def _write_marks(self) -> None:
        """The marks that a browser draws for q, sup and sub, as characters."""
        for quote in self.tree.select("q"):
            inner = sum(isinstance(each, Node) and each.tag == "q" for each in quote.ancestors)
            opening, closing = "‘’" if inner else "“”"  # the same in English and Khmer: CLDR, delimiters
            quote.insert(0, Words(opening))
            quote.append(Words(closing))
        for tag in ("sup", "sub"):
            for raised in self.tree.select(tag):
                for part in raised.descendants:
                    if isinstance(part, Words):
                        part.data = shifted(part.data, tag)

    def _base(self) -> str:
        """The address in the first base element with one, else the one fetched."""
        named = (each.attr("href") for each in self.tree.select("base"))
        return next((found for href in named if href and (found := absolute(self.url, href))), self.url)

    @cached_property
    def body_classes(self) -> frozenset[str]:
        """The classes of the body element, which name the kind of page that Drupal or WordPress built."""
        body = self.tree.select_one("body")
        return frozenset(classes(body)) if body is not None else frozenset()

    def meta(self, name: str) -> str | None:
        """The first content of a meta element of that name, else property, else itemprop; None when absent or empty."""
        return clean(self._meta(name)) or None

    @cached_property
    def generator(self) -> str:
        """The program that built the page, as its generator meta names it; "" without one."""
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
        """The href of each link of the page, as it stands."""
        return cast(list[str], _ADDRESSES(self.tree))


def nodes(where: Page | Node, css: str) -> list[Node]:
    return (where.tree if isinstance(where, Page) else where).select(css)


def node(where: Page | Node, css: str) -> Node | None:
    """The first match; None when there is none."""
    return (where.tree if isinstance(where, Page) else where).select_one(css)


def there(where: Page | Node, *selectors: str) -> bool:
    """Whether any of the selectors matches.

    Each is selected alone: for one that names a tag the engine looks at that tag's elements only.
    """
    tree = where.tree if isinstance(where, Page) else where
    return any(tree.select_one(css) is not None for css in selectors)


def the_node(where: Page | Node, css: str) -> Node:
    """The one match; matches with the same words are one. Raises Missing or Ambiguous."""
    matches = nodes(where, css)
    if not matches:
        raise Missing(f"{css}: no match")
    if len(matches) > 1 and len(set(map(words, matches))) > 1:
        raise ambiguous(css, map(words, matches))
    return matches[0]


def ambiguous(css: str, texts: Iterable[str]) -> Ambiguous:
    """The error for matches of which one is the right one; texts: their words."""
    starts = [text[:40] for text in texts]
    return Ambiguous(f"{css}: {len(starts)} matches: {starts[:3]}")


def one(where: Page | Node, css: str) -> str:
    """The words of the one match. Raises Missing when there is none or it is empty."""
    text = words(the_node(where, css))
    if not text:
        raise Missing(f"{css}: matches, and holds no words")
    return text


def maybe(where: Page | Node, css: str) -> str | None:
    """The words of the one match; None when there is none or it is empty. Raises Ambiguous."""
    texts = dict.fromkeys(many(where, css))
    if len(texts) > 1:
        raise ambiguous(css, texts)
    return next(iter(texts), None)


def many(where: Page | Node, css: str) -> list[str]:
    """The words of every match that has any."""
    return [text for each in nodes(where, css) if (text := words(each))]


def headline(where: Page | Node, css: str) -> str:
    """The words of the one match. Raises PageRejected when the page has no headline, and Ambiguous."""
    text = maybe(where, css)
    if text is None:
        raise PageRejected("no_headline", f"{css} holds no words")
    return text


def headed(page: Page, boxes: str, css: str) -> dict[object, str]:
    """The boxes that have a heading, with its words; css: seen from the box."""
    return {box: headings[0] for box in nodes(page, boxes) if (headings := many(box, css))}


def unread(text: str, read: Iterable[str]) -> str:
    """A text without the words that are read of it, each taken out once, the longest first."""
    for part in sorted(read, key=len, reverse=True):
        text = text.replace(part, "", 1)
    return text


def scope(page: Page, css: str) -> Node:
    """The one element that holds the story's words. Raises PageRejected without one, and Ambiguous."""
    if not there(page, css):
        raise no_body(page, f"{css} is not on the page")
    return the_node(page, css)


def no_body(page: Page, detail: str) -> PageRejected:
    """The error for a page without the story's box: it may end before it."""
    cut = any(problem.kind == "cut" for problem in page.problems)
    return PageRejected("cut_before_body" if cut else "no_body", detail)


def headline_variants(page: Page, headline: str, hidden: str | None = None) -> dict[str, str]:
    """Other wordings of the headline: the title and og:title as they stand, and a hidden twin that differs.

    hidden: the selector of the twin; None for a design without one.
    """
    title, twin = node(page, "head > title"), node(page, hidden) if hidden else None
    variants = {"title": words(title) if title is not None else None, "og": page.meta("og:title")}
    if twin is not None and words(twin) != headline:
        variants["hidden"] = words(twin)
    return {place: wording for place, wording in variants.items() if wording}


def link(page: Page, where: Page | Node, css: str) -> str:
    """The absolute address of the first match with one. Raises Missing."""
    url = maybe_link(page, where, css)
    if url is None:
        raise Missing(f"{css}: no address")
    return url


def maybe_link(page: Page, where: Page | Node, css: str) -> str | None:
    """The absolute address that the first match with one holds in href, src or content; None without one."""
    for each in nodes(where, css):
        href = each.attr("href") or each.attr("src") or each.attr("content")
        if href and (found := absolute(page.base, href)):
            return found
    return None


def own_address(page: Page) -> tuple[str, tuple[Problem, ...]]:
    """The archive's form of the address that a story's page gives itself, else of the one fetched.

    What cannot be a story's is not believed, and a problem names it: a section, a list, a log-in,
    another host, no address at all. Stories that all name their section would become one.
    """
    fetched = page.canonical(page.url)
    problems: dict[str, Problem] = {}
    for href in _named_by(page):
        if href:
            url = absolute(page.base, href)
            named = page.canonical(url) if url else fetched
            doubt = why_not_own(fetched, named) if url else "is none"
            if doubt is None:
                return named, tuple(problems.values())
            detail = f"the address that the page gives itself {doubt}"
            problems[href] = Problem(kind="odd_address", detail=detail, text=href)
    return fetched, tuple(problems.values())


def _named_by(page: Page) -> Iterator[str | None]:
    yield from (each.attr("href") for each in nodes(page, "link[rel=canonical]"))
    yield page.meta("og:url")


def language_of(text: str, paper: Newspaper) -> str:
    """The language whose script has a third of the letters or more; else the newspaper's language without a script.

    Editions quote each other's names.
    """
    for language in paper.languages:
        if language.letters and not text.isascii() and _is_written_in(text, language.letters):
            return language.code
    return next((each.code for each in paper.languages if each.letters is None), paper.languages[0].code)


def _is_written_in(text: str, letters: str) -> bool:
    lead, others = _script(letters)
    count = len(others.sub("", text)) if lead in text.encode("utf-8", "surrogatepass") else 0
    # Letters are counted only where it is not plain without: most texts are of one language.
    return count > 0 and (count * 3 >= len(text) or count * 3 >= len(_LETTER.findall(text)))


@cache
def _script(letters: str) -> tuple[bytes, re.Pattern[str]]:
    """The byte that all letters of a range begin with in UTF-8, which is found faster than a range; and all others."""
    first, last = (letters[at].encode()[:1] for at in (0, -1))
    return first if first == last else b"", re.compile(f"[^{letters}]+")


def edition_of(url: str, paper: Newspaper) -> str:
    """The language of the edition that an address belongs to; of the given newspaper's for one of no newspaper."""
    return (newspaper_at(url) or paper).languages[0].code
