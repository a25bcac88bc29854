"""Scrapy's feeds of the contract's items, in every format."""

import json
from pathlib import Path
from xml.etree import ElementTree

from postscraper.crawl.feed_export import ContractXml
from tests.helpers.crawls import scrapy
from tests.helpers.paths import SAMPLES


def test_feeds_are_readable_in_every_form(tmp_path: Path) -> None:
    path = SAMPLES / "phnompenhpost" / "drupal_2017" / "khmer-salt-road.html"
    outputs = [word for form in ("json", "jsonl", "csv", "xml") for word in ("-O", f"out.{form}")]
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
