"""What pages let the ledger hear, put together: of each address one report that tells what all do.

No database, and none loaded: readers put together page by page, the writer slice by slice. However the pages
of a run fall into batches, the ledger is the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from storage.ledger.states import Discovery


@dataclass(frozen=True, slots=True)
class MergedDiscovery:
    """One address heard of, on which page (an address; None: from a person), and when.

    allowed_at: when it was last allowed, if reports put together here both allowed and excluded it.
    """

    discovery: Discovery
    found_on: str | None
    now: datetime
    allowed_at: datetime | None = None


def merge(
    reports: Iterable[MergedDiscovery], merged: dict[str, MergedDiscovery] | None = None
) -> dict[str, MergedDiscovery]:
    """Of each address one report that tells what all do, in their order; into `merged`, when it is given."""
    merged = {} if merged is None else merged
    for report in reports:
        known = merged.setdefault(report.discovery.address, report)
        if known is not report and (known.discovery != report.discovery or report.allowed_at is not None):
            merged[report.discovery.address] = _both(known, report)
    return merged


def _both(one: MergedDiscovery, other: MergedDiscovery) -> MergedDiscovery:
    first, second = one.discovery, other.discovery
    excluded_by, allowed_at = _rule(one, other)
    heard = replace(
        first,
        kind=second.kind if first.kind == "page" else first.kind,
        section=second.section if first.section is None else first.section,
        dated_on=second.dated_on if first.dated_on is None else first.dated_on,
        excluded_by=excluded_by,
        depth=min(first.depth, second.depth),
    )
    return replace(one, discovery=heard, allowed_at=allowed_at)


def _rule(one: MergedDiscovery, other: MergedDiscovery) -> tuple[str | None, datetime | None]:
    """The last word on whether a rule keeps the crawl out; what has no new word leaves the old one."""
    before, after = one.discovery.excluded_by, other.discovery.excluded_by
    if other.allowed_at is not None:
        return after, other.allowed_at
    if before and not after:
        return None, other.now
    if after and not before:
        return after, one.allowed_at or one.now
    return before, one.allowed_at
