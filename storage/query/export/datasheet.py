"""Data sheet of an export or a pack: contents, dates, gaps, designs, and how often each field has a value."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from storage.database.schema import SCHEMA
from storage.query.export.records import COLUMNS, Kind, source
from storage.query.export.selection import StorySelection
from storage.query.statistics import gaps

LICENCE = (
    "The texts and pictures belong to the newspaper and their authors. No licence is given with this copy: "
    "publishing it or passing it on needs the newspaper's leave."
)
_DESIGN: Mapping[Kind, str] = {"teasers": "capture.layout"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Datasheet:
    """Counts of one export; every one is a count of SQL over the archive.

    of, records: the kind of record, and how many were written. selection: the filters; {} for everything.
    stories, revisions: of the selection. first_on, last_on: days of publication; stories_without_day have none.
    gaps: spans of days without a story, both ends included. first_seen_at, last_seen_at: of its captures.
    designs: records by the layout that read them. layout_versions: by layout, of the program that wrote the sheet.
    filled: records in which a field has a value, by field; {} where records have no fields.
    left_out: what could not be written, a sentence each.
    """

    of: Kind
    format: str
    records: int
    selection: dict[str, Any]
    stories: int
    revisions: int
    first_on: date | None
    last_on: date | None
    stories_without_day: int
    gaps: list[tuple[date, date]]
    first_seen_at: str | None
    last_seen_at: str | None
    stories_by_year: dict[str, int]
    stories_by_section: dict[str, int]
    stories_by_language: dict[str, int]
    designs: dict[str, int]
    layout_versions: dict[str, str]
    filled: dict[str, int]
    left_out: list[str]
    software: str
    schema: str
    licence: str


def datasheet(
    connection: Connection,
    kind: Kind,
    selection: StorySelection,
    *,
    form: str,
    records: int,
    filled: Mapping[str, int],
    software: str,
    version_of: Callable[[str], str],
    left_out: list[str],
) -> Datasheet:
    """The sheet of an export that was written from this snapshot of the archive.

    version_of: the version of a layout. Raises BadQuery, Unsupported.
    """
    designs = _counts(connection, _DESIGN.get(kind, "revision.layout"), source(connection, kind, selection), selection)
    return Datasheet(
        of=kind,
        format=form,
        records=records,
        selection=selection.described(),
        **_of_stories(connection, selection),
        designs=designs,
        layout_versions={name: version_of(name) for name in designs if name},
        filled={name: filled.get(name, 0) for name in COLUMNS[kind]} if filled else {},
        left_out=left_out,
        software=software,
        schema=SCHEMA,
        licence=LICENCE,
    )


_TOTALS = """
SELECT count(*) AS stories, coalesce(sum(revisions), 0) AS revisions,
       coalesce(sum(published_on IS NULL), 0) AS stories_without_day,
       min(first_seen_at) AS first_seen_at, max(last_seen_at) AS last_seen_at
"""


def _of_stories(connection: Connection, selection: StorySelection) -> dict[str, Any]:
    """The fields of the sheet that are of the selected stories, whatever the kind of record."""
    stories = f"FROM story WHERE {selection.sql()}"
    totals = connection.execute(text(f"{_TOTALS} {stories}"), selection.values()).mappings().one()
    dated = text(f"SELECT DISTINCT published_on {stories} AND published_on IS NOT NULL ORDER BY 1")
    days = [date.fromisoformat(each) for each in connection.execute(dated, selection.values()).scalars()]
    return {
        **totals,
        "first_on": days[0] if days else None,
        "last_on": days[-1] if days else None,
        "gaps": list(gaps(days)),
        "stories_by_year": _counts(connection, "substr(published_on, 1, 4)", stories, selection, "1"),
        "stories_by_section": _counts(connection, "section", stories, selection),
        "stories_by_language": _counts(connection, "language", stories, selection),
    }


def _counts(
    connection: Connection, column: str, rows: str, selection: StorySelection, order: str = "2 DESC, 1"
) -> dict[str, int]:
    """Rows of the selection by the values of a column, the largest count first; '' for none."""
    query = text(f"SELECT coalesce({column}, ''), count(*) {rows} GROUP BY 1 ORDER BY {order}")
    return dict(iter(connection.execute(query, selection.values())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The file of a sheet; sha256: in hex."""

    file: str
    sha256: str
    bytes: int


def as_text(sheet: Datasheet, title: str, written: Written | None = None) -> str:
    """The sheet as Markdown; written: None for a sheet inside of what it describes."""
    selection = ", ".join(f"{name}: {value}" for name, value in sheet.selection.items()) or "everything"
    span = f"{sheet.first_on} to {sheet.last_on}" if sheet.first_on else "no story has a day"
    lines = [
        f"# Data sheet of {_line(title)}",
        "",
        f"- Contents: {sheet.records:,} {sheet.of}, as {sheet.format}",
        f"- StorySelection: {_line(selection)}",
        f"- Stories: {sheet.stories:,}, with {sheet.revisions:,} revisions",
        f"- Days of publication: {span}; without a day: {sheet.stories_without_day:,}",
        f"- Captured: {sheet.first_seen_at or 'unknown'} to {sheet.last_seen_at or 'unknown'}",
        f"- Written by: {sheet.software}, from an archive of schema {sheet.schema}",
        *([f"- SHA-256 of the file: {written.sha256}, {written.bytes:,} bytes"] if written else []),
        f"- Licence: {sheet.licence}",
        "",
    ]
    lines += _table("Stories by year", "year", sheet.stories_by_year)
    lines += _table("Stories by section", "section", sheet.stories_by_section)
    lines += _table("Stories by language", "language", sheet.stories_by_language)
    lines += _table(f"Designs: {sheet.of} by layout", "layout", sheet.designs)
    if sheet.layout_versions:
        lines += ["## Versions of the layouts", "", "| layout | version |", "|---|---|"]
        lines += [*(f"| {name} | {version} |" for name, version in sheet.layout_versions.items()), ""]
    if sheet.filled:
        lines += ["## Fields", "", f"| field | {sheet.of} with a value | share |", "|---|---:|---:|"]
        shares = {name: count / sheet.records if sheet.records else 0 for name, count in sheet.filled.items()}
        lines += [*(f"| {name} | {count:,} | {shares[name]:.1%} |" for name, count in sheet.filled.items()), ""]
    lines += ["## Gaps: days without a story", ""]
    lines += [f"- {first} to {last}, {(last - first).days + 1:,} days" for first, last in sheet.gaps] or ["None."]
    if sheet.left_out:
        lines += ["", "## Left out", "", *(f"- {_line(each)}" for each in sheet.left_out)]
    return "\n".join(lines) + "\n"


def as_data(sheet: Datasheet, written: Written | None = None) -> dict[str, Any]:
    """The same as data for JSON; days as such."""
    return (asdict(written) if written else {}) | asdict(sheet)


def _table(title: str, column: str, counts: Mapping[str, int]) -> list[str]:
    rows = [f"| {_line(name) or '(none)'} | {count:,} |" for name, count in counts.items()]
    return [f"## {title}", "", f"| {column} | count |", "|---|---:|", *rows, ""]


def _line(words: str) -> str:
    """Words of the paper on one line of a table, without marks that Markdown or HTML would take for theirs."""
    words = " ".join(words.split())
    return "".join(
        f"\\{sign}" if sign in "|\\`*_[]<>#&" else sign for sign in words if sign.isprintable() or ord(sign) > 159
    )
