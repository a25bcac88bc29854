"""The Wayback Machine's dialect over a collection of pywb.

Its index answers with an array of arrays and a resume key, its `id_` form names the headers of the capture
X-Archive-Orig-…; pywb has lines of JSON, no key, no collapsing, and headers of both kinds.
"""

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote_plus, urlencode

from werkzeug import Request, Response

from tests.standins.serving import ask, raw

FIELDS = {  # and pywb's names for them
    "urlkey": "urlkey", "timestamp": "timestamp", "original": "url", "mimetype": "mime", "statuscode": "status",
    "digest": "digest", "length": "length",
}  # fmt: skip
_PREFIX = "x-archive-orig-"
_OF_PYWB = {
    "memento-datetime",
    "link",
    "content-location",
    "vary",
    "preference-applied",
    "date",
    "server",
    "connection",
}
_OF_BOTH = ("content-type", "content-encoding")
_REPLAY = re.compile(r"/web/(\d{1,14})id_/(.+)")
_RANGES = ("url", "matchType", "from", "to")

Row = dict[str, str]


class Wayback:
    def __init__(self, collection: str) -> None:
        """collection: its address in pywb."""
        self._collection = collection

    def __call__(self, request: Request) -> Response:
        if replay := _REPLAY.fullmatch(raw(request)):
            return self._replay(*replay.groups())
        if request.path == "/cdx/search/cdx":
            return self._index(request)
        return Response("<html><h1>Not Found</h1></html>", 404, content_type="text/html")

    def _index(self, request: Request) -> Response:
        words = request.args
        asked = {name: words[name] for name in _RANGES if name in words}
        found = ask(f"{self._collection}/cdx?{urlencode(asked | {'output': 'json'})}").body.splitlines()
        lines = [json.loads(line) for line in found]
        rows: Iterable[Row] = ({name: line.get(theirs, "-") for name, theirs in FIELDS.items()} for line in lines)
        rows = (row for row in rows if all(_passes(row, each) for each in words.getlist("filter")))
        rows = list(_collapsed(rows, words.getlist("collapse")))
        if key := words.get("resumeKey"):
            after = unquote_plus(key)  # the server undoes it once more than the servlet, for the key comes quoted
            rows = [row for row in rows if f"{row['urlkey']} {row['timestamp']} " > after]
        limit = int(words.get("limit", 150_000))
        fields = words["fl"].split(",") if "fl" in words else list(FIELDS)
        table = [fields] if rows else []
        table += [[row[name] for name in fields] for row in rows[:limit]]
        if len(rows) > limit and words.get("showResumeKey") == "true":
            last = rows[limit - 1]
            table += [[], [quote_plus(f"{last['urlkey']} {last['timestamp']}!")]]
        return Response(json.dumps(table), content_type="application/json")

    def _replay(self, timestamp: str, url: str) -> Response:
        found = ask(f"{self._collection}/{timestamp}id_/{url}")
        answer = Response(found.body, found.status)
        answer.headers.pop("Content-Type")
        for name, value in found.headers.items():
            if name == "memento-datetime":
                answer.headers["memento-datetime"] = value
            elif name.startswith(_PREFIX):
                answer.headers[name] = value
            elif name not in _OF_PYWB:
                answer.headers[_PREFIX + name] = value
            if name in _OF_BOTH:
                answer.headers[name] = value
        if location := found.headers.get("location"):
            answer.headers["location"] = f"/web/{timestamp}id_/{quote(location, safe=':/?&=%#')}"
        if "memento-datetime" in answer.headers:
            answer.headers["x-archive-src"] = "stand-in.warc.gz"
        return answer


def _passes(row: Row, condition: str) -> bool:
    """[!]field:regex, which the whole value must match."""
    name, _, pattern = condition.removeprefix("!").partition(":")
    return bool(re.fullmatch(pattern, row[name])) != condition.startswith("!")


def _collapsed(rows: Iterable[Row], conditions: list[str]) -> Iterator[Row]:
    """Of neighbours that are alike in a field, or in its first characters, the first."""
    names = [each.partition(":")[::2] for each in conditions]
    before: list[str] | None = None
    for row in rows:
        alike = [row[name][: int(first)] if first else row[name] for name, first in names]
        if not conditions or alike != before:
            yield row
        before = alike
