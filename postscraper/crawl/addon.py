"""Scrapy add-on that joins the components of this project with a user's own.

Scrapy uses the last value of a setting that maps components to numbers, so that a user's pipeline alone would remove
the archive's.
"""

import logging

from scrapy.settings import BaseSettings
from scrapy.utils.misc import load_object

from postscraper import settings as ours

_SHARED = (
    *("ITEM_PIPELINES", "EXTENSIONS", "DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES"),
    *("DOWNLOAD_HANDLERS", "DOWNLOAD_SLOTS", "FEED_EXPORTERS"),
)
# Without these nothing is stored.
_NEEDED = {
    "DOWNLOADER_MIDDLEWARES": "postscraper.crawl.record_middleware.EvidenceMiddleware",
    "ITEM_PIPELINES": "postscraper.crawl.pipeline.ArchivePipeline",
}
BEHIND_OTHERS = 1_000_000  # other add-ons change these settings, too


class OwnComponents:
    """Added by every spider of this project, whatever the setting ADDONS is.

    A number that the user gives to one of our components counts, and so does None, but for those that store pages.
    """

    def update_settings(self, settings: BaseSettings) -> None:
        for name in _SHARED:
            both = {**getattr(ours, name), **settings.getdict(name)}
            if (needed := _NEEDED.get(name)) and _is_off(both, needed):
                logging.getLogger(__name__).warning("%s keeps the pages: it cannot be switched off", needed)
                both = {key: number for key, number in both.items() if key is not load_object(needed)}
                both[needed] = getattr(ours, name)[needed]
            settings.set(name, both, settings.getpriority(name) or 0)


def _is_off(components: dict[object, int | None], needed: str) -> bool:
    """Components are named by their import paths, or by their classes."""
    return components.get(load_object(needed), components[needed]) is None
