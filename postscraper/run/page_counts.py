"""Counts of the pages that a run read: how they were read, which fields are filled, which classes their markup has."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from postscraper.items import Article, Item, Unread

# Sets of classes in memory; a design whose classes differ from page to page would fill it. Samples have 20.
MOST_SKELETONS = 10_000


@dataclass(slots=True)
class PageCounts:
    """Counts of one run, or of a part of it.

    outcomes: of the archive, by name. reasons: of unread items. read, unread: pages that came whole with status 200.
    stories: of the pages read, those that are one story. filled: of these, by field. skeletons: by layout and the set
    of classes on a story's page: how many pages have it, and the story of the first.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    read: int = 0
    unread: int = 0
    stories: int = 0
    filled: Counter[str] = field(default_factory=Counter)
    skeletons: dict[tuple[str, frozenset[str]], tuple[int, str]] = field(default_factory=dict)

    def add(self, item: Item, floors: Mapping[str, float]) -> None:
        """floors: of the newspaper; their fields are counted in pages alone, for a feed has no place for pictures."""
        if isinstance(item, Unread):
            self.reasons[item.reason] += 1
            self.unread += item.capture.status == 200 and item.reason != "broken_transfer"
        elif item.capture.status == 200:
            self.read += 1
            if isinstance(item, Article) and item.capture.part is None:
                self.stories += 1
                self.filled.update(name for name in floors if getattr(item, name))

    def add_skeleton(self, story: Article, names: frozenset[str]) -> None:
        self._add_skeletons((story.layout, names), 1, story.canonical_url)

    def _add_skeletons(self, key: tuple[str, frozenset[str]], pages: int, url: str) -> None:
        if key not in self.skeletons and len(self.skeletons) >= MOST_SKELETONS:
            key = key[0], frozenset()
        count, first = self.skeletons.get(key, (0, url))
        self.skeletons[key] = count + pages, first

    def update(self, later: "PageCounts") -> None:
        """Add the counts of a later part of the run."""
        self.outcomes += later.outcomes
        self.reasons += later.reasons
        self.filled += later.filled
        self.read, self.unread = self.read + later.read, self.unread + later.unread
        self.stories += later.stories
        for key, (pages, url) in later.skeletons.items():
            self._add_skeletons(key, pages, url)

    def columns(self, floors: Mapping[str, float]) -> dict[str, Any]:
        """Of the run's row."""
        filled = {name: (self.filled[name], self.stories, floor) for name, floor in floors.items()}
        counts: dict[str, Mapping[str, Any]] = {"outcomes": self.outcomes, "unread": self.reasons}
        counts["filled"] = filled if self.stories else {}
        return {name: json.dumps(dict(sorted(values.items()))) for name, values in counts.items()}
