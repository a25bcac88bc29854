"""Counts of all stories that match, by year, section, author, language, design, and by what became of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from storage.query.search.filters import Filters
from storage.query.search.search import MATCHES, expression
from storage.query.search.spelling import EXACT, Spelling

# Hits are counted by combinations of values, of which there are few, and these counts added up: one pass over the hits
# for all facets.
_BY_FACETS = """
SELECT month, section, language, layout, edited, corrected, stories
FROM (SELECT facets_id, count(DISTINCT story_id) AS stories {matches} GROUP BY facets_id)
JOIN facets ON facets.id = facets_id
"""
_BY_AUTHOR = """
SELECT name.value, sum(stories) AS stories, count(*) OVER () AS all_authors
FROM (SELECT author_list_id, count(DISTINCT story_id) AS stories {matches} GROUP BY author_list_id)
JOIN author_list ON author_list.id = author_list_id, json_each(names) AS name
GROUP BY name.value ORDER BY stories DESC, name.value LIMIT :most_authors
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """Stories by value, the largest count first, years in their order; None: unknown.

    layouts: of the newest wording. authors: a story of several counts for each; the first `most_authors`
    of all_authors.
    edited: with a change by the paper, not by a redesign or damage alone. corrected: with a note of correction.
    """

    stories: int
    years: Mapping[int | None, int]
    sections: Mapping[str | None, int]
    languages: Mapping[str, int]
    layouts: Mapping[str, int]
    authors: Mapping[str, int]
    all_authors: int
    edited: int
    corrected: int


def facets(
    connection: Connection, words: str, filters: Filters, spelling: Spelling = EXACT, *, most_authors: int = 20
) -> Facets:
    """Counts over all hits, ranked or not. Raises BadQuery, Unsupported."""
    query, _ = expression(connection, words, spelling)
    values = {"query": query, "most_authors": most_authors, **filters.values()}
    matches = MATCHES.format(condition=filters.on_rows())
    rows = connection.execute(text(_BY_FACETS.format(matches=matches)), values).all() if query else []
    authors = connection.execute(text(_BY_AUTHOR.format(matches=matches)), values).all() if query else []
    counts: dict[str, Counter[Any]] = {name: Counter() for name in ("month", "section", "language", "layout")}
    for row in rows:
        for name, counter in counts.items():
            counter[getattr(row, name)] += row.stories
    years: Counter[int | None] = Counter()
    for month, stories in counts["month"].items():
        years[int(month[:4]) if month else None] += stories
    return Facets(
        stories=sum(row.stories for row in rows),
        years=dict(sorted(years.items(), key=lambda each: (each[0] is None, each[0] or 0))),
        sections=_largest_first(counts["section"]),
        languages=_largest_first(counts["language"]),
        layouts=_largest_first(counts["layout"]),
        authors={name: int(stories) for name, stories, _ in authors},
        all_authors=authors[0].all_authors if authors else 0,
        edited=sum(row.stories for row in rows if row.edited),
        corrected=sum(row.stories for row in rows if row.corrected),
    )


def _largest_first(counts: Counter[Any]) -> dict[Any, int]:
    return dict(sorted(counts.items(), key=lambda each: (-each[1], str(each[0]))))
