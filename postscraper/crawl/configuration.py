"""Check of a run's settings, before anything starts.

A setting must have the type of its default: a whole number where Scrapy uses `getint`, and so on.
"""

import logging
import math
import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scrapy.settings import BaseSettings, default_settings
from scrapy.utils.misc import load_object
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from postscraper import settings as own
from postscraper.errors import BadRequest, closest
from storage.errors import Unsupported

# Scrapy's default decides where both name one.
_DEFAULTS: Mapping[str, Any] = {
    name: value for name, value in (vars(own) | vars(default_settings)).items() if name.isupper()
}
_READERS = {
    bool: ("getbool", "neither true nor false"),
    int: ("getint", "no whole number"),
    float: ("getfloat", "no number"),
    dict: ("getdict", "no JSON object"),
}
# Seconds that may have a fraction, though their defaults have none.
_SECONDS = ("CLOSESPIDER_TIMEOUT", "DNS_TIMEOUT", "DOWNLOAD_DELAY", "DOWNLOAD_TIMEOUT", "LONGEST_PAUSE")
# With less a crawl would wait for ever.
_AT_LEAST_ONE = (
    *("CONCURRENT_REQUESTS", "CONCURRENT_REQUESTS_PER_DOMAIN", "CONCURRENT_ITEMS", "REACTOR_THREADPOOL_MAXSIZE"),
)
_PRIORITIES = ("DEPTH_PRIORITY", "REDIRECT_PRIORITY_ADJUST", "RETRY_PRIORITY_ADJUST")  # may be negative
_CLASS = re.compile(r"(?:scrapy|twisted)(?:\.\w+)+")
_BY_ORDER = ("ADDONS", "DOWNLOADER_MIDDLEWARES", "EXTENSIONS", "ITEM_PIPELINES", "SPIDER_MIDDLEWARES")
_BY_NAME = ("DOWNLOAD_HANDLERS", "FEED_EXPORTERS", "FEED_STORAGES")


def check_words(words: Iterable[str], settings: BaseSettings) -> None:
    """Raises BadRequest for a word after `-s` that sets nothing."""
    trial = settings.copy()
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise BadRequest(f"-s {word} sets nothing; write it as -s NAME=VALUE")
        try:
            trial.set(name, value, priority="cmdline")
        except (ValueError, TypeError, AttributeError) as error:
            raise BadRequest(f"{word} is no JSON object; write it as {name}='{{\"name\": …}}'") from error


def check_values(settings: BaseSettings) -> None:
    """Raises BadRequest for a value that cannot be, Unsupported without an extra, OSError for a log or feed."""
    for name, default in _DEFAULTS.items():
        if settings[name] is not None and settings[name] != default:
            _check_type(name, type(default), settings)
    _check_slots(settings.getdict("DOWNLOAD_SLOTS"))
    _check_level(settings["LOG_LEVEL"])
    _check_files(settings)
    if not settings["ARCHIVE_DIR"]:
        raise BadRequest("ARCHIVE_DIR= names no folder; write it as ARCHIVE_DIR=archive")
    _check_database(settings["ARCHIVE_DB_URL"])
    # Scrapy imports these before its reactor stands.
    for name in ("SPIDER_LOADER_CLASS", "TWISTED_REACTOR"):
        _check_loads(name, settings[name])
    for name in ("ADDONS", "SPIDER_MODULES"):
        for path in settings.getlist(name):
            _check_loads(name, path)


def check_components(settings: BaseSettings) -> None:
    """Raises BadRequest for a class that cannot be imported, or has no order.

    Called when Scrapy's reactor stands: a module of a component may import it.
    """
    for name, default in _DEFAULTS.items():
        if isinstance(default, str) and _CLASS.fullmatch(default) and settings[name] != default:
            _check_loads(name, settings[name])
    for name in _BY_ORDER:
        for component, order in settings.getdict(name).items():
            if order is None:
                continue
            if not isinstance(order, int | float):
                raise BadRequest(f"{name}: the order of {component} is {order!r}, and no number")
            _check_loads(name, component)
    for name in _BY_NAME:
        for component in settings.getdict(name).values():
            if component is not None:
                _check_loads(name, component)


def _check_type(name: str, kind: type, settings: BaseSettings) -> None:
    method, complaint = _READERS.get(float if name in _SECONDS else kind, (None, ""))
    if method is None:
        return
    try:
        value = getattr(settings, method)(name)
    except (ValueError, TypeError) as error:
        raise BadRequest(f"{name}={settings[name]} is {complaint}") from error
    if method in ("getint", "getfloat"):
        least = -math.inf if name in _PRIORITIES else 1 if name in _AT_LEAST_ONE else 0
        if not least <= value < math.inf:
            raise BadRequest(f"{name}={settings[name]} is no number that it can have; the least is {least}")


def _check_slots(slots: Mapping[str, Any]) -> None:
    for slot, parameters in slots.items():
        for name, value in parameters.items() if isinstance(parameters, Mapping) else [("", parameters)]:
            if not isinstance(value, int | float):
                raise BadRequest(f"DOWNLOAD_SLOTS: {name or 'the value'} of {slot} is {value!r}, and no number")


def _check_level(level: object) -> None:
    names = logging.getLevelNamesMapping()
    if level not in names and not isinstance(level, int):
        raise BadRequest(f"LOG_LEVEL={level} is unknown{closest(str(level), names)}")


def _check_files(settings: BaseSettings) -> None:
    if settings["LOG_FILE"]:
        _check_writable(Path(settings["LOG_FILE"]))
    for uri, options in settings.getdict("FEEDS").items():
        if options.get("format") == "parquet" and find_spec("pyarrow") is None:
            raise Unsupported(f"{uri}: parquet needs pyarrow: pip install 'postscraper[parquet]'")
    for uri in map(str, settings.getdict("FEEDS")):
        feed = Path(urlsplit(uri).path)
        # A missing folder is made with the feed; % stands for values that are known later.
        if urlsplit(uri).scheme in ("", "file") and "%" not in uri and feed.parent.exists():
            _check_writable(feed)


def _check_writable(path: Path) -> None:
    """Check without leaving a new file. Raises OSError; BadRequest for a folder, and where a folder is missing."""
    if path.is_dir():
        raise BadRequest(f"{path}: this is a folder")
    if not path.parent.is_dir():
        raise BadRequest(f"{path}: there is no folder {path.parent}")
    is_new = not path.exists()
    if not (is_new or path.is_file()):
        return  # a pipe would wait for its reader
    with path.open("ab"):
        pass
    if is_new:
        path.unlink()


def _check_database(url: str | None) -> None:
    try:
        if url:
            make_url(url).get_dialect().import_dbapi()
    except (ArgumentError, ImportError) as error:
        raise BadRequest(f"ARCHIVE_DB_URL={url} names no database: {error}") from error


def _check_loads(name: str, path: Any) -> None:
    try:
        if isinstance(path, str):
            (import_module if name == "SPIDER_MODULES" else load_object)(path)
    except Exception as error:  # whatever the module does when it is imported
        raise BadRequest(f"{name}: {path} cannot be imported: {type(error).__name__}: {error}") from error
