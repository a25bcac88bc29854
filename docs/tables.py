"""Write docs/tables.md from the docstrings of the tables: `python -m docs.tables`."""

from collections.abc import Iterator
from pathlib import Path

from storage.database.descriptions import TableDescription, described

PAGE = Path(__file__).parent / "tables.md"
HEAD = """# Tables

Every table, view and column of `archive.db`, written by `make tables` from the docstrings in `storage/database/`.
Moments are ISO text in UTC (`2018-06-20T01:10:00+00:00`), in which text order is the order of time; days are ISO text.
Begin with the views `article` and `promotion`; open the file read-only while a crawl runs.
"""


def page() -> str:
    tables = described()
    return "\n".join([HEAD, *(line for table in tables for line in _section(table))])


def _section(table: TableDescription) -> Iterator[str]:
    yield f"## {table.name}{' (view)' if table.is_view else ''}\n"
    yield f"{table.summary}\n"
    yield "| column | type | |\n|---|---|---|"
    for column in table.columns:
        yield f"| `{column.name}` | {column.kind.lower()} | {column.text} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
