"""Stories that were held, and whose address then answered 404 or 410, the front, a list, or an error page with 200.

An address that leads to another story has moved, and is not gone. Captures of unknown time are left out.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Connection, bindparam, select

from storage.database.bulk import chunks
from storage.database.schema import Address, Capture, Revision, Story

How = Literal["404", "410", "soft 404", "redirected to the front", "redirected to a list"]
# The ledger's address of a redirect's target, by the address that redirects and its Location; None for none.
Resolve = Callable[[str, str], str | None]

_CAPTURE, _STORY, _REVISION = Capture.__table__.c, Story.__table__.c, Revision.__table__.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """One absence of a story.

    last_held_at: of the last capture before it that shows the story, or says that it is unchanged.
    revision, headline: of the last held version. how: by the first answer; target: of a redirect.
    gone_by, last_gone_at: the first and the last answer without the story. back_at: the first capture of the story
    behind them; None while it is gone.
    """

    story_id: int
    canonical_url: str
    headline: str
    revision: int
    last_held_at: datetime
    how: How
    target: str | None
    gone_by: datetime
    last_gone_at: datetime
    back_at: datetime | None


class _Answer(NamedTuple):
    """how: None for a capture that shows the story, or says that it is unchanged.

    part: of a story in a feed, which is held, and says nothing of what its address answers.
    """

    story_id: int
    at: datetime
    capture_id: int
    how: How | None = None
    target: str | None = None
    part: str = ""


def gone(
    connection: Connection,
    resolve: Resolve,
    *,
    story_ids: Collection[int] | None = None,
    until: datetime | None = None,
) -> list[Gone]:
    """Absences in the order of their first answers.

    story_ids: of these stories only. until: as known at this moment, itself included.
    """
    absences = _with_versions(connection, _all_spells(connection, resolve, story_ids, until))
    return sorted(absences, key=lambda each: (each.gone_by, each.canonical_url))


def of_days(absences: Iterable[Gone], since: date | None, until: date | None) -> list[Gone]:
    """Those whose first answer came on these days in UTC, both included; None: any."""
    return [each for each in absences if (since or date.min) <= each.gone_by.date() <= (until or date.max)]


def last_gone(connection: Connection, resolve: Resolve, *, limit: int, offset: int = 0) -> tuple[int, list[Gone]]:
    """How many absences there are, and a page of them, the last first answer first."""
    spells = _all_spells(connection, resolve, None, None)
    spells.sort(key=lambda spell: (spell[1].at, spell[1].capture_id), reverse=True)
    return len(spells), _with_versions(connection, spells[offset : offset + limit])


def _all_spells(
    connection: Connection, resolve: Resolve, story_ids: Collection[int] | None, until: datetime | None
) -> list[list[_Answer]]:
    absent = list(_absent(connection, resolve, story_ids, until))
    answers = sorted([*absent, *_held(connection, {each.story_id for each in absent}, until)])
    return [spell for _, own in groupby(answers, lambda each: each.story_id) for spell in _spells(list(own))]


def _with_versions(connection: Connection, spells: Sequence[Sequence[_Answer]]) -> list[Gone]:
    versions = _versions(connection, {spell[0].story_id for spell in spells})
    return [_gone(spell, versions[spell[0].story_id]) for spell in spells]


# Built once: it takes longer than the query of one story.
_ABSENT = (
    select(_CAPTURE.id, _CAPTURE.url, _CAPTURE.captured_at, _CAPTURE.status, _CAPTURE.reason, _CAPTURE.detail)
    .add_columns(_STORY.id.label("story_id"))
    .join(Story, _STORY.canonical_url == _CAPTURE.address)
    .where(_CAPTURE.outcome == "unread", _CAPTURE.reason.in_(("gone", "soft_404", "moved")), _CAPTURE.part == "")
)
_OF_THESE = _STORY.id.in_(bindparam("ids", expanding=True))
_ABSENT_NOW = _ABSENT.where(_CAPTURE.captured_at.is_not(None))
_ABSENT_OF_NOW = _ABSENT_NOW.where(_OF_THESE)


def _absent(
    connection: Connection, resolve: Resolve, story_ids: Collection[int] | None, until: datetime | None
) -> Iterator[_Answer]:
    query = _ABSENT_NOW if until is None else _ABSENT.where(*_dated(until))
    if story_ids is None:
        rows = list(connection.execute(query))
    else:
        query = _ABSENT_OF_NOW if until is None else query.where(_OF_THESE)
        rows = [row for ids in chunks(sorted(story_ids)) for row in connection.execute(query, {"ids": ids})]
    if not rows:
        return
    targets = {row.id: resolve(row.url, row.detail) for row in rows if row.reason == "moved" and row.detail}
    lists = _lists(connection, {target for target in targets.values() if target is not None})
    for row in rows:
        target = targets.get(row.id)
        if how := _how(row, target, lists):
            yield _Answer(row.story_id, row.captured_at, row.id, how, target)


def _dated(until: datetime | None) -> Sequence[Any]:
    return (_CAPTURE.captured_at.is_not(None),) if until is None else (_CAPTURE.captured_at <= until,)


def _lists(connection: Connection, targets: Collection[str]) -> set[str]:
    """Those of the addresses at which the ledger has a front page or another list."""
    ledger = Address.__table__.c
    query = select(ledger.address).where(ledger.kind.in_(("front", "listing")))
    chosen = (query.where(ledger.address.in_(chunk)) for chunk in chunks(sorted(targets)))
    return {address for each in chosen for address in connection.execute(each).scalars()}


def _how(row: Any, target: str | None, lists: Collection[str]) -> How | None:
    if row.reason == "gone":
        return "410" if row.status == 410 else "404"
    if row.reason == "soft_404":
        return "soft 404"
    if target is not None and urlsplit(target).path in ("", "/") and not urlsplit(target).query:
        return "redirected to the front"
    return "redirected to a list" if target in lists else None


def _held(connection: Connection, story_ids: Collection[int], until: datetime | None) -> Iterator[_Answer]:
    """The captures that show the stories, or say that they are unchanged."""
    columns = (_STORY.id, _CAPTURE.captured_at, _CAPTURE.id, _CAPTURE.part)
    for chunk in chunks(sorted(story_ids)):
        shown = select(*columns).join(Story, _STORY.id == _CAPTURE.story_id).where(_STORY.id.in_(chunk))
        same = select(*columns).join(Story, _STORY.canonical_url == _CAPTURE.address)
        same = same.where(_STORY.id.in_(chunk), _CAPTURE.reason == "not_modified")
        for query in (shown, same):
            for story_id, at, capture_id, part in connection.execute(query.where(*_dated(until))):
                yield _Answer(story_id, at, capture_id, part=part)


def _spells(answers: Sequence[_Answer]) -> Iterator[list[_Answer]]:
    """Each absence of one story: its answers, with the capture before it, and the one behind it if it came back."""
    before: _Answer | None = None
    spell: list[_Answer] = []
    for answer in answers:
        if answer.how is not None and before is not None:
            spell = [*(spell or [before]), answer]
        elif answer.how is None and not (spell and answer.part):
            if spell:
                yield [*spell, answer]
            before, spell = answer, []
    if spell:
        yield spell


def _versions(connection: Connection, story_ids: Iterable[int]) -> dict[int, list[Any]]:
    """The revisions of stories, the oldest first; those of unknown time come before all others."""
    versions: dict[int, list[Any]] = {}
    columns = (_REVISION.story_id, _REVISION.number, _REVISION.headline, _REVISION.first_captured_at)
    for chunk in chunks(sorted(story_ids)):
        query = select(*columns, _STORY.canonical_url).join(Story, _STORY.id == _REVISION.story_id)
        for row in connection.execute(query.where(_STORY.id.in_(chunk)).order_by(_REVISION.number)):
            versions.setdefault(row.story_id, []).append(row)
    return versions


def _gone(spell: Sequence[_Answer], versions: Sequence[Any]) -> Gone:
    held, first = spell[0], spell[1]
    held_by_then = (row for row in reversed(versions) if not row.first_captured_at or row.first_captured_at <= held.at)
    version = next(held_by_then, versions[0])
    absent = [answer for answer in spell if answer.how is not None]
    assert first.how is not None
    return Gone(
        story_id=held.story_id,
        canonical_url=version.canonical_url,
        headline=version.headline,
        revision=version.number,
        last_held_at=held.at,
        how=first.how,
        target=first.target,
        gone_by=first.at,
        last_gone_at=absent[-1].at,
        back_at=spell[-1].at if spell[-1].how is None else None,
    )
