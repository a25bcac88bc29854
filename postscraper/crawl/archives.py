"""The other archives that a run can collect from, by the name of their source."""

from collections.abc import Callable, Mapping
from typing import Any

from postscraper.run.scope import Scope
from postscraper.sources.commoncrawl import INDEX, STORE, CommonCrawl
from postscraper.sources.remote import OtherArchive
from postscraper.sources.wayback import HOME, Wayback


def _wayback(settings: Mapping[str, Any], _: Scope) -> OtherArchive:
    return Wayback((settings["WAYBACK_ORIGIN"] or HOME).rstrip("/"))


def common_crawl(settings: Mapping[str, Any], scope: Scope) -> CommonCrawl:
    index, store = settings["COMMONCRAWL_INDEX_ORIGIN"] or INDEX, settings["COMMONCRAWL_ORIGIN"] or STORE
    return CommonCrawl(scope.crawls, index.rstrip("/"), store.rstrip("/"))


ARCHIVES: Mapping[str, Callable[[Mapping[str, Any], Scope], OtherArchive]] = {
    "wayback": _wayback,
    "commoncrawl": common_crawl,
}
