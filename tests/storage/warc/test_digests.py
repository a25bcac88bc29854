"""Digests of whichever kind that crawlers write."""

import hashlib
from base64 import b32encode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.warc.digests import has_digest
from storage.warc.writer import payload_digest


@given(body=st.binary(), other=st.binary())
def test_a_body_has_its_own_digest_and_no_other(body: bytes, other: bytes) -> None:
    assert has_digest(body, payload_digest(body)) is True
    assert has_digest(body, payload_digest(other)) is (body == other)


@pytest.mark.parametrize("name", ["sha1", "sha256", "md5", "MD5"])
def test_digests_are_written_in_several_ways(name: str) -> None:
    for body in (b"", b"a page", bytes(5000)):
        digest = hashlib.new(name, body).digest()
        for written in (b32encode(digest).decode(), b64encode(digest).decode(), digest.hex()):
            assert has_digest(body, f"{name}:{written}") is True, written
            assert has_digest(body + b" ", f"{name}:{written}") is False, written


@pytest.mark.parametrize("digest", ["blake9:AAAA", "sha1:no digest!", "sha1", "", "sha1:" + "A" * 31 + "1"])
def test_of_an_unknown_digest_nothing_is_said(digest: str) -> None:
    assert has_digest(b"a page", digest) is not True
