"""Questions to the Wayback Machine and the reading of its answers; no network, no archive."""

import json
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from postscraper.sources.remote import NoCapture, NoIndex, Onward, targets
from postscraper.sources.wayback import FIELDS, Wayback
from storage.holdings.models import CdxEntry
from storage.warc.exchange import Exchange
from storage.warc.writer import payload_digest

MACHINE = Wayback()
URL = "http://www.phnompenhpost.com:80/national/canal"
AT = datetime(2018, 6, 20, 1, 10, 0, tzinfo=UTC)
BODY = b"<html>The canal</html>"
ASKED = CdxEntry(url=URL, captured_at=AT, digest=payload_digest(BODY).removeprefix("sha1:"), status=200)
QUERY = MACHINE.queries(targets("phnompenhpost.com"))[0]
ROW = ["20180620011000", URL, "text/html", "200", "3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"]


def asked(**wanted: Any) -> list[tuple[str, str]]:
    """The addresses that the index is asked for, and how they are to match."""
    queries = [parse_qs(query) for query in MACHINE.queries(targets("phnompenhpost.com", **wanted))]
    return [(each["url"][0], each["matchType"][0]) for each in queries]


def answer(body: bytes | Any, **changes: Any) -> Exchange:
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    usual = {"url": "https://web.archive.org/cdx", "requested_at": None, "captured_at": AT, "status": 200}
    return Exchange(**(usual | {"body": body} | changes))


def replayed(
    moment: str | None = "Wed, 20 Jun 2018 01:10:00 GMT", *headers: tuple[str, str], **changes: Any
) -> Exchange:
    memento = (("Memento-Datetime", moment),) if moment else ()
    url = f"https://web.archive.org/web/20180620011000id_/{URL}"
    return answer(**({"body": BODY, "url": url, "headers": (*memento, *headers)} | changes))


def test_the_whole_paper_is_one_question() -> None:
    assert asked() == [("phnompenhpost.com", "domain")]
    words = parse_qsl(QUERY)
    assert ("collapse", "digest") in words
    assert ("filter", "statuscode:200") in words
    assert "from" not in dict(words)


def test_sections_are_prefixes_under_every_host_of_the_paper() -> None:
    hosts = ("phnompenhpost.com", "m.phnompenhpost.com", "mail.phnompenhpost.com")
    assert asked(paths=["/national"]) == [(f"{host}/national", "prefix") for host in hosts]
    assert asked(addresses=["https://www.phnompenhpost.com/x?page=2"]) == [
        (f"{host}/x?page=2", "exact") for host in hosts
    ]
    khmer = MACHINE.queries(targets("postkhmer.com", ["/កីឡា"]))[0]
    assert parse_qs(khmer)["url"] == ["postkhmer.com/%E1%9E%80%E1%9E%B8%E1%9E%A1%E1%9E%B6"]


def test_days_are_days_of_capture() -> None:
    (query,) = MACHINE.queries(targets("phnompenhpost.com"), date(2018, 6, 1), date(2018, 6, 30))
    words = dict(parse_qsl(query))
    assert (words["from"], words["to"]) == ("20180601", "20180630")


@pytest.mark.parametrize(
    "resume_key", ["com%2Cphnompenhpost%29%2Fnational+20180620011000%21", "com,phnompenhpost)/national 20180620011000!"]
)
def test_the_index_goes_on_where_it_said(resume_key: str) -> None:
    first, onward = MACHINE.index_request(QUERY, None).url, MACHINE.index_request(QUERY, resume_key).url
    assert urlsplit(first)[:3] == ("https", "web.archive.org", "/cdx/search/cdx")
    assert "resumeKey" not in first
    assert "showResumeKey=true" in first
    assert parse_qs(urlsplit(onward).query)["resumeKey"] == ["com,phnompenhpost)/national 20180620011000!"]


def test_an_index_is_read_with_its_key() -> None:
    page = MACHINE.read_index(QUERY, None, answer([FIELDS, ROW, [], ["com%2Cphnompenhpost%29%2Fb+2018%21"]]))
    assert page.resume_key == "com%2Cphnompenhpost%29%2Fb+2018%21"
    assert page.captures == (CdxEntry(url=URL, captured_at=AT, digest=ROW[4], status=200, mime="text/html"),)
    last = MACHINE.read_index(QUERY, page.resume_key, answer([FIELDS, [*ROW[:2], "-", "-", "-"]]))
    assert (last.resume_key, last.captures[0].mime, last.captures[0].status, last.captures[0].digest) == (None,) * 4
    assert MACHINE.read_index(QUERY, None, answer([])).captures == ()
    khmer = [ROW[0], "http://postkhmer.com/កីឡា", *ROW[2:]]
    assert MACHINE.read_index(QUERY, None, answer([FIELDS, khmer])).captures[0].url.isascii()


