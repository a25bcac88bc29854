"""Size and perceptual hash of a picture, by Pillow, an optional extra: imported only where it is installed.

The hash has 64 bits: of the picture in 32 × 32 greys the 64 lowest frequencies (discrete cosine transform, without the
mean), each a bit for whether it lies above their median (http://phash.org). Another size or quality, or a watermark
changes a few bits, another picture about 32 of them.
"""

import warnings
from dataclasses import dataclass
from io import BytesIO
from math import cos, pi
from statistics import median
from typing import Literal

from PIL import Image, UnidentifiedImageError

State = Literal["read", "damaged", "too large", "another format"]

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"RIFF")
MOST_PIXELS = 60_000_000  # 180 MB once unpacked; the largest camera of a newspaper has half
_SIDE, _KEPT = 32, 8
_FLAT = 4.0  # the greatest deviation of greys in a picture without contents, as a blank or a spacer

_COSINES = [[cos(pi * (2 * at + 1) * wave / (2 * _SIDE)) for at in range(_SIDE)] for wave in range(_KEPT + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """mime: by the bytes; None for another format. width, height: pixels; None unless its head can be read.

    phash: 16 hexadecimal digits; None for a picture that cannot be read, and for a blank one.
    """

    state: State
    mime: str | None = None
    width: int | None = None
    height: int | None = None
    phash: str | None = None


def measure(body: bytes) -> Measured:
    """Never raises for anything that a body holds. Vector graphics are not drawn: they may hold programs."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata, and of sizes that are refused below
            with Image.open(BytesIO(body), formats=FORMATS) as picture:
                return _measured(picture)
    except UnidentifiedImageError:
        return Measured(state="damaged" if body.startswith(_SIGNATURES) else "another format")
    except Image.DecompressionBombError:
        return Measured(state="too large")
    except (OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, ArithmeticError):
        return Measured(state="damaged")  # Pillow's readers raise any of these for broken files


def _measured(picture: Image.Image) -> Measured:
    width, height = picture.size
    mime = Image.MIME.get(picture.format or "")
    if width * height > MOST_PIXELS:
        return Measured(state="too large", mime=mime, width=width, height=height)
    try:
        picture.draft("L", (_SIDE * 8, _SIDE * 8))  # a JPEG is then unpacked at an eighth of its size
        greys = picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
        pixels = greys.tobytes()
    except (OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, ArithmeticError):
        return Measured(state="damaged", mime=mime, width=width, height=height)
    return Measured(state="read", mime=mime, width=width, height=height, phash=phash(pixels))


def phash(pixels: bytes) -> str | None:
    """The hash of 32 × 32 greys; None for a blank picture."""
    if max(pixels) - min(pixels) <= _FLAT:
        return None
    rows = [pixels[at : at + _SIDE] for at in range(0, _SIDE * _SIDE, _SIDE)]
    across = [[sum(map(float.__mul__, wave, map(float, row))) for row in rows] for wave in _COSINES]
    waves = [sum(map(float.__mul__, down, column)) for column in across[1:] for down in _COSINES[1:]]
    middle = median(waves)
    return f"{int(''.join('01'[wave > middle] for wave in waves), 2):016x}"
