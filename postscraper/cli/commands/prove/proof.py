"""`postscraper proof`: the record, the layout and the characters that each field of a story was read from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from postscraper import __version__
from postscraper.cli import files, options
from postscraper.cli.exit_codes import UNSOUND
from postscraper.cli.output import address, joined, line, print_json, shortened
from postscraper.cli.stories import find_row
from postscraper.errors import BadRequest
from postscraper.items import Article, plain
from postscraper.run.evidence_reader import EvidenceReader
from postscraper.run.proof import Proof, ProvedField, ProvedRecord, prove
from storage.archive import Archive

_NAMES = frozenset(Article.__dataclass_fields__) - {"type", "teasers", "problems", "capture"}
_LONGEST = 100  # characters of a value on one line


@click.command("proof")
@click.argument("story", metavar="URL|ID")
@click.option("--field", metavar="NAME", help="This field alone, as headline, body or images.")
@click.option("--revision", type=options.Number(min=1), metavar="N", help="Of this revision. Default: the newest.")
@click.option("--page", type=files.OUTPUT, metavar="FILE", help="Write the decoded page here, as UTF-8.")
@options.json
@options.reading_evidence
@click.pass_context
def proof_command(
    ctx: click.Context,
    story: str,
    field: str | None,
    revision: int | None,
    page: Path | None,
    json_wanted: bool,
    archive: Archive,
) -> None:
    """Trace each field of a story to its bytes, and confirm it: the record is read, its digests are
    checked, the page is read again, and the field compared.

    Printed are the WARC file, byte and record ID, the digest, the layout with its version, and for each
    field its characters in the decoded page, from the first to behind the last, counted from 0.
    Ends with 0 when every field is confirmed, else with 15. docs/proof.md shows how to check it by hand.

    \b
    Example:
      postscraper proof https://www.phnompenhpost.com/national/river-clinic-opens-koh-thom --field headline
    """
    if field is not None and field not in _NAMES:
        raise BadRequest(f"a story has no field {field}; there are: {', '.join(sorted(_NAMES))}")
    stdout_taken = files.takes_stdout(page, json_wanted=json_wanted)
    story_id = find_row(archive, story).id
    proof = prove(archive, EvidenceReader(archive.folder), story_id, revision=revision, field=field)
    if page is not None:
        if proof.texts[0] is None:
            raise BadRequest(f"no page is written: {proof.records[0].fault}")
        text = proof.texts[0].encode("utf-8", "surrogatepass")
        files.write(page, text, "the decoded page", quiet=json_wanted)
    if json_wanted:
        print_json(_data(proof))
    elif not stdout_taken:
        for each in _lines(proof):
            line(each)
    if not proof.sound:
        ctx.exit(UNSOUND)


def _data(proof: Proof) -> dict[str, Any]:
    return {
        "canonical_url": proof.canonical_url,
        "revision": proof.revision,
        "program": f"postscraper {__version__}",
        "sound": proof.sound,
        "records": plain(proof.records),
        "fields": plain(proof.fields),
    }


def _lines(proof: Proof) -> Iterator[str]:
    yield f"Revision {proof.revision} of {address(proof.canonical_url)}"
    for index, record in enumerate(proof.records):
        yield ""
        yield from _of_record(record)
        fields = [field for field in proof.fields if field.record == index]
        widest = max((len(field.name) for field in fields), default=0)
        yield from (_of_field(field, widest) for field in fields)
    states = [field.state for field in proof.fields]
    yield ""
    yield joined("Fields", *(f"{states.count(state):,} {state}" for state in dict.fromkeys(states)))


def _of_record(record: ProvedRecord) -> Iterator[str]:
    at = f"{record.captured_at:%Y-%m-%d %H:%M:%S} UTC" if record.captured_at else "at a time unknown"
    yield "Capture  " + joined(at, address(record.url), record.source, record.part and f"part {address(record.part)}")
    if record.file is not None:
        where = f"{record.file}, byte {record.offset}, {record.length} bytes"
        moved = record.stored_in is not None and (record.stored_in, record.stored_at) != (record.file, record.offset)
        now = f"now in {record.stored_in}, byte {record.stored_at}" if moved else None
        yield "Record   " + joined(where, now, record.record_id)
    if record.body_of is not None:
        file, offset, record_id = record.body_of
        yield "Body     " + joined(f"in {file}, byte {offset}", record_id)
    yield "Payload  " + joined(record.digest, record.payload_digest)
    if record.fault is not None:
        yield f"Unreadable: {record.fault}"
    elif record.layout is not None:
        layout, size = f"{record.layout}, version {record.version}", f"{record.characters:,} characters"
        yield "Layout   " + joined(layout, f"postscraper {__version__}", size)
    else:
        yield "Layout   none reads the page as a story now"


def _of_field(field: ProvedField, widest: int) -> str:
    spans = ", ".join(f"{start}–{end}" for start, end in field.spans)
    shown = shortened(str(field.value), _LONGEST)
    changed = f"now {shortened(str(field.now), _LONGEST)}" if field.state == "differs" else None
    return f"{field.name.ljust(widest)}  {joined(field.state, spans or field.derived, shown, changed)}"
