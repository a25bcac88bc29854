"""Bytes of evidence per page, on pages of one design: as written, after `compact`, and compressed in other ways.

The pages are the stories of stories.py in the markup of one sample page. Their words stand in random order, for
the sentences of the samples come again and again, as no paper's do. All pack the same records, each by itself, so
that any can be read alone. A dictionary is made of the first pages, and its bytes, packed, are counted.
"""

import gzip
import random
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import zstandard

from benchmarks.processes import POSTSCRAPER, ROOT
from benchmarks.records import exchange, write_file
from benchmarks.server import pages
from benchmarks.stories import HOME
from benchmarks.tables import Table, Wanted
from storage.warc.exchange import Exchange
from storage.warc.files import raw_records

TRAINED_BYTES = 110 * 1024  # zstd's own usual size
TRAINED_ON = 100  # pages

KEPT, COMPACT = "evidence as a crawl writes it (gzip)", "after `postscraper compact`"
_PARAGRAPH = re.compile(rb"(?<=<p>)[^<]{60,}(?=</p>)")

Packing = tuple[Callable[[bytes], bytes], int]  # and the bytes of its dictionary


def exchanges(count: int, samples: Path) -> Iterator[Exchange]:
    """Pages that came bare."""
    rng = random.Random(1992)
    for number, (path, page) in enumerate(pages(count, samples).items()):
        yield exchange(number, HOME + path, _PARAGRAPH.sub(lambda match: _shuffled(match[0], rng), page))


def _shuffled(text: bytes, rng: random.Random) -> bytes:
    words = text.split(b" ")
    rng.shuffle(words)
    return b" ".join(words)


def packings(records: list[bytes]) -> Mapping[str, Packing]:
    """records: those that dictionaries are made of, the first a page."""
    trained = zstandard.train_dictionary(TRAINED_BYTES, records).as_bytes()
    return {
        "gzip 9": (lambda record: gzip.compress(record, 9, mtime=0), 0),
        "zstd 3": (zstandard.ZstdCompressor(3).compress, 0),
        "zstd 19": (zstandard.ZstdCompressor(19).compress, 0),
        f"zstd 19, dictionary of {TRAINED_BYTES // 1024} kB trained on {TRAINED_ON} pages": _with(
            trained, zstandard.DICT_TYPE_AUTO
        ),
        "zstd 19, one earlier page": _with(records[0], zstandard.DICT_TYPE_RAWCONTENT),
    }


def _with(dictionary: bytes, kind: int) -> Packing:
    known = zstandard.ZstdCompressionDict(dictionary, dict_type=kind)
    known.precompute_compress(level=19)
    return zstandard.ZstdCompressor(19, known).compress, len(zstandard.ZstdCompressor(19).compress(dictionary))


def postscraper(*words: str) -> float:
    """Seconds that the command takes."""
    begun = time.perf_counter()
    subprocess.run([*POSTSCRAPER, *words], cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - begun


def size(archive: Path) -> int:
    return sum(path.stat().st_size for path in (archive / "evidence").glob("*.warc.*"))


def run(count: int, samples: Path) -> Table:
    with TemporaryDirectory() as name:
        work, archive = Path(name), Path(name) / "archive"
        write_file(work / "pages.warc.gz", exchanges(count, samples))
        postscraper("replay", str(work / "pages.warc.gz"), "--archive", str(archive))
        records = [piece.raw for piece in raw_records(work / "pages.warc.gz", _sound)]
        before = size(archive)
        spent = postscraper("compact", "--archive", str(archive))
        sizes = {KEPT: (before, 0.0), COMPACT: (size(archive), spent)}
        for packing, (pack, dictionary) in packings(records[1 : 1 + 2 * TRAINED_ON]).items():
            began = time.perf_counter()
            sizes[packing] = dictionary + sum(len(pack(record)) for record in records), time.perf_counter() - began
    rows = [
        (packing, f"{packed / count:,.0f}", f"{before / packed:.2f}", f"{1000 * took / count:.1f}" if took else "-")
        for packing, (packed, took) in sizes.items()
    ]
    bare = sum(map(len, records)) / count
    return Table(
        title="Evidence of pages of one design",
        columns=("packed by", "bytes a page", "x smaller than as written", "ms a page"),
        rows=rows,
        notes=(f"{count:,} pages, {bare:,.0f} bytes each with their records' heads and requests; wall time",),
        wanted=(Wanted(what="of gzip's bytes", figure=sizes[COMPACT][0] / before, bar=0.25, at_most=True),),
    )


def _sound(damage: object) -> None:
    raise ValueError(damage)
