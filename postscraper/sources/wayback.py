"""The Wayback Machine: its index, and unmodified captures from its `id_` addresses.

The index is requested as the Internet Archive describes it:
https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urljoin

from postscraper.sources.remote import ArchiveRequest, BadRow, IndexPage, NoCapture, NoIndex, Onward, Target, stamped_at
from postscraper.urls import as_sent, maybe_canonical, sent_on
from storage.holdings.models import CdxEntry
from storage.warc.exchange import Exchange
from storage.warc.writer import payload_digest

HOME = "https://web.archive.org"
ROWS = 5_000  # in one answer: about a megabyte, and some seconds of the index's work
FIELDS = ("timestamp", "original", "mimetype", "statuscode", "digest")
# Filters against entries that are not pages of a newspaper.
_NO_PAGE = r"!mimetype:(image|audio|video|font)/.*", r"!mimetype:.*(css|javascript|font|revisit).*"
_ENCODED_KEY = re.compile(r"[\w.*+%-]+", re.A)
_STATUS = re.compile(r"\d{3}", re.A)
_REPLAY = re.compile(r"/web/(\d{14})id_/(.+)$", re.A)
_ORIGINAL = re.compile(r"<([^>]+)>\s*;\s*rel=\"?original\"?")
_ORIGINAL_PREFIX = "x-archive-orig-"
# Headers of the archive's own that describe the body.
_BODY_HEADERS = ("content-type", "content-encoding")


@dataclass(frozen=True, slots=True)
class Wayback:
    """The Wayback Machine; origin: of its server, as https://web.archive.org."""

    origin: str = HOME
    name: str = "wayback"

    @property
    def origins(self) -> tuple[str, ...]:
        return (self.origin,)

    def queries(
        self, targets: Iterable[Target], since: date | None = None, until: date | None = None
    ) -> tuple[str, ...]:
        days = [("from", since), ("to", until)]
        span = [(name, f"{day:%Y%m%d}") for name, day in days if day]
        filters = [("filter", condition) for condition in ("statuscode:200", *_NO_PAGE)]
        # Of consecutive captures with the same bytes only the first; the others would not be fetched.
        fields = [("output", "json"), ("fl", ",".join(FIELDS)), *filters, ("collapse", "digest"), *span]
        return tuple(urlencode([("url", url), ("matchType", match), *fields]) for url, match in targets)

    def index_request(self, query: str, resume_key: str | None) -> ArchiveRequest:
        paging = f"limit={ROWS}&showResumeKey=true"
        if resume_key is not None:
            # The index returns the key URL-encoded; a stand-in may not.
            encoded = resume_key if _ENCODED_KEY.fullmatch(resume_key) else quote(resume_key, safe="")
            paging += f"&resumeKey={encoded}"
        return ArchiveRequest(url=f"{self.origin}/cdx/search/cdx?{query}&{paging}")

    def read_index(self, query: str, resume_key: str | None, answer: Exchange) -> IndexPage:
        if answer.status != 200 or answer.cut == "disconnect":
            raise NoIndex(f"status {answer.status}{', and cut' if answer.cut else ''}")
        rows = _rows(answer.body)
        onward = None
        if len(rows) >= 2 and rows[-2] == [] and isinstance(rows[-1], list) and len(rows[-1]) == 1:
            onward, rows = str(rows[-1][0]), rows[:-2]
            if onward == resume_key:
                raise NoIndex("the page after this one would be this one again")
        captures, bad = list[CdxEntry](), list[str]()
        for row in rows:
            try:
                captures.append(_entry(row))
            except BadRow as error:
                bad.append(str(error))
        return IndexPage(captures=tuple(captures), resume_key=onward, bad_rows=tuple(bad))

    def capture_request(self, entry: CdxEntry) -> ArchiveRequest:
        # Uncompressed, because a content coding of this response would be taken for one of the capture.
        url = f"{self.origin}/web/{entry.captured_at:%Y%m%d%H%M%S}id_/{as_sent(entry.url)}"
        return ArchiveRequest(url=url, headers=(("Accept-Encoding", "identity"),))

    def read_capture(self, entry: CdxEntry, answer: Exchange) -> Exchange:
        moment = _memento(answer)
        if moment is None or _is_redirect_of_archive(answer):
            raise self._no_capture(answer)
        is_same, original = moment == entry.captured_at, _original(entry, answer)
        if answer.cut and not (is_same and _is_whole(entry, answer)):
            raise NoCapture("half an answer")
        return Exchange(
            url=entry.url if is_same else original,
            requested_at=None,
            captured_at=moment,
            status=answer.status,
            headers=_headers(answer),
            body=answer.body,
            source=self.name,
            origin=answer.url,
        )

    def _no_capture(self, answer: Exchange) -> NoCapture | Onward:
        """The error for a response without a capture time."""
        status = answer.status or 0
        location = sent_on(answer.header("location"))
        if 300 <= status < 400 and location:
            target = urljoin(answer.url, location)
            if target.startswith(f"{self.origin}/web/") and _REPLAY.search(target):
                return Onward(target)
            return NoCapture(f"sent on to {target}", gone=True)
        if status in (403, 404, 410, 451):
            why = answer.header("x-archive-wayback-runtime-error") or f"status {status}"
            return NoCapture(why[:200], gone=True)
        return NoCapture(f"status {status}, and no capture")


