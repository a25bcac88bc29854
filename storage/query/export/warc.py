"""Records of the evidence that belong to a selection."""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, text

from storage.query.export.records import Kind
from storage.query.export.selection import Selection
from storage.warc.exchange import RecordLocation

_CAPTURES: Mapping[Kind, str] = {
    "stories": """(capture.story_id IN ({stories})
        OR capture.address IN (SELECT canonical_url FROM story WHERE {condition}))""",
    "revisions": "capture.id IN (SELECT capture_id FROM revision WHERE story_id IN ({stories}))",
    "teasers": """capture.id IN (SELECT capture_id FROM sighting
        LEFT JOIN story ON story.canonical_url = sighting.address WHERE {condition})""",
}
KINDS: tuple[Kind, ...] = tuple(_CAPTURES)


def locations(connection: Connection, kind: Kind, selection: Selection) -> Iterator[RecordLocation]:
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
