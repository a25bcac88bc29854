"""Views by which a story can be cited, and its wording be followed to the stored bytes; and the list of crawls."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from postscraper import __version__
from postscraper.phrases import counted
from postscraper.run.evidence_reader import EvidenceReader
from postscraper.run.proof import prove
from postscraper.urls import newspaper_title
from postscraper.web.database import Deadline
from postscraper.web.pages import Entry, Page, Parameter, ResultList, Room, Row
from storage.query.citation import citation
from storage.query.citation_styles import NAMES, STYLES, cited
from storage.query.history.history import find
from storage.query.runs import RunReport, runs

ARCHIVE_ID = "postscraper"  # in a PWID, as of `postscraper cite`
_MOST_RUNS = 100


def cite(room: Room, connection: Connection, number: int, revision: int | None, names: Any) -> dict[str, Any]:
    row = find(connection, number)
    title = newspaper_title(row.canonical_url)
    reference = citation(connection, number, revision, newspaper=title, archive_id=ARCHIVE_ID, names=names)
    return {
        "story": number,
        "headline": reference.item["title"],
        "language": row.language,
        "revision": reference.revision,
        "names": names,
        "digest": reference.digest,
        "pwid": reference.pwid,
        "csl": reference.item,
        "styles": {style: cited(reference, style) for style in STYLES},
    }


def proof(room: Room, connection: Connection, number: int, revision: int | None) -> dict[str, Any]:
    """The record is read again, its digests are checked, and each field is compared."""
    row = find(connection, number)
    reader = EvidenceReader(room.folder)
    result = prove(room.archive, reader, number, revision=revision, before_reading=Deadline().check)
    return {
        "story": number,
        "language": row.language,
        "canonical_url": result.canonical_url,
        "revision": result.revision,
        "program": f"postscraper {__version__}",
        "sound": result.sound,
        "records": result.records,
        "fields": result.fields,
    }


def crawls(room: Room, connection: Connection) -> dict[str, Any]:
    return {"runs": [run_data(each) for each in runs(connection, _MOST_RUNS)]}


def _run_entry(row: Row) -> Entry:
    return Entry(
        name=f"urn:postscraper:run:{row['number']}",
        path="/runs",
        title=f"{row['newspaper']}, {row['source']}: {row['verdict']}",
        updated=row["ended_at"] or row["started_at"],
        summary=f"{counted(row['pages'], 'page')}",
    )


def run_data(run: RunReport) -> dict[str, Any]:
    names = ("number", "newspaper", "source", "started_at", "ended_at", "exit_code", "reason", "outcomes", "unread")
    more = ("requests", "bytes", "doors", "queued", "pages", "too_few", "verdict")
    facts = replace(run, arguments=_without_folders(run.arguments)).facts
    return {name: getattr(run, name) for name in (*names, *more)} | {"facts": dict(facts)}


def _without_folders(value: Any) -> Any:
    """Arguments of a run without the folders of the archive's machine, which are nothing to its readers."""
    if isinstance(value, Mapping):
        return {name: _without_folders(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_folders(each) for each in value]
    return Path(value).name if isinstance(value, str) and "/" in value and "://" not in value else value


_REVISION = Parameter(name="revision", means="Of this wording, by its number; the newest.", kind="number")
PAGES = (
    Page(
        name="cite",
        path="/story/{number:number}/cite",
        view=cite,
        summary="A story as a reference, with the capture that shows it.",
        parameters=(
            _REVISION,
            Parameter(name="names", means="The order of the authors' names.", choices=NAMES, default="printed"),
        ),
    ),
    Page(
        name="proof",
        path="/story/{number:number}/proof",
        view=proof,
        summary="The record and the characters that each field of a story was read from, confirmed now.",
        parameters=(_REVISION,),
        heavy=True,
        fresh=True,
    ),
    Page(
        name="runs",
        path="/runs",
        view=crawls,
        summary="The crawls: when, what came, and how they ended.",
        list=ResultList(
            rows=lambda data: data["runs"],
            columns=("number", "newspaper", "source", "started_at", "ended_at", "exit_code", "pages", "verdict"),
            entry=_run_entry,
        ),
    ),
)
