"""Decode the bytes of an answer into the text of a page; no label and no byte loses a page."""

import codecs
import re

from postscraper.errors import PageRejected
from postscraper.extraction.content_coding import limited
from postscraper.items import Problem, Reason

MAX_TAGS = 1_000_000

_SIGNATURES: tuple[tuple[bytes, Reason, str], ...] = (
    (b"%PDF-", "pdf", "a PDF file"),
    (b"\x89PNG\r\n", "picture", "a PNG picture"),
    (b"\xff\xd8\xff", "picture", "a JPEG picture"),
    (b"GIF8", "picture", "a GIF picture"),
    (b"RIFF", "picture", "a WebP picture or a sound"),
    (b"PK\x03\x04", "not_html", "a ZIP file"),
)
# The first element of a feed or sitemap, or a document type that is no page's.
_XML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<\?xml-stylesheet[^>]*>\s*)*"
    rb"<(?:(?:rss|rdf:RDF|(?:\w+:)?(?:feed|urlset|sitemapindex))\b|!DOCTYPE\s+(?!(?i:html|svg|math|wml)\b))",
    re.S,
)
# A sitemap may be a plain list of addresses: https://www.sitemaps.org/protocol.html#otherformats
_ADDRESSES = re.compile(rb"\s*(?:https?://[^\s<>\"]+\s+)*https?://[^\s<>\"]+\s*\Z")
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.I)
_LABEL = re.compile(r"charset\s*=+\s*[\"']?\s*([\w.:-]{1,40})", re.I)

# The character sets that pages on the web are written in; a label outside is not honoured
# (UTF-7 hides markup; Python's own codec names reach rot13 and zlib).
_CHARSETS = frozenset(
    {
        *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "iso8859-15", "cp1250", "cp1251", "cp874", "tis-620"),
        *("gb18030", "gb2312", "gbk", "big5", "shift_jis", "euc_jp", "euc_kr"),
    }
)


def look_at(body: bytes, label: str | None) -> None:
    """Raises PageRejected for what is no page at all: empty, too large, a file of another kind.

    label: the Content-Type header; a browser shows no page that is labelled a picture.
    """
    if not body.strip(b" \t\r\n\f\x00"):
        raise PageRejected("empty", "the answer has no words")
    limited(body)
    for signature, reason, name in _SIGNATURES:
        if body.startswith(signature):
            raise PageRejected(reason, name)
    if label and label.strip().lower().startswith(("image/", "audio/", "video/")):
        raise PageRejected(
            "picture" if label.strip().lower().startswith("image/") else "not_html", f"labelled {label[:80]}"
        )


def is_feed(body: bytes) -> bool:
    """Whether the body is RSS, Atom or a sitemap: by its first element, or as a list of addresses."""
    # Without its NULs the head of a UTF-16 document is ASCII.
    head = body[:2000].removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\x00", b"")
    head = head.removeprefix(codecs.BOM_UTF8)
    return _XML.match(head) is not None or _ADDRESSES.match(body.removeprefix(codecs.BOM_UTF8)) is not None


_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def text_of(body: bytes, label: str | None) -> tuple[str, tuple[Problem, ...]]:
    """The text of a page and what is wrong with its bytes; label: its Content-Type header.

    A byte order mark wins; then bytes that are UTF-8 are UTF-8 whatever any label; then
    the labels; then windows-1252, which every byte can be. NULs are dropped: they are no words,
    and C tools end a text at the first.
    """
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return _decoded(body[len(mark) :], charset)
    named = _known(match[1]) if label and (match := _LABEL.search(label)) else None
    # Markup in UTF-16 is half NULs: without one the label is wrong.
    if named in ("utf-16-le", "utf-16-be", "utf-16") and b"\x00" in body[:200]:
        return _decoded(body, named)
    try:
        return body.replace(b"\x00", b"").decode("utf-8"), ()
    except UnicodeDecodeError:
        return _decoded(body, _not_utf8(body, named) or "utf-8")


def _not_utf8(body: bytes, named: str | None) -> str | None:
    """The character set of a body that is no valid UTF-8; None when it is broken UTF-8 all the same."""
    if _mostly_utf8(body):
        return None
    return next((each for each in (named, _declared(body)) if each and not each.startswith("utf")), "cp1252")


