"""Merge links discovered on many pages into one discovery per address.

No database: worker processes merge page by page, the writer slice by slice. The result does not depend on how the
pages of a run are divided into batches.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from storage.ledger.states import Discovery


@dataclass(frozen=True, slots=True)
class MergedDiscovery:
    """One address, discovered on one page or more.

    found_on: address of the first page; None: given by a person. now: time of the discovery.
    allowed_at: when it was last allowed, if some of the merged discoveries allowed it and others excluded it.
    """

    discovery: Discovery
    found_on: str | None
    now: datetime
    allowed_at: datetime | None = None


def merge(
    discoveries: Iterable[MergedDiscovery], merged: dict[str, MergedDiscovery] | None = None
) -> dict[str, MergedDiscovery]:
    """One discovery for each address, in the order of the first ones; into `merged`, when it is given."""
    merged = {} if merged is None else merged
    for newer in discoveries:
        known = merged.setdefault(newer.discovery.address, newer)
        if known is not newer and (known.discovery != newer.discovery or newer.allowed_at is not None):
            merged[newer.discovery.address] = _both(known, newer)
    return merged


def _both(older: MergedDiscovery, newer: MergedDiscovery) -> MergedDiscovery:
    first, second = older.discovery, newer.discovery
    excluded_by, allowed_at = _exclusion(older, newer)
    discovery = replace(
        first,
        kind=second.kind if first.kind == "page" else first.kind,
        section=second.section if first.section is None else first.section,
        dated_on=second.dated_on if first.dated_on is None else first.dated_on,
        excluded_by=excluded_by,
        depth=min(first.depth, second.depth),
    )
    return replace(older, discovery=discovery, allowed_at=allowed_at)


def _exclusion(older: MergedDiscovery, newer: MergedDiscovery) -> tuple[str | None, datetime | None]:
    """The newest decision on whether a rule excludes the address; unchanged if the newer page made none."""
    before, after = older.discovery.excluded_by, newer.discovery.excluded_by
    if newer.allowed_at is not None:
        return after, newer.allowed_at
    if before and not after:
        return None, newer.now
    if after and not before:
        return after, older.allowed_at or older.now
    return before, older.allowed_at
