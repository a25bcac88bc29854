"""Count the classes in the markup of story pages, and find those that a run is the first to meet."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from storage.database.bulk import add
from storage.database.derived import Skeleton

# By layout and the set of classes on a page: how many pages have it, and the address of the first.
SkeletonCounts = Mapping[tuple[str, frozenset[str]], tuple[int, str]]

EVERY_PAGE = ""  # in place of a class: all story pages of a layout
# Editors' own markup is on one story in twenty or less: a class counts as new when the design seems to print it.
BASELINE = 50  # stories of a layout, whose classes are known without a report
FEWEST = 3  # stories with a new class
SHARE = 0.2  # of the stories since the first with it


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClass:
    """A class that earlier runs never met in the markup of a layout's stories.

    stories: with it. of: stories read since the first of these. url: of the first; None when it is withdrawn.
    """

    layout: str
    name: str
    stories: int
    of: int
    url: str | None


def add_skeletons(connection: Connection, run: int, counts: SkeletonCounts) -> list[NewClass]:
    """Add the pages of a run; returns the new classes, each in the first run that has enough stories with it.

    run: its number.
    """
    new: list[NewClass] = []
    for layout in sorted({layout for layout, _ in counts}):
        new += _add(connection, run, layout, {names: count for (of, names), count in counts.items() if of == layout})
    return new


def _add(
    connection: Connection, run: int, layout: str, counts: Mapping[frozenset[str], tuple[int, str]]
) -> list[NewClass]:
    table = Skeleton.__table__
    stored = connection.execute(select(table).where(table.c.layout == layout)).mappings()
    rows = {row["name"]: dict(row) for row in stored}
    before = rows[EVERY_PAGE]["stories"] if rows else 0
    pages, first = Counter[str](), dict[str, str]()
    for names, (count, url) in counts.items():
        for name in (EVERY_PAGE, *names):
            pages[name] += count
            first.setdefault(name, url)
    new: list[NewClass] = []
    for name, count in pages.items():
        unknown = {"layout": layout, "name": name, "stories": 0, "earlier": before, "url": first[name], "run": None}
        row = rows.setdefault(name, unknown)
        row["stories"] += count
        since = before + pages[EVERY_PAGE] - row["earlier"]
        is_pending = row["earlier"] >= BASELINE and row["run"] is None
        if is_pending and row["stories"] >= max(FEWEST, SHARE * since):
            row["run"] = run
            new.append(NewClass(layout=layout, name=name, stories=row["stories"], of=since, url=row["url"]))
    connection.execute(delete(Skeleton).where(Skeleton.layout == layout))
    add(connection, Skeleton, list(rows.values()))
    return sorted(new, key=lambda each: (-each.stories, each.name))
