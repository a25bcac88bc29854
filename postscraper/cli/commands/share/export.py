"""`postscraper export`: stories, revisions, teasers, pictures and changes, for other programs."""

from functools import partial
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO

import click
from sqlalchemy import Connection

from postscraper import __version__
from postscraper.cli import files, options
from postscraper.cli.commands.share.selections import selecting, version_of
from postscraper.cli.output import as_json, counted, line, note, print_json
from postscraper.cli.stories import picture_keys
from postscraper.errors import BadRequest
from postscraper.items import plain
from storage.archive import Archive
from storage.evidence.copies import copies
from storage.query.export import export, warc
from storage.query.export.csv_table import BOM
from storage.query.export.datasheet import Datasheet, Written, as_data, as_text, datasheet
from storage.query.export.export import FORMATS
from storage.query.export.records import KINDS, Kind
from storage.query.export.selection import StorySelection
from storage.warc.exchange import Damage

SOFTWARE = f"postscraper {__version__}"
_ENDINGS = ", ".join(endings[0] for endings in (form.endings for form in FORMATS.values()))


@click.command("export")
@click.argument("out", type=files.OUTPUT, required=False)
@click.option("-o", "--output", type=files.OUTPUT, hidden=True, help="The same as OUT.")
@click.option("--of", "kind", type=click.Choice(KINDS), default="stories", show_default=True, help="The records.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="As the file's name ends, if not given.")
@click.option("--bom", is_flag=True, help="Begin the CSV with a byte order mark, by which Excel knows UTF-8.")
@options.json
@options.reading
@selecting
def export_command(
    out: Path | None,
    output: Path | None,
    kind: Kind,
    form: str | None,
    bom: bool,
    json_wanted: bool,
    selection: StorySelection,
    archive: Archive,
) -> None:
    """Write a record for every story, revision, teaser, picture or change into the file OUT.

    OUT ends in .jsonl, .csv, .parquet (needs the extra `parquet`), .tei.xml, .jsonld or .warc.gz, or --format names the
    format. Beside OUT come OUT.datasheet.md and OUT.datasheet.json: what is inside, dates, gaps, designs, and how often
    each field has a value. Without OUT, or for -, the records go to standard output, without a sheet. A file is
    written whole or not at all.

    In CSV a text that a spreadsheet would take for a formula has an apostrophe in front; docs/exports.md has the rule
    by which the exact text comes back.

    \b
    Example:
      postscraper export stories.csv --since 2018 --section Business
    """
    target = out or output or files.STDOUT
    if target == files.STDOUT and json_wanted:
        raise BadRequest("--json prints the data sheet; the records need a file: name OUT")
    form = _form(target, form, kind, bom=bom)
    with files.whole(target) as stream:
        if bom:
            stream.write(BOM)
        sheet = archive.ask(partial(_write, archive=archive, out=stream, form=form, kind=kind, selection=selection))
    is_kept = target != files.STDOUT and target.is_file()  # a pipe or a device has no place for a sheet beside it
    data = _save_sheet(sheet, target) if is_kept else plain(as_data(sheet))
    if json_wanted:
        print_json(data)
        return
    for sentence in sheet.left_out:
        note(f"left out: {sentence}")
    if not sheet.records:
        note(f"No {_singular(kind)} matches the selection.")
    if target != files.STDOUT:
        line(f"{target}: {_counted(sheet)}")


def _form(target: Path, form: str | None, kind: Kind, *, bom: bool) -> str:
    """The format that was named, else that of the file's ending. Raises BadRequest, BadQuery."""
    form = form or export.format_of(target.name)
    if form is None and target == files.STDOUT:
        raise BadRequest(f"standard output needs --format: {', '.join(FORMATS)}")
    if form is None:
        raise BadRequest(f"no format ends so; OUT ends in {_ENDINGS}, or name one with --format")
    export.check_kind(form, kind)
    if bom and form != "csv":
        raise BadRequest("--bom is for CSV alone")
    return form


def _write(
    connection: Connection, *, archive: Archive, out: BinaryIO, form: str, kind: Kind, selection: StorySelection
) -> Datasheet:
    """Write the records; return their data sheet, from the same snapshot."""
    left_out: list[Damage] = []
    if form == "warc":
        if kind == "pictures":
            locations = warc.picture_locations(connection, selection, picture_keys(archive))
        else:
            locations = warc.locations(connection, kind, selection)
        count = sum(1 for copy in copies(archive.evidence, locations, left_out.append) if out.write(copy.packed))
        filled = {}
    else:
        written = export.write(connection, out, form, kind, selection)
        count, filled = written.count, dict(written.filled)
    return datasheet(
        connection,
        kind,
        selection,
        form=form,
        records=count,
        filled=filled,
        software=SOFTWARE,
        version_of=version_of,
        left_out=list(map(str, left_out)),
    )


def _counted(sheet: Datasheet) -> str:
    if sheet.format == "warc":
        return counted(sheet.records, "record")
    return counted(sheet.records, _singular(sheet.of), sheet.of)


def _singular(kind: Kind) -> str:
    return "story" if kind == "stories" else kind.removesuffix("s")


def _save_sheet(sheet: Datasheet, target: Path) -> dict[str, object]:
    """Write the sheet beside the file, as Markdown and JSON; the JSON."""
    with target.open("rb") as stream:
        digest = file_digest(stream, "sha256").hexdigest()
    written = Written(file=target.name, sha256=digest, bytes=target.stat().st_size)
    data: dict[str, object] = plain(as_data(sheet, written))
    beside = target.with_name(f"{target.name}.datasheet.md")
    beside.write_text(as_text(sheet, target.name, written), "utf-8")
    beside.with_suffix(".json").write_bytes(as_json(data))
    return data
