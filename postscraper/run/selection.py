"""Selection of the pages of another archive that a run needs: index queries, index entries, pages in a file."""

from datetime import UTC, datetime

from postscraper.run.run import Run
from postscraper.sources.remote import Target, targets
from postscraper.sources.warc import ASSET_TYPES
from postscraper.urls import LONGEST_ADDRESS, absolute, maybe_canonical, path_of
from storage.holdings.models import Candidate, CdxEntry
from storage.ledger.selection import Selection


def index_targets(run: Run) -> list[Target]:
    """The addresses to look up in an index."""
    paths = [run.paper.sections[name] for name in run.scope.sections]
    return targets(run.paper.host.removeprefix("www."), paths, run.selection.addresses or ())


def candidate(run: Run, entry: CdxEntry) -> Candidate:
    """An index entry with its address and section, and the rule that excludes it.

    The rules are those of a crawl; they do not apply to addresses given by a person.
    """
    address = maybe_canonical(absolute(entry.url, entry.url) or "", run.aliases)
    if address is None:
        return Candidate(entry=entry, address=entry.url, passed_over="no address of the web")
    section = run.discoverer.section(address)
    return Candidate(entry=entry, address=address, section=section, passed_over=_exclusion_rule(run, entry, address))


def _exclusion_rule(run: Run, entry: CdxEntry, address: str) -> str | None:
    if address.split("/")[2] != run.paper.host:
        return "another host"
    if len(address) > LONGEST_ADDRESS:
        return f"an address longer than {LONGEST_ADDRESS}"
    if path_of(address) == "/robots.txt":
        return "robots.txt"
    if entry.mime and ASSET_TYPES.match(entry.mime):
        return "a picture, style or script"
    return None if run.scope.urls else run.discoverer.exclusion_rule(address, 0)


def is_selected(run: Run, url: str, captured_at: datetime | None) -> bool:
    """Whether the run selects a page of the newspaper that is in a file or the archive; others are counted."""
    is_ours = _is_on_days(run.selection, captured_at) and _is_at(run, run.reader.address(url))
    run.unselected += not is_ours
    return is_ours


def _is_on_days(selection: Selection, captured_at: datetime | None) -> bool:
    """A page without a date is on no day."""
    since, until = selection.since, selection.until
    if since is None and until is None:
        return True
    day = captured_at and captured_at.astimezone(UTC).date()
    return day is not None and (since or day) <= day <= (until or day)


def _is_at(run: Run, address: str) -> bool:
    addresses, sections = run.selection.addresses, run.selection.sections
    if addresses is not None and address not in addresses:
        return False
    return sections is None or run.discoverer.section(address) in sections
