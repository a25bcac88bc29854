"""Pages read per second on one core: `read`, with all fields of the item, beside parsers and extractors.

All get the bytes of the page, decode them themselves, and keep nothing. `read` gives every
field of the item with its problems, the digest of the body and the canonical addresses of all teasers;
the parsers give a tree; the selections, a list of strings; the extractors, headline and words.
"""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import parsel
import turbohtml

from benchmarks.selections import (
    lexbor_selects,
    lxml_parse,
    lxml_selects,
    parsel_selects,
    peer,
    turbohtml_selects,
)
from benchmarks.tables import Table, Wanted
from benchmarks.timing import Rates, cpu_rates, ratio
from postscraper.items import Capture
from postscraper.newspapers import POST
from postscraper.reading.read import read
from postscraper.sources import folder

OURS = "postscraper read, whole record"
LEXBOR = "selectolax (lexbor) parse + 12 selections"
TRAFILATURA = "trafilatura, with metadata"

Extractor = Callable[[Capture], Any]


def saved(pages: Path, kinds: tuple[str, ...], most: int | None) -> list[Capture]:
    """The first saved pages under a folder that are read as one of the kinds; [] without the folder."""
    captures = (folder.capture(page) for page in sorted(pages.rglob("*.html")))
    return list(islice((capture for capture in captures if read(capture, POST).type in kinds), most))


def run(name: str, captures: list[Capture], *, rounds: int, least_seconds: float) -> Table:
    """name: of the set of pages."""
    extractors, missing = _extractors()
    passes = {each: partial(_over, captures, extract) for each, extract in extractors.items()}
    rates = cpu_rates(passes, rounds=rounds, least_seconds=least_seconds)
    size = sum(len(capture.body) for capture in captures) / len(captures) / 1000
    notes: tuple[str, ...] = (
        f"{len(captures)} pages of {size:.0f} kB in the mean; medians of {rounds} rounds in turn; CPU time",
    )
    if missing:
        notes += (f"not installed, so not measured: {', '.join(missing)}",)
    return Table(
        title=f"Reading pages: {name}",
        columns=("program", "pages/s", "ms a page", "x trafilatura", "x lexbor + 12"),
        rows=_rows(rates),
        notes=notes,
        wanted=_wanted(rates),
    )


def _over(captures: list[Capture], extract: Extractor) -> int:
    for capture in captures:
        extract(capture)
    return len(captures)


def _rows(rates: Rates) -> list[tuple[str, ...]]:
    rows = []
    for name, own in sorted(rates.items(), key=lambda pair: -median(pair[1])):
        rate = median(own)
        ratios = (f"{ratio(own, rates[other]):.2f}" if other in rates else "-" for other in (TRAFILATURA, LEXBOR))
        rows.append((name, f"{rate:,.0f}", f"{1000 / rate:.2f}", *ratios))
    return rows


def _wanted(rates: Rates) -> tuple[Wanted, ...]:
    bars = ((TRAFILATURA, 15, "times trafilatura with metadata"), (LEXBOR, 0.5, "of lexbor's parse and select"))
    return tuple(
        Wanted(what=what, figure=ratio(rates[OURS], rates[other]), bar=bar)
        for other, bar, what in bars
        if other in rates
    )


def _extractors() -> tuple[dict[str, Extractor], list[str]]:
    """The programs by name, and the names of those that are not installed."""
    extractors: dict[str, Extractor] = {
        OURS: lambda capture: read(capture, POST),
        "turbohtml parse": lambda capture: turbohtml.parse(capture.body.decode()),
        "turbohtml parse + 12 selections": lambda capture: turbohtml_selects(capture.body),
        "lxml.html parse": lambda capture: lxml_parse(capture.body),
        "lxml.html parse + 12 compiled selections": lambda capture: lxml_selects(capture.body),
        "parsel parse": lambda capture: parsel.Selector(capture.body.decode()).root,
        "parsel parse + 12 selections": lambda capture: parsel_selects(capture.body),
    }
    missing = []
    for module, make in _PEERS.items():
        program = peer(module)
        if program is None:
            missing.append(module)
        else:
            extractors |= make(program)
    return extractors, missing


def _selectolax(lexbor: Any) -> Mapping[str, Extractor]:
    parse = lexbor.LexborHTMLParser
    return {
        "selectolax (lexbor) parse": lambda capture: parse(capture.body),
        LEXBOR: lambda capture: lexbor_selects(capture.body, parse),
    }


def _trafilatura(trafilatura: Any) -> Mapping[str, Extractor]:
    return {
        TRAFILATURA: lambda capture: trafilatura.bare_extraction(
            capture.body.decode(), url=capture.url, with_metadata=True
        )
    }


def _newspaper(newspaper: Any) -> Mapping[str, Extractor]:
    def extract(capture: Capture) -> Any:
        article = newspaper.Article(capture.url, fetch_images=False)
        article.download(input_html=capture.body.decode())
        article.parse()
        return article.title, article.authors, article.publish_date, article.text

    return {"newspaper4k": extract}


def _readability(readability: Any) -> Mapping[str, Extractor]:
    def extract(capture: Capture) -> Any:
        document = readability.Document(capture.body.decode())
        return document.short_title(), document.summary()

    return {"readability-lxml": extract}


def _resiliparse(extracting: Any) -> Mapping[str, Extractor]:
    return {
        "resiliparse main content": lambda capture: extracting.extract_plain_text(
            capture.body.decode(), main_content=True
        )
    }


_PEERS: Mapping[str, Callable[[Any], Mapping[str, Extractor]]] = {
    "selectolax.lexbor": _selectolax,
    "trafilatura": _trafilatura,
    "newspaper": _newspaper,
    "readability": _readability,
    "resiliparse.extract.html2text": _resiliparse,
}
