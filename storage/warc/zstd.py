"""Records as zstandard frames, one each, perhaps with a dictionary at the head of the file.

https://iipc.github.io/warc-specifications/specifications/warc-zstd/: the dictionary stands in a skippable
frame, itself compressed or not.
"""

from functools import lru_cache
from io import BytesIO
from typing import BinaryIO

import zstandard

MAGIC = b"\x28\xb5\x2f\xfd"
DICTIONARY = b"\x5d\x2a\x4d\x18"
INDEX = b"\x5e\x2a\x4d\x18"  # ours: another skippable frame; see storage/evidence/compact_format.py
LARGEST_DICTIONARY = 16 * 2**20
_LONGEST_HEADER = 18  # of a frame: https://www.rfc-editor.org/rfc/rfc8878#name-frame-header


class NoFrame(Exception):
    """No frame that can be opened; the message is a phrase."""


class CutFrame(NoFrame):
    """The file ends inside the frame."""


def frame_at(stream: BinaryIO, offset: int, most: int) -> tuple[int, bytes]:
    """How many bytes the frame takes, and at most `most` of what it holds. Raises NoFrame or CutFrame."""
    length = _length(stream, offset)
    dictionary = dictionary_of(stream)
    stream.seek(offset)
    try:
        with _opener(dictionary).stream_reader(BytesIO(stream.read(length))) as reader:
            return length, reader.read(most)
    except zstandard.ZstdError as error:
        raise NoFrame(f"a damaged zstd frame ({error})") from error


def skipped_at(stream: BinaryIO, offset: int) -> int:
    """How many bytes the skippable frame takes: the dictionary, or our index."""
    stream.seek(offset + len(DICTIONARY))
    return 8 + int.from_bytes(stream.read(4), "little")


def dictionary_of(stream: BinaryIO) -> bytes:
    """The dictionary at the head of the file; empty when there is none. Raises NoFrame for a damaged one."""
    stream.seek(0)
    if stream.read(4) != DICTIONARY:
        return b""
    size = int.from_bytes(stream.read(4), "little")
    if size > LARGEST_DICTIONARY:
        raise NoFrame(f"a dictionary of {size} bytes")
    return _unpacked(stream.read(size))


@lru_cache(maxsize=4)  # asked for with every record
def _unpacked(held: bytes) -> bytes:
    if not held.startswith(MAGIC):
        return held
    try:
        with zstandard.ZstdDecompressor(max_window_size=LARGEST_DICTIONARY).stream_reader(BytesIO(held)) as reader:
            return reader.read(LARGEST_DICTIONARY)
    except zstandard.ZstdError as error:
        raise NoFrame(f"a damaged dictionary ({error})") from error


@lru_cache(maxsize=4)
def _opener(dictionary: bytes) -> zstandard.ZstdDecompressor:
    known = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    return zstandard.ZstdDecompressor(dict_data=known, max_window_size=128 * 2**20)


def _length(stream: BinaryIO, offset: int) -> int:
    """Found by the headers of the blocks, so that nothing is opened before its end is known."""
    stream.seek(offset)
    head = stream.read(_LONGEST_HEADER)
    try:
        at = offset + zstandard.frame_header_size(head)
        checked = zstandard.get_frame_parameters(head).has_checksum
    except zstandard.ZstdError as error:
        raise (CutFrame if len(head) < _LONGEST_HEADER else NoFrame)(f"no zstd frame ({error})") from error
    last = False
    while not last:
        stream.seek(at)
        block = stream.read(3)
        if len(block) < 3:
            raise CutFrame("the file ends inside this record")
        said = int.from_bytes(block, "little")
        last, kind, size = bool(said & 1), said >> 1 & 3, said >> 3
        if kind == 3:
            raise NoFrame("a damaged zstd frame (a block of no known kind)")
        at += 3 + (1 if kind == 1 else size)  # one byte stands for a block that repeats it
    at += 4 if checked else 0
    if stream.seek(0, 2) < at:
        raise CutFrame("the file ends inside this record")
    return at - offset
