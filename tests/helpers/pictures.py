"""Pictures drawn for the tests."""

from io import BytesIO
from random import Random
from typing import Any

from PIL import Image, ImageDraw, ImageFilter


def drawn(seed: int, width: int = 780, height: int = 440) -> Image.Image:
    """Shapes in colours, blurred as a photo is; the same for each seed."""
    rng = Random(seed)
    picture = Image.new("RGB", (width, height), _colour(rng))
    draw = ImageDraw.Draw(picture)
    for _ in range(25):
        x, y = rng.randrange(width), rng.randrange(height)
        box = (x, y, x + rng.randrange(20, 300), y + rng.randrange(20, 200))
        (draw.ellipse if rng.random() < 0.5 else draw.rectangle)(box, fill=_colour(rng))
    return picture.filter(ImageFilter.GaussianBlur(2))


def _colour(rng: Random) -> tuple[int, int, int]:
    return rng.randrange(256), rng.randrange(256), rng.randrange(256)


def saved(picture: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()
