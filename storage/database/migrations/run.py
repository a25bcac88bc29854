"""Alembic without its command line and ini file, so that an installed archive can be made and migrated."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect

from storage.database.migrations.schema import create
from storage.errors import WrongVersion


def configuration(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> None:
    """All or nothing: one transaction. Raises WrongVersion for an archive that no migration begins from."""
    with engine.begin() as connection:
        if not inspect(connection).get_table_names():
            create(connection)
            command.stamp(configuration(connection), "head")
            return
        try:
            command.upgrade(configuration(connection), "head")
        except CommandError as error:
            raise WrongVersion(f"no migration leads from the archive's version to this program's: {error}") from error
