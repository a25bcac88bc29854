"""Views of one story: its best reading beside its history, and the difference of two revisions."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from postscraper.urls import canonical, redirect_target, with_scheme
from postscraper.web.pages import Elsewhere, NotFound, Page, Parameter, Room, TakenOut, columns
from storage.database.schema import Withdrawn
from storage.errors import NoSuchStory
from storage.ingest import tombstones
from storage.query import captures, days, statistics
from storage.query.history import edits
from storage.query.history.best import RULES, BestReading, Choice, of_story
from storage.query.history.changes import KINDS, changes
from storage.query.history.differences import differences
from storage.query.history.gone import gone
from storage.query.history.history import FullStory, Wording, find, full_story, nearest
from storage.query.history.promotion import PLACES, headlines, promotion


def number_at(connection: Connection, typed: str) -> int | None:
    """The number of the story at an address; None without one."""
    for address in dict.fromkeys((_canonical(typed), typed)):
        with suppress(NoSuchStory):
            return int(find(connection, address).id)
    return None


def _canonical(typed: str) -> str:
    try:
        return canonical(with_scheme(typed))
    except ValueError:
        return typed


def lookup(room: Room, connection: Connection, url: str) -> dict[str, Any]:
    if not url.strip():
        raise NotFound("a story is looked up by its address: /story?url=…")
    address = _canonical(url.strip())
    if (number := number_at(connection, url.strip())) is not None:
        raise Elsewhere(f"/story/{number}")
    if (tombstone := tombstones.of(connection, address)) is not None:
        raise TakenOut(f"This story was taken out on {tombstone.withdrawn_on}: {tombstone.reason}")
    near = nearest(connection, address)
    raise NotFound(f"the archive holds no story {address}{f'; did you mean {near}?' if near else ''}")


def story(room: Room, connection: Connection, number: int, revision: int | None) -> dict[str, Any]:
    full = full_story(connection, number)
    best = of_story(connection, number)
    chosen = next((each for each in full.revisions if each.row.number == revision), None)
    if revision is not None and chosen is None:
        raise NoSuchStory(f"story {number} has {len(full.revisions)} revisions, and no revision {revision}")
    item = best.item if chosen is None else _item(chosen)
    targets = _addresses(link["url"] for link in item["links"])
    held = days.numbers_of(connection, {*targets.values(), *full.same_words})
    addresses = _addresses(image["url"] for image in item["images"])
    kept = captures.pictures(connection, addresses.values())
    edited = edits.of_story(connection, number)
    return {
        "story": columns(full.row),
        "item": _shown(item),
        "revision": revision,
        "pictures": {url: kept[address] for url, address in addresses.items() if address in kept},
        "links": [link | {"story": held.get(targets.get(link["url"], ""))} for link in item["links"]],
        "revisions": list(_revisions(full.revisions, edited)),
        "corrections": [columns(row, *_NOTE) for row in edited.corrections],
        "captures": [columns(row) for row in full.captures],
        "promotion": promotion(connection, full.row.canonical_url),
        "headlines": [
            {"place": each.place, "where": PLACES[each.place], "headline": each.headline, "captures": each.captures}
            for each in headlines(connection, full.row)
        ],
        "why": _reasons(best) if chosen is None else {},
        "gone": gone(connection, redirect_target, story_ids=[number]),
        "same_words": [{"url": url, "story": held.get(url)} for url in full.same_words],
    }


def _addresses(urls: Iterator[str]) -> dict[str, str]:
    return {url: _canonical(url) for url in urls}


def _item(wording: Wording) -> dict[str, Any]:
    """A revision as an article; its standfirst can be of another capture than its text."""
    return wording.item | {"standfirst": wording.row.standfirst}


_SHOWN = (
    *("language", "headline", "kicker", "standfirst", "byline", "authors", "agency", "dateline", "section", "tags"),
    *("published_at", "published_on", "published_text", "modified_at", "images", "body", "problems", "layout"),
)


def _shown(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item.get(name) for name in _SHOWN}


_NOTE = ("kind", "language", "text", "number", "explained")
_CHANGE = ("kind", "field", "before", "after", "block", "silent")


def _revisions(wordings: Sequence[Wording], edited: edits.StoryEdits) -> Iterator[dict[str, Any]]:
    names = ("number", "headline", "first_captured_at", "last_captured_at", "captures", "layout", "capture_id")
    for each in wordings:
        found = edited.changes.get(each.row.number, ())
        yield columns(each.row, *names) | {"changes": [columns(row, *_CHANGE) for row in found]}


def _reasons(best: BestReading) -> dict[str, dict[str, Any]]:
    """The capture and the rule of each field that has a value."""
    found = {name: _reason(choice) for name, choice in best.choices.items() if name != "captions" and choice.value}
    for number, caption in enumerate(best.choices["captions"].value, 1):
        found[f"caption {number}"] = _reason(caption)
    return found


def _reason(choice: Choice) -> dict[str, Any]:
    source = choice.source
    return {
        "rule": choice.rule,
        "because": choice.note or RULES[choice.rule],
        "capture": source and source.capture_id,
        "captured_at": source and source.captured_at,
        "layout": source and source.layout,
    }


# --- Difference of two revisions ----------------------------------------------------------------


def difference(room: Room, connection: Connection, number: int, old: int | None, new: int | None) -> dict[str, Any]:
    full = full_story(connection, number)
    last = full.revisions[-1].row.number
    newer = _numbered(full, new or last)
    older = _numbered(full, old or max(newer.row.number - 1, 1))
    return {
        "story": columns(full.row),
        "headline": newer.row.headline,
        "old": _about(older),
        "new": _about(newer),
        "revisions": [each.row.number for each in full.revisions],
        "changes": changes(_item(older), _item(newer)),
        "fields": differences(older, newer),
    }


def _numbered(full: FullStory, number: int) -> Wording:
    found = next((each for each in full.revisions if each.row.number == number), None)
    if found is None:
        raise NoSuchStory(f"story {full.row.id} has {len(full.revisions)} revisions, and no revision {number}")
    return found


def _about(wording: Wording) -> dict[str, Any]:
    return columns(wording.row, "number", "first_captured_at", "last_captured_at", "captures", "layout", "capture_id")


def edited(
    room: Room,
    connection: Connection,
    since: date | None,
    until: date | None,
    kind: str | None,
    section: str | None,
    silent: bool,
    limit: int,
) -> dict[str, Any]:
    found = edits.edits(
        connection,
        since=since,
        until=until,
        kind=kind or None,
        sections=[section] if section else None,
        silent=silent,
        limit=limit,
    )
    return {
        "limit": limit,
        "kinds": KINDS,
        "sections": statistics.sections(connection),
        "edits": [
            {name: getattr(each, name) for name in _EDIT}
            | {"changes": [columns(row, *_CHANGE) for row in each.changes]}
            | {"corrections": [columns(row, "kind", "text", "number") for row in each.corrections]}
            for each in found
        ],
    }


_EDIT = ("story_id", "canonical_url", "section", "headline", "revision", "changed_at", "silent")


def taken_out(room: Room, connection: Connection) -> dict[str, Any]:
    """Withdrawals by day and reason; not the addresses, which have words of the headlines in them."""
    table = Withdrawn.__table__.c
    rows = connection.execute(select(table.story, table.withdrawn_on, table.reason).distinct())
    found = sorted({(row.withdrawn_on, row.reason, row.story) for row in rows}, reverse=True)
    return {"withdrawn": [{"on": on, "reason": reason} for on, reason, _ in found]}


PAGES = (
    Page(
        name="story",
        path="/story/{number:number}",
        view=story,
        summary="A story: its best reading, revisions, promotion and captures.",
        parameters=(Parameter(name="revision", means="This wording, by its number.", kind="number"),),
    ),
    Page(
        name="lookup",
        path="/story",
        view=lookup,
        summary="Leads to the story at an address.",
        parameters=(Parameter(name="url", means="Any address of the story.", default=""),),
    ),
    Page(
        name="difference",
        path="/story/{number:number}/difference",
        view=difference,
        summary="Two revisions of a story, word by word; Khmer, cluster by cluster.",
        parameters=(
            Parameter(name="old", means="The number of the older revision; the one before the newer.", kind="number"),
            Parameter(name="new", means="The number of the newer revision; the newest.", kind="number"),
        ),
    ),
    Page(
        name="changes",
        path="/changes",
        view=edited,
        summary="Edited stories of the whole paper, each change by its kind.",
        heavy=True,
        parameters=(
            Parameter(name="since", means="First seen on this day (UTC) or later.", kind="first day"),
            Parameter(name="until", means="First seen on this day (UTC) or earlier.", kind="last day"),
            Parameter(name="kind", means="With a change of this kind.", choices=("", *KINDS)),
            Parameter(name="section", means="Of this section, as the paper prints it."),
            Parameter(name="silent", means="Of substance, and without a note.", kind="yes", default=False),
            Parameter(name="limit", means="Edits.", kind="number", most=500, default=50),
        ),
    ),
    Page(name="withdrawn", path="/withdrawn", view=taken_out, summary="Stories that were taken out, and why."),
)
