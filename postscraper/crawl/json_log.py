"""Log lines as JSON objects, for programs that collect logs; the setting LOG_JSON asks for them."""

import json
import logging
from datetime import UTC, datetime
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured


class JsonLines(logging.Formatter):
    """One object a line: time, level, logger, message, and the trace of an error."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_as_json() -> None:
    """Use this format in every log handler."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonLines())


class JsonLog:
    """Loaded as a downloader middleware, with the engine: a crawler installs its own handler right before that."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.getbool("LOG_JSON"):
            raise NotConfigured
        log_as_json()
        return cls()
