"""What a run wants of another archive, and where what is listed belongs: its address, or the rule against it."""

from postscraper.run.run import Desk
from postscraper.sources.remote import Sought
from postscraper.sources.warc import BESIDE
from postscraper.urls import LONGEST_ADDRESS, absolute, path_of
from storage.holdings.models import Listed, Placed
from storage.holdings.queue import Wanted
from storage.warc.exchange import Exchange


def sought(desk: Desk) -> Sought:
    """What the index is asked for."""
    scope, paper = desk.scope, desk.paper
    return Sought(
        host=paper.host.removeprefix("www."),
        paths=[paper.sections[name] for name in scope.sections],
        urls=desk.asked_for() or (),
        since=scope.since,
        until=scope.until,
    )


def wanted(desk: Desk) -> Wanted:
    """Which of all that is listed is to be fetched."""
    scope = desk.scope
    return Wanted(
        host=desk.paper.host,
        sections=scope.sections or None,
        since=scope.since,
        until=scope.until,
        addresses=desk.asked_for(),
    )


def placed(desk: Desk, listed: Listed) -> Placed:
    """The rules are those of a crawl; who names an address is above them."""
    try:
        address = desk.address(absolute(listed.url, listed.url) or "")
    except ValueError:
        return Placed(listed=listed, address=listed.url, passed_over="no address of the web")
    return Placed(
        listed=listed, address=address, section=desk.ear.section(address), passed_over=_rule(desk, listed, address)
    )


def _rule(desk: Desk, listed: Listed, address: str) -> str | None:
    if address.split("/")[2] != desk.paper.host:
        return "another host"
    if len(address) > LONGEST_ADDRESS:
        return f"an address longer than {LONGEST_ADDRESS}"
    if path_of(address) == "/robots.txt":
        return "robots.txt"
    if listed.mime and BESIDE.match(listed.mime):
        return "a picture, style or script"
    return None if desk.scope.urls else desk.ear.rule_against(address, 0)


def is_wanted(desk: Desk, exchange: Exchange) -> bool:
    """Whether a page of the paper, found in a file of many, is one of those that the run asks for."""
    scope, at = desk.scope, exchange.captured_at
    day = at and at.date()
    if day and ((scope.since and day < scope.since) or (scope.until and day > scope.until)):
        return False
    address = desk.address(exchange.url)
    asked_for = desk.asked_for()
    if asked_for is not None and address not in asked_for:
        return False
    return not scope.sections or desk.ear.section(address) in scope.sections
