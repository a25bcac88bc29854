"""Feed exporters for the contract's items: each value as the archive stores it, in the form of the format."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from io import BytesIO
from typing import Any

from scrapy.exporters import (
    BaseItemExporter,
    CsvItemExporter,
    JsonItemExporter,
    JsonLinesItemExporter,
    XmlItemExporter,
)

from postscraper.items import Article, Listing, Unread
from storage.database.values import cleaned

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
    """One header for all kinds of items. Lists and objects are JSON in their cells."""

    def __init__(self, file: BytesIO, **options: Any) -> None:
        options["fields_to_export"] = options.get("fields_to_export") or COLUMNS
        super().__init__(file, **options)

    def serialize_field(self, field: Any, name: str, value: Any) -> Any:
        data = super().serialize_field(field, name, value)
        return json.dumps(data, ensure_ascii=False) if isinstance(data, (list, dict)) else data


class ContractXml(_AsStored, XmlItemExporter):
    """None is an empty element. An entry of a list is a `value`, and so is one of a mapping, with a `name` inside."""

    def serialize_field(self, field: Any, name: str, value: Any) -> Any:
        data = super().serialize_field(field, name, value)
        if isinstance(value, Mapping):  # its names are the site's words, and no names of elements
            data = [{"name": key, "value": inner} for key, inner in data.items()]
        return _xml(data)


def _xml(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _xml(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_xml(inner) for inner in value]
    return "" if value is None else _NO_XML.sub("\ufffd", str(value))
