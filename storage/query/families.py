"""Families: stories with the same or nearly the same text, as `postscraper families --find` grouped them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import Connection, Row, bindparam, select

from storage.database.derived import Family, FamilySketch
from storage.database.schema import Revision, Story

Reason = Literal[
    "head",  # the first of its family
    "same text",  # at another address, or under another headline
    "re-run",  # printed again, as THIS WEEK IN HISTORY
    "shortened",  # contained in the compared story
    "extended",  # contains the compared story, and more
    "merged",  # contains this and another story, which do not belong together
    "wire copy",  # agency text in both
    "nearly the same",
    "twin",  # in the other language
]

_FAMILY, _STORY, _REVISION = Family.__table__, Story.__table__.c, Revision.__table__.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A story in a family; reason, similarity, own_share, evidence: as in the table `family`.

    compared_url: of the story to which it was compared; None for the head.
    """

    story_id: int
    canonical_url: str
    headline: str
    published_on: date | None
    language: str
    reason: Reason
    similarity: float
    own_share: float
    evidence: str | None
    compared_url: str | None


# Built once: it takes longer than the query of one story.
_COMPARED, _HEAD = Story.__table__.alias("compared"), Story.__table__.alias("head")
_MEMBERS = (
    select(_FAMILY, _STORY.canonical_url, _STORY.published_on, _STORY.language, _REVISION.headline)
    .add_columns(_COMPARED.c.canonical_url.label("compared_url"))
    .join(_HEAD, _HEAD.c.id == _FAMILY.c.head_id)
    .join(Story, _STORY.id == _FAMILY.c.story_id)
    .join(Revision, _REVISION.id == _STORY.newest_revision_id)
    .join(_COMPARED, _COMPARED.c.id == _FAMILY.c.compared_id)
    .order_by(_HEAD.c.canonical_url, _FAMILY.c.reason != "head", _STORY.published_on, _STORY.canonical_url)
)
_HEADS = select(_FAMILY.c.head_id).where(_FAMILY.c.story_id == bindparam("story_id"))
_MEMBERS_BESIDE = _MEMBERS.where(_FAMILY.c.head_id.in_(_HEADS))


def all_families(connection: Connection) -> list[list[Member]]:
    """Each family with its head first, in the order of the heads' addresses. A merged story is in several."""
    return _families(connection.execution_options(yield_per=1000).execute(_MEMBERS))


def families_of(connection: Connection, story_id: int) -> list[list[Member]]:
    """The families of a story, as `all_families`; [] when it is in none."""
    return _families(connection.execute(_MEMBERS_BESIDE, {"story_id": story_id}))


def is_compared(connection: Connection, story_id: int | None = None) -> bool:
    """Whether a story has been compared with the others; of None: whether any has."""
    compared = select(FamilySketch.story_id).where(FamilySketch.compared)
    if story_id is not None:
        compared = compared.where(FamilySketch.story_id == story_id)
    return connection.execute(compared.limit(1)).first() is not None


def _families(rows: Iterable[Row[Any]]) -> list[list[Member]]:
    return [[_member(row) for row in members] for _, members in groupby(rows, key=lambda row: row.head_id)]


def _member(row: Row[Any]) -> Member:
    names = ("story_id", "canonical_url", "headline", "published_on", "language", "similarity", "own_share", "evidence")
    return Member(
        **{name: getattr(row, name) for name in names},
        reason=row.reason,
        compared_url=None if row.reason == "head" else row.compared_url,
    )
