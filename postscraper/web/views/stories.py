"""Views of one story: its best reading beside its history, and the difference of two revisions."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from postscraper.phrases import counted
from postscraper.urls import addresses_typed, canonical, newspaper_title, redirect_target
from postscraper.web.pages import (
    BadParameter,
    Elsewhere,
    Entry,
    NotFound,
    Page,
    Parameter,
    ResultList,
    Room,
    TakenOut,
    columns,
)
from postscraper.web.views.proofs import ARCHIVE_ID
from storage.database.schema import Withdrawn
from storage.errors import NoSuchStory
from storage.ingest import tombstones
from storage.query import captures, days
from storage.query.citation import of_wording
from storage.query.citation_styles import cited
from storage.query.families import families_of
from storage.query.history import edits
from storage.query.history.best import RULES, BestReading, Choice
from storage.query.history.changes import KINDS, changes
from storage.query.history.differences import differences
from storage.query.history.gone import gone
from storage.query.history.history import Wording, captures_of, find, nearest, revisions, same_words
from storage.query.history.promotion import PLACES, headlines, promotion
from storage.query.history.readings import of_story
from storage.query.photos import kept_pictures
from storage.query.proof import StoredWording
from storage.query.search.filters import names


def lookup(room: Room, connection: Connection, url: str) -> dict[str, Any]:
    """Raises Elsewhere with the path of the story; BadParameter for a path that two newspapers have."""
    if not url.strip():
        raise NotFound("a story is looked up by its address: /story?url=…")
    addresses = addresses_typed(url.strip())
    stories = {}
    for address in addresses:
        with suppress(NoSuchStory):
            row = find(connection, address)
            stories[row.id] = row.canonical_url
    if len(stories) > 1:
        raise BadParameter(f"{url.strip()} is {' and '.join(stories.values())}: write the whole address")
    for number in stories:
        raise Elsewhere(f"/story/{number}")
    for address in addresses:
        if (tombstone := tombstones.of(connection, address)) is not None:
            raise TakenOut(f"This story was taken out on {tombstone.withdrawn_on}: {tombstone.reason}")
    near = next(filter(None, (nearest(connection, address) for address in addresses)), None)
    raise NotFound(f"the archive holds no story {url.strip()}{f'; did you mean {near}?' if near else ''}")


def story(room: Room, connection: Connection, number: int, revision: int | None) -> dict[str, Any]:
    row = find(connection, number)
    wordings = revisions(connection, number)
    chosen = _numbered(wordings, revision) if revision is not None else None
    best = of_story(connection, number)
    item = best.item if chosen is None else _item(chosen)
    targets = _addresses(link["url"] for link in item["links"])
    same = same_words(connection, row)
    numbers = days.numbers_of(connection, {*targets.values(), *same})
    edited = edits.of_story(connection, number)
    return {
        "story": columns(row),
        "item": _shown(item),
        "revision": revision,
        "links": [link | {"story": numbers.get(targets.get(link["url"], ""))} for link in item["links"]],
        "revisions": list(_revisions(wordings, edited)),
        "corrections": [columns(note, *_NOTE) for note in edited.corrections],
        **_source(connection, row, chosen or wordings[-1]),
        "promotion": promotion(connection, row.canonical_url),
        "headlines": [
            {"place": each.place, "where": PLACES[each.place], "headline": each.headline, "captures": each.captures}
            for each in headlines(connection, row)
        ],
        "families": [[asdict(member) for member in members] for members in families_of(connection, number)],
        **_pictures(room, connection, number, [image["url"] for image in item["images"]]),
        "why": _reasons(best) if chosen is None else {},
        "gone": gone(connection, redirect_target, story_ids=[number]),
        "same_words": [{"url": url, "story": numbers.get(url)} for url in same],
    }


def _source(connection: Connection, row: Row[Any], wording: Wording) -> dict[str, Any]:
    """The captures of a story, that of the wording's text, and its citation."""
    held = captures_of(connection, row.id)
    source = next(each for each in held if each.id == wording.row.capture_id)
    stored = StoredWording(
        canonical_url=row.canonical_url, revision=wording.row, item=wording.item, capture=source, standfirst=None
    )
    title = newspaper_title(row.canonical_url)
    return {
        "captures": [columns(each) for each in held],
        "record": columns(source, "id", "captured_at", "source", "digest", "evidence_file", "evidence_offset"),
        "citation": cited(of_wording(row, stored, newspaper=title, archive_id=ARCHIVE_ID), "chicago"),
    }


