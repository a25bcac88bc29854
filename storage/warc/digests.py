"""The digests that crawlers write into their records, of whichever kind."""

import re
from hashlib import md5, sha1
from io import BytesIO

from warcio.digestverifyingreader import DigestChecker, DigestVerifyingReader

_SHA1 = re.compile("sha1:([A-Z2-7]{32})")  # as nearly all crawlers write it
# What int() takes for the digits of base 32: a fourth of what the standard library's encoder takes.
_DIGITS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghijklmnopqrstuv")


def has_digest(body: bytes, digest: str) -> bool | None:
    """Whether the body has it, as base32, base64 or hex; None for an unknown kind of digest."""
    known = _SHA1.fullmatch(digest)
    if known and int(known[1].encode().translate(_DIGITS), 32) == _sha1(body):
        return True
    kind, _, written = digest.partition(":")
    # As long as in base 32, for which warcio takes it.
    if kind.lower() == "md5" and written.lower() == md5(body, usedforsecurity=False).hexdigest():
        return True
    checker = DigestChecker()
    try:
        reader = DigestVerifyingReader(BytesIO(body), len(body), checker, payload_digest=digest)
        reader.begin_payload()
        reader.read()
    except ValueError:  # not even base32, base64 or hex
        return None
    if checker.problems and checker.problems[0].startswith("unknown"):
        return None
    passed: bool | None = checker.passed
    return passed


def _sha1(body: bytes) -> int:
    return int.from_bytes(sha1(body, usedforsecurity=False).digest(), "big")