@pytest.mark.parametrize(
    "other",
    [
        answer(b"<html><h1>Please try again</h1></html>"),
        answer(b""),
        answer(json.dumps([FIELDS, ROW, ROW]).encode()[:-9]),
        answer([FIELDS, ROW], cut="disconnect"),
        answer([FIELDS, ROW], status=503),
        answer([FIELDS, ROW], status=429),
        answer({"error": "blocked"}),
        answer([["urlkey", "timestamp"], ["a", "b"]]),
        answer([FIELDS, ROW, [], ["here"]]),
        answer(b"[" * 100_000),
        answer([7]),
    ],
)
def test_what_is_no_index_is_never_taken_for_one(other: Exchange) -> None:
    with pytest.raises(NoIndex):
        MACHINE.read_index(QUERY, "here", other)


BAD_ROWS: list[object] = [
    ROW[:4],
    [*ROW, "x"],
    [*ROW[:4], 7],
    ["20180631011000", *ROW[1:]],
    ["20200001120000", *ROW[1:]],
    ["2018", *ROW[1:]],
    ["-", *ROW[1:]],
    ["9" * 5_000, *ROW[1:]],
    ["-"] * 5,
    [ROW[0], "", *ROW[2:]],
    [ROW[0], "http://[phnompenhpost.com/\ud800", *ROW[2:]],
    [None] * 5,
    [],
    "",
    {},
    None,
]


@pytest.mark.parametrize("bad", BAD_ROWS, ids=range(len(BAD_ROWS)))
@pytest.mark.parametrize("key", [[], [[], ["there"]]])
def test_a_bad_row_costs_itself_and_is_counted(bad: object, key: list[object]) -> None:
    page = MACHINE.read_index(QUERY, None, answer([FIELDS, ROW, bad, ROW, *key]))
    assert (len(page.captures), len(page.bad_rows)) == (2, 1)
    assert page.bad_rows[0].isascii()
    assert page.resume_key == ("there" if key else None)
    alone = MACHINE.read_index(QUERY, None, answer([FIELDS, bad, *key]))
    assert (alone.captures, len(alone.bad_rows)) == ((), 1)


@pytest.mark.parametrize("bad", [b'["2018', b'["\xff", "x"]', b"9" * 5_000 + b"x", b"-", b"[" * 100_000])
def test_a_row_that_is_no_json_costs_itself(bad: bytes) -> None:
    """As the index writes them, each row on its line."""
    rows = [json.dumps(FIELDS).encode(), json.dumps(ROW).encode(), bad, json.dumps(ROW).encode()]
    page = MACHINE.read_index(QUERY, None, answer(b"[" + b",\n".join(rows) + b"]\n"))
    assert (len(page.captures), len(page.bad_rows)) == (2, 1)
    with pytest.raises(NoIndex, match="half of it"):
        MACHINE.read_index(QUERY, None, answer(b"[" + b",\n".join(rows)))


def test_an_odd_status_is_none() -> None:
    for status in ("-", "", "9" * 5_000, "²00"):
        [found] = MACHINE.read_index(QUERY, None, answer([FIELDS, [*ROW[:3], status, ROW[4]]])).captures
        assert found.status is None


def test_a_capture_is_asked_for_as_it_came() -> None:
    question = MACHINE.capture_request(ASKED)
    assert question.url == f"https://web.archive.org/web/20180620011000id_/{URL}"
    assert question.headers == (("Accept-Encoding", "identity"),)
    odd = CdxEntry(url="http://www.phnompenhpost.com/a b?x=1", captured_at=AT)
    assert MACHINE.capture_request(odd).url.endswith("id_/http://www.phnompenhpost.com/a%20b?x=1")


