"""Feed exporters for the contract's items: each value as the archive stores it, in the form of the format."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from io import BytesIO
from typing import Any, get_type_hints

from scrapy.exporters import (
    BaseItemExporter,
    CsvItemExporter,
    JsonItemExporter,
    JsonLinesItemExporter,
    XmlItemExporter,
)

from postscraper.items import Article, Listing, Unread
from storage.database.values import cleaned
from storage.query.export.csv_table import safe

COLUMNS = tuple(dict.fromkeys(field.name for kind in (Article, Listing, Unread) for field in fields(kind)))
# All but https://www.w3.org/TR/xml/#charsets; no reference can put them into XML 1.0 either.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _AsStored(BaseItemExporter):
    """Without halves of surrogate pairs, which no encoding has."""

    def serialize_field(self, field: Any, name: str, value: Any) -> Any:
        return cleaned(super().serialize_field(field, name, value))


class ContractJson(_AsStored, JsonItemExporter):
    pass


class ContractJsonLines(_AsStored, JsonLinesItemExporter):
    pass


class ContractCsv(_AsStored, CsvItemExporter):
    """One header for all kinds of items. Lists and objects are JSON in their cells; no cell is a formula."""

    def __init__(self, file: BytesIO, **options: Any) -> None:
        options["fields_to_export"] = options.get("fields_to_export") or COLUMNS
        super().__init__(file, **options)

    def serialize_field(self, field: Any, name: str, value: Any) -> Any:
        data = super().serialize_field(field, name, value)
        return json.dumps(data, ensure_ascii=False) if isinstance(data, (list, dict)) else safe(data)


class ContractXml(_AsStored, XmlItemExporter):
    """None is an empty element. An entry of a list is a `value`, and so is one of a mapping, with a `name` inside."""

    def serialize_field(self, field: Any, name: str, value: Any) -> Any:
        data = super().serialize_field(field, name, value)
        if isinstance(value, Mapping):  # its names are the site's words, and no names of elements
            data = [{"name": key, "value": inner} for key, inner in data.items()]
        return _xml(data)


class ContractParquet(_AsStored):
    """One table for all kinds of items, written a group of rows at a time. Needs the extra `parquet`."""

    def __init__(self, file: BytesIO, **options: Any) -> None:
        super().__init__(**options)
        hints = {name: hint for kind in (Unread, Article, Listing) for name, hint in get_type_hints(kind).items()}
        chosen = self.fields_to_export or COLUMNS
        names = chosen if isinstance(chosen, Mapping) else {name: name for name in chosen}
        parquet = import_module("storage.query.export.parquet")  # a crawl without such a feed does not need pyarrow
        self._table = parquet.Table(file, {column: hints[name] for name, column in names.items()})
        self._most_rows: int = parquet.ROWS
        self._rows: list[dict[str, Any]] = []

    def export_item(self, item: Any) -> None:
        self._rows.append(dict(self.get_serialized_fields(item, include_empty=True)))
        if len(self._rows) == self._most_rows:
            self._write()

    def finish_exporting(self) -> None:
        self._write()
        self._table.close()

    def _write(self) -> None:
        if self._rows:
            self._table.add(self._rows)
            self._rows = []


def _xml(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _xml(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_xml(inner) for inner in value]
    return "" if value is None else _NO_XML.sub("\ufffd", str(value))
