"""Descriptions of all tables, views and columns, as the docstrings of the tables give them.

A docstring has its summary first. In its last paragraph each column is named before its description, several with one
description together: `width, height: in pixels.`
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import getdoc
from itertools import zip_longest

from sqlalchemy import create_engine

from storage.database.migrations.schema import create
from storage.database.schema import Table


@dataclass(frozen=True, slots=True)
class ColumnDescription:
    """kind: its type in SQLite. text: "" for a column without a description."""

    name: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class TableDescription:
    """A table or a view, with its columns in their order. summary: one sentence or a few."""

    name: str
    is_view: bool
    summary: str
    columns: tuple[ColumnDescription, ...]

    @property
    def title(self) -> str:
        """The first sentence."""
        return re.split(r"(?<=[.;])\s", self.summary, maxsplit=1)[0].rstrip(".;")


# Of columns that mean the same everywhere.
_COMMON: Mapping[str, str] = {
    "id": "number of the row",
    "story_id": "the story: `story.id`",
    "capture_id": "the capture: `capture.id`",
    "revision_id": "the revision: `revision.id`",
    "reading_id": "the reading: `reading.id`",
}
_VIEWS: Mapping[str, str] = {
    "article": "The newest wording of each story; the view that most questions begin with.",
    "promotion": "Every announcement of a story: which page, where on it, and in which words.",
    "search": "Every wording in the search index: docs/sql.md shows its use.",
}
_OF_VIEWS: Mapping[str, str] = {
    "page_url": "the page with the teaser: `capture.url`",
    "page_is": "article or listing: `capture.outcome`",
    "words": "compared by MATCH with a query of FTS5",
    "rank": "of a match; smaller is better",
}
# The tables whose columns views show, the nearest first.
_SOURCES = {
    "article": ("story", "revision"),
    "promotion": ("sighting", "capture", "story"),
    "search": ("search_row", "story", "revision"),
}
_INDEX = TableDescription(
    name="words",
    is_view=False,
    summary="The search index of all revisions, by `rowid`; it holds no text. A Khmer word is a phrase of clusters.",
    columns=tuple(
        ColumnDescription(name, "", text)
        for name, text in (
            ("headline", "words of the headline"),
            ("body", "words of kicker, standfirst and body"),
            ("captions", "words of the captions"),
            ("byline", "words of byline, authors and agency"),
        )
    ),
)


def described() -> list[TableDescription]:
    """Tables in the order of their names, the search index, then views; those of a new archive."""
    documents = {mapper.class_.__tablename__: getdoc(mapper.class_) or "" for mapper in Table.registry.mappers}
    names = {name: table.columns.keys() for name, table in Table.metadata.tables.items()}
    texts = {name: described_names(doc.split("\n\n")[-1], names[name]) for name, doc in documents.items()}
    tables, views = [], []
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        create(connection)
        query = "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name"
        for name, kind in connection.exec_driver_sql(query).all():
            columns = [(row[1], row[2]) for row in connection.exec_driver_sql(f"PRAGMA table_info({name})")]
            if kind == "view":
                sources = [_OF_VIEWS, *(texts[source] for source in _SOURCES.get(name, ()))]
                described = (_column(column, kind, sources) for column, kind in columns)
                views.append(TableDescription(name, True, _VIEWS.get(name, ""), tuple(described)))
            elif name in documents:
                summary = " ".join(documents[name].split("\n\n")[0].split())
                described = (_column(column, kind, [texts[name]]) for column, kind in columns)
                tables.append(TableDescription(name, False, summary, tuple(described)))
    engine.dispose()
    return [*tables, _INDEX, *views]


def _column(name: str, kind: str, sources: Sequence[Mapping[str, str]]) -> ColumnDescription:
    text = next((source[name] for source in sources if name in source), None) or _COMMON.get(name)
    if text is None and name.endswith("_capture_id"):
        text = f"the capture that `{name.removesuffix('_capture_id')}` was read from"
    return ColumnDescription(name, kind, text or "")


def described_names(paragraph: str, names: Iterable[str]) -> dict[str, str]:
    """What a paragraph says of each name, as `width, height: in pixels.` of two; only names that it has so."""
    text = " ".join(paragraph.split())
    any_name = "|".join(sorted(names, key=len, reverse=True))
    begins = list(re.finditer(rf"(?:^|(?<=\. ))((?:{any_name})(?:, (?:{any_name}))*): ", text))
    return {
        name: text[begin.end() : after.start() if after else len(text)].strip().rstrip(".")
        for begin, after in zip_longest(begins, begins[1:])
        for name in begin[1].split(", ")
    }
