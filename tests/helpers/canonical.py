"""An archive in canonical form: all that it says, and nothing of how its rows are numbered."""

import sqlite3
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

from storage.archive import Archive
from storage.query.export import json_lines

_CAPTURE = "c.url || ' ' || coalesce(c.captured_at, '') || ' ' || c.digest || ' ' || c.source || ' ' || c.part"
_QUESTIONS = {
    "captures": "SELECT c.url, c.address, c.captured_at, c.status, c.source, c.digest, c.evidence_file,"
    " c.evidence_offset, c.evidence_length, c.etag, c.last_modified, c.outcome, c.reason, c.detail, c.layout,"
    " c.problems, c.words_digest, c.words_of_another, c.teasers_digest, r.item, s.canonical_url"
    " FROM capture c LEFT JOIN reading r ON r.id = c.reading_id LEFT JOIN story s ON s.id = c.story_id",
    "revisions": "SELECT s.canonical_url, r.number, r.words_digest, r.layout, r.headline, r.kicker, r.standfirst,"
    f" r.byline, r.agency, r.dateline, r.body, r.first_captured_at, r.last_captured_at, r.captures, {_CAPTURE}"
    " FROM revision r JOIN story s ON s.id = r.story_id JOIN capture c ON c.id = r.capture_id",
    "sightings": f"SELECT {_CAPTURE}, g.list, g.position, g.headline, g.summary, g.url, g.address, g.image_url,"
    " g.published_on, g.published_at, g.published_text FROM sighting g JOIN capture c ON c.id = g.capture_id",
    "images": "SELECT s.canonical_url, r.number, i.position, i.url, i.caption, i.credit, i.caption_text, i.alt, i.block"
    " FROM image i JOIN revision r ON r.id = i.revision_id JOIN story s ON s.id = r.story_id",
    "changes": "SELECT s.canonical_url, r.number, x.position, x.kind, x.field, x.before, x.after, x.block, x.silent,"
    " x.changed_at FROM change x JOIN revision r ON r.id = x.revision_id JOIN story s ON s.id = x.story_id",
    "corrections": "SELECT s.canonical_url, x.position, r.number, e.number, x.kind, x.language, x.text, x.block"
    " FROM correction x JOIN revision r ON r.id = x.revision_id JOIN story s ON s.id = x.story_id"
    " LEFT JOIN revision e ON e.id = x.explains",
    "facets": "SELECT s.canonical_url, 'author', x.position, x.name FROM author x JOIN story s ON s.id = x.story_id"
    " UNION ALL SELECT s.canonical_url, 'tag', x.position, x.name FROM tag x JOIN story s ON s.id = x.story_id"
    " UNION ALL SELECT s.canonical_url, x.url, x.position, x.text FROM story_link x JOIN story s ON s.id = x.story_id",
    "ledger": "SELECT l.address, l.url, l.kind, l.section, l.dated_on, l.depth, l.how, l.heard_from, l.heard_at,"
    " l.state, l.was, l.why, l.priority, l.due_at, l.leased_until, l.tries, l.visits, l.changes, l.visited_at,"
    f" {_CAPTURE}, l.etag, l.last_modified FROM ledger l LEFT JOIN capture c ON c.id = l.capture_id",
}


def canonical(folder: Path) -> dict[str, Any]:
    out = BytesIO()
    with Archive.open(folder, readonly=True) as archive:
        json_lines.write(archive.stories(), out, "stories")
    found: dict[str, Any] = {"export": out.getvalue().decode()}
    for name, question in _QUESTIONS.items():
        found[name] = sorted(ask(folder, question), key=repr)
    return found


def ask(folder: Path, question: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(folder / "archive.db")) as database, database:
        return database.execute(question, values).fetchall()
