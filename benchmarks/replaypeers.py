"""Replay of WARC files by other programs: one flat row per page, with a search index, in two processes.

All but news-please read with warcio and extract; news-please takes the record itself, as its own reader of
Common Crawl's files does. Pictures are not fetched.
"""

import logging
import sqlite3
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

JOBS = 2

Row = tuple[Any, ...]
Extract = Callable[[Any], Row]


def by_parsel(record: Any) -> Row:
    page = import_module("parsel").Selector(_text(record))
    headline = page.css("h1 ::text, h2.title ::text, title ::text").get()
    return _url(record), headline, "\n".join(page.css("p ::text").getall())


def by_trafilatura(record: Any) -> Row:
    url = _url(record)
    story = import_module("trafilatura").bare_extraction(_text(record), url=url)
    return (url, None, None) if story is None else (url, story.title, story.text)


def by_newspaper(record: Any) -> Row:
    url, newspaper = _url(record), import_module("newspaper")
    article = newspaper.Article(url, fetch_images=False)
    article.download(input_html=_text(record))
    article.parse()
    return url, article.title, article.text


def by_news_please(record: Any) -> Row:
    story = import_module("newsplease").NewsPlease.from_warc(record, decode_errors="replace", fetch_images=False)
    return _url(record), story.title, story.maintext


PEERS: Mapping[str, tuple[str, Extract]] = {
    "warcio + parsel + SQLite": ("parsel", by_parsel),
    "warcio + trafilatura + SQLite": ("trafilatura", by_trafilatura),
    "warcio + newspaper4k + SQLite": ("newspaper", by_newspaper),
    "news-please + SQLite": ("newsplease", by_news_please),
}


def _text(record: Any) -> str:
    text: str = record.content_stream().read().decode("utf-8", "replace")
    return text


def _url(record: Any) -> str:
    url: str = record.rec_headers.get_header("WARC-Target-URI")
    return url


def load(name: str) -> None:
    """Before the clock starts: the processes that are forked have the peer's modules then."""
    import_module("warcio.archiveiterator")
    with warnings.catch_warnings(action="ignore"):  # newspaper4k asks for an extra that nothing here needs
        import_module(PEERS[name][0])


def _extracted(path: Path, name: str) -> list[Row]:
    warnings.simplefilter("ignore")
    logging.disable()  # newspaper4k and news-please tell at length of each page they fail at
    extract = PEERS[name][1]
    with path.open("rb") as stream:
        records = import_module("warcio.archiveiterator").ArchiveIterator(stream)
        return [_or_none(extract, record) for record in records if record.rec_type == "response"]


def _or_none(extract: Extract, record: Any) -> Row:
    """A page that the peer fails at is a row without words."""
    try:
        return extract(record)
    except Exception:
        return _url(record), None, None


def flat(paths: list[Path], name: str, out: Path) -> int:
    count = 0
    with closing(opened(out / "flat.db")) as connection, ProcessPoolExecutor(JOBS, get_context("fork")) as pool:
        connection.execute("CREATE TABLE article (id INTEGER PRIMARY KEY, url TEXT, headline TEXT, body TEXT)")
        connection.execute(
            "CREATE VIRTUAL TABLE words USING fts5(headline, body, content='article', content_rowid='id')"
        )
        for rows in pool.map(_extracted, paths, [name] * len(paths)):
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO article(url, headline, body) VALUES (?, ?, ?)", rows)
            connection.execute("COMMIT")
            count += len(rows)
        connection.execute("INSERT INTO words(words) VALUES ('rebuild')")
    return count


def opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -65536"):
        connection.execute(f"PRAGMA {pragma}")
    return connection
