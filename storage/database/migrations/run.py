"""Run Alembic without its command line and ini file, which an installed package does not have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect, text

from storage.database.migrations.schema import create
from storage.database.schema import SCHEMA
from storage.errors import WrongVersion


def configuration(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def include_name(name: str | None, type_: str, _parents: Any) -> bool:
    """Leave the tables in which FTS5 keeps the search index out of comparisons."""
    return type_ != "table" or name is None or not (name == "words" or name.startswith("words_"))


def upgrade(engine: Engine, derive: Callable[[Connection], object]) -> None:
    """Create, or migrate and derive, in one transaction.

    Raises WrongVersion for a version from which no migration leads here.
    """
    with engine.begin() as connection:
        if not inspect(connection).get_table_names():
            create(connection)
            command.stamp(configuration(connection), "head")
            return
        before = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        try:
            command.upgrade(configuration(connection), "head")
        except CommandError as error:
            raise WrongVersion(f"no migration leads from the archive's version to this program's: {error}") from error
        if before != SCHEMA:
            derive(connection)
