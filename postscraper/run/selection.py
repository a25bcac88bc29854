"""What a run wants of another archive, and where what is listed belongs: its address, or the rule against it."""

from postscraper.run.run import Run
from postscraper.sources import remote
from postscraper.sources.warc import ASSET_TYPES
from postscraper.urls import LONGEST_ADDRESS, absolute, path_of
from storage.holdings.models import Candidate, CdxEntry
from storage.ledger.selection import Selection
from storage.warc.exchange import Exchange


def sought(desk: Run) -> remote.Selection:
    """What the index is asked for."""
    scope, paper = desk.scope, desk.paper
    return remote.Selection(
        host=paper.host.removeprefix("www."),
        paths=[paper.sections[name] for name in scope.sections],
        urls=desk.asked_for() or (),
        since=scope.since,
        until=scope.until,
    )


def wanted(desk: Run) -> Selection:
    """Which of all that is listed is to be fetched."""
    scope = desk.scope
    return Selection(
        host=desk.paper.host,
        sections=scope.sections or None,
        since=scope.since,
        until=scope.until,
        addresses=desk.asked_for(),
    )


def placed(desk: Run, listed: CdxEntry) -> Candidate:
    """The rules are those of a crawl; who names an address is above them."""
    try:
        address = desk.address(absolute(listed.url, listed.url) or "")
    except ValueError:
        return Candidate(entry=listed, address=listed.url, passed_over="no address of the web")
    return Candidate(
        entry=listed,
        address=address,
        section=desk.discoverer.section(address),
        passed_over=_rule(desk, listed, address),
    )


def _rule(desk: Run, listed: CdxEntry, address: str) -> str | None:
    if address.split("/")[2] != desk.paper.host:
        return "another host"
    if len(address) > LONGEST_ADDRESS:
        return f"an address longer than {LONGEST_ADDRESS}"
    if path_of(address) == "/robots.txt":
        return "robots.txt"
    if listed.mime and ASSET_TYPES.match(listed.mime):
        return "a picture, style or script"
    return None if desk.scope.urls else desk.discoverer.exclusion_rule(address, 0)


def is_wanted(desk: Run, exchange: Exchange) -> bool:
    """Whether a page of the paper, found in a file of many, is one of those that the run asks for."""
    scope, at = desk.scope, exchange.captured_at
    day = at and at.date()
    if day and ((scope.since and day < scope.since) or (scope.until and day > scope.until)):
        return False
    address = desk.address(exchange.url)
    asked_for = desk.asked_for()
    if asked_for is not None and address not in asked_for:
        return False
    return not scope.sections or desk.discoverer.section(address) in scope.sections
