"""docs/tables.md against the schema."""

from docs.tables import PAGE, page
from storage.database.descriptions import described


def test_the_page_is_that_of_the_docstrings() -> None:
    assert PAGE.read_text("utf-8") == page(), "docs/tables.md is not that of the docstrings; run: make tables"


def test_every_table_and_column_is_described() -> None:
    without = [f"{table.name}.{column.name}" for table in described() for column in table.columns if not column.text]
    assert without == [], "name each column before its description in the last paragraph of its table's docstring"
    assert [table.name for table in described() if not table.summary] == []
