"""Alembic without its command line and ini file, so that an installed archive can mend itself."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from storage.errors import WrongVersion


def configuration(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> None:
    """All or nothing: one transaction. Raises WrongVersion for an archive that a later program made."""
    with engine.begin() as connection:
        try:
            command.upgrade(configuration(connection), "head")
        except CommandError as error:
            raise WrongVersion(f"the archive was made by a later version of this program: {error}") from error
