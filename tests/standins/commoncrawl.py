"""Common Crawl: its folders, its index as pywb serves it, its store that gives ranges of files."""

import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException
from werkzeug.utils import send_file

from tests.standins import pywb
from tests.standins.serving import Standin, ask, raw, standing_in

CRAWL = "CC-MAIN-2018-26"
LINES_A_BLOCK = 8  # 3,000 at Common Crawl
_WITHIN = {"from": "2018-06-17T17:00:00", "to": "2018-06-26T02:00:00"}
_INDEX = "cc-index/collections/{}/indexes"
_INVALID_RANGE = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InvalidRange</Code></Error>'


class CommonCrawl(NamedTuple):
    """index: of index.commoncrawl.org; store: of data.commoncrawl.org."""

    index: Standin
    store: Standin


def lay_out(folder: Path, warcs: Sequence[bytes], crawl: str = CRAWL) -> list[Path]:
    """A crawl's WARC files with their ZipNum index, as they lie at Common Crawl; the WARC files."""
    files = []
    for number, warc in enumerate(warcs):
        path = folder / f"crawl-data/{crawl}/segments/1529267859766.6/warc/{crawl}-{number:05}.warc.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(warc)
        files.append(path)
    lines = sorted(line for path in files for line in _cdxj(path, folder))
    _zipnum(folder / _INDEX.format(crawl), lines)
    return files


def _cdxj(path: Path, folder: Path) -> Iterator[bytes]:
    for line in pywb.done("cdx-indexer", "-j", "-s", path, folder=folder).splitlines():
        if line.startswith(" CDX"):
            continue
        key, timestamp, told = line.split(" ", 2)
        row = json.loads(told) | {"filename": str(path.relative_to(folder))}
        yield f"{key} {timestamp} {json.dumps(row)}\n".encode()


def _zipnum(folder: Path, lines: list[bytes]) -> None:
    """Gzip members of a few lines each, and a file that says which line begins which."""
    folder.mkdir(parents=True)
    blocks = [lines[at : at + LINES_A_BLOCK] for at in range(0, len(lines), LINES_A_BLOCK)]
    offset, cluster = 0, ""
    with (folder / "cdx-00000.gz").open("wb") as shard:
        for number, block in enumerate(blocks, 1):
            length = shard.write(gzip.compress(b"".join(block), mtime=0))
            key, timestamp, _ = block[0].decode().split(" ", 2)
            cluster += f"{key} {timestamp}\tcdx-00000.gz\t{offset}\t{length}\t{number}\n"
            offset += length
    (folder / "cluster.idx").write_text(cluster, "utf-8")


def lay_out_news(folder: Path, month: str, warcs: Sequence[tuple[str, bytes]]) -> None:
    """month: 2018/06; warcs: the moments at which they begin, as 20180620011000, and their bytes."""
    news = folder / "crawl-data/CC-NEWS" / month
    news.mkdir(parents=True)
    names = [f"CC-NEWS-{moment}-{number:05}.warc.gz" for number, (moment, _) in enumerate(warcs)]
    for name, (_, warc) in zip(names, warcs, strict=True):
        (news / name).write_bytes(warc)
    listed = "".join(f"crawl-data/CC-NEWS/{month}/{name}\n" for name in names)
    (news / "warc.paths.gz").write_bytes(gzip.compress(listed.encode()))


def configure(folder: Path, place: Path, crawl: str = CRAWL) -> None:
    """Let the pywb of `folder` serve the index of the crawl that lies at `place`."""
    index = (place / _INDEX.format(crawl)).resolve()
    source = {
        "type": "zipnum",
        "path": str(index / "cluster.idx"),
        "shard_index_loc": {"match": ".*/$", "replace": f"{index}/"},
    }
    config = {"collections": {crawl: {"index": source, "archive_paths": f"{place.resolve()}/"}}}
    (folder / "config.yaml").write_text(json.dumps(config), "utf-8")  # of which YAML is a superset


@contextmanager
def serving(origin: str, place: Path, crawls: Sequence[str] = (CRAWL,)) -> Iterator[CommonCrawl]:
    """origin: of the pywb that serves the indexes; place: the folder of the files."""
    with ExitStack() as stack:
        index = stack.enter_context(standing_in(_Index(origin, crawls)))
        yield CommonCrawl(index, stack.enter_context(standing_in(Store(place))))


class _Index:
    """index.commoncrawl.org is an older pywb: its addresses differ, and its answer when it has nothing."""

    def __init__(self, origin: str, crawls: Sequence[str]) -> None:
        self._origin, self._crawls = origin, crawls

    def __call__(self, request: Request) -> Response:
        if request.path == "/collinfo.json":
            api = request.host_url + "{0}-index"
            told = [{"id": name, "name": name, "cdx-api": api.format(name)} | _WITHIN for name in self._crawls]
            return Response(json.dumps(told), content_type="application/json")
        path, _, query = raw(request).partition("?")
        found = ask(f"{self._origin}{path.removesuffix('-index')}/cdx?{query}")
        if found.status == 200 and not found.body:
            nothing = {"message": f"No Captures found for: {request.args['url']}"}
            return Response(json.dumps(nothing), 404, content_type="application/json")
        return Response(found.body, found.status, content_type=found.headers["content-type"])


class Store:
    def __init__(self, place: Path) -> None:
        self._place = place

    def __call__(self, request: Request) -> Response:
        path = self._place / request.path.lstrip("/")
        if not path.is_file():
            return Response("<Error><Code>NoSuchKey</Code></Error>", 404, content_type="application/xml")
        try:
            return send_file(path, request.environ, conditional=True, mimetype="application/octet-stream")
        except HTTPException:
            headers = {"Content-Range": f"bytes */{path.stat().st_size}"}
            return Response(_INVALID_RANGE, 416, headers, content_type="application/xml")
