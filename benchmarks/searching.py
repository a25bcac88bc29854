"""Time of searches: the whole call, with ranking, joins and snippets of 20 stories; of facets, trends and counts."""

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from benchmarks.tables import Table, Wanted
from postscraper.items import Article
from storage.archive import Archive
from storage.query.history import edits
from storage.query.search.facets import facets
from storage.query.search.filters import Filters
from storage.query.search.search import Page, count, search
from storage.query.search.spelling import Spelling
from storage.query.search.text import CLUSTER, tokens_of
from storage.query.search.trend import trend

RARE_IN = 5  # stories
KHMER = "ភ្នំពេញ"  # Phnom Penh
QUERIES = 200
SEARCH_MILLISECONDS, SHOW_MILLISECONDS = 300, 200  # at most, of a hundred calls ninety-nine
SAMPLED = 2_000  # stories of which the words of queries are taken

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


def latencies(items: Sequence[Article], filled: Path) -> Table:
    """Percentiles over QUERIES queries; items: some of the archive's stories, whose words are searched for."""
    queries = queries_of(items)
    with Archive.open(filled, readonly=True) as archive:
        held = archive.ask(_stories)
        every = Filters()
        calls: dict[str, list[Callable[[], object]]] = {
            "search, best": [partial(archive.ask, search, each, every) for each in queries],
            "search, newest": [partial(archive.ask, search, each, every, Page(sort="newest")) for each in queries],
            "search, filtered": [
                partial(archive.ask, search, each, Filters(language="en", year=2012)) for each in queries
            ],
            "search, all forms": [
                partial(archive.ask, search, each, every, Page(), Spelling(forms=True)) for each in queries
            ],
            "count": [partial(archive.ask, count, each, every) for each in queries],
            "facets": [partial(archive.ask, facets, each, every) for each in queries],
            "trend by month": [partial(archive.ask, trend, [each], every, "month") for each in queries],
            "show": [partial(archive.story, 1 + number * held // QUERIES) for number in range(QUERIES)],
            "history": [partial(_history, archive, 1 + number * held // QUERIES) for number in range(QUERIES)],
            "stats": [archive.stats] * 20,
        }
        figures = {name: [_both(call) for call in of] for name, of in calls.items()}
    rows, wanted = [], []
    for name, times in figures.items():
        (wall, cpu) = zip(*times, strict=True)
        slowest = p99(cpu)
        rows.append((name, *(f"{figure:.1f}" for figure in (median(cpu), slowest, median(wall), p99(wall)))))
        bar = SHOW_MILLISECONDS if name in ("show", "history", "stats") else SEARCH_MILLISECONDS
        wanted.append(Wanted(what=f"ms of CPU, 99th percentile of {name}", figure=slowest, bar=bar, at_most=True))
    return Table(
        title=f"Searches in {held:,} stories",
        columns=("call", "CPU p50, ms", "CPU p99, ms", "wall p50, ms", "wall p99, ms"),
        rows=rows,
        notes=(
            f"{QUERIES} queries, the commonest words among them, each once, warm",
            "one thread that waits for no disk: its CPU time is the wall time of an idle machine",
        ),
        wanted=tuple(wanted),
    )


def _history(archive: Archive, story_id: int) -> object:
    return archive.ask(edits.of_story, archive.story(story_id).row.id)


def _stories(connection: object) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM story").scalar_one())  # type: ignore[attr-defined]


def p99(times: Sequence[float]) -> float:
    return quantiles(times, n=100, method="inclusive")[98]


def _both(call: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of wall time and of CPU time."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)


def _milliseconds(search: Callable[[], object]) -> float:
    begun = time.perf_counter()
    search()
    return 1000 * (time.perf_counter() - begun)


def _questions(items: Sequence[Article]) -> list[tuple[str, str]]:
    """Words picked by how many stories hold them: the same ones in every run over the same samples."""
    texts = [_WORD.findall(_text(item).lower()) for item in items if item.language == "en"]
    holding = Counter(word for text in texts for word in set(text))
    known = sorted((count, word) for word, count in holding.items() if len(word) > 4)
    rare = min(known, key=lambda each: (abs(each[0] - RARE_IN), each[1]))[1]
    common = known[-1][1]
    phrases = Counter(" ".join(text[at : at + 3]) for text in texts for at in range(0, len(text) - 3, 7))
    phrase = max(phrases, key=lambda each: (phrases[each], each))
    return [("rare word", rare), ("common word", common), ("phrase", f'"{phrase}"'), ("Khmer word", KHMER)]


def queries_of(items: Sequence[Article]) -> list[str]:
    """The commonest words of both languages, words by chance, phrases, pairs and alternatives."""
    chance = random.Random(QUERIES)
    english = [_WORD.findall(_text(item).lower()) for item in items if item.language == "en"]
    khmer = [
        [each for each in tokens_of(_text(item)) if CLUSTER.match(each)] for item in items if item.language == "km"
    ]
    common = _commonest(english, 40) + _commonest(khmer, 20)
    words = [chance.choice(chance.choice(english)) for _ in range(60)]
    pieces = ["".join(text[at : at + 3]) for text in chance.choices(khmer, k=20) for at in [len(text) // 2]]
    phrases = [f'"{" ".join(text[at : at + 2])}"' for text in chance.choices(english, k=30) for at in [len(text) // 3]]
    pairs = [" ".join(chance.sample(common[:40], 2)) for _ in range(15)]
    either = [" OR ".join(chance.sample(common[:40], 2)) for _ in range(15)]
    return [*common, *words, *pieces, *phrases, *pairs, *either][:QUERIES]


def _commonest(texts: Iterable[Sequence[str]], most: int) -> list[str]:
    return [word for word, _ in Counter(word for text in texts for word in set(text)).most_common(most)]


def _text(item: Article) -> str:
    return " ".join(block.text for block in item.body)
