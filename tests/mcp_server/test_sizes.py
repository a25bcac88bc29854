"""Answers of any size are cut to the limit, and say by how much."""

import json
from typing import Any

import pytest

from postscraper.mcp_server.sizes import TooLarge, fitted


def size(data: Any) -> int:
    return len(json.dumps(data, ensure_ascii=False))


def test_a_small_answer_stays_whole() -> None:
    data = {"rows": [{"text": "a"}] * 3}
    assert fitted(data, 1_000) == {}
    assert data == {"rows": [{"text": "a"}] * 3}


def test_the_largest_list_is_cut_from_its_end() -> None:
    data = {"few": [{"n": 1}, {"n": 2}], "deep": {"many": [{"n": number} for number in range(1_000)]}}
    cut = fitted(data, 2_000)
    many = data["deep"]["many"]  # type: ignore[call-overload]
    assert size(data) <= 2_000
    assert cut == {"deep.many": 1_000 - len(many)}
    assert many == [{"n": number} for number in range(len(many))]
    assert len(many) > 100  # no more is cut than must be
    assert data["few"] == [{"n": 1}, {"n": 2}]


def test_a_long_text_is_cut_where_no_list_can_be() -> None:
    data = {"rows": [{"text": "a" * 50_000}], "pair": ["same", "b" * 5_000]}
    cut = fitted(data, 12_000)
    assert size(data) <= 12_000
    assert cut == {"rows.0.text": 50_000 - len(data["rows"][0]["text"])}  # type: ignore[index]
    assert data["pair"] == ["same", "b" * 5_000]


def test_uneven_rows_come_under_the_limit() -> None:
    data = {"rows": [{"text": "a" * 900}, *({"text": "b"} for _ in range(500))]}
    cut = fitted(data, 1_000)
    assert size(data) <= 1_000
    assert cut["rows"] == 501 - len(data["rows"])


def test_what_cannot_be_cut_is_refused() -> None:
    with pytest.raises(TooLarge):
        fitted({"counts": {str(number): number for number in range(1_000)}}, 1_000)
