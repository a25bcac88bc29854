"""Every format gives back what was exported, hostile texts included; other programs open the files."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pandas
import pytest
from click.testing import Result
from sqlalchemy import text

from postscraper.items import Article, Capture, Image, Link, Problem
from postscraper.newspapers import POST
from postscraper.reading.read import read
from storage.archive import Archive
from storage.query.export import csv_table
from storage.query.export.records import COLUMNS, KINDS, Kind, Record, records
from storage.query.export.selection import StorySelection
from storage.query.export.tei import ABOVE, PRINTED
from storage.query.search.filters import Filters
from tests.helpers.commands import run
from tests.helpers.hostile_pages import GENERATOR
from tests.helpers.items import SITE, article, at, listing, teaser
from tests.helpers.needed import needed

HOSTILE = (
    "=SUM(A1:A9)", "+1", "-2+3", "@cmd", "\t=1", "\r=1", "\n=1", "'=1", "''+2", "'Tis", "＝1+1", "＠x",
    '=HYPERLINK("http://evil.example/","x")', "=cmd|' /C calc'!A0", ' =1+1', '"=1"', '";=1', "a;=1,=2",
    "]]><!--", "</script><script>alert(1)</script>", "<b>&amp;&#0;", "\x01\x07\x1b[2J", "\x7f\x85\x9f", "\ufffe\uffff",
    "\u202etxt.exe", "line\u2028and\u2029paragraph", "a\r\nb\rc\n\n\n", "  spaces  ", "\u200bទឹក\u200bឡើង", "🚢 𐎀",
    "'; DROP TABLE story; --", "{\"a\":1}", "\\n\\u0000", "NaN", "=", "'", "\"", "\ufeffbom",
)  # fmt: skip
DTD = Path(sys.prefix) / f"lib/python3.{sys.version_info.minor}/site-packages/trafilatura/data/tei_corpus.dtd"
csv.field_size_limit(2**24)  # a hostile caption is longer than Python's own 128 kB
TEI = "{http://www.tei-c.org/ns/1.0}"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Article]:
    """The stories that our readers find in the generated hostile pages, each under an address of its own."""
    folder = tmp_path_factory.mktemp("hostile")
    call = [sys.executable, str(GENERATOR), str(folder / "pages"), "--only", "hostile-text,unicode,fields"]
    subprocess.run(call, check=True, capture_output=True)
    items = []
    for number, page in enumerate(sorted((folder / "pages").rglob("*.html"))):
        url = f"{SITE}/national/hostile-page-{number}"
        items.append(read(Capture(url=url, captured_at=at(number), body=page.read_bytes(), source="folder"), POST))
    return [each for each in items if isinstance(each, Article)]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, pages: list[Article]) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("exported") / "archive"
    with Archive.open(folder) as archive:
        for number, words in enumerate(HOSTILE):
            fields: dict[str, Any] = dict.fromkeys(("headline", "kicker", "standfirst", "byline", "dateline"), words)
            picture = Image(url=f"{SITE}/a.jpg", caption=words, credit=words, caption_text=words, alt=words, block=1)
            archive.add(
                article(
                    f"hostile-{number}",
                    number,
                    f"{words}\n\nAfter.",
                    **fields,
                    agency=words,
                    section=words,
                    authors=(words, "Kun K"),
                    tags=(words,),
                    images=(picture, Image(url=f"{SITE}/b.jpg")),
                    links=(Link(url=f"{SITE}/c", text=words, block=0),),
                    headline_variants={"title": words},
                    problems=(Problem(kind="damage", detail=words, text=words),),
                    published_on=date(2018, 6, 1 + number % 28),
                    published_at=datetime(2018, 6, 1 + number % 28, 3, 4, 5, 600, tzinfo=UTC),
                    published_text=words,
                    teasers=(teaser("canal", 1, headline=words, summary=words, list=words),),
                )
            )
        archive.add_many([(page, None) for page in pages])
        archive.add(article("hostile-0", 99, "Another wording.", headline="New"))
        archive.add(listing(teaser("hostile-0", headline="=1"), hours=100))
        with archive.write() as connection:
            connection.execute(
                text(
                    'CREATE TABLE IF NOT EXISTS "change" (revision_id INTEGER, position INTEGER,'
                    " story_id INTEGER, kind TEXT, field TEXT, before TEXT, after TEXT, block INTEGER, silent BOOLEAN,"
                    " changed_at VARCHAR(32))"
                )
            )
            change = (
                'INSERT INTO "change" (story_id, revision_id, position, kind, field, before, after, silent)'
                " SELECT story_id, id, 1000 + :position, 'headline', 'headline', :words, 'New', 1 FROM revision"
                " WHERE number = 2"
            )
            for position, words in enumerate(HOSTILE):
                connection.execute(text(change), {"position": position, "words": words})
        yield archive


def all_of(archive: Archive, kind: Kind) -> list[Record]:
    with archive.connect() as connection:
        return list(records(connection, kind, StorySelection()))


def exported(archive: Archive, out: Path, *words: str) -> Result:
    done = run("export", out, *words, "--archive", archive.folder)
    assert done.exit_code == 0, done.output
    return done


def test_columns_name_every_field_of_an_article(filled: Archive) -> None:
    for kind in KINDS:
        assert {name for record in all_of(filled, kind) for name in record} == set(COLUMNS[kind]), kind


@pytest.mark.parametrize("kind", KINDS)
def test_json_lines(filled: Archive, tmp_path: Path, kind: Kind) -> None:
    exported(filled, tmp_path / "out.jsonl", "--of", kind)
    lines = (tmp_path / "out.jsonl").read_text("utf-8").split("\n")
    assert [json.loads(line) for line in lines if line] == all_of(filled, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_csv_gives_every_text_back(filled: Archive, tmp_path: Path, kind: Kind) -> None:
    exported(filled, tmp_path / "out.csv", "--of", kind)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = all_of(filled, kind)
    assert len(rows) == len(found)
    for row, record in zip(rows, found, strict=True):
        for name, value in record.items():
            assert not row[name].startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝")), row[name]
            safe = csv_table.cell(name, value)
            assert row[name] == ("" if safe is None else str(safe))
            if isinstance(value, str):
                assert csv_table.exact(row[name]) == value


def test_bom_on_request(filled: Archive, tmp_path: Path) -> None:
    exported(filled, tmp_path / "plain.csv")
    exported(filled, tmp_path / "bom.csv", "--bom")
    assert (tmp_path / "bom.csv").read_bytes() == csv_table.BOM + (tmp_path / "plain.csv").read_bytes()


@pytest.mark.long
def test_no_cell_is_a_formula_to_a_spreadsheet(filled: Archive, tmp_path: Path) -> None:
    soffice = needed("soffice", "libreoffice-calc")
    for kind in KINDS:
        exported(filled, tmp_path / f"{kind}.csv", "--of", kind)
    (tmp_path / "formula.csv").write_text("a\n=1+1\n", "utf-8")  # what the test would find
    call = [soffice, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "fods"]
    files = [str(path) for path in sorted(tmp_path.glob("*.csv"))]
    subprocess.run([*call, "--outdir", str(tmp_path), *files], check=True, capture_output=True, timeout=180)
    formulas = {path.stem: path.read_text("utf-8").count("table:formula=") for path in tmp_path.glob("*.fods")}
    assert formulas == dict.fromkeys(KINDS, 0) | {"formula": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_parquet_in_duckdb_and_pandas(filled: Archive, tmp_path: Path, kind: Kind) -> None:
    out = tmp_path / "out.parquet"
    exported(filled, out, "--of", kind)
    found = all_of(filled, kind)
    result = duckdb.sql(f"SELECT * FROM '{out}'")
    rows = [dict(zip(result.columns, row, strict=True)) for row in result.fetchall()]
    assert [_as_json(row) for row in rows] == [{name: record.get(name) for name in COLUMNS[kind]} for record in found]
    frame = pandas.read_parquet(out)
    assert list(frame.columns) == list(COLUMNS[kind])
    assert len(frame) == len(found)
    name = next(name for name, hint in COLUMNS[kind].items() if hint is str)
    assert list(frame[name]) == [record[name] for record in found]


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _as_json(inner) for name, inner in value.items()}
    return [_as_json(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", ["stories", "revisions"])
def test_tei_is_valid_and_gives_every_text_back(filled: Archive, tmp_path: Path, kind: Kind) -> None:
    out = tmp_path / "out.tei.xml"
    exported(filled, out, "--of", kind)
    documents = ElementTree.parse(out).getroot().findall(f"{TEI}TEI")
    for document, record in zip(documents, all_of(filled, kind), strict=True):
        assert _read_tei(document) == {
            "headline": record["headline"],
            "authors": record["authors"],
            "agency": record["agency"],
            "canonical_url": record["canonical_url"],
            "tags": record["tags"],
            "section": record["section"] or None,
            **{name: record[name] for name in ABOVE},
            "body": [block["text"] for block in record["body"]],
            "images": [{name: image[name] for name in ("url", *PRINTED)} for image in sorted(
                record["images"], key=lambda image: -1 if image["block"] is None else image["block"]
            )],
        }  # fmt: skip
    xmllint = needed("xmllint", "libxml2-utils")
    done = subprocess.run([xmllint, "--noout", "--dtdvalid", DTD, out], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def _read_tei(document: ElementTree.Element) -> dict[str, Any]:
    agency = document.find(".//{*}titleStmt/{*}author[@role='agency']")

    def texts(path: str) -> list[str]:
        return [_text(each) for each in document.findall("./" + "".join(f"/{{*}}{name}" for name in path.split("/")))]

    def one(path: str) -> str | None:
        return next(iter(texts(path)), None)

    div = document.find(f"{TEI}text/{TEI}body/{TEI}div")
    assert div is not None
    body = [each for each in div if each.tag in (f"{TEI}p", f"{TEI}list") or (
        each.tag == f"{TEI}ab" and each.get("type") not in (*ABOVE, "picture")
    )]  # fmt: skip
    lines = [_text(item) for each in body for item in (each if each.tag == f"{TEI}list" else [each])]
    images = []
    for picture in div.findall(f"{TEI}ab[@type='picture']"):
        graphic = picture.find(f"{TEI}graphic")
        assert graphic is not None
        segments = {segment.get("type"): _text(segment) for segment in picture.findall(f"{TEI}seg")}
        images.append({"url": graphic.get("url")} | {name: segments.get(name) for name in PRINTED})
    return {
        "headline": one("text/body/div/head"),
        "authors": texts("titleStmt/author")[: None if agency is None else -1],
        "agency": None if agency is None else _text(agency),
        "canonical_url": one("idno[@type='URL']"),
        "tags": texts("term[@type='tag']"),
        "section": one("term[@type='section']"),
        **{name: one(f"div/ab[@type='{name}']") for name in ABOVE},
        "body": lines,
        "images": images,
    }


def _text(element: ElementTree.Element) -> str:
    """The exact text: a gap is the character that it names."""
    words = element.text or ""
    for inner in element:
        number = inner.get("n", "")
        words += chr(int(number[2:], 16)) if inner.tag == f"{TEI}gap" else _text(inner)
        words += inner.tail or ""
    return words


@pytest.mark.parametrize("kind", ["stories", "revisions"])
def test_json_ld(filled: Archive, tmp_path: Path, kind: Kind) -> None:
    exported(filled, tmp_path / "out.jsonld", "--of", kind)
    document = json.loads((tmp_path / "out.jsonld").read_text("utf-8"))
    assert document["@context"] == "https://schema.org"
    found = all_of(filled, kind)
    assert len({node["@id"] for node in document["@graph"]}) == len(found)
    for node, record in zip(document["@graph"], found, strict=True):
        assert node["@type"] == "NewsArticle"
        assert (node["headline"], node["url"]) == (record["headline"], record["canonical_url"])
        assert node.get("articleBody", "") == "\n\n".join(block["text"] for block in record["body"])
        assert [each["name"] for each in node.get("author", [])] == record["authors"]
        assert [each["contentUrl"] for each in node.get("image", [])] == [each["url"] for each in record["images"]]
        assert [each.get("caption") for each in node.get("image", [])] == [each["caption"] for each in record["images"]]
        assert node.get("articleSection", "") == (record["section"] or "")
        assert node.get("keywords", []) == record["tags"]


def test_filters_as_in_a_search(filled: Archive, tmp_path: Path) -> None:
    exported(filled, tmp_path / "some.jsonl", "--words", "another wording")
    exported(filled, tmp_path / "day.jsonl", "--since", "2018-06-03", "--until", "2018-06-03", "--language", "en")
    some = [json.loads(line) for line in (tmp_path / "some.jsonl").read_text("utf-8").split("\n") if line]
    assert [each["headline"] for each in some] == ["New"]
    days = [json.loads(line) for line in (tmp_path / "day.jsonl").read_text("utf-8").split("\n") if line]
    assert {each["published_on"] for each in days} == {"2018-06-03"}
    edited = StorySelection(words="wording", filters=Filters(edited=True, section=HOSTILE[0]))
    with filled.connect() as connection:
        assert [each["revision"] for each in records(connection, "revisions", edited)] == [1, 2]


def test_what_cannot_be_exported_is_said(filled: Archive, tmp_path: Path) -> None:
    for words, sentence in (
        (("out.ods",), "no format ends so"),
        (("out.tei.xml", "--of", "teasers"), "tei has no place for teasers"),
        (("out.warc.gz", "--of", "changes"), "warc has no place for changes"),
        (("out.jsonl", "--section", "Natonal"), "no story is of the section"),
        (("out.jsonl", "--bom"), "--bom is for CSV alone"),
    ):
        done = run("export", tmp_path / words[0], *words[1:], "--archive", filled.folder)
        assert done.exit_code == 2, done.output
        assert sentence in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_archive_without_changes_says_so(archive: Archive) -> None:
    with archive.write() as connection:
        connection.execute(text('DROP TABLE IF EXISTS "change"'))
    done = run("export", "--format", "jsonl", "--of", "changes", "--archive", archive.folder)
    assert done.exit_code == 11
    assert "postscraper upgrade" in done.stderr


def test_standard_output(filled: Archive) -> None:
    out = io.BytesIO(run("export", "--format", "jsonl", "--archive", filled.folder).stdout_bytes)
    assert len(out.getvalue().split(b"\n")) == len(all_of(filled, "stories")) + 1
