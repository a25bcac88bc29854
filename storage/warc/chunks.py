"""Chunked transfer coding: https://www.rfc-editor.org/rfc/rfc9112#name-chunked-transfer-coding."""

import re

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_BEGINNING = re.compile(rb"[0-9A-Fa-f]+[ \t]*(?:;[^\r\n]*)?\r\n")
_LAST = re.compile(rb"0{1,15}[ \t]*(?:;[^\r\n]*)?\r?")  # its line end cut off
_LINE_END = re.compile(rb"\r?\n")
_TRAILER = re.compile(rb"(?:[^\r\n:]+:[^\r\n]*\r\n)*\r\n")


class NotChunked(Exception):
    """The body is not chunked, or its last chunk is missing; the message is a phrase."""


def seems_chunked(body: bytes) -> bool:
    """Whether the body seems to begin with a chunk. It may still be a page that begins with a number."""
    if _BEGINNING.match(body):
        return True
    if not _SIZE.match(body):
        return False
    try:  # a size line that ends in LF counts only if the whole body is chunked
        decoded(body, whole=True)
    except NotChunked:
        return False
    return True


def decoded(body: bytes, *, whole: bool) -> tuple[bytes, tuple[str, ...]]:
    """The content of the chunks, and phrases for what is not standard.

    whole: False for a body known to be cut.
    Raises NotChunked.
    """
    parts: list[bytes] = []
    offset = 0
    while size := _SIZE.match(body, offset):
        count = int(size[1], 16)
        if count == 0:
            return b"".join(parts), _odd_end(body[size.end() :])
        parts.append(body[size.end() : size.end() + count])
        offset = size.end() + count
        if offset > len(body):
            break
        line_end = _LINE_END.match(body, offset)
        if line_end is None:
            break
        offset = line_end.end()
    if _LAST.fullmatch(body, offset):
        return b"".join(parts), ("no line end behind the size of the last chunk",)
    if whole:
        raise NotChunked(
            f"none begins or ends at byte {offset}" if offset < len(body) else "the body ends before the last"
        )
    return b"".join(parts), ()


def _odd_end(rest: bytes) -> tuple[str, ...]:
    """rest: the bytes after the size line of the last chunk."""
    if _TRAILER.fullmatch(rest):
        return ()
    return ("bytes behind the last chunk" if rest.strip() else "no blank line behind the last chunk",)
