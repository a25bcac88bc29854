"""Time of a search: the whole call, with ranking, joins and snippets of 20 stories."""

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.tables import Table
from postscraper.items import Article
from storage.archive import Archive

RARE_IN = 5  # stories
KHMER = "ភ្នំពេញ"  # Phnom Penh

_WORD = re.compile(r"[a-z]+")


def run(items: list[Article], filled: Path, *, rounds: int) -> Table:
    """filled: an archive that holds the items."""
    rows = []
    late = items[-max(1, len(items) // 10)].published_on
    with Archive.open(filled, readonly=True) as archive:
        for kind, words in _questions(items):
            found = len(archive.search(words, limit=len(items)))
            best = [_milliseconds(partial(archive.search, words)) for _ in range(rounds)]
            newest = [_milliseconds(partial(archive.search, words, since=late)) for _ in range(rounds)]
            rows.append((f"{kind}: {words}", f"{found:,}", f"{median(best):.2f}", f"{median(newest):.2f}"))
    return Table(
        title="Searches",
        columns=("question", "stories", "best 20, ms", "best 20 of the last tenth, ms"),
        rows=rows,
        notes=(f"the archive of {len(items):,} stories; wall time, warm, medians of {rounds}",),
    )


def _milliseconds(search: Callable[[], object]) -> float:
    begun = time.perf_counter()
    search()
    return 1000 * (time.perf_counter() - begun)


def _questions(items: Sequence[Article]) -> list[tuple[str, str]]:
    """Words picked by how many stories hold them: the same ones in every run over the same samples."""
    texts = [
        _WORD.findall(" ".join(block.text for block in item.body).lower()) for item in items if item.language == "en"
    ]
    holding = Counter(word for text in texts for word in set(text))
    known = sorted((count, word) for word, count in holding.items() if len(word) > 4)
    rare = min(known, key=lambda each: (abs(each[0] - RARE_IN), each[1]))[1]
    common = known[-1][1]
    phrases = Counter(" ".join(text[at : at + 3]) for text in texts for at in range(0, len(text) - 3, 7))
    phrase = max(phrases, key=lambda each: (phrases[each], each))
    return [("rare word", rare), ("common word", common), ("phrase", f'"{phrase}"'), ("Khmer word", KHMER)]
