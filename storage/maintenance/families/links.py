"""Links between two stories of nearly one text, and the families that they make. No database.

Stories are numbered in the order of the rule for heads: first published, then first seen, then address.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from storage.maintenance.families.texts import Text
from storage.query.families import Reason

# Of the shingles of both texts together; one changed word costs five shingles, so 0.5 is about one in fourteen.
NEARLY_THE_SAME = 0.5
# Of the shingles of the shorter text.
CONTAINED = 0.8
RERUN = 0.5  # of a story that says that it is printed again; old stories are edited for it
WIRE = 0.4  # agency text reused in part
FEWEST_WIRE = 40  # shingles: a long paragraph
SHORTER = 0.8  # a text with more of the other's shingles than these is the same, and not a shorter one
# A text printed again after so many days is a re-run, and no second address of the first.
RERUN_AFTER_DAYS = 300
# Two editions of a table or a report share their words and not their figures.
FEWEST_FIGURES = 2
FIGURES_IN_COMMON = 0.5


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides, beside the text, how two stories belong together. day: proleptic ordinal; None: unknown."""

    day: int | None
    is_wire: bool
    is_rerun: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The younger of two stories belongs with the older. similarity: see the table `family`.

    own_shares: of the older's and of the younger's shingles those that the other lacks, from 0 to 1.
    """

    older: int
    younger: int
    reason: Reason
    similarity: float
    own_shares: tuple[float, float]
    evidence: str | None = None

    def contained_in(self, story: int) -> int | None:
        """The other of the two stories, if this one contains it and is longer."""
        if self.reason == "shortened":
            return self.younger if story == self.older else None
        extends = self.reason == "extended" or (
            self.reason == "wire copy" and self.similarity >= CONTAINED and self.own_shares[1] > 1 - SHORTER
        )
        return self.older if extends and story == self.younger else None


@dataclass(frozen=True, slots=True)
class Membership:
    """A row of the table `family`, by the numbers of the stories."""

    head: int
    story: int
    compared: int
    reason: Reason
    similarity: float
    own_share: float
    evidence: str | None = None


def same_text(older: int, younger: int, older_facts: Facts, younger_facts: Facts) -> Link:
    reason: Reason = "re-run" if younger_facts.is_rerun or _long_after(older_facts, younger_facts) else "same text"
    return Link(older=older, younger=younger, reason=reason, similarity=1.0, own_shares=(0.0, 0.0))


def link(older: int, younger: int, texts: tuple[Text, Text], facts: tuple[Facts, Facts]) -> Link | None:
    """The link of two stories by their texts, the older's first; None if they do not belong together."""
    before, after = texts[0].shingles, texts[1].shingles
    shared = len(before & after)
    if not shared or are_editions(texts[0].figures, texts[1].figures):
        return None
    resemblance = rounded(shared / (len(before) + len(after) - shared))
    own_shares = rounded(1 - shared / len(before)), rounded(1 - shared / len(after))
    contained = rounded(shared / min(len(before), len(after)))
    older_facts, younger_facts = facts
    reason: Reason
    if (younger_facts.is_rerun and contained >= RERUN) or (
        _long_after(older_facts, younger_facts) and resemblance >= NEARLY_THE_SAME
    ):
        reason, similarity = "re-run", resemblance
    elif (older_facts.is_wire or younger_facts.is_wire) and contained >= WIRE and shared >= FEWEST_WIRE:
        reason, similarity = "wire copy", contained
    elif contained >= CONTAINED and len(after) < SHORTER * len(before):
        reason, similarity = "shortened", contained
    elif contained >= CONTAINED and len(before) < SHORTER * len(after):
        reason, similarity = "extended", contained
    elif resemblance >= NEARLY_THE_SAME:
        reason, similarity = "nearly the same", resemblance
    else:
        return None
    return Link(older=older, younger=younger, reason=reason, similarity=similarity, own_shares=own_shares)


def rounded(share: float) -> float:
    """As the tables hold it, so that a later run decides by the same number."""
    return round(share, 4)


