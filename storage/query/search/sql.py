"""Search in plain SQL: the function `query` of the program's connections, and statements for any SQLite program.

The view `search` has every wording that is searched, in both languages, and takes a full-text expression of SQLite's:
`SELECT headline FROM search WHERE words MATCH query('ភ្នំពេញ -ទឹក')`. Where `query` is not defined, `statement` gives the
expression ready to paste (docs/sql.md).
"""

import sqlite3

from sqlalchemy import Connection, text

from storage.query.search.filters import Filters
from storage.query.search.search import expression
from storage.query.search.spelling import EXACT, Spelling
from storage.query.search.syntax import parse

_NOTHING = '""'  # matches no row
_STATEMENT = """
SELECT story_id, canonical_url, published_on, section, headline
FROM search
WHERE words MATCH :query{condition}
GROUP BY story_id
ORDER BY published_on DESC, story_id
"""
_FILTERED = "\n  AND revision_id IN (SELECT revision_id FROM search_row WHERE {condition})"


def register(connection: sqlite3.Connection) -> None:
    """Define `query(words)` on a connection: words as a person types them, as an expression for MATCH."""
    connection.create_function("query", 1, match_expression, deterministic=True)


def match_expression(words: str | None) -> str:
    """The expression of words; for no words one that matches nothing. Raises BadQuery."""
    query = parse(words or "")
    return _NOTHING if query is None else query.expression()


def statement(connection: Connection, words: str, filters: Filters, spelling: Spelling = EXACT) -> str:
    """A SELECT of a row a story, with all values in it. Raises BadQuery, Unsupported."""
    condition = filters.on_rows()
    filtered = "" if condition == "1" else _FILTERED.format(condition=condition)
    values = {"query": expression(connection, words, spelling)[0] or _NOTHING, **filters.values()}
    bound = text(_STATEMENT.format(condition=filtered)).bindparams(**values)
    compiled = bound.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    return f"{str(compiled).strip()};"
