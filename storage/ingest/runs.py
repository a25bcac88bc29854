"""Rows of runs: added at the start of each crawl, replay and merge, and completed at its end."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import unquote

from sqlalchemy import Connection, insert, select, update

from storage.database.bulk import run_in
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
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(ends)})(?![\w-])")

    def is_named(text: str | None) -> bool:
        return pattern.search(unquote(text or "")) is not None

    for row in connection.execute(select(table.id, table.arguments, table.reason, table.skeletons)).all():
        changed: dict[str, Any] = {"arguments": WITHDRAWN} if is_named(row.arguments) else {}
        changed |= {"reason": "withdrawn"} if is_named(row.reason) else {}
        if is_named(row.skeletons):
            classes = json.loads(row.skeletons)
            changed["skeletons"] = json.dumps(
                [each | {"url": None} if is_named(each["url"]) else each for each in classes]
            )
        if changed:
            complete(connection, row.id, changed)
    urls = connection.execute(select(Skeleton.url).where(Skeleton.url.is_not(None)).distinct()).scalars()
    run_in(connection, update(Skeleton).values(url=None), Skeleton.url, list(filter(is_named, urls)))
