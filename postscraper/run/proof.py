"""Proof of a story's wording: each field traced to the characters of the stored page that it is read from.

    proof = prove(archive, EvidenceReader(folder), story_id)

The record is read, its digests are checked, its page is read by the layout of today, each field is compared, and its
words are located (postscraper/run/locator.py).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from postscraper.extraction import decode
from postscraper.extraction.content_coding import unpacked
from postscraper.newspaper import Newspaper
from postscraper.reading import feeds
from postscraper.reading.layout_version import layout_version
from postscraper.run.evidence_reader import EvidenceReader, newspaper_of
from postscraper.run.locator import WITHOUT_WORDS, FieldPath, Locator, Span, value_at
from postscraper.sources.captures import capture_of
from storage.archive import Archive
from storage.database.values import storable
from storage.errors import EvidenceError
from storage.evidence import compact_format
from storage.evidence.store import Evidence, path_in
from storage.ingest.reprocess import Rereader, by_part
from storage.query.proof import StoredWording, stored_wording
from storage.warc.exchange import Exchange, RecordLocation

State = Literal["confirmed", "differs", "unreadable"]

_HOPS = 5  # revisits of revisits that are followed, as in storage/evidence/store.py

# Fields without words of their own on the page, and what they follow from.
DERIVED: Mapping[str, str] = {
    "layout": "the markup of the page, by which the layout recognises its design",
    "language": "the script of the headline and the body",
    "url": "the address of the record, WARC-Target-URI",
    "canonical_url": "the address that was fetched",
    "first_page": "the marks of a page's end in the body",
    "not_printed": "the form of the story: page, feed or REST answer",
    "authors": "the byline",
    "agency": "the byline",
    "byline": "several elements of the page",
    "section": "the address and the categories of the story",
    "published_at": "published_text, on the newspaper's clock",
    "published_on": "published_text, on the newspaper's clock",
    "modified_at": "a time that the page gives to machines",
    "node_id": "the address of the page",
    "images": "an address or a caption that the page gives in parts",
}
# Of no wording: what else the page announces, and what its reading could not vouch for.
_LEFT_OUT = frozenset({"type", "teasers", "problems", "capture"})
_PLACES_OF_BLOCKS = frozenset({"kind", "block"})
_ENTRY = re.compile(r"<(item|entry)\b.*?</\1\s*>", re.S)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedRecord:
    """The record from which fields were read, as it is on the disk now.

    file, offset, length: as the database names the record. stored_in, stored_at: the file and byte where it is, which
        differ for compacted files.
    record_id, payload_digest: WARC-Record-ID and WARC-Payload-Digest; None when the record gives none.
    body_of: of a revisit record, the file, byte and ID of the record that holds the body; else None.
    digest: of the payload, `sha256:…`, computed now and equal to the stored one, unless `fault` says otherwise.
    layout, version: that read the page now.
    characters: of the decoded page, in which the spans are counted.
    fault: why it could not be read; None when it was.
    """

    url: str
    captured_at: datetime | None
    source: str
    part: str
    file: str | None
    offset: int | None
    length: int | None
    digest: str
    stored_in: str | None = None
    stored_at: int | None = None
    record_id: str | None = None
    payload_digest: str | None = None
    body_of: tuple[str, int, str] | None = None
    layout: str | None = None
    version: str | None = None
    characters: int | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedField:
    """One field of the wording.

    name: as `headline`, `body 3`, `images 1.caption`. value: as stored, JSON data. now: as read now, if it differs.
    spans: start and end in the decoded page of the words that it is read from; several when they stand in pieces.
    derived: what it follows from, when its words are not located; None when they are.
    record: the index of its record.
    """

    name: str
    value: Any
    state: State
    now: Any = None
    spans: tuple[Span, ...] = ()
    derived: str | None = None
    record: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """texts: the decoded page of each record; None for one that cannot be read."""

    canonical_url: str
    revision: int
    records: tuple[ProvedRecord, ...]
    fields: tuple[ProvedField, ...]
    texts: tuple[str | None, ...]

    @property
    def sound(self) -> bool:
        return all(field.state == "confirmed" for field in self.fields)


def prove(
    archive: Archive,
    reader: EvidenceReader,
    story_id: int,
    *,
    revision: int | None = None,
    field: str | None = None,
    before_reading: Callable[[], object] = lambda: None,
) -> Proof:
    """revision: its number; None: the newest. field: of the item; None: all. Raises NoSuchStory.

    before_reading: called before each of the hundreds of readings of a page; it may raise to end the proof.
    """
    stored = archive.ask(stored_wording, story_id, revision)
    evidence = Evidence.open(archive.evidence)
    parts = [(stored.capture, _of_text(stored))]
    if stored.standfirst is not None:
        parts[0][1].pop("standfirst")
        parts.append((stored.standfirst, {"standfirst": stored.item["standfirst"]}))
    records: list[ProvedRecord] = []
    fields: list[ProvedField] = []
    texts: list[str | None] = []
    for index, (row, values) in enumerate(parts):
        page = _Page(evidence, reader, row, before_reading)
        records.append(page.record)
        texts.append(page.text)
        chosen = {name: value for name, value in values.items() if field in (None, name)}
        fields += (replace(proved, record=index) for proved in page.fields(chosen))
    return Proof(
        canonical_url=stored.canonical_url,
        revision=stored.revision.number,
        records=tuple(records),
        fields=tuple(fields),
        texts=tuple(texts),
    )


def _of_text(stored: StoredWording) -> dict[str, Any]:
    """The filled fields of the wording; the body as the revision has it, if the reading has another."""
    item = {name: value for name, value in stored.item.items() if name not in _LEFT_OUT and value not in _EMPTY}
    if "\n\n".join(block["text"] for block in stored.item["body"]) != stored.revision.body:
        item["body"] = [{"kind": "paragraph", "text": text} for text in stored.revision.body.split("\n\n")]
    return item


_EMPTY: tuple[Any, ...] = (None, "", [], {})


class _Page:
    """The page of one capture, read again."""

    def __init__(
        self, evidence: Evidence, reader: EvidenceReader, row: Any, before_reading: Callable[[], object]
    ) -> None:
        self._reader, self._row, self._before_reading = reader, row, before_reading
        self._item: dict[str, Any] = {}
        self.text: str | None = None
        self.record = ProvedRecord(
            **{name: getattr(row, name) for name in ("url", "captured_at", "source", "part", "digest")},
            **{name: getattr(row, f"evidence_{name}") for name in ("file", "offset", "length")},
        )
        try:
            self._exchange, self._location = Rereader(evidence, reader).exchange(row)
            self.record = _on_disk(self.record, evidence, self._exchange, self._location)
        except (EvidenceError, OSError) as error:
            self.record = replace(self.record, fault=str(error))
            return
        self.text = _decoded(self._exchange, self._location)
        self._item = self._read(self._exchange) or {}
        layout = self._item.get("layout")
        version = layout_version(layout, self._paper()) if layout else None
        self.record = replace(self.record, characters=len(self.text), layout=layout, version=version)
        before, part, after = _part_of(self.text, row.part, self._read_text)
        self._locator = Locator(before, part, after, self._item, self._read_text)
        self._start = self.text.index(part) if before else 0  # of the part, in the page

    def _paper(self) -> Newspaper:
        return newspaper_of(self._location.file, urlsplit(self._reader.address(self._row.url)).netloc)

    def fields(self, values: Mapping[str, Any]) -> Iterator[ProvedField]:
        for name, value in values.items():
            leaves = list(_leaves(name, value))
            wrong = [path for path, leaf in leaves if self.text is None or value_at(self._item, path) != leaf]
            for path, leaf in leaves:
                yield self._field(path, leaf, is_equal=path not in wrong)
            if self.text is not None and not wrong and self._item.get(name) != value:
                yield ProvedField(name=name, value=value, state="differs", now=self._item.get(name))

    def _field(self, path: FieldPath, value: Any, *, is_equal: bool) -> ProvedField:
        name = _name(path)
        if not is_equal:
            now = value_at(self._item, path) if self.text is not None else None
            return ProvedField(name=name, value=value, state="unreadable" if self.text is None else "differs", now=now)
        spans = tuple((start + self._start, end + self._start) for start, end in self._locator.spans(path, value))
        derived = None if spans else f"not located: composed of {DERIVED.get(path[0], 'several parts of the page')}"
        if path[0] in WITHOUT_WORDS:
            derived = f"derived from {DERIVED[path[0]]}"
        return ProvedField(name=name, value=value, state="confirmed", spans=spans, derived=derived)

    def _read_text(self, text: str) -> dict[str, Any] | None:
        label = (self._exchange.header("content-type") or "text/html").partition(";")[0]
        others = [pair for pair in self._exchange.headers if pair[0].lower() not in _OF_BYTES]
        headers = (*others, ("Content-Type", f"{label}; charset=utf-8"))
        return self._read(replace(self._exchange, body=text.encode("utf-8", "replace"), headers=headers))

    def _read(self, exchange: Exchange) -> dict[str, Any] | None:
        """The article that the exchange, or its part, is read as; None when there is none."""
        self._before_reading()
        parts = by_part(self._reader.read(exchange, self._location))
        item = storable(parts[self._row.part][0]) if self._row.part in parts else None
        return item if item is not None and item["type"] == "article" else None


_OF_BYTES = frozenset({"content-type", "content-encoding", "content-length", "transfer-encoding"})


def _on_disk(record: ProvedRecord, evidence: Evidence, exchange: Exchange, location: RecordLocation) -> ProvedRecord:
    response = evidence.response(location)
    path = path_in(evidence.folder, location.file)
    body_of, target = None, exchange.revisit_of
    for _ in range(_HOPS):
        if target is None or target.location is None:
            break
        original = evidence.response(target.location)
        body_of = target.location.file, target.location.offset, original.record_id
        target = original.exchange.revisit_of
    return replace(
        record,
        stored_in=compact_format.file_of(path).name if path.parent == evidence.folder else str(path),
        stored_at=compact_format.present_offset(path, location.offset),
        record_id=response.record_id or None,
        payload_digest=response.payload_digest,
        body_of=body_of,
    )


def _decoded(exchange: Exchange, location: RecordLocation) -> str:
    """The text of a page or feed, as its reader decodes it."""
    capture = capture_of(exchange, location)
    body, _ = unpacked(capture)
    label = feeds.label(capture, body) if decode.is_feed(body) else capture.header("content-type")
    return decode.text_of(body, label)[0]


def _part_of(text: str, part: str, read: Callable[[str], dict[str, Any] | None]) -> tuple[str, str, str]:
    """The piece of a feed or REST answer that is one story, with a beginning and an end that make it a document.

    A whole page, and a piece that cannot be told apart, come whole.
    """
    for before, piece, after in _pieces(text) if part else ():
        if read(before + piece + after) is not None:
            return before, piece, after
    return "", text, ""


def _pieces(text: str) -> Iterator[tuple[str, str, str]]:
    if text.lstrip()[:1] == "[":
        decoder, at = json.JSONDecoder(), text.index("[") + 1
        while (gap := re.compile(r"[\s,]*(?=\{)").match(text, at)) is not None:
            try:
                _, at = decoder.raw_decode(text, gap.end())
            except ValueError:
                return
            yield "[", text[gap.end() : at], "]"
        return
    entries = list(_ENTRY.finditer(text))
    for entry in entries:
        yield text[: entries[0].start()], entry[0], text[entries[-1].end() :]


def _leaves(name: str, value: Any) -> Iterator[tuple[FieldPath, Any]]:
    """The filled values inside a field, each with its path."""
    pending: list[tuple[FieldPath, Any]] = [((name,), value)]
    while pending:
        path, value = pending.pop(0)
        if isinstance(value, list):
            pending[:0] = [((*path, index), inner) for index, inner in enumerate(value)]
        elif isinstance(value, dict):
            pending[:0] = [((*path, key), inner) for key, inner in value.items() if key not in _PLACES_OF_BLOCKS]
        elif value not in _EMPTY:
            yield path, value


def _name(path: FieldPath) -> str:
    """As `body 3`, `images 1.caption`: a block's text is the block."""
    text = str(path[0])
    for step in path[1:]:
        text += f" {step + 1}" if isinstance(step, int) else "" if step == "text" and path[0] == "body" else f".{step}"
    return text
