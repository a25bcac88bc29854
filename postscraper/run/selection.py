"""Selection of the pages of another archive that a run needs: index queries, index entries, pages in a file."""

from postscraper.run.run import Run
from postscraper.sources.remote import Target, targets
from postscraper.sources.warc import ASSET_TYPES
from postscraper.urls import LONGEST_ADDRESS, absolute, path_of
from storage.holdings.models import Candidate, CdxEntry
from storage.warc.exchange import Exchange


def index_targets(run: Run) -> list[Target]:
    """The addresses to look up in an index."""
    paths = [run.paper.sections[name] for name in run.scope.sections]
    return targets(run.paper.host.removeprefix("www."), paths, run.named_addresses() or ())


def candidate(run: Run, entry: CdxEntry) -> Candidate:
    """An index entry with its address and section, and the rule that excludes it.

    The rules are those of a crawl; they do not apply to addresses given by a person.
    """
    try:
        address = run.reader.address(absolute(entry.url, entry.url) or "")
    except ValueError:
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


def is_selected(run: Run, exchange: Exchange) -> bool:
    """Whether the run needs a page of the newspaper that was found in a file."""
    scope, captured_at = run.scope, exchange.captured_at
    day = captured_at and captured_at.date()
    if day and ((scope.since and day < scope.since) or (scope.until and day > scope.until)):
        return False
    address, addresses = run.reader.address(exchange.url), run.named_addresses()
    if addresses is not None and address not in addresses:
        return False
    return not scope.sections or run.discoverer.section(address) in scope.sections
