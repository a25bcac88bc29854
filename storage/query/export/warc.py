"""Records of the evidence that belong to a selection."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select, text

from storage.database.bulk import chunks
from storage.database.schema import Capture
from storage.query.export.records import Kind
from storage.query.export.selection import StorySelection
from storage.warc.exchange import RecordLocation

_CAPTURES: Mapping[Kind, str] = {
    "stories": """(capture.story_id IN ({stories})
        OR capture.address IN (SELECT canonical_url FROM story WHERE {condition}))""",
    "revisions": "capture.id IN (SELECT capture_id FROM revision WHERE story_id IN ({stories}))",
    "teasers": """capture.id IN (SELECT capture_id FROM sighting
        LEFT JOIN story ON story.canonical_url = sighting.address WHERE {condition})""",
}


def locations(connection: Connection, kind: Kind, selection: StorySelection) -> Iterator[RecordLocation]:
    """The record of each capture, once, in the order of files and offsets.

    Of stories all captures of their addresses, those that brought no words too; of revisions the first capture of
    each; of teasers the pages that print them. Captures without bytes in the evidence are left out. Raises BadQuery.
    """
    condition = selection.sql()
    captures = _CAPTURES[kind].format(condition=condition, stories=f"SELECT story.id FROM story WHERE {condition}")
    query = f"""
        SELECT DISTINCT evidence_file, evidence_offset, evidence_length FROM capture
        WHERE evidence_file IS NOT NULL AND {captures} ORDER BY evidence_file, evidence_offset"""
    for file, offset, length in connection.execution_options(yield_per=1000).execute(text(query), selection.values()):
        yield RecordLocation(file=file, offset=offset, length=length)


def picture_locations(
    connection: Connection, selection: StorySelection, address_of: Callable[[str], str | None]
) -> Iterator[RecordLocation]:
    """The record of each capture of the pictures that the stories print, in any revision; the order is as above.

    address_of: the ledger's key of a url, None for what is no address. Raises BadQuery.
    """
    printed = f"""SELECT DISTINCT image.url FROM image JOIN revision ON revision.id = image.revision_id
        JOIN story ON story.id = revision.story_id WHERE {selection.sql()}"""
    urls = connection.execute(text(printed), selection.values()).scalars()
    capture = Capture.__table__.c
    places: set[tuple[Any, ...]] = set()
    for chunk in chunks(sorted({address for address in map(address_of, urls) if address})):
        query = select(capture.evidence_file, capture.evidence_offset, capture.evidence_length).where(
            capture.address.in_(chunk), capture.reason == "picture", capture.evidence_file.is_not(None)
        )
        places.update(tuple(row) for row in connection.execute(query))
    for file, offset, length in sorted(places):
        yield RecordLocation(file=file, offset=offset, length=length)
