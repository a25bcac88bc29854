"""Scrapy's feeds of the contract's items, in every format."""

import json
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pandas
import pytest
from scrapy.settings import Settings

from postscraper.crawl.configuration import check_values
from postscraper.crawl.feed_export import COLUMNS, ContractCsv, ContractParquet, ContractXml
from storage.errors import Unsupported
from tests.helpers.crawls import scrapy
from tests.helpers.items import article, at, listing, teaser, unread
from tests.helpers.paths import SAMPLES


def test_feeds_are_readable_in_every_form(tmp_path: Path) -> None:
    path = SAMPLES / "phnompenhpost" / "drupal_2017" / "khmer-salt-road.html"
    outputs = [word for form in ("json", "jsonl", "csv", "xml", "parquet") for word in ("-O", f"out.{form}")]
    done = scrapy(tmp_path, "crawl", "postkhmer", "-a", "source=folder", "-a", f"path={path}", *outputs)
    assert done.returncode == 0, done.stderr
    expected = json.loads(path.with_suffix(".json").read_text("utf-8"))
    for form in ("json", "jsonl", "csv", "xml"):
        text = (tmp_path / f"out.{form}").read_text("utf-8")
        assert expected["headline"] in text, form
        assert "None" not in text
    item = ElementTree.parse(tmp_path / "out.xml").getroot()[0]
    assert (item.findtext("standfirst"), item.findtext("headline")) == (
        expected["standfirst"] or "",
        expected["headline"],
    )
    assert [block.findtext("text") for block in item.find("body") or ()] == [each["text"] for each in expected["body"]]
    variants = {each.findtext("name"): each.findtext("value") for each in item.find("headline_variants") or ()}
    assert variants == expected["headline_variants"]
    (row,) = duckdb.sql(f"SELECT * FROM '{tmp_path / 'out.parquet'}'").fetchall()
    assert {name: row[n] for n, name in enumerate(COLUMNS) if name in ("headline", "byline", "body", "type")} == {
        name: expected[name] for name in ("headline", "byline", "body", "type")
    }


def test_parquet_holds_every_kind_of_item(tmp_path: Path) -> None:
    items = [article(published_at=at(1), headline="=1"), listing(teaser("a"), hours=2), unread()]
    with (tmp_path / "out.parquet").open("w+b") as file:
        exporter = ContractParquet(file)
        exporter.start_exporting()
        for item in items:
            exporter.export_item(item)
        exporter.finish_exporting()
    frame = pandas.read_parquet(tmp_path / "out.parquet")
    assert list(frame["type"]) == ["article", "listing", "unread"]
    assert [each["digest"] for each in frame["capture"]] == [item.capture.digest for item in items]
    assert frame["published_at"][0] == at(1)
    assert [each["headline"] for each in frame["teasers"][1]] == ["a"]
    assert list(frame["reason"])[2] == "gone"


def test_no_cell_of_the_csv_is_a_formula() -> None:
    file = BytesIO()
    exporter = ContractCsv(file, fields_to_export=["headline"], include_headers_line=False)
    exporter.start_exporting()
    exporter.export_item(article(headline="=1+1"))
    exporter.finish_exporting()
    assert file.getvalue() == b"'=1+1\r\n"


def test_parquet_without_its_extra_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings({"FEEDS": {"out.parquet": {"format": "parquet"}}})
    settings.setmodule("postscraper.settings")
    monkeypatch.setattr("postscraper.crawl.configuration.find_spec", lambda _: None)
    with pytest.raises(Unsupported, match=r"postscraper\[parquet\]"):
        check_values(settings)


def test_xml_holds_any_name_and_any_text(tmp_path: Path) -> None:
    with (tmp_path / "odd.xml").open("w+b") as file:
        exporter = ContractXml(file)
        exporter.start_exporting()
        exporter.export_item(
            {"totals": {"": 4, "ព័ត៌មាន 1": None}, "headline": "a\x0b\ud800b", "images": [{"alt": None}]}
        )
        exporter.finish_exporting()
    item = ElementTree.parse(tmp_path / "odd.xml").getroot()[0]
    assert [(each.findtext("name"), each.findtext("value")) for each in item[0]] == [("", "4"), ("ព័ត៌មាន 1", "")]
    assert item.findtext("headline") == "a\ufffd?b"
    assert item.findtext("images/value/alt") == ""
