"""From the bytes of an answer to the text of a page; total: no label and no byte loses a page.

Order: undo the content codings, look at what kind of file it is, then at how much markup it
holds, and decode.
"""

import codecs
import re
import zlib
from collections.abc import Callable

import brotli
import zstandard

from postscraper.errors import NotAStory
from postscraper.items import Capture, Problem, Reason

MAX_BYTES = 16 * 1024 * 1024  # a page of the paper has 30 to 170 kB; the largest known 1.5 MB
MAX_TAGS = 1_000_000
MAX_CODINGS = 3

_SIGNATURES: tuple[tuple[bytes, Reason, str], ...] = (
    (b"%PDF-", "pdf", "a PDF file"),
    (b"\x89PNG\r\n", "picture", "a PNG picture"),
    (b"\xff\xd8\xff", "picture", "a JPEG picture"),
    (b"GIF8", "picture", "a GIF picture"),
    (b"RIFF", "picture", "a WebP picture or a sound"),
    (b"PK\x03\x04", "not_html", "a ZIP file"),
)
_XML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(rss|feed|rdf:RDF|(?:\w+:)?(?:urlset|sitemapindex))\b", re.S
)
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


def unpacked(capture: Capture) -> tuple[bytes, bool]:
    """The body without its content codings, and whether it is cut.

    Raises NotAStory for an unknown coding, a body that is not in its coding, a bomb.
    """
    codings = [each.strip().lower() for each in (capture.header("content-encoding") or "").split(",")]
    body, cut = capture.body, capture.cut
    known = [each for each in reversed(codings) if each not in ("", "identity")]
    if len(known) > MAX_CODINGS:
        raise NotAStory("undecodable", f"{len(known)} content codings one inside the other")
    for coding in known:
        if coding not in _UNPACK:
            raise NotAStory("undecodable", f"content coding {coding[:40]!r} is unknown")
        body, whole = _unpack(coding, body)
        cut = cut or not whole
    if not known and body[:2] == b"\x1f\x8b":
        # A server, or whoever saved the page, left the label off.
        body, whole = _unpack("gzip", body)
        cut = cut or not whole
    return body, cut


def _unpack(coding: str, body: bytes) -> tuple[bytes, bool]:
    if coding in ("gzip", "x-gzip") and body[:2] != b"\x1f\x8b" and b"<" in body[:400]:
        return body, True  # labelled gzip, sent plain: browsers read it too
    try:
        return _UNPACK[coding](body)
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise NotAStory("undecodable", f"the body is not {coding}: {error}") from error


def _limited(body: bytes) -> bytes:
    if len(body) > MAX_BYTES:
        raise NotAStory("too_large", f"more than {MAX_BYTES:,} bytes once unpacked")
    return body


def _gunzip(body: bytes, bits: int = 31) -> tuple[bytes, bool]:
    whole, rest = bytearray(), body
    while rest:
        engine = zlib.decompressobj(bits)
        whole += engine.decompress(rest, MAX_BYTES + 1 - len(whole))
        _limited(bytes(whole) if len(whole) > MAX_BYTES else b"")
        if not engine.eof:
            return bytes(whole), False
        rest = engine.unused_data if bits == 31 and engine.unused_data[:2] == b"\x1f\x8b" else b""
    return bytes(whole), True


def _inflate(body: bytes) -> tuple[bytes, bool]:
    # "deflate" means zlib's wrapping by the standard and the bare stream on many servers.
    try:
        return _gunzip(body, 15)
    except zlib.error:
        return _gunzip(body, -15)


def _unbrotli(body: bytes) -> tuple[bytes, bool]:
    engine = brotli.Decompressor()
    whole = bytearray(engine.process(body, output_buffer_limit=MAX_BYTES + 1))
    while not engine.is_finished() and len(whole) <= MAX_BYTES:
        more = engine.process(b"", output_buffer_limit=MAX_BYTES + 1)
        if not more:
            break
        whole += more
    return _limited(bytes(whole)), engine.is_finished()


def _unzstd(body: bytes) -> tuple[bytes, bool]:
    engine = zstandard.ZstdDecompressor(max_window_size=MAX_BYTES).decompressobj()
    with zstandard.ZstdDecompressor(max_window_size=MAX_BYTES).stream_reader(body) as reader:
        whole = _limited(reader.read(MAX_BYTES + 1))
    engine.decompress(body)  # only to learn whether the frame ends; its size is known by now
    return whole, engine.eof


_UNPACK: dict[str, Callable[[bytes], tuple[bytes, bool]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}


def look_at(body: bytes) -> None:
    """Raises NotAStory for what is no page at all: empty, too large, a file of another kind."""
    if not body.strip():
        raise NotAStory("empty", "the answer has no words")
    _limited(body)
    for signature, reason, name in _SIGNATURES:
        if body.startswith(signature):
            raise NotAStory(reason, name)


def is_feed(body: bytes) -> bool:
    """Whether the body is RSS, Atom or a sitemap, by its first element."""
    head = body[:2000]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.decode("utf-16", "replace").encode()
    return _XML.match(head.removeprefix(codecs.BOM_UTF8)) is not None


_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def text_of(body: bytes, label: str | None) -> tuple[str, tuple[Problem, ...]]:
    """The text of a page and what is wrong with its bytes; label: its Content-Type header.

    A byte order mark wins; then bytes that are UTF-8 are UTF-8 whatever any label says; then
    the labels; then windows-1252, which every byte can be. NULs are dropped: they are no words,
    and C tools end a text at the first.
    """
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return _decoded(body[len(mark) :], charset)
    named = _LABEL.search(label or "")
    declared = _CHARSET.search(body[:8192])
    labels = [
        _known(named[1]) if named else None,
        _known(declared[1].decode("ascii", "replace")) if declared else None,
    ]
    if labels[0] in ("utf-16-le", "utf-16-be", "utf-16"):
        return _decoded(body, labels[0])
    try:
        return body.decode("utf-8").replace("\x00", ""), ()
    except UnicodeDecodeError:
        return _decoded(body, _best(body, [each for each in labels if each]))


def _best(body: bytes, labels: list[str]) -> str:
    # Mostly UTF-8 with a few broken bytes is a broken UTF-8 page, not a page in another set.
    broken = body.decode("utf-8", "replace").count("\ufffd")
    multibyte = sum(byte >= 0xC2 for byte in body)
    if "utf-8" not in labels and labels:
        return next((each for each in labels if each != "ascii"), "cp1252")
    return "utf-8" if broken * 2 < multibyte else "cp1252"


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


def guard(text: str) -> None:
    """Raises NotAStory for more markup than any paper's page has."""
    if text.count("<") > MAX_TAGS:
        raise NotAStory("hostile_markup", f"more than {MAX_TAGS:,} tags")


_ELEMENT = re.compile(r"<(?:!doctype html|html|head|body|title|div|p|table|a|h[1-6]|frameset|article|meta)\b", re.I)


def looks_like_html(text: str) -> bool:
    return _ELEMENT.search(text) is not None


def end_of_page(text: str, cut: bool) -> tuple[Problem, ...]:
    """A problem when the page breaks off: its source says so, or no closing html tag stands in it."""
    if cut:
        return (Problem(kind="cut", detail="the answer breaks off"),)
    if not re.search(r"</html\s*>", text[-200_000:], re.I):
        return (Problem(kind="cut", detail="no closing html tag"),)
    return ()
