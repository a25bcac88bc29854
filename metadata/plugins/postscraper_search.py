"""Search in English and Khmer; written by `postscraper datasette`."""

from datasette import hookimpl

from storage.query.search.syntax import parse


def expression(words):
    """Words as a person types them, as an expression of FTS5; for no words one that matches nothing."""
    found = parse(words or "")
    return '""' if found is None else found.expression()


@hookimpl(trylast=True)  # after Datasette's own escape_fts
def prepare_connection(conn, database):
    if database == "archive":
        conn.create_function("query", 1, expression, deterministic=True)
        # The search boxes of tables call this one: it would leave Khmer words whole, which the index has in clusters.
        conn.create_function("escape_fts", 1, expression, deterministic=True)
