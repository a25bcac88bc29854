"""Lists of stories for other programs: CSV for tables, Atom (RFC 4287) for feed readers."""

import csv
import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from postscraper.items import plain
from postscraper.web.rendering import MARKS
from storage.query.export.csv_table import safe

COLUMNS = ("story_id", "published_on", "section", "byline", "headline", "canonical_url", "revision", "snippet")

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def csv_of(data: Mapping[str, Any]) -> bytes:
    """The stories of a list, a line each; no cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for hit in data["hits"]:
        writer.writerow([_cell(hit[name]) for name in COLUMNS])
    return out.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    return safe(_unmarked(value).replace("\0", "")) if isinstance(value, str) else value


def atom_of(data: Mapping[str, Any], base: str, query: str) -> bytes:
    """The stories of a list as a feed. base: address of the server. query: of the request."""
    own = f"{base}/search.atom{f'?{query}' if query else ''}"
    known = [hit["updated_at"] for hit in data["hits"] if hit["updated_at"] is not None]
    updated = max(known, default=datetime.now(UTC))  # RFC 4287 requires a time, also of a story of unknown time
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<title>{_text(data['title'])}</title><id>{_text(own)}</id><updated>{plain(updated)}</updated>",
        f'<link rel="self" href={quoteattr(_clean(own))}/>',
    ]
    for hit in data["hits"]:
        address = f"{base}/story/{hit['story_id']}"
        parts.append(
            f"<entry><title>{_text(hit['headline'])}</title><id>{_text(hit['canonical_url'])}</id>"
            f"<updated>{plain(hit['updated_at'] or updated)}</updated><link href={quoteattr(address)}/>"
            f"<author><name>{_text(hit['byline'] or 'unknown')}</name></author>"
            f"<summary>{_text(_unmarked(hit['snippet']))}</summary></entry>"
        )
    return ("\n".join(parts) + "\n</feed>\n").encode("utf-8", "replace")


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _text(text: str) -> str:
    return escape(_clean(text))


def _unmarked(text: str) -> str:
    return text.replace(MARKS[0], "").replace(MARKS[1], "")
