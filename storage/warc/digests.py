"""Digests of WARC records, in the forms that crawlers write."""

import hashlib
from base64 import b32decode, b64decode

_SIZES = {name: hashlib.new(name).digest_size for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")}


def body_digest(body: bytes) -> str:
    """`sha256:` and hex: the digest by which captures are compared."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def has_digest(body: bytes, digest: str) -> bool | None:
    """Whether the digest is the body's; None for a digest that cannot be read. digest: in base32, base64 or hex."""
    expected = _read(digest)
    if expected is None:
        return None
    algorithm, value = expected
    return hashlib.new(algorithm, body, usedforsecurity=False).digest() == value


def normal(digest: str) -> str | None:
    """The digest as `algorithm:hex` in lower case; None when it cannot be read."""
    expected = _read(digest)
    return expected and f"{expected[0]}:{expected[1].hex()}"


def _read(digest: str) -> tuple[str, bytes] | None:
    """The algorithm and the bytes of a digest; None when it cannot be read."""
    algorithm, _, value = digest.strip().partition(":")
    algorithm, value = algorithm.lower().replace("-", ""), value.strip().rstrip("=")
    size = _SIZES.get(algorithm)
    if size is None:
        return None
    try:
        if len(value) == 2 * size:
            raw = bytes.fromhex(value)
        elif len(value) == -(-size * 8 // 5):
            raw = b32decode(value + "=" * (-len(value) % 8), casefold=True)
        else:
            raw = b64decode(value + "=" * (-len(value) % 4), validate=True)
    except ValueError:
        return None
    return (algorithm, raw) if len(raw) == size else None
