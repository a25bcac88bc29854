"""Sizes and perceptual hashes: the same photo in other clothes, other photos, and files that are none."""

import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw

from storage.maintenance.perceptual import Measured, measure
from storage.query.photos import MOST_DISTANT
from tests.helpers.pictures import drawn, saved


def distance(one: bytes, other: bytes) -> int:
    hashes = [int(found.phash or "", 16) for found in map(measure, (one, other))]
    return (hashes[0] ^ hashes[1]).bit_count()


def marked(picture: Image.Image) -> Image.Image:
    picture = picture.copy()
    ImageDraw.Draw(picture).text((600, 410), "www.phnompenhpost.com", fill="white")
    return picture


@pytest.mark.parametrize(
    "changed",
    [
        lambda picture: saved(picture.resize((380, 215)), quality=60),
        lambda picture: saved(picture.resize((1560, 880)), "PNG"),
        lambda picture: saved(picture, "WEBP", quality=50),
        lambda picture: saved(picture.convert("L")),
        lambda picture: saved(picture.point(lambda grey: min(255, int(grey * 1.15)))),
        lambda picture: saved(marked(picture), quality=70),
    ],
    ids=["thumbnail", "larger", "webp", "grey", "brighter", "watermark"],
)
def test_the_same_photo_in_other_clothes(changed: Callable[[Image.Image], bytes]) -> None:
    for seed in range(12):
        picture = drawn(seed)
        assert distance(saved(picture), changed(picture)) <= MOST_DISTANT


def test_other_photos() -> None:
    pictures = [saved(drawn(seed)) for seed in range(12)]
    apart = [distance(one, other) for one in pictures for other in pictures if one is not other]
    assert min(apart) > MOST_DISTANT


def test_what_a_picture_measures() -> None:
    found = measure(saved(drawn(1, 300, 200), "PNG"))
    assert (found.state, found.mime, found.width, found.height) == ("read", "image/png", 300, 200)
    assert measure(saved(Image.new("RGB", (50, 50), "white"))).phash is None


def bomb(side: int) -> bytes:
    """A PNG of a few kilobytes that says it has side × side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
        + chunk(b"IEND", b"")
    )


WHOLE = saved(drawn(2))
SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (bomb(8_000), "too large"),
        (bomb(200_000), "too large"),
        (WHOLE[: len(WHOLE) // 2], "damaged"),
        (WHOLE[:30], "damaged"),
        (bomb(500)[:-100], "damaged"),
        (SCRIPT, "another format"),
        (b"<html><p>Not found</p></html>", "another format"),
        (b"", "another format"),
        (b"GIF89a" + b"\xff" * 50, "damaged"),
    ],
)
def test_damaged_and_hostile_pictures_have_a_named_state(body: bytes, state: str) -> None:
    found = measure(body)
    assert (found.state, found.phash) == (state, None)
    assert isinstance(found, Measured)
