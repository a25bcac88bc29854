"""Search in English and Khmer; written by `postscraper datasette`."""

from datasette import hookimpl

from storage.query.search.sql import match_expression, register


@hookimpl(trylast=True)  # after Datasette's own escape_fts
def prepare_connection(conn, database):
    if database == "archive":
        register(conn)
        # The search boxes of tables call this one: it would leave Khmer words whole, which the index has in clusters.
        conn.create_function("escape_fts", 1, match_expression, deterministic=True)
