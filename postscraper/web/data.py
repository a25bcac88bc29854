"""Datasette under /data: every table of the archive, and questions in SQL, for reading only.

Its pages are kept apart by their path: they may have styles of their own, and no more scripts than the other pages.
"""

import os
import sqlite3
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from datasette import hookimpl
from datasette.app import Datasette
from datasette.plugins import pm

from postscraper.web.safety import App, Message, Receive, Scope, Send
from storage.query import datasette as archive_plugin

PATH = "/data"
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
LARGEST_VALUE = 20_000_000  # bytes that a question may make; the largest story has less than one million
_SETTINGS = {
    "base_url": f"{PATH}/",
    "sql_time_limit_ms": 1000,
    "facet_time_limit_ms": 500,
    "num_sql_threads": 2,
    "allow_download": False,
    "allow_csv_stream": False,
    "suggest_facets": False,
    "default_cache_ttl": 0,
}


# With rich it would print each wrong address, and all its variables, to the terminal.
pm.get_plugin("datasette.handle_exception").rich = None


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Called by Datasette, whose plugin this module is, for each of its connections."""
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)


class Tables:
    """Datasette over one database, as an ASGI application below PATH."""

    def __init__(self, database: Path) -> None:
        can_share = os.access(database.parent, os.W_OK)  # else SQLite cannot make the file that readers share
        with TemporaryDirectory() as folder:  # the plugin is loaded at once
            _, plugin = archive_plugin.write(Path(folder))
            datasette = Datasette(
                files=[str(database)] if can_share else [],
                immutables=[] if can_share else [str(database)],
                metadata={**archive_plugin.metadata(), "about": "Reading room", "about_url": "/"},
                plugins_dir=str(plugin.parent),
                settings=_SETTINGS,
            )
        if not pm.is_registered(sys.modules[__name__]):
            pm.register(sys.modules[__name__])
        self._app: App = datasette.app()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", POLICY.encode())]
            await send(message)

        await self._app(scope, receive, send_with_policy)