def test_a_capture_keeps_its_own_time_address_status_and_headers() -> None:
    own = (
        ("X-Archive-Orig-Server", "nginx"),
        ("X-Archive-Orig-Set-Cookie", "a=1"),
        ("X-Archive-Orig-Set-Cookie", "b=2"),
    )
    came = replayed(
        "Wed, 20 Jun 2018 01:10:00 GMT", ("Content-Type", "text/html"), ("Server", "archive"), *own, status=404
    )
    found = MACHINE.read_capture(ASKED, came)
    assert (found.url, found.captured_at, found.status, found.body) == (URL, AT, 404, BODY)
    assert (found.source, found.origin, found.cut) == ("wayback", came.url, None)
    assert found.headers == (
        *(("Server", "nginx"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")),
        ("Content-Type", "text/html"),
    )


def test_the_coding_of_a_body_is_said_once() -> None:
    came = (("Content-Encoding", "gzip"), ("X-Archive-Orig-content-encoding", "gzip"), ("Content-Type", "text/html"))
    found = MACHINE.read_capture(ASKED, replayed("Wed, 20 Jun 2018 01:10:00 GMT", *came))
    assert found.headers == (("content-encoding", "gzip"), ("Content-Type", "text/html"))


def test_an_answer_of_another_moment_is_the_capture_of_that_moment() -> None:
    link = ("Link", '<http://www.phnompenhpost.com/national/canal>; rel="original", <https://x>; rel="timemap"')
    found = MACHINE.read_capture(ASKED, replayed("Sat, 01 Sep 2018 08:00:01 GMT", link))
    assert found.captured_at == datetime(2018, 9, 1, 8, 0, 1, tzinfo=UTC)
    assert found.url == "http://www.phnompenhpost.com/national/canal"
    other = ("Link", '<http://www.phnompenhpost.com/national/boats>; rel="original"')
    with pytest.raises(NoCapture, match="boats") as error:
        MACHINE.read_capture(ASKED, replayed("Sat, 01 Sep 2018 08:00:01 GMT", other))
    assert error.value.gone
    with pytest.raises(NoCapture, match="boats"):
        MACHINE.read_capture(ASKED, replayed("Wed, 20 Jun 2018 01:10:00 GMT", other))


@pytest.mark.parametrize(
    ("came", "gone"),
    [
        (replayed(None), False),
        (replayed("yesterday"), False),
        (replayed(None, status=404), True),
        (replayed(None, status=403), True),
        (replayed(None, status=503), False),
        (replayed(None, status=429), False),
        (replayed(None, ("Location", "https://archive.org/sorry"), status=302), True),
        (replayed(cut="disconnect"), False),
    ],
)
def test_what_is_no_capture_is_never_taken_for_one(came: Exchange, gone: bool) -> None:
    with pytest.raises(NoCapture) as error:
        MACHINE.read_capture(ASKED, came)
    assert error.value.gone is gone


def test_it_is_sent_on_to_the_nearest_capture_within_the_archive_alone() -> None:
    there = f"/web/20180901080001id_/{URL}"
    with pytest.raises(Onward, match=r"^https://web\.archive\.org/web/20180901080001id_/http"):
        MACHINE.read_capture(ASKED, replayed(None, ("Location", there), status=302))
    with pytest.raises(Onward):
        MACHINE.read_capture(ASKED, replayed("Wed, 20 Jun 2018 01:10:00 GMT", ("Location", there), status=302))
    with pytest.raises(NoCapture):
        MACHINE.read_capture(ASKED, replayed(None, ("Location", f"https://elsewhere.org{there}"), status=302))


def test_a_redirect_of_the_paper_is_a_capture() -> None:
    own = (("Location", f"/web/20180620011000id_/{URL}/x"), ("X-Archive-Orig-Location", "/national/canal/x"))
    found = MACHINE.read_capture(ASKED, replayed("Wed, 20 Jun 2018 01:10:00 GMT", *own, status=301))
    assert (found.status, found.headers) == (301, (("Location", "/national/canal/x"),))


def test_a_body_of_no_stated_length_is_whole_by_its_digest_alone() -> None:
    assert MACHINE.read_capture(ASKED, replayed(cut="unspecified")).cut is None
    with pytest.raises(NoCapture, match="half"):
        MACHINE.read_capture(ASKED, replayed(cut="unspecified", body=BODY[:9]))
    assert MACHINE.read_capture(ASKED, replayed(body=b"of another form")).cut is None
    assert MACHINE.read_index(QUERY, None, answer([FIELDS, ROW], cut="unspecified")).captures
