"""Scrapy's CSV feed with the contract's columns: one header for all kinds of items."""

import json
from dataclasses import fields
from io import BytesIO
from typing import Any

from scrapy.exporters import CsvItemExporter

from postscraper.items import Article, Listing, Unread

COLUMNS = tuple(dict.fromkeys(each.name for kind in (Article, Listing, Unread) for each in fields(kind)))


class ContractCsv(CsvItemExporter):
    """Lists and objects stand in their cells as JSON, which every tool can take apart again."""

    def __init__(self, file: BytesIO, **options: Any) -> None:
        options["fields_to_export"] = options.get("fields_to_export") or COLUMNS
        super().__init__(file, **options)

    def serialize_field(self, field: Any, name: str, value: Any) -> Any:
        found = super().serialize_field(field, name, value)
        return json.dumps(found, ensure_ascii=False) if isinstance(found, (list, dict)) else found
