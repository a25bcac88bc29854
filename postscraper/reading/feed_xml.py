"""The XML of feeds and sitemaps as entries and their fields, and nothing more of XML.

Expat reports the tags; no tree is built. No document type is accepted, so there are no entities
but HTML's, which careless feeds use: those are their characters here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.entities import html5
from typing import Literal
from urllib.parse import urljoin
from xml.parsers.expat import ExpatError, ParserCreate, errors

from postscraper.errors import PageRejected
from postscraper.items import Problem

Kind = Literal["feed", "sitemap", "sitemap_index"]

MAX_ENTRIES = 50_000  # addresses in one sitemap, by https://www.sitemaps.org/protocol.html
MAX_DEPTH = 100  # elements one inside the other; a feed with XHTML inside has about 15

_KINDS: Mapping[str, Kind] = {
    "urlset": "sitemap",
    "sitemapindex": "sitemap_index",
    "rss": "feed",
    "feed": "feed",
    "RDF": "feed",
}
_ENTRIES = frozenset({"url", "sitemap", "item", "entry"})
_CHANNELS = frozenset({"channel", "feed"})

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_AMPERSAND = re.compile(r"&(?!#\d{1,7};|#x[0-9A-Fa-f]{1,6};)(?:([A-Za-z]\w{1,31});)?")
_XML_OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
_DECLARATION = re.compile(r"\s*<\?xml\b[^>]{0,300}\?>")


@dataclass(frozen=True, slots=True)
class Field:
    """One element directly inside an entry. A name keeps its prefix unless it is the root's."""

    name: str
    attributes: Mapping[str, str]
    text: str
    base: str = ""  # what its addresses are seen from, by xml:base; may be relative to the document's address

    def seen(self, href: str) -> str:
        """An address of the field, seen from its base."""
        try:
            return urljoin(self.base, href.strip())
        except ValueError:
            return href


@dataclass(slots=True)
class Entry:
    """An item, entry, url or sitemap; or what a channel says of itself."""

    fields: list[Field] = field(default_factory=list)

    def first(self, *names: str) -> Field | None:
        """The first field with words, of the first name that has one."""
        return next((each for name in names for each in self.fields if each.name == name and each.text.strip()), None)

    def text(self, *names: str) -> str | None:
        """The words of that field."""
        field = self.first(*names)
        return field.text.strip() if field else None

    def address(self) -> str | None:
        """The address of the page: the original one where a service stands in between."""
        field = self.first("feedburner:origLink", "loc", "link")
        return field.seen(field.text) if field else self.linked("alternate")

    def linked(self, relation: str) -> str | None:
        """The address that a link element of Atom holds in its attribute."""
        for each in self.fields:
            if each.name in ("link", "atom:link") and each.attributes.get("rel", "alternate") == relation:
                href = each.attributes.get("href")
                return each.seen(href) if href else None
        return None

    def picture(self) -> str | None:
        """The address in an enclosure or in an element of Media RSS that is a picture."""
        for each in self.fields:
            kind = each.attributes.get("type") or each.attributes.get("medium") or ""
            pictured = each.name in ("enclosure", "media:content") and kind.startswith("image")
            if pictured or each.name == "media:thumbnail":
                url = each.attributes.get("url")
                return each.seen(url) if url else None
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    kind: Kind
    channel: Entry
    entries: list[Entry]
    problems: tuple[Problem, ...]


def document(text: str, cut: bool) -> Document:
    """The whole entries of a feed, a sitemap or a list of addresses; cut: the text is known to break off.

    Raises PageRejected for a document type, for nesting, and for what holds no entry and is broken.
    """
    if not text.lstrip("\ufeff\n\r\t ").startswith("<"):
        return _plain_list(text.split(), cut)
    mended, marks = _mended(text)
    reader = _Reader()
    problems = list(reader.read(mended))
    if marks:
        problems.append(Problem(kind="damage", detail=f"signs that XML does not know: {marks}"))
    if reader.kind is None or (problems and not reader.entries):
        raise PageRejected("feed", problems[0].detail if problems else "the XML is neither feed nor sitemap")
    return Document(
        kind=reader.kind, channel=reader.channel, entries=reader.entries[:MAX_ENTRIES], problems=tuple(problems)
    )


def _plain_list(addresses: list[str], cut: bool) -> Document:
    broken = (Problem(kind="cut", detail="the list breaks off", text=addresses[-1]),) if cut else ()
    entries = [Entry([Field("loc", {}, each)]) for each in (addresses[:-1] if cut else addresses)]
    return Document(
        kind="sitemap",
        channel=Entry(),
        entries=entries[:MAX_ENTRIES],
        problems=(*broken, *_too_many(entries)),
    )


