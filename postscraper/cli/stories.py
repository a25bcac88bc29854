"""A story by the words with which a user names it."""

from contextlib import suppress

from postscraper.cli.output import address
from postscraper.errors import BadRequest
from postscraper.newspapers import NEWSPAPERS
from postscraper.urls import canonical, with_scheme
from storage.archive import Archive
from storage.errors import NoSuchStory
from storage.query.history.history import FullStory

_LONGEST_ID = 18  # digits; the numbers of stories are SQLite's, which have 64 bits


def find_story(archive: Archive, story: str) -> FullStory:
    """The story of a number, an address with or without https://www., or a path alone.

    Raises NoSuchStory; BadRequest for a path that two newspapers have.
    """
    if story.isascii() and story.isdigit() and len(story) <= _LONGEST_ID:
        return archive.story(int(story))
    typed = [f"https://{paper.host}{story}" for paper in NEWSPAPERS.values()] if story[:1] == "/" else [story]
    addresses = list(dict.fromkeys(each for url in typed for each in (_canonical(url), url)))
    stories: dict[int, FullStory] = {}
    for each in addresses:
        with suppress(NoSuchStory):
            full = archive.story(each)
            stories.setdefault(full.row.id, full)
    if len(stories) > 1:
        both = " and ".join(full.row.canonical_url for full in stories.values())
        raise BadRequest(f"{story} is {both}: write the whole address")
    if not stories:
        raise NoSuchStory(f"the archive holds no story {story}{_instead(archive, addresses)}")
    return next(iter(stories.values()))


def _canonical(url: str) -> str:
    try:
        return canonical(with_scheme(url))
    except ValueError:
        return url


def _instead(archive: Archive, addresses: list[str]) -> str:
    """The withdrawal or the ledger's state of one of the addresses, else a similar address; "" without any."""
    for each in addresses:
        if gone := archive.withdrawal(each):
            return f"; it was withdrawn on {gone.withdrawn_on}: {gone.reason}"
        if (row := archive.ledger.row(each)) is not None:
            return f"; the ledger has the address as {row.state}{f' ({row.why})' if row.why else ''}"
    near = next(filter(None, map(archive.nearest, addresses)), None)
    return f"; did you mean {address(near)}?" if near else ""
