"""Doors of a newspaper: feeds, sitemaps, REST API and pages, each of which may be closed to a crawl.

A bot check or a refusal closes one door for the run; the others stay open. Bot checks are never solved.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

from postscraper.items import Item, Unread
from storage.ledger.states import Kind

KINDS: tuple[Kind, ...] = get_args(Kind)
# All other kinds of address are pages.
_DOORS: dict[Kind, str] = {
    "feed": "the feeds",
    "sitemap": "the sitemaps",
    "rest": "the REST API",
    "picture": "the pictures",
}
_PAGES = "HTML"
IN_A_ROW = 3  # one refused page may be a single withheld story; three close the door


def door_of(kind: Kind) -> str:
    return _DOORS.get(kind, _PAGES)


@dataclass(slots=True)
class Doors:
    """State of the doors in one run.

    closed: the reason, by door.
    opened: doors that gave a story, or a 304.
    """

    closed: dict[str, str] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)
    _refused: dict[str, int] = field(default_factory=dict)

    def notice(self, kind: Kind, items: Sequence[Item]) -> str | None:
        """Count a response; returns the door that it closes, or None.

        items: of the response itself, then of the complete stories in it.
        """
        door, item = door_of(kind), items[0]
        why = _closes(item)
        if why is None:
            if _brings_stories(kind, items):
                self.opened.add(door)
            self._refused.pop(door, None)
            return None
        self._refused[door] = self._refused.get(door, 0) + 1
        at_once = isinstance(item, Unread) and (item.reason == "challenge" or kind == "rest")
        first = door not in self.opened and isinstance(item, Unread) and item.reason == "refused"
        if door in self.closed or not (at_once or first or self._refused[door] >= IN_A_ROW):
            return None
        self.closed[door] = why
        return door

    def is_open(self, kind: Kind) -> bool:
        return door_of(kind) not in self.closed

    @property
    def sentence(self) -> str:
        """The closed doors and their reasons, as a sentence; "" if none is."""
        return "; ".join(
            f"{door} {'are' if door.endswith('s') else 'is'} closed by {why}" for door, why in self.closed.items()
        )


def _brings_stories(kind: Kind, items: Sequence[Item]) -> bool:
    """Whether the response gives complete stories; a sitemap, or a feed of excerpts, only announces them."""
    item = items[0]
    if isinstance(item, Unread):
        return item.reason == "not_modified" and kind != "sitemap"
    return len(items) > 1 if kind == "feed" else kind not in ("sitemap", "picture")


def _closes(item: Item) -> str | None:
    """The reason why a response may close its door; None if there is none."""
    if not isinstance(item, Unread):
        return None
    if item.reason == "challenge":
        return "a bot check"
    if item.reason == "log_in":
        return "a log-in form"
    return f"status {item.capture.status}" if item.reason == "refused" else None
