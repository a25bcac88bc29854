"""What the index of Common Crawl answers: its crawls, how many pages it has of a host, where captures lie.

A line that cannot be read is passed over, and said to be; a page without a line that looks like one is none. The
answers are described at https://pywb.readthedocs.io/en/latest/manual/cdxserver_api.html; they differ by a 404
for a page without captures.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from postscraper.sources.remote import BadRow, NoIndex
from storage.holdings.models import CdxEntry

LONGEST_RECORD = 16 * 2**20  # compressed, and as long as an answer may be; a page is cut at 1 MB, since 2025 at 5 MB

_DIGITS = re.compile(r"\d{1,18}", re.A)
_STATUS = re.compile(r"\d{3}", re.A)
_STAMP = re.compile(r"\d{14}", re.A)
_CRAWL = re.compile(r"[\w.-]{1,100}", re.A)
_FIELDS = ("url", "timestamp", "status", "filename", "offset", "length", "mime", "mime-detected", "digest")
_FILE = re.compile(r"\w[\w./-]{1,300}\.w?arc\.gz", re.A)  # those of 2008 to 2012 are ARC files


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawl:
    """began_on, ended_on: days of its first and last capture, in UTC; None when the list does not tell."""

    name: str
    began_on: date | None
    ended_on: date | None


def crawls(status: int, body: bytes) -> list[Crawl]:
    """The crawls that collinfo.json names, the newest first as it has them. Raises NoIndex."""
    _must_be_200(status, body)
    told = _json(body, "the list of crawls")
    named = [each for each in told if _names_crawl(each)] if isinstance(told, list) else []
    if not named:
        raise NoIndex(f"the list of crawls is none: {body[:80]!r}")
    return [Crawl(name=each["id"], began_on=_day(each.get("from")), ended_on=_day(each.get("to"))) for each in named]


def _names_crawl(told: object) -> bool:
    return isinstance(told, dict) and isinstance(told.get("id"), str) and _CRAWL.fullmatch(told["id"]) is not None


def overlapping(found: Iterable[Crawl], since: date | None, until: date | None) -> list[Crawl]:
    """Those with captures of these days, both included; a crawl whose days are not told is never left out."""
    return [
        each
        for each in found
        if not (since and each.ended_on and each.ended_on < since)
        and not (until and each.began_on and each.began_on > until)
    ]


def count(status: int, body: bytes) -> int:
    """How many pages of the index there are. Raises NoIndex."""
    if _is_empty(status, body):
        return 0
    _must_be_200(status, body)
    told = _json(body, "the number of index pages")
    pages = told.get("pages") if isinstance(told, dict) else None
    if not isinstance(pages, int) or isinstance(pages, bool) or pages < 0:
        raise NoIndex(f"the number of index pages is none: {body[:80]!r}")
    return pages


def captures(status: int, body: bytes, pass_over: Callable[[str], object] = lambda _: None) -> list[CdxEntry]:
    """The captures that a page of the index names; [] for a page without.

    pass_over: called with a phrase for each line that names none. Raises NoIndex.
    """
    if _is_empty(status, body):
        return []
    _must_be_200(status, body)
    if body and not body.endswith(b"\n"):
        raise NoIndex(f"the page ends within a line: {body[-80:]!r}")
    lines = body.splitlines()
    if lines and not any(line.startswith(b"{") for line in lines):
        raise NoIndex(f"no line of an index: {body[:80]!r}")
    found = []
    for line in lines:
        try:
            found.append(capture(_json(line, "a line")))
        except NoIndex as error:
            pass_over(str(error))
    return found


def capture(told: Any) -> CdxEntry:
    """Of one line's fields. Raises BadRow."""
    if not isinstance(told, dict):
        raise BadRow(f"a line is no object: {str(told)[:80]!a}")
    values = {name: _value(told.get(name)) for name in _FIELDS}
    at = _moment(values["timestamp"])
    numbers = all(_DIGITS.fullmatch(values[name]) for name in ("offset", "length"))
    known = values["url"].startswith(("http://", "https://")) and _is_file(values["filename"])
    if at is None or not numbers or not known or not 0 < int(values["length"]) <= LONGEST_RECORD:
        raise BadRow(f"a line names no capture: {json.dumps(told)[:200]}")
    return CdxEntry(
        url=values["url"],
        captured_at=at,
        status=int(values["status"]) if _STATUS.fullmatch(values["status"]) else None,
        mime=values["mime-detected"] or values["mime"] or None,
        digest=values["digest"].removeprefix("sha1:") or None,
        file=values["filename"],
        offset=int(values["offset"]),
        length=int(values["length"]),
    )


def _value(told: object) -> str:
    """A text or a number, as text; empty when it is missing. Raises BadRow."""
    if told is None:
        return ""
    if not isinstance(told, str | int) or isinstance(told, bool):
        raise BadRow(f"a field of another type: {str(told)[:80]!a}")
    text = str(told)
    try:
        text.encode()
    except UnicodeEncodeError as error:  # half of a pair of surrogates
        raise BadRow(f"a field that is no text: {text[:80]!a}") from error
    return text


def _is_empty(status: int, body: bytes) -> bool:
    """The index says 404 when a crawl, or a page of the index, has no captures."""
    return status == 404 and b"No Captures found" in body[:1000]


def _must_be_200(status: int, body: bytes) -> None:
    if status != 200:
        raise NoIndex(f"status {status}: {body[:80]!r}")


def _json(body: bytes, what: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoIndex(f"{what} is no JSON: {body[:80]!r}") from error


def _is_file(name: str) -> bool:
    return _FILE.fullmatch(name) is not None and "//" not in name and ".." not in name


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC) if _STAMP.fullmatch(text) else None
    except ValueError:
        return None


def _day(text: object) -> date | None:
    try:
        return datetime.fromisoformat(str(text)).date()
    except ValueError:
        return None
