"""Sources that read local files or the archive itself, without requests.

The bytes of each exchange are recorded before they are parsed.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from postscraper.newspapers import other_papers
from postscraper.run.recorder import Recorded
from postscraper.run.run import Run
from postscraper.run.selection import is_selected
from postscraper.sources import commoncrawl, commoncrawl_copies, folder, warc
from postscraper.sources.warc import PageFilter, check_are_warcs
from storage.errors import RecordUnreadable
from storage.evidence.store import log_damage
from storage.warc.exchange import IMPORTED, Exchange, RecordLocation

_log = logging.getLogger(__name__)


def _saved_pages(run: Run) -> Iterator[Recorded]:
    assert run.scope.path is not None
    for page in folder.captures(run.scope.path, name=run.scope.source):
        if run.is_home(page.url) and is_selected(run, page.url, page.captured_at):
            # A page saved by hand: status and headers are unknown.
            exchange = Exchange(
                url=page.url,
                requested_at=None,
                captured_at=page.captured_at,
                status=None,
                body=page.body,
                source=page.source,
            )
            yield exchange, run.record(exchange)


def _warc_files(run: Run) -> Iterator[Recorded]:
    assert run.scope.path is not None
    page_filter = PageFilter(run.paper.host, run.aliases, IMPORTED, other_papers(run.paper))
    return _recorded(run, warc.pages([run.scope.path], page_filter, log_damage), page_filter)


def _common_crawl_copies(run: Run) -> Iterator[Recorded]:
    assert run.scope.path is not None
    page_filter = PageFilter(run.paper.host, run.aliases, commoncrawl.NAME, other_papers(run.paper))
    host = run.paper.host.removeprefix("www.")
    pages = commoncrawl_copies.pages(run.scope.path, host, page_filter, log_damage)
    return _recorded(run, pages, page_filter)


def _recorded(
    run: Run, pages: Iterable[tuple[RecordLocation, Exchange]], page_filter: PageFilter
) -> Iterator[Recorded]:
    for location, exchange in pages:
        if not is_selected(run, exchange.url, exchange.captured_at):
            continue
        # Our records need a date, so an undated capture keeps its location in the other program's file.
        yield exchange, location if exchange.captured_at is None else run.record(exchange)
    for why, count in page_filter.skipped.most_common():
        _log.info("records left out: %d, %s", count, why)
    for file in page_filter.without_pages:
        _log.info("%s", file)
    check_are_warcs(page_filter.not_warc)


def own_evidence(run: Run) -> Iterator[Recorded]:
    """The exchanges in the archive that the run selects, in the order in which they were stored.

    A capture whose bytes are not stored, or cannot be read, is skipped and logged.
    """
    for row in run.archive.captures(since=run.scope.since, until=run.scope.until):
        if row.part:
            continue  # a story in a response, which is read with its own row
        if row.evidence_file is None:
            _log.warning("%s, %s: its bytes are not kept", row.url, row.captured_at)
            continue
        if not (run.is_home(row.url) and is_selected(run, row.url, row.captured_at)):
            continue
        location = RecordLocation.of(row)
        try:
            exchange = run.evidence.read(location)
        except RecordUnreadable as error:
            _log.warning("%s", error)
            continue
        stored = {"url": row.url, "captured_at": row.captured_at, "status": row.status, "source": row.source}
        yield replace(exchange, **stored), location


LOCAL_SOURCES: Mapping[str, Callable[[Run], Iterator[Recorded]]] = {
    "folder": _saved_pages,
    "samples": _saved_pages,
    "warc": _warc_files,
    "archive": own_evidence,
    "commoncrawl": _common_crawl_copies,  # with path=…; without it postscraper/crawl/remote.py requests them
}
