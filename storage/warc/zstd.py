"""Zstandard frames, one for each record, perhaps with a dictionary at the head of the file.

https://iipc.github.io/warc-specifications/specifications/warc-zstd/: the dictionary is stored in a skippable frame,
itself compressed or not.
"""

from functools import lru_cache
from io import BytesIO
from typing import BinaryIO

import zstandard

from storage.warc.parser import BadRecord, TruncatedRecord

MAGIC = b"\x28\xb5\x2f\xfd"
DICTIONARY = b"\x5d\x2a\x4d\x18"
INDEX = b"\x5e\x2a\x4d\x18"  # ours: another skippable frame; see storage/evidence/compact_format.py
LARGEST_DICTIONARY = 16 * 2**20
_STEP = 2**10  # compressed bytes opened at once: at most 32 MB, for four bytes may open to a block of 128 kB


def frame_at(stream: BinaryIO, offset: int, most: int) -> tuple[int, bytes]:
    """The compressed length of a frame, and its content.

    A frame of more than `most` bytes is opened only so far that the content returned is longer than `most`.
    Raises BadRecord, or TruncatedRecord when the file ends inside the frame.
    """
    frame = _opener(dictionary_of(stream)).decompressobj()
    stream.seek(offset)
    parts: list[bytes] = []
    length = size = 0
    try:
        while not frame.eof and size <= most:
            packed = stream.read(_STEP)
            if not packed:
                raise TruncatedRecord("the file ends inside this record")
            parts.append(frame.decompress(packed))
            length += len(packed)
            size += len(parts[-1])
    except zstandard.ZstdError as error:
        raise BadRecord(f"a damaged zstd frame ({error})") from error
    return length - len(frame.unused_data), b"".join(parts)


def skipped_at(stream: BinaryIO, offset: int) -> int:
    """The length of a skippable frame: the dictionary, or our index."""
    stream.seek(offset + len(DICTIONARY))
    return 8 + int.from_bytes(stream.read(4), "little")


def dictionary_of(stream: BinaryIO) -> bytes:
    """The dictionary at the head of the file; empty when there is none. Raises BadRecord for a damaged one."""
    stream.seek(0)
    if stream.read(4) != DICTIONARY:
        return b""
    size = int.from_bytes(stream.read(4), "little")
    if size > LARGEST_DICTIONARY:
        raise BadRecord(f"a dictionary of {size} bytes")
    return _unpacked(stream.read(size))


@lru_cache(maxsize=4)  # needed for every record
def _unpacked(content: bytes) -> bytes:
    if not content.startswith(MAGIC):
        return content
    try:
        with zstandard.ZstdDecompressor(max_window_size=LARGEST_DICTIONARY).stream_reader(BytesIO(content)) as reader:
            return reader.read(LARGEST_DICTIONARY)
    except zstandard.ZstdError as error:
        raise BadRecord(f"a damaged dictionary ({error})") from error


@lru_cache(maxsize=4)
def _opener(dictionary: bytes) -> zstandard.ZstdDecompressor:
    known = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    return zstandard.ZstdDecompressor(dict_data=known, max_window_size=128 * 2**20)
