"""What a reader found, packed for its way to the writer."""

from pathlib import Path

import pytest

from postscraper.bulk.packing import packed, unpacked
from postscraper.bulk.slices import ByteRange, Reader, Setup, SliceResult
from postscraper.sources.warc_files import parts
from tests.helpers.warc_files import again, earlier, pages, records, warc_gz


def told(folder: Path, *, keeps: bool) -> SliceResult:
    """Articles, lists and unread pages, a revisit, and a torn end."""
    found = list(pages(200))
    path = warc_gz(folder / "a.warc.gz", found)
    revisit = records([again(found[0], 9_000)], same_as=earlier(found[0]))[1]
    path.write_bytes(path.read_bytes() + revisit + b"WARC/1.1\r\nContent-Length: 9")
    [part] = parts([path], lambda _: None)
    reader = Reader(Setup(paper="post", aliases={}, parts=(part,), index=folder / "index.db", keeps=keeps))
    return reader.told(ByteRange(part=part, start=part.start, end=part.end, exact=True))


@pytest.mark.parametrize("keeps", [False, True])
def test_it_comes_out_as_it_went_in(tmp_path: Path, *, keeps: bool) -> None:
    one = told(tmp_path, keeps=keeps)
    assert {page.entries[0].outcome for page in one.pages} == {"article", "listing", "unread"}
    assert one.damages
    assert one.heard
    assert any(page.exchange for page in one.pages)
    other = unpacked(packed(one))
    assert other == one
    assert [type(page.entries[0]) for page in other.pages] == [type(page.entries[0]) for page in one.pages]
    assert hash(other.pages[0].place) == hash(one.pages[0].place)
