"""Metadata and a plugin for Datasette, by which it shows the archive: titles, descriptions, facets, questions, search.

`write(folder)` writes `metadata.json` and `plugins/postscraper_search.py`. The plugin runs in Datasette's process and
imports this package: Datasette is the extra `datasette`, in the same environment.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storage.database.descriptions import TableDescription, described

METADATA, PLUGINS, PLUGIN = "metadata.json", "plugins", "postscraper_search.py"
DATABASE = "archive"  # Datasette names a database by its file

_LABELS = {"story": "canonical_url", "revision": "headline", "capture": "url", "ledger": "address"}
# Tables that a reader of the paper needs last.
_HIDDEN = ("replayed", "refusal", "payload", "enumeration", "family_link", "family_sketch", "reading")
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "article": {
        "facets": ["section", "language", "layout"],
        "sort_desc": "published_on",
        "fts_table": "words",
        "fts_pk": "revision_id",
    },
    "promotion": {"facets": ["list", "page_is"], "sort_desc": "captured_at"},
    "story": {"facets": ["section", "language"], "sort_desc": "published_on"},
    "revision": {"facets": ["layout"], "fts_table": "words", "fts_pk": "id"},
    "capture": {"facets": ["outcome", "reason", "source", "layout"], "sort_desc": "captured_at"},
    "ledger": {"facets": ["state", "kind", "why"]},
    "holding": {"facets": ["archive", "state", "why"]},
    "image": {"facets": ["credit"]},
    "family": {"facets": ["reason"]},
    "photo": {"facets": ["state", "mime"], "sort_desc": "captured_at"},
}

QUERIES: Mapping[str, Mapping[str, str]] = {
    "search": {
        "title": "Search in both languages",
        "description": "Headlines of stories with these words in any wording. ភាសាខ្មែរ and English, as in"
        ' `postscraper search`: "a phrase", rice -import, rice OR corn, export*.',
        "sql": """
            SELECT revision.headline, story.published_on, story.section, revision.byline, story.canonical_url
            FROM words
            JOIN revision ON revision.id = words.rowid
            JOIN story ON story.id = revision.story_id
            WHERE words MATCH query(:words)
            GROUP BY story.id
            ORDER BY story.published_on DESC, story.canonical_url
            LIMIT 500""",
    },
    "stories_by_year": {
        "title": "Stories by year and section",
        "description": "How many stories of each year and section the archive holds.",
        "sql": """
            SELECT substr(published_on, 1, 4) AS year, section, count(*) AS stories
            FROM article GROUP BY 1, 2 ORDER BY 1 DESC, 3 DESC""",
    },
    "edited": {
        "title": "Edited stories",
        "description": "Stories whose words changed, with the headlines that they have had.",
        "sql": """
            SELECT story.canonical_url, story.published_on, story.revisions, revision.number, revision.headline,
                   revision.first_captured_at
            FROM story JOIN revision ON revision.story_id = story.id
            WHERE story.revisions > 1
            ORDER BY story.published_on DESC, story.id, revision.number""",
    },
    "announced": {
        "title": "Where a story was announced",
        "description": "Pages, places and headlines, in the order of time; by its canonical address.",
        "sql": """
            SELECT captured_at, page_url, list, position, headline, summary
            FROM promotion WHERE address = :address ORDER BY captured_at, page_url, position""",
    },
    "families": {
        "title": "Families of stories",
        "description": "The same or nearly the same text, wire copies, twins in the other language.",
        "sql": """
            SELECT head.headline AS head, member.headline, family.reason, family.similarity, family.own_share,
                   member.published_on, member.canonical_url
            FROM family
            JOIN article AS head ON head.story_id = family.head_id
            JOIN article AS member ON member.story_id = family.story_id
            WHERE family.reason <> 'head'
            ORDER BY head.published_on, head.canonical_url, member.published_on""",
    },
    "captions": {
        "title": "Pictures and their captions",
        "description": "Captions with these words, and who took the picture.",
        "sql": """
            SELECT article.published_on, image.caption, image.credit, image.url, article.headline, article.canonical_url
            FROM image JOIN article ON article.revision_id = image.revision_id
            WHERE image.caption LIKE '%' || :words || '%'
            ORDER BY article.published_on DESC LIMIT 500""",
    },
    "addresses": {
        "title": "What became of the known addresses",
        "description": "Addresses by kind, state and reason.",
        "sql": "SELECT kind, state, why, count(*) AS addresses FROM ledger GROUP BY 1, 2, 3 ORDER BY 4 DESC",
    },
}

_PLUGIN = '''"""Search in English and Khmer; written by `postscraper datasette`."""

from datasette import hookimpl

from storage.query.search.sql import match_expression, register


@hookimpl(trylast=True)  # after Datasette's own escape_fts
def prepare_connection(conn, database):
    if database == "archive":
        register(conn)
        # The search boxes of tables call this one: it would leave Khmer words whole, which the index has in clusters.
        conn.create_function("escape_fts", 1, match_expression, deterministic=True)
'''


def metadata() -> dict[str, Any]:
    """As Datasette 0.65 reads it: https://docs.datasette.io/en/stable/metadata.html."""
    tables = {table.name: _table(table) for table in described()}
    queries = {name: {**query, "sql": _dedented(query["sql"])} for name, query in QUERIES.items()}
    return {
        "title": "Archive of a newspaper",
        "description": "Stories in every wording, where they were announced, and the captures that show it. "
        "The stories and pictures belong to the newspaper and their authors.",
        "databases": {
            DATABASE: {
                "description": "Begin with the views article and promotion, or with a question below.",
                "tables": tables,
                "queries": queries,
            }
        },
    }


def _table(table: TableDescription) -> dict[str, Any]:
    values: dict[str, Any] = {
        "title": f"{table.name}: {table.title}",
        "description": table.summary,
        "columns": {column.name: column.text for column in table.columns if column.text},
    }
    if table.name in _LABELS:
        values["label_column"] = _LABELS[table.name]
    if table.name in _HIDDEN:
        values["hidden"] = True
    return values | dict(_OPTIONS.get(table.name, {}))


def _dedented(sql: str) -> str:
    lines = sql.strip().splitlines()
    return "\n".join([lines[0].strip(), *(line.removeprefix(" " * 12) for line in lines[1:])])


def write(folder: Path) -> list[Path]:
    """Write metadata and plugin into a folder, which is made; the files. Raises OSError."""
    plugins = folder / PLUGINS
    plugins.mkdir(parents=True, exist_ok=True)
    written = folder / METADATA, plugins / PLUGIN
    written[0].write_text(json.dumps(metadata(), ensure_ascii=False, indent=2) + "\n", "utf-8")
    written[1].write_text(_PLUGIN, "utf-8")
    return [*written]