def _mostly_utf8(body: bytes) -> bool:
    # No other character set makes many valid sequences by chance: a page with few is a broken UTF-8 page.
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return len(text) - len(text.encode("ascii", "ignore")) > 2 * broken


def _declared(body: bytes) -> str | None:
    match = _CHARSET.search(body[:8192])
    return _known(match[1].decode("ascii", "replace")) if match else None


def _known(name: str) -> str | None:
    try:
        name = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    # The web reads a Latin-1 label as windows-1252, which has the quotes that editors type.
    name = {"iso8859-1": "cp1252", "ascii": "cp1252"}.get(name, name)
    return name if name in _CHARSETS else None


def _decoded(body: bytes, charset: str) -> tuple[str, tuple[Problem, ...]]:
    text = body.decode(charset, "replace").replace("\x00", "")
    bad = text.count("\ufffd") - body.count("\ufffd".encode())
    if bad <= 0:
        return text, ()
    return text, (Problem(kind="undecodable_bytes", detail=f"{bad} places are not {charset}"),)


def guard(body: bytes) -> None:
    """Raises PageRejected for more opening tags than any paper's page has."""
    if len(body) > MAX_TAGS and body.count(b"<") - body.count(b"</") > MAX_TAGS:
        raise PageRejected("hostile_markup", f"more than {MAX_TAGS:,} tags")


_ELEMENT = re.compile(r"<(?:!doctype html|html|head|body|title|div|p|table|a|h[1-6]|frameset|article|meta)\b", re.I)


def looks_like_html(text: str) -> bool:
    return _ELEMENT.search(text) is not None


# Where the paper's Drupal repeats the headline for readers who cannot see it: at the logo, and above the body.
_HIDDEN_TITLES = (
    ('element-invisible">Phnom Penh Post - ', re.compile(r"(.{0,1000}?)</span>\s*</a>\s*</h1>", re.S)),
    ('<div class="node-title hide">', re.compile(r'\s*<h2>\s*<span itemprop="name">(.{0,1000}?)</span>\s*</h2>', re.S)),
)


def hidden_titles(text: str) -> tuple[str, tuple[Problem, ...]]:
    """The page with its hidden titles as words.

    The theme prints them without escaping them: a headline that names a tag opens that tag there, and some
    swallow all that follows.
    """
    problems: list[Problem] = []
    for before, title in _HIDDEN_TITLES:
        at = text.find(before) + len(before)
        match = title.match(text, at) if at >= len(before) else None
        if match and "<" in match[1]:
            escaped = match[1].replace("<", "&lt;").replace(">", "&gt;")
            text = text[: match.start(1)] + escaped + text[match.end(1) :]
            problems.append(Problem(kind="damage", detail="a hidden title is printed as markup", text=match[1]))
    return text, tuple(problems)


_END = re.compile(r"</html\s*>", re.I)
_CDATA = "<![CDATA["
_TAG_INSIDE = re.compile(r"[^<>]*<[A-Za-z]")
_TAIL = 200_000  # characters behind the last tag: caches and archives leave notes there


def end_of_page(text: str) -> tuple[Problem, ...]:
    """A problem when the page breaks off: no closing html tag stands in it, or only where no browser sees it."""
    if _END.search(text, max(text.rfind("</html"), len(text) - _TAIL, 0)) is None:
        return (Problem(kind="cut", detail="no closing html tag"),)
    if _lost_in_cdata(text):
        return (Problem(kind="cut", detail="an unclosed CDATA section has swallowed the tag behind it"),)
    return ()


def _lost_in_cdata(text: str) -> bool:
    # From behind: rfind leaps by the length of what it looks for, and takes an eighth of the time of find.
    at = text.rfind(_CDATA)
    while at >= 0:
        # Inside a script it is the script's: WordPress writes /* <![CDATA[ */ before data, and data hold markup.
        if _TAG_INSIDE.match(text, at + len(_CDATA)) and text.rfind("<script", 0, at) <= text.rfind("</script", 0, at):
            return True
        at = text.rfind(_CDATA, 0, at)
    return False
