"""Filters of stories, the same for search, counts, trends and exports. SQLite only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Literal, get_args

from sqlalchemy import Connection, text

from storage.query.search.syntax import parse
from storage.query.search.text import encodable

_OF_DAY = {"since": "search_row.published_on >= :since", "until": "search_row.published_on <= :until"}
_OF_FACETS = {
    "year": "month BETWEEN :first_month AND :last_month",
    "section": "lower(section) = lower(:section)",
    "language": "language = :language",
    "layout": "layout = :layout",
    "edited": "edited = :edited",
    "corrected": "corrected = :corrected",
}
_DAYS = _OF_DAY | {"year": "search_row.published_on BETWEEN :first_month AND :last_month || '-31'"}
# A twin tells the story in the other language, which a search for words of that language is for.
_UNIQUE = "search_row.story_id NOT IN (SELECT story_id FROM family WHERE reason NOT IN ('head', 'twin'))"
_BY_AUTHOR = """search_row.story_id IN (SELECT by_author.story_id FROM words
    JOIN search_row AS by_author ON by_author.revision_id = words.rowid WHERE words MATCH :author)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Limits of a selection of stories; None: any.

    since, until: days of publication, both included; year: of publication. Each leaves out the stories of unknown day.
    section: as the paper names it, in any case. author: words of the byline in any wording, as in a search.
    language: en or km. layout: of the newest wording. edited: changed by the paper, not by a redesign or damage alone.
    corrected: with a note of correction in any wording. unique: of a family of stories with nearly the same text, in
    one language, only its head; families are found by `postscraper families --find`. stories: only these, by number.
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
    unique: bool | None = None
    stories: tuple[int, ...] | None = None

    def sql(self) -> str:
        """An SQL condition on the table `story`; "1" without a filter. Raises BadQuery."""
        others = replace(self, since=None, until=None).on_rows()
        conditions = [sql.replace("search_row.", "story.") for sql in self._given(_OF_DAY)]
        if others != "1":
            conditions.append(f"story.id IN (SELECT story_id FROM search_row WHERE newest AND {others})")
        return " AND ".join(conditions) or "1"

    def on_rows(self) -> str:
        """An SQL condition on the table `search_row`; "1" without a filter. Raises BadQuery."""
        conditions = self._given(_OF_DAY)
        if self._given(_OF_FACETS):
            conditions.append(f"facets_id IN (SELECT id FROM facets WHERE {self.on_facets()})")
        if self.stories is not None:
            conditions.append("search_row.story_id IN (SELECT value FROM json_each(:stories))")
        if self.unique:
            conditions.append(_UNIQUE)
        if self.author is not None:
            conditions.append(_BY_AUTHOR if parse(self.author) else "0")  # no byline has a word that is none
        return " AND ".join(conditions) or "1"

    def on_facets(self) -> str:
        """An SQL condition on the table `facets`, by those filters that it has; "1" without one."""
        return " AND ".join(self._given(_OF_FACETS)) or "1"

    @property
    def are_of_facets(self) -> bool:
        """Whether the table `facets` has all that is filtered by."""
        return all(getattr(self, each.name) is None for each in fields(self) if each.name not in _OF_FACETS)

    def on_days(self) -> str:
        """An SQL condition on the table `story` by the days of publication alone; "1" without one."""
        return " AND ".join(sql.replace("search_row.", "story.") for sql in self._given(_DAYS)) or "1"

    def _given(self, conditions: Mapping[str, str]) -> list[str]:
        return [sql for name, sql in conditions.items() if getattr(self, name) is not None]

    def values(self) -> dict[str, Any]:
        """The values of the parameters in both conditions, by name. Raises BadQuery."""
        byline = parse(self.author or "")
        values = {
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "first_month": f"{self.year:04}-01" if self.year is not None else None,
            "last_month": f"{self.year:04}-12" if self.year is not None else None,
            "section": encodable(self.section) if self.section is not None else None,
            "author": byline and f"{{byline}} : ({byline.expression()})",
            "language": encodable(self.language) if self.language is not None else None,
            "layout": encodable(self.layout) if self.layout is not None else None,
            "edited": self.edited,
            "corrected": self.corrected,
            "stories": json.dumps(self.stories) if self.stories is not None else None,
        }
        return {name: value for name, value in values.items() if value is not None}


Named = Literal["section", "language", "layout"]


def names(connection: Connection) -> dict[Named, list[str]]:
    """The values that a filter may name, of any story, in their order."""
    of: tuple[Named, ...] = get_args(Named)
    rows = connection.execute(text(f"SELECT DISTINCT {', '.join(of)} FROM facets WHERE stories")).all()
    return {name: sorted({row[at] for row in rows} - {None}) for at, name in enumerate(of)}