def _pictures(room: Room, connection: Connection, number: int, urls: Sequence[str]) -> dict[str, Any]:
    """The kept pictures of a story by address, whether their bytes can be read, and how many stories print them too."""
    addresses = _addresses(iter(urls))
    by_address = captures.pictures(connection, addresses.values()) if addresses else {}
    kept = {url: by_address[address] for url, address in addresses.items() if address in by_address}
    prints = kept_pictures(connection, urls=kept) if kept else []
    others = {each.story_id for each in prints} - {number}
    return {"pictures": kept, "shown": room.has_evidence, "printed_again": len(others)}


def _addresses(urls: Iterator[str]) -> dict[str, str]:
    """Canonical addresses by url; of what is no address none."""
    addresses = {}
    for url in urls:
        with suppress(ValueError):
            addresses[url] = canonical(url)
    return addresses


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
    shown = ("number", "headline", "first_captured_at", "last_captured_at", "captures", "layout", "capture_id")
    for each in wordings:
        changed = edited.changes.get(each.row.number, ())
        yield columns(each.row, *shown) | {"changes": [columns(row, *_CHANGE) for row in changed]}


def _reasons(best: BestReading) -> dict[str, dict[str, Any]]:
    """The capture and the rule of each field that has a value."""
    reasons = {name: _reason(choice) for name, choice in best.choices.items() if name != "captions" and choice.value}
    for number, caption in enumerate(best.choices["captions"].value, 1):
        reasons[f"caption {number}"] = _reason(caption)
    return reasons


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
    row = find(connection, number)
    wordings = revisions(connection, number)
    newer = _numbered(wordings, new or wordings[-1].row.number)
    older = _numbered(wordings, old or max(newer.row.number - 1, 1))
    return {
        "story": columns(row),
        "headline": newer.row.headline,
        "old": _about(older),
        "new": _about(newer),
        "revisions": [each.row.number for each in wordings],
        "changes": changes(_item(older), _item(newer)),
        "fields": differences(older, newer),
    }


def _numbered(wordings: Sequence[Wording], number: int) -> Wording:
    """Raises NoSuchStory."""
    wording = next((each for each in wordings if each.row.number == number), None)
    if wording is None:
        raise NoSuchStory(f"this story has {counted(len(wordings), 'revision')}, and no revision {number}")
    return wording


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
    rows = edits.edits(
        connection,
        since=since,
        until=until,
        kind=kind,
        sections=None if section is None else [section],
        silent=silent,
        limit=limit + 1,
    )
    return {
        "limit": limit,
        "more": len(rows) > limit,
        "kinds": KINDS,
        "sections": names(connection)["section"],
        "edits": [
            {name: getattr(each, name) for name in _EDIT}
            | {"kinds": list(dict.fromkeys(row.kind for row in each.changes))}
            | {"changes": [columns(row, *_CHANGE) for row in each.changes]}
            | {"corrections": [columns(row, "kind", "text", "number") for row in each.corrections]}
            for each in rows[:limit]
        ],
    }


def _edit_entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        name=f"{row['canonical_url']}#revision-{row['revision']}",
        path=f"/story/{row['story_id']}/difference?new={row['revision']}",
        title=row["headline"],
        updated=row["changed_at"],
        summary=f"Revision {row['revision']}: {', '.join(row['kinds']).replace('_', ' ')}",
    )


_EDITS = ResultList(
    rows=lambda data: data["edits"],
    columns=("story_id", "canonical_url", "section", "headline", "revision", "changed_at", "silent", "kinds"),
    entry=_edit_entry,
)
_EDIT = ("story_id", "canonical_url", "section", "headline", "revision", "changed_at", "silent")


def taken_out(room: Room, connection: Connection) -> dict[str, Any]:
    """Withdrawals by day and reason; not the addresses, which have words of the headlines in them."""
    table = Withdrawn.__table__.c
    rows = connection.execute(select(table.story, table.withdrawn_on, table.reason).distinct())
    stories = sorted({(row.withdrawn_on, row.reason, row.story) for row in rows}, reverse=True)
    return {"withdrawn": [{"on": on, "reason": reason} for on, reason, _ in stories]}


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
        list=_EDITS,
        heavy=True,
        parameters=(
            Parameter(name="since", means="First seen on this day (UTC) or later.", kind="first day"),
            Parameter(name="until", means="First seen on this day (UTC) or earlier.", kind="last day"),
            Parameter(name="kind", means="With a change of this kind.", choices=KINDS),
            Parameter(name="section", means="Of this section, as the paper prints it."),
            Parameter(name="silent", means="Of substance, and without a note.", kind="yes", default=False),
            Parameter(name="limit", means="Edits.", kind="number", most=500, default=50),
        ),
    ),
    Page(
        name="withdrawn",
        path="/withdrawn",
        view=taken_out,
        summary="Stories that were taken out, and why.",
        list=ResultList(rows=lambda data: data["withdrawn"], columns=("on", "reason")),
    ),
)