def are_editions(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two texts are editions of one table or report: most figures differ."""
    fewer = min(len(one), len(other))
    return fewer >= FEWEST_FIGURES and len(one & other) < FIGURES_IN_COMMON * fewer


def _long_after(older: Facts, younger: Facts) -> bool:
    return older.day is not None and younger.day is not None and younger.day - older.day >= RERUN_AFTER_DAYS


def families(links: Iterable[Link]) -> list[Membership]:
    """The members of every family, heads included.

    A story joins the family of an earlier one: of the head if both are linked, else of the most similar. A story that
    contains two or more which do not belong together is `merged`: it is a member of the family of each, whichever was
    first, and heads none.
    """
    by_story: dict[int, list[Link]] = {}
    for link in links:
        by_story.setdefault(link.older, []).append(link)
        by_story.setdefault(link.younger, []).append(link)
    merged = {story: parts for story in by_story if len(parts := _unrelated_parts(story, by_story)) > 1}
    heads: dict[int, tuple[int, ...]] = {}
    memberships: list[Membership] = []
    copies: list[Link] = []  # of merged stories
    for story in sorted(by_story.keys() - merged.keys()):
        earlier = [each for each in by_story[story] if each.younger == story]
        if own := [each for each in earlier if each.older in heads]:
            best = max(own, key=lambda each: (heads[each.older] == (each.older,), each.similarity, -each.older))
            heads[story] = heads[best.older]
            memberships += _joined(best, heads[story])
        elif of_merged := [each for each in earlier if each.older in merged and each.contained_in(each.older) is None]:
            copies.append(max(of_merged, key=lambda each: (each.similarity, -each.older)))
        else:
            heads[story] = (story,)
    for story, parts in merged.items():
        by_head: dict[int, int] = {}  # the most similar part of each family, for parts come in this order
        for part in parts:
            if part in heads and part not in merged:
                by_head.setdefault(heads[part][0], part)
        heads[story] = tuple(by_head)
        memberships += (_containing(story, part, head, parts[part], len(by_head)) for head, part in by_head.items())
    for copy in copies:
        memberships += _joined(copy, heads[copy.older])
    return _with_heads(memberships)


def _unrelated_parts(story: int, links: Mapping[int, list[Link]]) -> dict[int, Link]:
    """The stories that one contains and that do not belong together; of those that do, the most similar."""
    parts = {part: each for each in links[story] if (part := each.contained_in(story)) is not None}
    unrelated: dict[int, Link] = {}
    related: set[int] = set()
    for part in sorted(parts, key=lambda part: (-parts[part].similarity, part)):
        if part not in related:
            unrelated[part] = parts[part]
        related |= {part, *(other for each in links[part] for other in (each.older, each.younger) if other != story)}
    return unrelated


def _joined(link: Link, heads: Iterable[int]) -> Iterator[Membership]:
    share = link.own_shares[1]
    for head in heads:
        yield Membership(head, link.younger, link.older, link.reason, link.similarity, share, link.evidence)


def _containing(story: int, part: int, head: int, link: Link, families_of_parts: int) -> Membership:
    # Parts that do not belong together themselves may do so by a third story.
    reason: Reason = "merged" if families_of_parts > 1 else "extended"
    return Membership(head, story, part, reason, link.similarity, link.own_shares[story == link.younger])


def _with_heads(memberships: list[Membership]) -> list[Membership]:
    heads = sorted({each.head for each in memberships})
    own = (Membership(head, head, head, "head", similarity=1.0, own_share=0.0) for head in heads)
    return sorted([*own, *memberships], key=lambda each: (each.head, each.story))


def with_twins(memberships: Iterable[Membership], links: Iterable[Link]) -> list[Membership]:
    """The families with those joined whose heads are twins.

    links: of twins, of which the most similar count, so that each story has one at most. Members of a family that
    are not its head have none.
    """
    followers = [row for row in memberships if row.reason != "head"]
    taken = {row.story for row in followers}
    twin_of: dict[int, Link] = {}
    for twin in sorted(links, key=lambda link: (-link.similarity, link.older, link.younger)):
        if not taken & {twin.older, twin.younger}:
            taken |= {twin.older, twin.younger}
            twin_of[twin.younger] = twin
    moved = [replace(row, head=twin_of[row.head].older) if row.head in twin_of else row for row in followers]
    return _with_heads([*moved, *(row for twin in twin_of.values() for row in _joined(twin, [twin.older]))])
