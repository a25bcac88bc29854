"""Counts of all stories that match, by year, section, author, language, design, and by what became of them."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from storage.query.search.filters import Filters
from storage.query.search.search import MATCHES, SINGLE, expression
from storage.query.search.spelling import EXACT, Spelling

# Authors are counted in the last archived wordings alone: in 850,000 they would take a second.
MOST_WITH_AUTHORS = 10_000

# Hits are counted by combinations of values, of which there are few, and these counts added up: one pass over the hits
# for all facets. The ids come as one text, which Python counts in three quarters of the time of GROUP BY, which sorts.
_IDS = f"""
SELECT group_concat({{column}}) FILTER (WHERE {SINGLE}),
       group_concat(DISTINCT {{column}} || ':' || story_id) FILTER (WHERE NOT ({SINGLE}))
"""
_LAST = f"FROM (SELECT search_row.* {MATCHES} ORDER BY words.rowid DESC LIMIT :most_with_authors)"
COUNTED = "FROM json_each(:counts) AS counted JOIN facets ON facets.id = counted.key"
_BY_VALUES = f"""
SELECT substr(month, 1, 4) AS year, section, language, layout, edited, corrected, sum(counted.value) AS stories
{COUNTED} GROUP BY 1, 2, 3, 4, 5, 6
"""
_BY_AUTHOR = """
SELECT name.value, sum(counted.value) AS stories, count(*) OVER () AS all_authors
FROM json_each(:counts) AS counted JOIN author_list ON author_list.id = counted.key, json_each(names) AS name
GROUP BY name.value ORDER BY stories DESC, name.value LIMIT :most_authors
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """Stories by value, the largest count first, years in their order; None: unknown.

    layouts: of the newest wording. authors: a story of several counts for each; the first `most_authors` of
    all_authors. stories_for_authors: in which authors are counted; fewer than `stories` for very common words, of which
    the MOST_WITH_AUTHORS last archived wordings count.
    edited: with a change by the paper, not by a redesign or damage alone. corrected: with a note of correction.
    """

    stories: int
    years: Mapping[int | None, int]
    sections: Mapping[str | None, int]
    languages: Mapping[str, int]
    layouts: Mapping[str, int]
    authors: Mapping[str, int]
    all_authors: int
    stories_for_authors: int
    edited: int
    corrected: int


def facets(
    connection: Connection, words: str, filters: Filters, spelling: Spelling = EXACT, *, most_authors: int = 20
) -> Facets:
    """Counts over all hits, ranked or not. Raises BadQuery, Unsupported."""
    query, _ = expression(connection, words, spelling)
    by_id = by_facets(connection, query, filters)
    by_list, last_stories = _counts(connection, "author_list_id", _LAST, query, filters)
    rows = connection.execute(text(_BY_VALUES), {"counts": json.dumps(by_id)}).all()
    counts: dict[str, Counter[Any]] = {name: Counter() for name in ("year", "section", "language", "layout")}
    for row in rows:
        for name, counter in counts.items():
            counter[getattr(row, name)] += row.stories
    years = sorted(counts["year"].items(), key=lambda each: (each[0] is None, each[0]))
    authors = connection.execute(text(_BY_AUTHOR), {"counts": json.dumps(by_list), "most_authors": most_authors}).all()
    return Facets(
        stories=by_id.total(),
        years={year and int(year): count for year, count in years},
        sections=_largest_first(counts["section"]),
        languages=_largest_first(counts["language"]),
        layouts=_largest_first(counts["layout"]),
        authors={name: int(count) for name, count, _ in authors},
        all_authors=authors[0].all_authors if authors else 0,
        stories_for_authors=last_stories,
        edited=sum(row.stories for row in rows if row.edited),
        corrected=sum(row.stories for row in rows if row.corrected),
    )


def by_facets(connection: Connection, query: str | None, filters: Filters) -> Counter[str]:
    """Stories that match, by the id of their row in `facets`; query: of FTS5, None for one without a word."""
    return _counts(connection, "facets_id", MATCHES, query, filters)[0]


def _counts(
    connection: Connection, column: str, matches: str, query: str | None, filters: Filters
) -> tuple[Counter[str], int]:
    """Stories by a column of `search_row`, one with several values under each of them; and how many stories."""
    if query is None:
        return Counter(), 0
    ids = text(f"{_IDS.format(column=column)} {matches.format(condition=filters.on_rows())}")
    values = {"query": query, "most_with_authors": MOST_WITH_AUTHORS, **filters.values()}
    single, others = (ids.split(",") if ids else [] for ids in connection.execute(ids, values).one())
    pairs = [each.split(":") for each in others]
    counts = Counter(single)
    counts.update(value for value, _ in pairs)
    return counts, len(single) + len({story for _, story in pairs})


def _largest_first(counts: Counter[Any]) -> dict[Any, int]:
    return dict(sorted(counts.items(), key=lambda each: (-each[1], str(each[0]))))
