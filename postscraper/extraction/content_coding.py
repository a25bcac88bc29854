"""The content codings of an answer undone: gzip, deflate, brotli and zstandard, within a limit.

Total: whatever the bytes are, the outcome is a body, a body known to be cut, or PageRejected.
"""

import re
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

from postscraper.errors import PageRejected
from postscraper.items import Capture

MAX_BYTES = 16 * 1024 * 1024  # a page of the paper has 30 to 170 kB; the largest known 1.5 MB
MAX_CODINGS = 3
MAX_MEMBERS = 100  # of one gzip or zstd body; a server that flushes writes a handful

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\b|html\b|head\b|!--|\?xml\b)", re.I)


def limited(body: bytes) -> bytes:
    """The body; raises PageRejected when it is larger than any page of a paper."""
    if len(body) > MAX_BYTES:
        raise PageRejected("too_large", f"more than {MAX_BYTES:,} bytes")
    return body


def unpacked(capture: Capture) -> tuple[bytes, bool]:
    """The body without its content codings, and whether it is cut.

    A body that is plainly markup is taken as it stands whatever its label: many archives
    keep the header of a coding that they have undone. Gzip is undone unlabelled too, for whoever
    saved the page or packed the sitemap left the label off.
    Raises PageRejected for an unknown coding, a body that is not in its coding, a bomb.
    """
    codings = [each.strip().lower() for each in (capture.header("content-encoding") or "").split(",")]
    body, cut = capture.body, capture.cut
    known = [each for each in reversed(codings) if each not in ("", "identity")]
    if len(known) > MAX_CODINGS:
        raise PageRejected("undecodable", f"{len(known)} content codings one inside the other")
    for coding in known:
        if _MARKUP.match(body):
            return body, cut
        body, whole = _unpack(coding, body)
        cut = cut or not whole
    for _ in range(MAX_CODINGS - len(known)):
        if not body.startswith(_GZIP):
            break
        body, whole = _unpack("gzip", body)
        cut = cut or not whole
    return body, cut


def _unpack(coding: str, body: bytes) -> tuple[bytes, bool]:
    if coding not in _UNPACK:
        raise PageRejected("undecodable", f"content coding {coding[:40]!r} is unknown")
    try:
        return _UNPACK[coding](body)
    except zlib.error as error:
        raise _not_in(coding, body, error) from error


def _not_in(coding: str, body: bytes, error: Exception) -> PageRejected:
    # What begins as the coding does was damaged on its way; anything else is labelled wrongly, and will be again.
    if body.startswith((_GZIP, _ZSTD)):
        return PageRejected("broken_transfer", f"the body is damaged {coding}: {error}")
    return PageRejected("undecodable", f"the body is not {coding}: {error}")


def _gunzip(body: bytes) -> tuple[bytes, bool]:
    """All members; bytes behind the last that are no member are ignored, as by every gzip reader."""
    parts: list[bytes] = []
    size = 0
    for _ in range(MAX_MEMBERS):
        engine = zlib.decompressobj(31)
        parts.append(engine.decompress(body, MAX_BYTES + 1 - size))
        size += len(parts[-1])
        if not engine.eof or size > MAX_BYTES:
            return limited(b"".join(parts)), False
        body = engine.unused_data
        if not body.startswith(_GZIP):
            return b"".join(parts), True
    raise PageRejected("undecodable", f"more than {MAX_MEMBERS} gzip members")


def _inflate(body: bytes) -> tuple[bytes, bool]:
    # "deflate" means zlib's wrapping by the standard and the bare stream on many servers.
    try:
        return _inflated(body, zlib.MAX_WBITS)
    except zlib.error:
        return _inflated(body, -zlib.MAX_WBITS)


def _inflated(body: bytes, bits: int) -> tuple[bytes, bool]:
    engine = zlib.decompressobj(bits)
    return limited(engine.decompress(body, MAX_BYTES + 1)), engine.eof


# brotli and zstandard are loaded when the first such body comes: a page without needs none of the time.
def _unbrotli(body: bytes) -> tuple[bytes, bool]:
    brotli = import_module("brotli")
    engine = brotli.Decompressor()
    try:
        whole = bytearray(engine.process(body, output_buffer_limit=MAX_BYTES + 1))
        while not engine.is_finished() and len(whole) <= MAX_BYTES:
            more = engine.process(b"", output_buffer_limit=MAX_BYTES + 1)
            if not more:
                break
            whole += more
    except brotli.error as error:
        raise _not_in("br", b"", error) from error
    return limited(bytes(whole)), engine.is_finished()


def _unzstd(body: bytes) -> tuple[bytes, bool]:
    zstandard = import_module("zstandard")
    try:
        return _frames(body, zstandard.ZstdDecompressor(max_window_size=MAX_BYTES))
    except zstandard.ZstdError as error:
        raise _not_in("zstd", body, error) from error


def _frames(body: bytes, opener: Any) -> tuple[bytes, bool]:
    """All frames; a frame that asks for a window beyond the limit is not opened."""
    with opener.stream_reader(body, read_across_frames=True) as reader:
        whole = limited(reader.read(MAX_BYTES + 1))
    # A second time, only to learn whether the last frame ends; the size is known by now.
    for _ in range(MAX_MEMBERS):
        frame = opener.decompressobj()
        frame.decompress(body)
        if not frame.eof or not frame.unused_data:
            return whole, frame.eof
        body = frame.unused_data
    raise PageRejected("undecodable", f"more than {MAX_MEMBERS} zstd frames")


_UNPACK: dict[str, Callable[[bytes], tuple[bytes, bool]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
