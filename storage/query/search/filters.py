"""Filters of stories, the same for search, counts, trends and exports."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from storage.query.search.syntax import parse
from storage.query.search.text import encodable

# Without an index of corrections: an item that prints one in any of the story's wordings.
CORRECTED = """EXISTS (SELECT 1 FROM revision AS corrected JOIN reading ON reading.id = corrected.reading_id,
    json_each(reading.item, '$.body') AS block
    WHERE corrected.story_id = story.id AND json_extract(block.value, '$.kind') = 'correction')"""
EDITED = "story.revisions > 1"

_CONDITIONS = {
    "since": "story.published_on >= :since",
    "until": "story.published_on <= :until",
    "year": "story.published_on BETWEEN :first_of_year AND :last_of_year",
    "section": "lower(story.section) = lower(:section)",
    "language": "story.language = :language",
    "layout": "(SELECT layout FROM revision WHERE revision.id = story.newest_revision_id) = :layout",
    "author": """story.id IN (SELECT by_author.story_id FROM words
    JOIN revision AS by_author ON by_author.id = words.rowid WHERE words MATCH :author)""",
}
_NOTHING = "0"  # the condition of a byline without a word


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Limits of a selection of stories; None: any.

    since, until: days of publication, both included; year: of publication. Stories of unknown day are left out by
    each of them. section: as the paper names it, in any case. author: words of the byline in any wording, as in
    a search; SQLite alone. language: en or km. layout: of the newest wording. edited: with more than one wording.
    corrected: with a note of correction.
    """

    since: date | None = None
    until: date | None = None
    year: int | None = None
    section: str | None = None
    author: str | None = None
    language: str | None = None
    layout: str | None = None
    edited: bool | None = None
    corrected: bool | None = None

    def sql(self) -> str:
        """An SQL condition on the table `story`; "1" without a filter. Raises BadQuery."""
        conditions = [sql for name, sql in _CONDITIONS.items() if getattr(self, name) is not None]
        conditions += [
            sql if is_wanted else f"NOT {sql}"
            for sql, is_wanted in ((EDITED, self.edited), (CORRECTED, self.corrected))
            if is_wanted is not None
        ]
        if self.author is not None and parse(self.author) is None:
            return _NOTHING
        return " AND ".join(conditions) or "1"

    def values(self) -> dict[str, Any]:
        """The values of the parameters in `sql`, by name. Raises BadQuery."""
        byline = parse(self.author or "")
        values = {
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "section": encodable(self.section) if self.section is not None else None,
            "author": byline and f"{{byline}} : ({byline.expression()})",
            "language": self.language,
            "layout": self.layout,
        }
        if self.year is not None:
            values |= {"first_of_year": f"{self.year:04}-01-01", "last_of_year": f"{self.year:04}-12-31"}
        return {name: value for name, value in values.items() if value is not None}
