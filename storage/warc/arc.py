"""ARC, the Internet Archive's format before WARC: one line of header, then the response as it was received.

https://archive.org/web/researcher/ArcFileFormat.php; versions 1 and 2 differ in the fields between date and length.
"""

import re
from datetime import UTC, datetime

# Address (some hold spaces), IP address, 14 digits (12 in the oldest), …, length.
HEAD = re.compile(
    rb"[\r\n]*([a-z]{2,12}:[^\r\n]{1,65536}?) (\S{1,64}) (\d{12}|\d{14}) ([^\r\n]{0,4096}) (\d{1,12})\r?\n"
)


def split(raw: bytes) -> tuple[dict[str, str], bytes] | None:
    """The fields of an ARC record, named as in WARC, and its response; None for any other record."""
    head = HEAD.match(raw)
    if head is None:
        return None
    fields = {
        "warc-target-uri": head[1].decode("latin-1"),
        "warc-date": _moment(head[3].decode()),
        "content-length": head[5].decode(),
    }
    if head[2] not in (b"-", b"0.0.0.0"):
        fields["warc-ip-address"] = head[2].decode("latin-1")
    return fields, raw[head.end() : head.end() + int(head[5])]


def _moment(digits: str) -> str:
    """In ISO form; digits that are no date as text that no parser accepts for one."""
    try:
        return datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC).isoformat()
    except ValueError:
        return f"no date: {digits}"
