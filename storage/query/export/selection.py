"""A selection of stories for exports and packs."""

from dataclasses import dataclass, field, fields
from typing import Any

from storage.database.values import plain
from storage.query.search.filters import Filters
from storage.query.search.spelling import EXACT, Spelling
from storage.query.search.syntax import parse

_FOUND = """story.id IN (SELECT found.story_id FROM words
    JOIN revision AS found ON found.id = words.rowid WHERE words MATCH :words)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StorySelection:
    """The stories that pass the filters and in which words occur; without either every story.

    words: as in a search, in any wording of the story; None: any. spelling: of the words. SQLite alone.
    """

    words: str | None = None
    filters: Filters = field(default_factory=Filters)
    spelling: Spelling = EXACT

    @property
    def is_everything(self) -> bool:
        return self.words is None and self.filters == Filters()

    def sql(self) -> str:
        """An SQL condition on the table `story`. Raises BadQuery."""
        if self.words is None:
            return self.filters.sql()
        has_words = _FOUND if parse(self.words) else "0"  # a search without a word finds no story
        return f"{has_words} AND {self.filters.sql()}"

    def values(self) -> dict[str, Any]:
        """The values of the parameters in `sql`, by name. Raises BadQuery."""
        query = parse(self.words or "", self.spelling)
        return self.filters.values() | ({"words": query.expression()} if query else {})

    def described(self) -> dict[str, Any]:
        """What was asked for, by the names of the options; {} for every story."""
        given = {"words": self.words}
        given |= {each.name: getattr(self.spelling, each.name) or None for each in fields(Spelling)}
        given |= {each.name: getattr(self.filters, each.name) for each in fields(Filters)}
        return {name: plain(value) for name, value in given.items() if value is not None}
