"""Views of what the archive lacks: pages that could not be read, and addresses that are not held."""

import json
from collections import Counter
from typing import Any, get_args

from sqlalchemy import Connection

from postscraper.items import Reason
from postscraper.run.audit_rules import AuditRules
from postscraper.web.pages import PAGE, Entry, Page, Parameter, ResultList, Room, Row, columns
from postscraper.web.views.captures import sample_command
from storage.ingest import tombstones
from storage.ledger.audit import ASSUMED, STANDINGS, audit, estimate
from storage.query import captures, statistics

_ON_A_PAGE = 50
_MOST_NAMED = 200


def coverage(room: Room, connection: Connection) -> dict[str, Any]:
    stats = statistics.stats(connection)
    return {
        "unread": stats.unread_by_reason,
        "outcomes": stats.captures_by_outcome,
        "ledger": stats.ledger,
        "withdrawn": tombstones.count(connection),
        "problems": [_about(row) for row in captures.with_problems(connection, _ON_A_PAGE)],
    }


def unread(room: Room, connection: Connection, reason: str | None, page: int) -> dict[str, Any]:
    counts = statistics.stats(connection).unread_by_reason
    rows = captures.unread(connection, reason, _ON_A_PAGE, _ON_A_PAGE * (page - 1))
    total = sum(counts.values()) if reason is None else counts.get(reason, 0)
    return {
        "reason": reason,
        "reasons": counts,
        "total": total,
        "page": page,
        "pages": -(-total // _ON_A_PAGE),
        "captures": [_about(row) for row in rows],
    }


def _about(row: Any) -> dict[str, Any]:
    names = ("id", "url", "captured_at", "status", "reason", "detail", "layout", "story_id")
    command = sample_command(row) if row.outcome == "unread" and row.reason != "picture" else None
    return columns(row, *names) | {"problems": json.loads(row.problems or "[]"), "command": command}


def _unread_entry(row: Row) -> Entry:
    return Entry(
        name=f"{row['url']}#capture-{row['id']}",
        path=f"/capture/{row['id']}",
        title=f"{row['reason']}: {row['url']}",
        updated=row["captured_at"],
        summary=row["detail"] or "",
    )


_UNREAD = ResultList(
    rows=lambda data: data["captures"],
    columns=("id", "url", "captured_at", "status", "reason", "detail", "layout", "command"),
    entry=_unread_entry,
)
_NOT_HELD = ResultList(
    rows=lambda data: data["not_held"], columns=("address", "standing", "why", "on", "section", "lists")
)


def audit_view(room: Room, connection: Connection, section: str | None) -> dict[str, Any]:
    """All addresses of stories that are known; with 100,000 stories it takes three seconds."""
    audited = audit(connection, AuditRules(room.folder))
    sections = sorted({each.section for each in audited if each.section})
    chosen = [each for each in audited if section in (None, each.section)]
    counts = Counter(each.standing for each in chosen)
    lacking = [each for each in chosen if each.standing != "held"]
    return {
        "totals": {standing: counts[standing] for standing in STANDINGS},
        "section": section,
        "sections": sections,
        "estimate": estimate(chosen),
        "assumed": ASSUMED,
        "lacking": len(lacking),
        "not_held": [
            {
                "address": each.address,
                "standing": each.standing,
                "why": each.why,
                "on": each.on,
                "section": each.section,
                "lists": sorted(each.lists),
            }
            for each in lacking[:_MOST_NAMED]
        ],
    }


PAGES = (
    Page(name="coverage", path="/coverage", heavy=True, view=coverage, summary="What was read, and what could not be."),
    Page(
        name="unread",
        path="/unread",
        heavy=True,
        view=unread,
        summary="Captures that are neither stories nor lists, and why.",
        list=_UNREAD,
        parameters=(
            Parameter(name="reason", means="Only those of this reason.", choices=get_args(Reason)),
            PAGE,
        ),
    ),
    Page(
        name="audit",
        path="/audit",
        heavy=True,
        view=audit_view,
        summary="Known addresses of stories against those that are held.",
        seconds=20,
        list=_NOT_HELD,
        parameters=(Parameter(name="section", means="Only this section, by its short name."),),
    ),
)