def _too_many(entries: list[Entry]) -> tuple[Problem, ...]:
    if len(entries) <= MAX_ENTRIES:
        return ()
    return (Problem(kind="cut", detail=f"more than {MAX_ENTRIES:,} entries; those behind are left out"),)


def _mended(text: str) -> tuple[str, int]:
    """The text with the characters of HTML's entities, and how many signs are no XML.

    What stands in a CDATA section stays as it is.
    """
    text = _DECLARATION.sub("", text.lstrip("\ufeff\n\r\t "), count=1)
    text, marks = _NO_XML.subn("", text)
    first, *sections = text.split("<![CDATA[")
    plain, bad = _escaped(first)
    parts = [plain]
    marks += bad
    for section in sections:
        inside, end, behind = section.partition("]]>")
        plain, bad = _escaped(behind)
        marks += bad
        parts.append(f"<![CDATA[{inside}{end}{plain}")
    return "".join(parts), marks


def _escaped(text: str) -> tuple[str, int]:
    marks = 0

    def character(found: re.Match[str]) -> str:
        nonlocal marks
        name = found[1]
        if name in _XML_OWN:
            return found[0]
        marks += 1
        known = html5.get(f"{name};") if name else None
        return known if known is not None and known not in "<&" else "&amp;" + found[0][1:]

    return _AMPERSAND.sub(character, text), marks


class _Reader:
    """The handlers of expat's events; they collect the fields of entries and of the channel, and build no tree."""

    def __init__(self) -> None:
        self.kind: Kind | None = None
        self.channel = Entry()
        self.entries: list[Entry] = []
        self.path: list[str] = []
        self.bases = [""]
        self.prefix = ""
        self.entry: Entry | None = None
        self.entry_depth = 0
        self.owner: Entry | None = None
        self.owner_depth = 0
        self.attributes: Mapping[str, str] = {}
        self.words: list[str] = []

    def read(self, text: str) -> Iterator[Problem]:
        """Reads on to the end or to the first fault, and gives what was wrong."""
        parser = ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = _no_doctype
        try:
            parser.Parse(text, True)
        except ExpatError as error:
            what = f"{errors.messages[error.code]}, line {error.lineno}"
            yield Problem(kind="cut", detail=f"the XML breaks off or is broken: {what}")
        yield from _too_many(self.entries)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self.path:
            prefix, _, local = name.rpartition(":")
            self.prefix = f"{prefix}:" if prefix else ""
            self.kind = _KINDS.get(local)
        name = name.removeprefix(self.prefix) if self.prefix else name
        parent = self.path[-1] if self.path else ""
        self.path.append(name)
        self.bases.append(_joined(self.bases[-1], attributes.get("xml:base")))
        if len(self.path) > MAX_DEPTH:
            raise PageRejected("hostile_markup", f"more than {MAX_DEPTH} elements one inside the other")
        if self.owner is not None:
            return
        if self.entry is None and name in _ENTRIES and len(self.path) > 1:
            self.entry, self.entry_depth = Entry(), len(self.path)
        elif self.entry is not None and len(self.path) == self.entry_depth + 1:
            self._open(self.entry, attributes)
        elif self.entry is None and parent in _CHANNELS:
            self._open(self.channel, attributes)

    def _open(self, owner: Entry, attributes: dict[str, str]) -> None:
        self.owner, self.owner_depth = owner, len(self.path)
        self.attributes, self.words = attributes, []

    def _data(self, text: str) -> None:
        if self.owner is not None:
            self.words.append(text)

    def _end(self, _name: str) -> None:
        name = self.path[-1]
        if self.owner is not None and len(self.path) == self.owner_depth:
            self.owner.fields.append(Field(name, self.attributes, "".join(self.words), self.bases[-1]))
            self.owner = None
        elif self.entry is not None and len(self.path) == self.entry_depth:
            self.entries.append(self.entry)
            self.entry = None
        self.path.pop()
        self.bases.pop()


def _joined(outer: str, base: str | None) -> str:
    """The base inside an element that names one: https://www.w3.org/TR/xmlbase/."""
    try:
        return urljoin(outer, base.strip()) if base else outer
    except ValueError:
        return outer


def _no_doctype(*_: object) -> None:
    raise PageRejected("feed", "a document type, which no feed needs")
