"""Build the record that replaces a withdrawn one.

It is a `metadata` record in a gzip member of exactly the length of the replaced member, so that no other record moves.
Readers of WARC files skip it. Its block is JSON, padded with spaces.
"""

import json
import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from storage.warc.writer import GZIP, moment, padded, record

MEDIA_TYPE = "application/vnd.postscraper.withdrawn+json"
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_FRAME = len(_GZIP_HEAD) + 8  # head, and checksum and length at the end of a member
_BLOCK_HEAD, _LARGEST_BLOCK = 5, 65_535  # of a stored block: RFC 1951, 3.2.4
_END = b"\r\n\r\n"


def tombstone(length: int, *, name: str, info_id: bytes, on: date, about: Mapping[str, Any]) -> bytes:
    """A gzip member of `length` bytes, the same for the same arguments.

    name: file and offset of the record, from which its ID is derived.
    info_id: ID of the file's warcinfo record; empty when there is none.
    on: day of the withdrawal.
    about: JSON of the block, left out when there is no room.
    Raises ValueError when no record can be that short.
    """
    described = json.dumps(about, ensure_ascii=False, separators=(",", ":")).encode()
    for block in (described, b"{}"):
        if member := _stored(length, block, name, info_id, on):
            return member
    short = padded(zlib.compress(_record(b"{}", name, info_id, on), 9, GZIP), length)
    if short is None:
        raise ValueError(f"no record has {length} bytes")
    return short


def withdrawn(raw: bytes) -> dict[str, Any] | None:
    """The block of a record that replaces a withdrawn one; None for any other record."""
    head, _, block = raw.partition(_END)
    if not head.startswith(b"WARC/1.1\r\nWARC-Type: metadata\r\n") or MEDIA_TYPE.encode() not in head:
        return None
    try:
        about = json.loads(block)
    except ValueError:
        return None
    return about if isinstance(about, dict) else None


def _record(block: bytes, name: str, info_id: bytes, on: date) -> bytes:
    fields = {
        "WARC-Type": "metadata",
        "WARC-Record-ID": f"<urn:uuid:{uuid5(NAMESPACE_URL, name)}>",
        **({"WARC-Warcinfo-ID": info_id.decode("latin-1")} if info_id else {}),
        "WARC-Date": moment(datetime(on.year, on.month, on.day, tzinfo=UTC)),
        "Content-Type": MEDIA_TYPE,
    }
    return record(fields, block)


def _stored(length: int, block: bytes, name: str, info_id: bytes, on: date) -> bytes | None:
    """A member of that length that is stored uncompressed, its block padded with spaces; None when that is too long."""
    bare = len(_record(b"", name, info_id, on)) - 1  # without the digit of the length 0
    fewest = -(-max(length - _FRAME, 1) // (_LARGEST_BLOCK + _BLOCK_HEAD))
    # Where Content-Length gets another digit, one length cannot be reached; another block then takes five bytes.
    for blocks in (fewest, fewest + 1):
        size = length - _FRAME - blocks * _BLOCK_HEAD
        for digits in range(1, 9):
            blanks = size - bare - digits - len(block)
            if blanks >= 0 and len(str(len(block) + blanks)) == digits:
                return _member(_record(block + b" " * blanks, name, info_id, on), blocks)
    return None


def _member(raw: bytes, blocks: int) -> bytes:
    parts = [_GZIP_HEAD]
    size = -(-len(raw) // blocks)
    for number in range(blocks):
        part = raw[number * size : (number + 1) * size]
        last = number == blocks - 1
        parts.append(
            bytes([last]) + len(part).to_bytes(2, "little") + (len(part) ^ 0xFFFF).to_bytes(2, "little") + part
        )
    parts.append(zlib.crc32(raw).to_bytes(4, "little") + (len(raw) & 0xFFFFFFFF).to_bytes(4, "little"))
    return b"".join(parts)
