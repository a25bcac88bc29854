"""A crawl through the proxy that the environment names, on an address that is not public."""

import os
import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from scrapy import Request
from scrapy.utils.test import get_crawler

from postscraper.crawl.http import PrivateAddress, PublicAddresses
from storage.evidence.store import Evidence
from tests.helpers.crawls import FAST, asked, scrapy
from tests.helpers.forward_proxy import ForwardProxy, forwarding
from tests.helpers.paths import SAMPLES
from tests.helpers.raw_server import RawServer, answered, serving

PAGE = (SAMPLES / "phnompenhpost" / "drupal_2017" / "bridge-toll.html").read_bytes()
HOME = "www.phnompenhpost.com"


@pytest.fixture
def server() -> Iterator[RawServer]:
    with serving() as found:
        _stock(found)
        yield found


def _stock(server: RawServer) -> None:
    server.say("/robots.txt", answered(b"", "404 Not Found"))
    server.say("/national/bridge-toll", answered(PAGE))


@pytest.fixture
def proxy(server: RawServer) -> Iterator[ForwardProxy]:
    with forwarding(server.port) as found:
        yield found


def crawl(folder: Path, *settings: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Of one page of the paper; settings and environment: of the run."""
    none = dict.fromkeys(name for name in os.environ if name.lower().endswith("_proxy"))
    words = ("crawl", "post", "-a", f"url=https://{HOME}/national/bridge-toll")
    own = (*FAST, "ROBOTSTXT_PATIENCE=0", *settings)
    done = scrapy(folder, *words, settings=own, environment=none | environment)
    assert "Traceback" not in done.stderr
    return done


def test_pages_come_by_a_private_proxy(tmp_path: Path, server: RawServer, proxy: ForwardProxy) -> None:
    secret = proxy.by_name.replace("//", "//me:secret@")
    done = crawl(tmp_path, f"PAPER_ORIGIN=http://{HOME}", http_proxy=secret)
    assert done.returncode == 0, done.stderr
    assert proxy.asked == [f"GET http://{HOME}/robots.txt", f"GET http://{HOME}/national/bridge-toll"]
    assert all(proxy.credentials)
    assert asked(tmp_path, "SELECT count(*) FROM story") == [(1,)]
    with Evidence.open(tmp_path / "archive" / "evidence") as evidence:
        (file,) = evidence.files()
        kept = [exchange for _, exchange in evidence.records(file)]
    assert [exchange.address for exchange in kept] == [None, None], "the server's address is not known"
    assert all(exchange.request_headers for exchange in kept)
    assert "Proxy-Authorization" not in {name for exchange in kept for name, _ in exchange.request_headers}


def test_a_proxy_that_is_named_by_its_number(tmp_path: Path, server: RawServer, proxy: ForwardProxy) -> None:
    assert crawl(tmp_path, f"PAPER_ORIGIN=http://{HOME}", http_proxy=proxy.origin).returncode == 0
    assert len(proxy.asked) == 2


def test_pages_come_through_a_tunnel(tmp_path: Path) -> None:
    with serving(_self_signed(tmp_path)) as server, forwarding(server.port) as proxy:
        _stock(server)
        done = crawl(tmp_path, "DOWNLOAD_VERIFY_CERTIFICATES=False", https_proxy=proxy.by_name)
        assert done.returncode == 0, done.stderr
        assert set(proxy.asked) == {f"CONNECT {HOME}:443"}
        assert server.order == ["/robots.txt", "/national/bridge-toll"]
    assert asked(tmp_path, "SELECT count(*) FROM story") == [(1,)]


def test_a_proxy_that_is_away_is_named(tmp_path: Path) -> None:
    done = crawl(tmp_path, f"PAPER_ORIGIN=http://{HOME}", http_proxy="http://127.0.0.1:9")
    assert done.returncode == 12
    why = f"could not reach {HOME}: robots.txt brings no answer through the proxy http://127.0.0.1:9: "
    assert why in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "there", ["http://127.0.0.1:9/robots.txt", "http://localhost/robots.txt", "http://2130706433/"]
)
def test_no_private_address_is_asked_of_a_proxy(
    tmp_path: Path, server: RawServer, proxy: ForwardProxy, there: str
) -> None:
    server.say("/robots.txt", answered(b"", "302 Found", f"Location: {there}"))
    done = crawl(tmp_path, f"PAPER_ORIGIN=http://{HOME}", http_proxy=proxy.by_name)
    assert done.returncode == 12
    assert "is not public" in done.stderr.splitlines()[-1]
    assert proxy.asked == [f"GET http://{HOME}/robots.txt"]


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("paper.example", True),
        ("10.0.0.1", False),
        ("[::1]", False),
        ("127.1", False),
        ("0x7f.0x1", False),
        ("localhost.", False),
        ("a.localhost", False),
        ("proxy.lan", False),  # the proxy itself is no newspaper
    ],
)
def test_what_a_proxy_is_asked_for(host: str, *, public: bool) -> None:
    guard = PublicAddresses.from_crawler(get_crawler(settings_dict={"PAPER_ORIGIN": None, "WAYBACK_ORIGIN": None}))
    request = Request(f"http://{host}/", meta={"proxy": "http://proxy.lan:3128"})
    if public:
        assert guard.process_request(request) is None
    else:
        with pytest.raises(PrivateAddress):
            guard.process_request(request)


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
