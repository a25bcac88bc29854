"""The digests that crawlers write into their records, of whichever kind."""

import hashlib
import re
from base64 import b32decode, b64decode
from hashlib import sha1

_SHA1 = re.compile("sha1:([A-Z2-7]{32})")  # as nearly all crawlers write it
# What int() takes for the digits of base 32: a fourth of what the standard library's encoder takes.
_DIGITS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghijklmnopqrstuv")
_SIZES = {name: hashlib.new(name).digest_size for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")}


def has_digest(body: bytes, digest: str) -> bool | None:
    """Whether the body has it, as base32, base64 or hex; None for a digest that cannot be read."""
    known = _SHA1.fullmatch(digest)
    if known:
        return int(known[1].encode().translate(_DIGITS), 32) == _sha1(body)
    plain = normal(digest)
    if plain is None:
        return None
    kind, _, written = plain.partition(":")
    return hashlib.new(kind, body, usedforsecurity=False).hexdigest() == written


def normal(digest: str) -> str | None:
    """A digest as its kind and hex, in small letters, however it is written; None when it cannot be read."""
    kind, _, written = digest.strip().partition(":")
    kind, written = kind.lower().replace("-", ""), written.strip().rstrip("=")
    size = _SIZES.get(kind)
    if size is None:
        return None
    try:
        if len(written) == 2 * size:
            raw = bytes.fromhex(written)
        elif len(written) == -(-size * 8 // 5):
            raw = b32decode(written + "=" * (-len(written) % 8), casefold=True)
        else:
            raw = b64decode(written + "=" * (-len(written) % 4), validate=True)
    except ValueError:
        return None
    return f"{kind}:{raw.hex()}" if len(raw) == size else None


def _sha1(body: bytes) -> int:
    return int.from_bytes(sha1(body, usedforsecurity=False).digest(), "big")
