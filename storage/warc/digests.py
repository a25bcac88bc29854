"""The digests that crawlers write into their records, of whichever kind."""

from io import BytesIO

from warcio.digestverifyingreader import DigestChecker, DigestVerifyingReader

from storage.warc.record import payload_digest


def has_digest(body: bytes, digest: str) -> bool | None:
    """Whether the body has it, as base32, base64 or hex; None for an unknown kind of digest."""
    if digest == payload_digest(body):  # as nearly all crawlers write it
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
