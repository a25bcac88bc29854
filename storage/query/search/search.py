"""Full-text search over every wording, English and Khmer in one index. SQLite only.

The batch fills the index, not a trigger: that makes FTS5 flush its memory for every row, which costs more than the rest
of the batch. Rows of deleted revisions stay in the index until it is built anew; searches leave them out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal

from sqlalchemy import Connection, Row, text

from storage.database.engine import require_sqlite
from storage.database.values import day
from storage.query.search.filters import Filters
from storage.query.search.snippets import snippet
from storage.query.search.spelling import EXACT, Spelling
from storage.query.search.syntax import Term, parse

Sort = Literal["best", "newest", "oldest"]

# Ranking scores every hit, 1.4 s for a word of 500,000 stories: so only the last archived are ranked, 10,000 in 35 ms.
MOST_RANKED = 10_000
# More hits are not sorted by day, 0.8 s for 850,000: stories are looked up in their order, 20 µs each, a phrase 200 µs,
# until the page is full; first 8 for each hit up to the page's end, then 32. Beyond MOST_WALKED sorting is cheaper.
MOST_SORTED, WALKED, MOST_WALKED = 50_000, (8, 32), 5_000
# Of headline, body, captions, byline: a headline says best what a story is about.
WEIGHTS = "10.0, 1.0, 2.0, 4.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One matching story; its best revision, or by date its newest that matches.

    snippet: original text with the matches marked. score: smaller is better; None when sorted by date.
    updated_at: of the last change known: the first capture of a changed wording, else the moment of publication, the
    beginning of its day in UTC, or the first capture; None when no time is known.
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
    updated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of hits: `number` from 1, of `limit` stories. marks: put before and after each match."""

    sort: Sort = "best"
    limit: int = 20
    number: int = 1
    marks: tuple[str, str] = ("[", "]")


# CROSS: SQLite must begin with the index, however few rows it expects of the other table.
MATCHES = """
FROM words CROSS JOIN search_row ON search_row.revision_id = words.rowid WHERE words MATCH :query AND {condition}
"""
# The only wording of its story: most are, and to count them takes no set of stories.
SINGLE = "newest AND number = 1"
_STORIES = f"SELECT count(*) FILTER (WHERE {SINGLE}) + count(DISTINCT story_id) FILTER (WHERE NOT ({SINGLE}))"
_ARE_MORE = "SELECT 1 FROM words WHERE words MATCH :query LIMIT 1 OFFSET :most_sorted"
_RANKED = f"{_STORIES} FROM (SELECT search_row.* {MATCHES} ORDER BY words.rowid DESC LIMIT :most_ranked)"
_BEST = f"""
SELECT revision_id, story_id, number, newest, published_on, score FROM (
    SELECT *, row_number() OVER (PARTITION BY story_id ORDER BY score, number DESC) AS place FROM (
        SELECT search_row.*, bm25(words, {WEIGHTS}) AS score {MATCHES} ORDER BY words.rowid DESC LIMIT :most_ranked
    )
) WHERE place = 1
"""
_BY_DAY = f"""
SELECT revision_id, story_id, max(number) AS number, newest, published_on, NULL AS score {MATCHES} GROUP BY story_id
"""
# CROSS: SQLite must look up each of these stories in the index.
_WALKED = """
SELECT revision_id, story_id, max(number) AS number, newest, search_row.published_on, NULL AS score
FROM (SELECT id FROM story WHERE published_on IS NOT NULL AND {days} ORDER BY {day_order} LIMIT :walked) AS walked
CROSS JOIN search_row ON story_id = walked.id
CROSS JOIN words ON words.rowid = revision_id
WHERE words MATCH :query AND {condition} GROUP BY story_id
"""
_HITS = """
WITH page AS MATERIALIZED ({hits} ORDER BY {order} LIMIT :limit OFFSET :offset)
SELECT page.*, canonical_url, section, same_words_as, headline, standfirst, body, byline, published_at, first_seen_at,
       (SELECT first_captured_at FROM revision WHERE revisions > 1 AND id = newest_revision_id) AS changed_at,
       (SELECT group_concat(coalesce(caption_text, caption), char(10)) FROM image
        WHERE image.revision_id = page.revision_id) AS captions
FROM page JOIN story ON story.id = page.story_id JOIN revision ON revision.id = page.revision_id ORDER BY {page_order}
"""
_ORDER: dict[Sort, tuple[str, ...]] = {
    "best": ("score", "story_id"),
    "newest": ("published_on IS NULL", "published_on DESC", "story_id"),
    "oldest": ("published_on IS NULL", "published_on", "story_id"),
}


