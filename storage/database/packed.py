"""The database inside a pack (storage/maintenance/pack), taken out for reading."""

from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, ZipFile, is_zipfile

from storage.errors import NotAnArchive, ReadOnly

DATABASE_MEMBER = "data/archive.db"  # stored uncompressed: copied as fast as the disk reads


def is_pack(path: Path) -> bool:
    return path.is_file() and is_zipfile(path)


def refuse(path: Path) -> None:
    """Raises ReadOnly if the path is that of a pack."""
    if is_pack(path):
        raise ReadOnly(
            f"{path} is a pack, which is for reading alone, and its pages cannot be read again in it: "
            f"`postscraper replay {path} --archive DIR` brings them into an archive"
        )


def taken_out(pack: Path) -> TemporaryDirectory[str]:
    """A folder with the pack's database, removed with the result's `cleanup`. Raises NotAnArchive, OSError."""
    folder = TemporaryDirectory(prefix="postscraper-")
    try:
        database = Path(folder.name) / Path(DATABASE_MEMBER).name
        with ZipFile(pack) as package, package.open(DATABASE_MEMBER) as stream, database.open("wb") as out:
            copyfileobj(stream, out, 2**20)
    except BaseException as error:
        folder.cleanup()
        if isinstance(error, KeyError):
            what = "was not made by `postscraper pack`, and holds no database; `postscraper replay` reads its pages"
            raise NotAnArchive(f"{pack} {what}") from error
        if isinstance(error, BadZipFile):
            raise NotAnArchive(f"{pack} is damaged: {error}") from error
        raise
    return folder
