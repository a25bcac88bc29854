"""Pack of a selection: one WACZ file with pages, index, full text, the database, a reader page and a README.

Web archive players read the pages, SQLite the database, and people the reader; `Archive.open` reads it, too.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, text

from storage.archive import Archive
from storage.database.packed import DATABASE_MEMBER
from storage.database.values import dumped, plain
from storage.evidence.copies import copies
from storage.maintenance.pack import cdx
from storage.maintenance.pack.contents import scripts
from storage.maintenance.pack.database import as_one_file, copy_selection, editing
from storage.maintenance.pack.package import Package
from storage.query.export.datasheet import LICENCE, Datasheet, as_data, as_text, datasheet
from storage.query.export.export import Counted
from storage.query.export.records import records
from storage.query.export.selection import StorySelection
from storage.warc.exchange import Damage, RecordLocation
from storage.warc.parser import BadRecord

WARC = "pages.warc.gz"
_INDEX = "index.cdx.gz"
_READER = Path(__file__).parent / "reader"
_RECORDS = """
SELECT DISTINCT evidence_file, evidence_offset, evidence_length FROM capture
WHERE evidence_file IS NOT NULL ORDER BY 1, 2
"""
_PAGES = """
SELECT revision.id, capture.url, capture.captured_at, revision.headline, revision.kicker, revision.standfirst,
       revision.byline, revision.body
FROM revision JOIN story ON story.id = revision.story_id JOIN capture ON capture.id = revision.capture_id
WHERE capture.evidence_file IS NOT NULL AND capture.captured_at IS NOT NULL
ORDER BY story.canonical_url, revision.number
"""
_READ_ME = (Path(__file__).parent / "README.txt").read_text("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Counts of a pack. records: in the WARC file; pages: in the list of pages, one a revision that can be replayed.

    left_out: records that could not be copied, a sentence each.
    """

    stories: int
    revisions: int
    captures: int
    records: int
    pages: int
    bytes: int
    left_out: list[str]


def pack(
    archive: Archive,
    out: Path,
    selection: StorySelection,
    *,
    software: str,
    version_of: Callable[[str], str],
    on_progress: Callable[[int, int], object] = lambda _done, _total: None,
) -> Packed:
    """Write the pack, whole or not at all.

    version_of: the version of a layout.
    on_progress: called with the records copied so far, and those that there are without requests.
    Raises ArchiveError, OSError.
    """
    evidence = archive.evidence  # raises before anything is written
    part = out.with_name(f"{out.name}.part")
    part.unlink(missing_ok=True)
    try:
        with TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as temporary:
            folder = Path(temporary)
            copy_selection(archive, folder, selection)
            with Package(part) as package:
                count, left_out = _add_pages(package, evidence, folder, on_progress)
                with Archive.open(folder, readonly=True) as copy:
                    sheet = copy.ask(_sheet, selection, software, version_of, list(map(str, left_out)))
                    packed = replace(copy.ask(_add_texts, package, sheet), records=count)
                with (
                    package.member(DATABASE_MEMBER, compressed=False) as member,
                    as_one_file(folder).open("rb") as file,
                ):
                    copyfileobj(file, member, 2**20)
                package.close(_title(packed), LICENCE, software)
        part.replace(out)
    except OSError as error:
        if out.name in str(error.filename):  # a file in the making, which nobody named
            error.filename = str(out)
        raise
    finally:
        part.unlink(missing_ok=True)
    return replace(packed, bytes=out.stat().st_size)


def _add_pages(
    package: Package, evidence: Path, folder: Path, on_progress: Callable[[int, int], object]
) -> tuple[int, list[Damage]]:
    """Copy the records of the captures, index them, and let the rows name their new places; how many records.

    Rows whose record could not be copied name none any more.
    """
    left_out: list[Damage] = []
    count = 0
    with editing(folder) as copy:
        copy.execute("CREATE TEMP TABLE moved (file, offset, place, length, PRIMARY KEY (file, offset))")
        copy.execute("CREATE TEMP TABLE line (line TEXT PRIMARY KEY) WITHOUT ROWID")
        copy.execute("BEGIN")
        total = copy.execute(f"SELECT count(*) FROM ({_RECORDS})").fetchone()[0]
        with package.member(f"archive/{WARC}", compressed=False) as member:
            for record in copies(evidence, _locations(copy, on_progress, total), left_out.append):
                place, length = member.size, member.write(record.packed)
                copy.execute("INSERT INTO moved VALUES (?, ?, ?, ?)", (record.file, record.offset, place, length))
                count += 1
                try:
                    line = cdx.entry(record.raw, WARC, place, length)
                except (BadRecord, ValueError, KeyError) as error:
                    left_out.append(Damage(file=record.file, offset=record.offset, what=f"not in the index: {error}"))
                else:
                    copy.execute("INSERT OR IGNORE INTO line SELECT ? WHERE ?1 IS NOT NULL", (line,))
        copy.execute(
            f"""UPDATE capture SET (evidence_file, evidence_offset, evidence_length) = (
                SELECT '{WARC}', place, length FROM moved WHERE file = evidence_file AND offset = evidence_offset)
            WHERE evidence_file IS NOT NULL"""
        )
        _add_index(package, copy)
        copy.execute("COMMIT")
    return count, left_out


