"""Full-text search over every wording, English and Khmer in one index. SQLite only.

The batch fills the index, not a trigger: that makes FTS5 flush its memory for every row, which costs more than the rest
of the batch. Rows of deleted revisions stay in the index until it is built anew; searches leave them out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import Connection, Row, text

from storage.database.engine import require_sqlite
from storage.database.values import day
from storage.query.search.snippets import snippet
from storage.query.search.syntax import Term, parse
from storage.query.search.text import encodable

Sort = Literal["best", "newest", "oldest"]

# Ranking scores every hit, 1.4 s for a word of 500,000 stories: so only the last archived are ranked, 10,000 in 35 ms.
MOST_RANKED = 10_000
# Of headline, body, captions, byline: a headline says best what a story is about.
WEIGHTS = "10.0, 1.0, 2.0, 4.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One matching story; its best revision, or by date its newest that matches.

    snippet: original text with the matches marked. score: smaller is better; None when sorted by date.
    """

    story_id: int
    canonical_url: str
    headline: str
    published_on: date | None
    section: str | None
    byline: str | None
    snippet: str
    revision: int
    newest: bool
    revision_id: int
    same_words_as: int | None
    score: float | None


_MATCHES = """
SELECT {columns} FROM words JOIN revision ON revision.id = words.rowid JOIN story ON story.id = revision.story_id
WHERE words MATCH :query {conditions}
"""
_COLUMNS = "words.rowid AS revision_id, revision.story_id, {score} AS score"
_HITS = """
WITH hit AS MATERIALIZED (
    {matches}
), place AS (
    SELECT hit.*, row_number() OVER (PARTITION BY hit.story_id ORDER BY score, number DESC) AS place
    FROM hit JOIN revision ON revision.id = hit.revision_id
), page AS MATERIALIZED (
    SELECT place.*, canonical_url, section, published_on, same_words_as, newest_revision_id
    FROM place JOIN story ON story.id = place.story_id WHERE place = 1
    ORDER BY {order} LIMIT :limit OFFSET :offset
)
SELECT page.*, number, headline, standfirst, body, byline,
       (SELECT group_concat(coalesce(caption_text, caption), char(10)) FROM image
        WHERE image.revision_id = page.revision_id) AS captions
FROM page JOIN revision ON revision.id = page.revision_id ORDER BY {order}
"""
_ORDER: dict[Sort, str] = {
    "best": "score, canonical_url",
    "newest": "published_on IS NULL, published_on DESC, canonical_url",
    "oldest": "published_on IS NULL, published_on, canonical_url",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """since, until: days of publication, both included, without stories of unknown day.

    author: words of the byline. marks: put before and after each match. page: from 1, of `limit` stories.
    """

    since: date | None = None
    until: date | None = None
    section: str | None = None
    author: str | None = None
    sort: Sort = "best"
    limit: int = 20
    page: int = 1
    marks: tuple[str, str] = ("[", "]")

    def conditions(self) -> str:
        given = {
            "published_on >= :since": self.since,
            "published_on <= :until": self.until,
            "lower(section) = lower(:section)": self.section,
        }
        return "".join(f" AND {condition}" for condition, value in given.items() if value is not None)

    def values(self) -> dict[str, Any]:
        return {
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "section": encodable(self.section or ""),
            "limit": self.limit,
            "offset": self.limit * (self.page - 1),
        }


def search(connection: Connection, words: str, limits: Limits) -> list[Hit]:
    """Stories in which the words occur; [] when `words` holds no word. Raises BadQuery, Unsupported."""
    query, terms = _query(connection, words, limits)
    if query is None:
        return []
    by_score = limits.sort == "best"
    values = {"query": query, **limits.values()}
    conditions = limits.conditions()
    if by_score:
        matches = _MATCHES.format(columns="words.rowid", conditions=conditions)
        last = f"{matches} ORDER BY words.rowid DESC LIMIT 1 OFFSET {MOST_RANKED - 1}"
        values["oldest"] = connection.execute(text(last), values).scalar() or 0
        conditions += " AND words.rowid >= :oldest"
    score = f"bm25(words, {WEIGHTS})" if by_score else "NULL"
    matches = _MATCHES.format(columns=_COLUMNS.format(score=score), conditions=conditions)
    rows = connection.execute(text(_HITS.format(matches=matches, order=_ORDER[limits.sort])), values)
    return [_hit(row, terms, limits.marks) for row in rows]


def count(connection: Connection, words: str, limits: Limits) -> int:
    """How many stories match, ranked or not. Raises as `search` does."""
    query, _ = _query(connection, words, limits)
    if query is None:
        return 0
    matches = _MATCHES.format(columns="count(DISTINCT revision.story_id)", conditions=limits.conditions())
    return int(connection.execute(text(matches), {"query": query, **limits.values()}).scalar_one())


def _query(connection: Connection, words: str, limits: Limits) -> tuple[str | None, Sequence[Term]]:
    """The FTS5 expression, None without a word; and the terms that a snippet marks."""
    require_sqlite(connection, "full-text search")
    query = parse(words)
    author = parse(limits.author or "")
    if query is None or (limits.author is not None and author is None):
        return None, ()
    expression = query.expression()
    if author is not None:
        expression = f"({expression}) AND {{byline}} : ({author.expression()})"
    return expression, list(query.terms())


def _hit(row: Row[Any], terms: Sequence[Term], marks: tuple[str, str]) -> Hit:
    return Hit(
        story_id=row.story_id,
        canonical_url=row.canonical_url,
        headline=row.headline,
        published_on=day(row.published_on),
        section=row.section,
        byline=row.byline,
        snippet=snippet([row.standfirst, row.body, row.captions, row.byline], terms, marks),
        revision=row.number,
        newest=row.revision_id == row.newest_revision_id,
        revision_id=row.revision_id,
        same_words_as=row.same_words_as,
        score=row.score,
    )
