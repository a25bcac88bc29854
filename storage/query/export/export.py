"""Export of the newest wording of every story, as JSON lines or CSV; equal archives export equal bytes.

Stories are sorted by canonical address and read one at a time, so that memory stays small. The text is exact. A
spreadsheet takes a text that begins with =, +, - or @ for a formula: import the CSV with every column as text.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, TextIO

from sqlalchemy import Connection, select

from storage.database.schema import Reading, Revision, Story
from storage.database.values import dumped, plain

# The story's best values, for its newest capture may be damaged (storage/ingest/revisions.py).
BEST = ("section", "published_on", "published_at", "node_id")
# Of the newest wording, from the first of its captures that has it.
OF_WORDING = ("standfirst",)


def stories(connection: Connection, since: date | None, until: date | None) -> Iterator[dict[str, Any]]:
    """Items by the names of the contract, without teasers, and with counts and moments of the archive.

    since, until: days of publication, both included; a story without a day is then left out.
    """
    same = Story.__table__.alias("same")
    query = (
        select(
            Story.__table__,
            *(Revision.__table__.c[name] for name in OF_WORDING),
            Reading.item,
            same.c.canonical_url.label("same_url"),
        )
        .join(Revision, Revision.id == Story.newest_revision_id)
        .join(Reading, Reading.id == Revision.reading_id)
        .outerjoin(same, same.c.id == Story.same_words_as)
        .order_by(Story.canonical_url)
    )
    if since is not None:
        query = query.where(Story.published_on >= since)
    if until is not None:
        query = query.where(Story.published_on <= until)
    for row in connection.execution_options(yield_per=200).execute(query):
        item = json.loads(row.item)
        item |= {name: plain(getattr(row, name)) for name in (*BEST, *OF_WORDING)}
        yield item | {
            "revisions": row.revisions,
            "first_seen_at": plain(row.first_seen_at),
            "last_seen_at": plain(row.last_seen_at),
            "same_words_as": row.same_url,
        }


def write_jsonl(stories: Iterable[dict[str, Any]], out: TextIO) -> int:
    """Write one object a line; their number."""
    count = 0
    for item in stories:
        out.write(dumped(item) + "\n")
        count += 1
    return count


COLUMNS = (
    "canonical_url", "language", "section", "published_on", "published_at", "headline", "kicker",
    "standfirst", "byline", "authors", "agency", "dateline", "tags", "body", "images", "node_id",
    "layout", "url", "revisions", "first_seen_at", "last_seen_at", "same_words_as",
)  # fmt: skip


def write_csv(stories: Iterable[dict[str, Any]], out: TextIO) -> int:
    """Write a line of names, then one line a story; the number of stories. Open `out` with newline="".

    body: its blocks with an empty line between. authors, tags, images (addresses): one a line.
    """
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    count = 0
    for item in stories:
        count += 1
        writer.writerow(_cell(name, item.get(name)) for name in COLUMNS)
    return count


def _cell(name: str, value: Any) -> Any:
    if name == "body":
        return "\n\n".join(block["text"] for block in value)
    if name == "images":
        return "\n".join(image["url"] for image in value)
    return "\n".join(value) if isinstance(value, list) else value