def _locations(
    copy: sqlite3.Connection, on_progress: Callable[[int, int], object], total: int
) -> Iterator[RecordLocation]:
    for done, (file, offset, length) in enumerate(copy.execute(_RECORDS), 1):
        yield RecordLocation(file=file, offset=offset, length=length)
        on_progress(done, total)


def _add_index(package: Package, copy: sqlite3.Connection) -> None:
    lines = (line for (line,) in copy.execute("SELECT line FROM line ORDER BY line"))
    heads = [cdx.idx_head(_INDEX)]
    with package.member(f"indexes/{_INDEX}", compressed=False) as member:
        for packed, head in cdx.blocks(lines, _INDEX):
            member.write(packed)
            heads.append(head)
    package.add("indexes/index.idx", "".join(heads).encode())


def _sheet(
    connection: Connection,
    selection: StorySelection,
    software: str,
    version_of: Callable[[str], str],
    left_out: list[str],
) -> Datasheet:
    """The sheet of everything in the copy, under the selection that made it."""
    everything = Counted(records(connection, "stories", StorySelection()))
    for _ in everything:
        pass
    sheet = datasheet(
        connection,
        "stories",
        StorySelection(),
        form="wacz",
        records=everything.count,
        filled=everything.filled,
        software=software,
        version_of=version_of,
        left_out=left_out,
    )
    return replace(sheet, selection=selection.described())


def _add_texts(connection: Connection, package: Package, sheet: Datasheet) -> Packed:
    """Add the list of pages, the reader, the data sheet and the README."""
    captures = connection.execute(text("SELECT count(*) FROM capture")).scalar_one()
    counts = {"stories": sheet.stories, "revisions": sheet.revisions, "captures": captures}
    pages = 0
    with package.member("pages/pages.jsonl") as member:
        head = {"format": "json-pages-1.0", "id": "pages", "title": "Stories", "hasText": True}
        member.write(dumped(head).encode() + b"\n")
        for row in connection.execution_options(yield_per=200).execute(text(_PAGES)).mappings():
            member.write(dumped(_page(row)).encode() + b"\n")
            pages += 1
    span = {"first_on": plain(sheet.first_on), "last_on": plain(sheet.last_on)}
    for name, script in scripts(connection, {"counts": counts} | span):
        with package.member(f"reader/{name}") as member:
            for piece in script:
                member.write(piece)
    for path in sorted(_READER.iterdir()):
        package.add(f"reader/{path.name}", path.read_bytes())
    package.add("data/datasheet.md", as_text(sheet, "the package").encode())
    package.add("data/datasheet.json", json.dumps(plain(as_data(sheet)), ensure_ascii=False, indent=2).encode())
    words = {name: f"{count:,}" for name, count in counts.items()} | {"pages": f"{pages:,}"}
    package.add("about/README.txt", _READ_ME.format(**words, software=sheet.software, licence=LICENCE).encode())
    return Packed(**counts, records=0, pages=pages, bytes=0, left_out=sheet.left_out)


def _page(row: Any) -> dict[str, Any]:
    """A revision in the list of pages: the capture that first showed it, and all its words."""
    parts = (row["kicker"], row["headline"], row["standfirst"], row["byline"], row["body"])
    return {
        "id": f"revision-{row['id']}",
        "url": row["url"],
        "ts": row["captured_at"].replace("+00:00", "Z"),
        "title": row["headline"],
        "text": "\n\n".join(filter(None, parts)),
    }


def _title(packed: Packed) -> str:
    return f"{packed.stories:,} stories of a newspaper, with {packed.revisions:,} revisions"
