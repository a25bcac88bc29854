"""Table of the answers: their types by the names of the pages; and the answer of a failure."""

from collections.abc import Mapping
from typing import Any, TypedDict

from postscraper.web.answers import archive, captures, story


class Failure(TypedDict):
    """status: of HTTP. error: a sentence."""

    status: int
    error: str


# `lookup` has none: it leads to another page.
ANSWERS: Mapping[str, Any] = {
    "front": archive.Front,
    "year": archive.Year,
    "day": archive.Day,
    "gone": archive.GonePage,
    "search": archive.Search,
    "trend": archive.Trend,
    "story": story.StoryPage,
    "difference": story.Difference,
    "changes": archive.Changes,
    "withdrawn": archive.Withdrawals,
    "cite": story.Cite,
    "proof": story.ProofPage,
    "runs": archive.Runs,
    "coverage": captures.Coverage,
    "unread": captures.Unread,
    "audit": archive.Audit,
    "capture": captures.CapturePage,
    "replay": captures.Replay,
    "pictures": captures.Pictures,
    "photos": captures.Photos,
    "docs": Mapping[str, Any],
}