def _rows(body: bytes) -> list[Any]:
    """All rows after the header; [] if the index has none."""
    try:
        rows: Any = json.loads(body)
    except (ValueError, RecursionError):
        rows = _line_by_line(body)
    if rows == []:
        return []
    if not isinstance(rows, list):
        raise NoIndex(f"no rows: {body[:60]!r}")
    if not isinstance(rows[0], list) or tuple(rows[0]) != FIELDS:
        raise NoIndex(f"a head of other fields: {ascii(rows[0])[:100]}")
    return rows[1:]


def _line_by_line(body: bytes) -> list[Any]:
    """The rows of an answer in which one is no JSON, a line each; for a bad row its bytes."""
    lines = body.strip().splitlines()
    if len(lines) < 2 or not lines[0].startswith(b"[[") or not lines[-1].endswith(b"]]"):
        raise NoIndex(f"no JSON, or half of it: {body[:60]!r}")
    lines[0], lines[-1] = lines[0][1:], lines[-1][:-1]
    rows: list[Any] = []
    for line in lines:
        try:
            rows.append(json.loads(line.strip().removesuffix(b",")))
        except (ValueError, RecursionError):
            rows.append(line)
    return rows


def _entry(row: Any) -> CdxEntry:
    """Raises BadRow."""
    if not isinstance(row, list) or len(row) != len(FIELDS) or not all(isinstance(value, str) for value in row):
        raise BadRow(f"a row of other fields: {ascii(row)[:100]}")
    stamp, url, mime, status, digest = row
    try:
        "".join(row).encode()  # half of a pair of surrogates is no text
        address = as_sent(url)
    except ValueError as error:
        raise BadRow(f"no address: {url[:100]!a}") from error
    if url in ("", "-"):
        raise BadRow("a row without an address")
    captured_at = stamped_at(stamp)
    if captured_at is None:
        raise BadRow(f"{stamp[:40]!a} is no moment")
    return CdxEntry(
        url=address,
        captured_at=captured_at,
        digest=digest if digest != "-" else None,
        status=int(status) if _STATUS.fullmatch(status) else None,
        mime=mime if mime != "-" else None,
    )


def _memento(answer: Exchange) -> datetime | None:
    """The moment of the capture in the answer; None if the answer is none.

    https://www.rfc-editor.org/rfc/rfc7089#section-2.1.1
    """
    try:
        moment = parsedate_to_datetime(answer.header("memento-datetime") or "")
    except (ValueError, IndexError, OverflowError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def _is_redirect_of_archive(answer: Exchange) -> bool:
    """Whether the redirect is the archive's own; redirects of the newspaper are captures."""
    return 300 <= (answer.status or 0) < 400 and answer.header(f"{_ORIGINAL_PREFIX}location") is None


def _is_whole(entry: CdxEntry, answer: Exchange) -> bool:
    """Whether an answer that came without its length is the one in the index."""
    return answer.cut == "unspecified" and entry.digest == payload_digest(answer.body).removeprefix("sha1:")


def _original(entry: CdxEntry, answer: Exchange) -> str:
    """The address of the capture, as the answer has it. Raises NoCapture if it is of another page."""
    link = _ORIGINAL.search(answer.header("link") or "")
    replay = _REPLAY.search(answer.url)
    url = as_sent(link[1] if link else replay[2] if replay else entry.url)
    address = maybe_canonical(url)
    if address is None or address != maybe_canonical(entry.url):
        raise NoCapture(f"answers with a capture of {url[:200]}", gone=True)
    return url


def _headers(answer: Exchange) -> tuple[tuple[str, str], ...]:
    """Headers of the paper's own answer; where they do not describe the body, those of the archive."""
    originals = [
        (name[len(_ORIGINAL_PREFIX) :], value)
        for name, value in answer.headers
        if name.lower().startswith(_ORIGINAL_PREFIX)
    ]
    names = {name.lower() for name, _ in originals}
    of_body = [(name, value) for name, value in answer.headers if name.lower() in _BODY_HEADERS]
    return (*originals, *((name, value) for name, value in of_body if name.lower() not in names))
