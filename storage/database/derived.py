"""Tables made from other tables, for questions that would take too long without them."""

from datetime import date

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.schema import Table


class SearchRow(Table):
    """A revision in the search index, with what searches filter and count by, in a few bytes.

    To join the hits of a common word with `revision` and `story` reads the pages of all texts: the count of 85,000 hits
    took 180 ms, and takes 8 ms with this table. newest: the newest wording of its story. published_on: of the story.
    """

    __tablename__ = "search_row"

    revision_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    story_id: Mapped[int] = mapped_column(index=True)
    number: Mapped[int]
    newest: Mapped[bool]
    published_on: Mapped[date | None]
    facets_id: Mapped[int]
    author_list_id: Mapped[int]


class Facets(Table):
    """A combination of values that stories have in common: hits are counted by it, and its values added up.

    month: of publication, as 2018-06. layout: of the newest wording. edited: there is more than one wording.
    corrected: a wording has a note of correction.
    """

    __tablename__ = "facets"
    __table_args__ = (Index("ix_facets_values", "month", "section", "language", "layout", "edited", "corrected"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str | None]
    section: Mapped[str | None]
    language: Mapped[str]
    layout: Mapped[str]
    edited: Mapped[bool]
    corrected: Mapped[bool]


class AuthorList(Table):
    """The authors of one or more stories in their newest wording, as a JSON list."""

    __tablename__ = "author_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    names: Mapped[str] = mapped_column(unique=True)


# For queries by hand: every wording in the search index; docs/sql.md shows its use.
SEARCH_VIEW = """
CREATE VIEW search AS
SELECT words.words AS words, words.rank AS rank, search_row.revision_id, search_row.story_id, canonical_url, language,
       section, search_row.published_on, search_row.number, search_row.newest, revision.layout, revision.headline,
       revision.standfirst, revision.byline, revision.body
FROM words
JOIN search_row ON search_row.revision_id = words.rowid
JOIN revision ON revision.id = search_row.revision_id
JOIN story ON story.id = search_row.story_id
"""