def search(
    connection: Connection, words: str, filters: Filters, page: Page = Page(), spelling: Spelling = EXACT
) -> list[Hit]:
    """Stories in which the words occur; [] when `words` holds no word. Raises BadQuery, Unsupported."""
    query, terms = expression(connection, words, spelling)
    if query is None:
        return []
    values = {"query": query, "limit": page.limit, "offset": page.limit * (page.number - 1), **filters.values()}
    values |= {"most_ranked": MOST_RANKED, "most_sorted": MOST_SORTED}
    order, page_order = (", ".join(prefix + term for term in _ORDER[page.sort]) for prefix in ("", "page."))

    def rows(hits: str, walked: int = 0) -> Sequence[Row[Any]]:
        day_order = "published_on DESC, id" if page.sort == "newest" else "published_on, id"
        hits = hits.format(condition=filters.on_rows(), days=filters.on_days(), day_order=day_order)
        statement = text(_HITS.format(hits=hits, order=order, page_order=page_order))
        return connection.execute(statement, values | {"walked": walked}).all()

    hits_on_page: Sequence[Row[Any]] = ()
    if page.sort != "best" and connection.execute(text(_ARE_MORE), values).scalar():
        for times in WALKED:
            walked = times * page.limit * page.number
            if walked <= MOST_WALKED and len(hits_on_page) < page.limit:
                hits_on_page = rows(_WALKED, walked)
    if len(hits_on_page) < page.limit:
        hits_on_page = rows(_BEST if page.sort == "best" else _BY_DAY)
    return [_hit(row, terms, page.marks) for row in hits_on_page]


def count(connection: Connection, words: str, filters: Filters, spelling: Spelling = EXACT) -> int:
    """How many stories match, ranked or not. Raises as `search` does."""
    query, _ = expression(connection, words, spelling)
    if query is None:
        return 0
    counted = text(f"{_STORIES} {MATCHES}".format(condition=filters.on_rows()))
    return int(connection.execute(counted, {"query": query, **filters.values()}).scalar_one())


def ranked(connection: Connection, words: str, filters: Filters, spelling: Spelling = EXACT) -> int:
    """How many of the stories are ranked: those of the MOST_RANKED last archived wordings. Raises as `search` does."""
    query, _ = expression(connection, words, spelling)
    if query is None:
        return 0
    last = text(_RANKED.format(condition=filters.on_rows()))
    return int(connection.execute(last, {"query": query, "most_ranked": MOST_RANKED, **filters.values()}).scalar_one())


def expression(connection: Connection, words: str, spelling: Spelling = EXACT) -> tuple[str | None, Sequence[Term]]:
    """The FTS5 expression, None without a word; and the terms that a snippet marks. Raises BadQuery, Unsupported."""
    require_sqlite(connection, "full-text search")
    query = parse(words, spelling)
    return (None, ()) if query is None else (query.expression(), list(query.terms()))


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
        newest=bool(row.newest),
        revision_id=row.revision_id,
        same_words_as=row.same_words_as,
        score=row.score,
        updated_at=_updated_at(row),
    )


def _updated_at(row: Row[Any]) -> datetime | None:
    moment: str | None = row.changed_at or row.published_at
    if moment is None and row.published_on is not None:
        return datetime.combine(date.fromisoformat(row.published_on), time(), UTC)
    moment = moment or row.first_seen_at
    return None if moment is None else datetime.fromisoformat(moment)
