"""Full-text search over every wording, English and Khmer in one index. SQLite only.

The index is fed by the batch, never by triggers: a trigger makes FTS5 write out its memory for every
row, and costs more than the rest of the batch. Rows are only added; a row whose revision is gone is
passed over, and `fill` builds the index anew.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select, text

from storage.entries import Said
from storage.errors import Unsupported
from storage.plain import day
from storage.snippets import snippet
from storage.tables import Reading, Revision
from storage.words import Term, asked, encodable, expression

# Ranking must score every hit: 1.4 s for a word that 500,000 stories share. Of so many hits the ones
# last archived are ranked: ten thousand take 35 ms.
MOST_RANKED = 10_000
# A hit in the headline says more of what a story is about than one in its body.
WEIGHTS = "10.0, 1.0, 2.0, 4.0"

ADD = "INSERT INTO words(rowid, headline, body, captions, byline) VALUES (?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One story found; its best revision. snippet: original text with the words found marked."""

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
    score: float


def add(connection: Connection, rows: list[tuple[int, str, str, str, str]]) -> None:
    """Index new revisions, all in one go."""
    if rows and connection.dialect.name == "sqlite":
        connection.exec_driver_sql(ADD, rows)


def newest_row(connection: Connection) -> int:
    """The highest number ever indexed: a number is never given to a second text."""
    if connection.dialect.name != "sqlite":
        return 0
    return connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM words_docsize").scalar_one()  # type: ignore[no-any-return]


_HITS = """
WITH hit AS MATERIALIZED (
    SELECT rowid AS id, bm25(words, {weights}) AS score FROM words WHERE words MATCH :asked AND rowid >= :oldest
), ranked AS (
    SELECT story.id AS story_id, canonical_url, section, published_on, same_words_as, newest_revision_id,
           hit.id AS revision_id, score,
           row_number() OVER (PARTITION BY story.id ORDER BY score, number DESC) AS place
    FROM hit JOIN revision ON revision.id = hit.id JOIN story ON story.id = revision.story_id
    WHERE 1 {conditions}
), best AS MATERIALIZED (
    SELECT * FROM ranked WHERE place = 1 ORDER BY score, canonical_url LIMIT :limit
)
SELECT best.*, number, headline, standfirst, body, byline,
       (SELECT group_concat(coalesce(caption_text, caption), char(10)) FROM image
        WHERE image.revision_id = best.revision_id) AS captions
FROM best JOIN revision ON revision.id = best.revision_id ORDER BY score, canonical_url
"""

_OLDEST = """
SELECT rowid FROM words WHERE words MATCH :asked ORDER BY rowid DESC LIMIT 1 OFFSET :most
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """since, until: days of publication, both included; a story without a day is in none.

    author: words of the byline. marks: put before and after each word found.
    """

    since: date | None = None
    until: date | None = None
    section: str | None = None
    author: str | None = None
    limit: int = 20
    marks: tuple[str, str] = ("[", "]")

    def conditions(self) -> str:
        found = ""
        if self.since is not None:
            found += " AND published_on >= :since"
        if self.until is not None:
            found += " AND published_on <= :until"
        if self.section is not None:
            found += " AND lower(section) = lower(:section)"
        return found

    def values(self) -> dict[str, Any]:
        days = {"since": self.since, "until": self.until}
        found: dict[str, Any] = {name: day.isoformat() for name, day in days.items() if day is not None}
        if self.section is not None:
            found["section"] = encodable(self.section)
        return found | {"limit": self.limit}


def search(connection: Connection, words: str, limits: Limits) -> list[Hit]:
    """Stories in which all the words occur, the best first; [] when `words` holds no word."""
    if connection.dialect.name != "sqlite":
        raise Unsupported("full-text search works on SQLite archives only")
    terms = asked(words)
    by = asked(limits.author or "")
    if not terms or (limits.author is not None and not by):
        return []
    question = expression(terms)
    if by:
        question = f"({question}) AND {{byline}} : ({expression(by)})"
    oldest = connection.execute(text(_OLDEST), {"asked": question, "most": MOST_RANKED - 1}).scalar()
    found = connection.execute(
        text(_HITS.format(weights=WEIGHTS, conditions=limits.conditions())),
        {"asked": question, "oldest": oldest or 0, **limits.values()},
    )
    return [_hit(row, terms, limits.marks) for row in found]


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


def fill(connection: Connection) -> int:
    """Build the index anew from the revisions; how many there are."""
    connection.exec_driver_sql("INSERT INTO words(words) VALUES ('delete-all')")
    revision, reading = Revision.__table__.c, Reading.__table__.c
    found = select(revision.id, reading.item).join(Reading, reading.id == revision.reading_id)
    count = 0
    rows = connection.execution_options(yield_per=1000).execute(found.order_by(revision.id))
    for some in rows.partitions():
        add(connection, [(revision_id, *Said.by(json.loads(item)).words) for revision_id, item in some])
        count += len(some)
    return count
