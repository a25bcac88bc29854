"""Content codings: undone within a limit, and never half a page as whole."""

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
import zstandard

from postscraper.errors import PageRejected
from postscraper.extraction.content_coding import MAX_BYTES, unpacked
from postscraper.items import Capture
from tests.helpers.hostile_pages import Outcome, outcomes

PAGE = (
    b"<!DOCTYPE html><html><body>"
    + b"".join(b"<p>Line %d of the page.</p>" % n for n in range(500))
    + b"</body></html>"
)


def bare_deflate(body: bytes) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return engine.compress(body) + engine.flush()


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "zlib": ("deflate", zlib.compress),
    "bare": ("deflate", bare_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstandard.compress),
}


def undone(body: bytes, label: str | None, cut: bool = False) -> tuple[bytes, bool]:
    headers = () if label is None else (("Content-Encoding", label),)
    return unpacked(
        Capture(url="https://x.example/", captured_at=None, body=body, headers=headers, source="test", cut=cut)
    )


def undone_or_refused(body: bytes, label: str) -> tuple[bytes, bool]:
    """The body and whether it is cut; nothing, and cut, when it is refused."""
    try:
        return undone(body, label)
    except PageRejected:
        return b"", True


@pytest.mark.parametrize("name", CODINGS)
def test_whole(name: str) -> None:
    label, pack = CODINGS[name]
    assert undone(pack(PAGE), label) == (PAGE, False)
    assert undone(pack(PAGE), f" {label.upper()} ,") == (PAGE, False)


@pytest.mark.parametrize("name", CODINGS)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.99])
def test_half_a_body_is_never_a_whole_page(name: str, share: float) -> None:
    label, pack = CODINGS[name]
    body, cut = undone_or_refused(pack(PAGE)[: int(len(pack(PAGE)) * share)], label)
    assert PAGE.startswith(body)
    assert cut


@pytest.mark.parametrize("name", CODINGS)
def test_a_bomb_is_not_opened(name: str) -> None:
    label, pack = CODINGS[name]
    with pytest.raises(PageRejected) as refused:
        undone(pack(bytes(MAX_BYTES + 1)), label)
    assert refused.value.reason == "too_large"


@pytest.mark.parametrize("name", CODINGS)
def test_the_largest_page_is_opened(name: str) -> None:
    label, pack = CODINGS[name]
    body, cut = undone(pack(bytes(MAX_BYTES)), label)
    assert (len(body), cut) == (MAX_BYTES, False)


@pytest.mark.parametrize("label", ["gzip", "br", "deflate", "zstd", "x-nonsense", "utf-8"])
def test_plain_markup_is_taken_whatever_the_label_says(label: str) -> None:
    assert undone(PAGE, label) == (PAGE, False)
    assert undone(b"\xef\xbb\xbf\n" + PAGE, label) == (b"\xef\xbb\xbf\n" + PAGE, False)


@pytest.mark.parametrize("label", ["gzip", "br", "deflate", "zstd", "x-nonsense"])
def test_what_is_in_no_coding_is_refused(label: str) -> None:
    with pytest.raises(PageRejected) as refused:
        undone(b"\xff\xfe\xfd no page " * 50, label)
    assert refused.value.reason == "undecodable"


def test_codings_one_inside_the_other() -> None:
    assert undone(gzip.compress(brotli.compress(PAGE)), "br, gzip") == (PAGE, False)
    packed = gzip.compress(gzip.compress(PAGE))
    assert undone(packed, "gzip") == (PAGE, False)
    assert undone(packed, None) == (PAGE, False)
    with pytest.raises(PageRejected):
        undone(packed, "gzip, gzip, gzip, gzip")


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_body_in_parts(pack: Callable[[bytes], bytes]) -> None:
    label = "gzip" if pack is gzip.compress else "zstd"
    packed = pack(PAGE[:2000]) + pack(PAGE[2000:])
    assert undone(packed, label) == (PAGE, False)
    assert undone(packed[:-20], label)[1]
    with pytest.raises(PageRejected) as refused:
        undone(pack(b"") * 200, label)
    assert refused.value.reason == "undecodable"


def test_what_follows_the_last_gzip_member_is_left_out() -> None:
    assert undone(gzip.compress(PAGE) + bytes(100), "gzip") == (PAGE, False)


def test_a_damaged_byte_is_noticed() -> None:
    packed = bytearray(gzip.compress(PAGE))
    packed[-5] ^= 0xFF
    with pytest.raises(PageRejected):
        undone(bytes(packed), "gzip")


def test_a_source_that_knows_the_body_is_cut() -> None:
    assert undone(PAGE, None, cut=True) == (PAGE, True)


def wrong(outcome: Outcome) -> str | None:
    """What is wrong with an outcome, in a sentence; None when it is as it must be."""
    item, wanted = outcome.item, outcome.expect["outcome"]
    if wanted == "reject_body" and item["type"] != "unread" and not outcome.cut:
        return f"{outcome.id}: half a page, taken as whole"
    if wanted == "decoded":
        text = "\n".join(block["text"] for block in item.get("body", []))
        missing = [mark for mark in outcome.expect["body"] if mark not in text]
        if item.get("headline") != outcome.expect["headline"] or missing or outcome.cut:
            return f"{outcome.id}: {item['type']}, missing {missing[:3]}, cut is {outcome.cut}"
    return None


@pytest.mark.long
def test_hostile_bodies(tmp_path: Path) -> None:
    found = outcomes("http", tmp_path)
    assert len(found) >= 35
    assert [fault for each in found if (fault := each.beyond_limits() or wrong(each))] == []
