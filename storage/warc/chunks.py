"""The chunks of a transferred body: https://www.rfc-editor.org/rfc/rfc9112#name-chunked-transfer-coding."""

import re

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_BEGINNING = re.compile(rb"[0-9A-Fa-f]+[ \t]*(?:;[^\r\n]*)?\r\n")
_LAST = re.compile(rb"0{1,15}[ \t]*(?:;[^\r\n]*)?\r?")  # its line end cut off
_LINE_END = re.compile(rb"\r?\n")
_TRAILER = re.compile(rb"(?:[^\r\n:]+:[^\r\n]*\r\n)*\r\n")


class NotChunked(Exception):
    """The chunks do not come to an end; the message is a phrase."""


def begin(body: bytes) -> bool:
    """Whether the body begins with a chunk; it may still be a page that begins with a number."""
    if _BEGINNING.match(body):
        return True
    if not _SIZE.match(body):
        return False
    try:  # lines that end in LF: only if all of it goes on so
        joined(body, whole=True)
    except NotChunked:
        return False
    return True


def joined(body: bytes, *, whole: bool) -> tuple[bytes, tuple[str, ...]]:
    """What the chunks hold, and what is odd. whole: False for a body known to be cut. Raises NotChunked."""
    parts: list[bytes] = []
    at = 0
    while size := _SIZE.match(body, at):
        count = int(size[1], 16)
        if count == 0:
            return b"".join(parts), _odd_end(body[size.end() :])
        parts.append(body[size.end() : size.end() + count])
        at = size.end() + count
        if at > len(body):
            break
        line_end = _LINE_END.match(body, at)
        if line_end is None:
            break
        at = line_end.end()
    if _LAST.fullmatch(body, at):
        return b"".join(parts), ("no line end behind the size of the last chunk",)
    if whole:
        raise NotChunked(f"none begins or ends at byte {at}" if at < len(body) else "the body ends before the last")
    return b"".join(parts), ()


def _odd_end(behind: bytes) -> tuple[str, ...]:
    """behind: what follows the line of the last chunk's size."""
    if _TRAILER.fullmatch(behind):
        return ()
    return ("bytes behind the last chunk" if behind.strip() else "no blank line behind the last chunk",)
