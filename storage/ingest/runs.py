"""Rows of runs: added at the start of each crawl, replay and merge, and completed at its end."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import unquote

from sqlalchemy import Connection, insert, select, update

from storage.database.bulk import chunks
from storage.database.derived import Skeleton
from storage.database.schema import CrawlRun
from storage.database.values import Values

WITHDRAWN = '"withdrawn"'  # in place of arguments that name a withdrawn story


def begin(connection: Connection, values: Mapping[str, Any]) -> int:
    """Add a row; returns its number."""
    number = connection.execute(insert(CrawlRun).values(**values)).inserted_primary_key
    assert number is not None
    return int(number[0])


def complete(connection: Connection, number: int, values: Values) -> None:
    connection.execute(update(CrawlRun).where(CrawlRun.id == number).values(**values))


def forget(connection: Connection, addresses: Collection[str]) -> None:
    """Clear the columns that contain one of the addresses of a withdrawn story."""
    table = CrawlRun.__table__.c
    ends = [re.escape(unquote(address).rstrip("/").rsplit("/", 1)[-1]) for address in addresses]
    names_one = re.compile(rf"(?<![\w-])(?:{'|'.join(ends)})(?![\w-])")
    for row in connection.execute(select(table.id, table.arguments, table.reason, table.skeletons)).all():
        changed: dict[str, Any] = {"arguments": WITHDRAWN} if names_one.search(unquote(row.arguments)) else {}
        changed |= {"reason": "withdrawn"} if names_one.search(unquote(row.reason or "")) else {}
        if names_one.search(unquote(row.skeletons or "")):
            classes = json.loads(row.skeletons)
            own = [each["url"] for each in classes if each["url"] and names_one.search(unquote(each["url"]))]
            changed["skeletons"] = json.dumps(
                [each | {"url": None} if each["url"] in own else each for each in classes]
            )
        if changed:
            complete(connection, row.id, changed)
    urls = connection.execute(select(Skeleton.url).where(Skeleton.url.is_not(None)).distinct()).scalars()
    named = [url for url in urls if url is not None and names_one.search(unquote(url))]
    for chunk in chunks(named):
        connection.execute(update(Skeleton).where(Skeleton.url.in_(chunk)).values(url=None))
