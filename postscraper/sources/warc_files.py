"""WARC and ARC files at paths that a person names: files, folders of them, and WACZ packages.

A WACZ holds its WARC files uncompressed (https://specs.webrecorder.net/wacz/1.1.1/#archive), so that records are
read in place.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from postscraper.errors import BadRequest
from storage.warc.exchange import Damage
from storage.warc.files import OnDamage

SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz", ".wacz")
_HEAD_BYTES = 64 * 2**10


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcFile:
    """One file of records: the bytes from `start` to `end` of `path`. name: for messages."""

    path: Path
    start: int
    end: int
    name: str

    def identity(self) -> str:
        """Digest that identifies the file; it stays the same when the file is moved or grows."""
        with self.path.open("rb") as stream:
            stream.seek(self.start)
            head = stream.read(min(_HEAD_BYTES, self.end - self.start))
        return sha256(Path(self.name).name.encode("utf-8", "surrogateescape") + b"\0" + head).hexdigest()


def warc_files(paths: Iterable[Path], on_damage: OnDamage) -> list[WarcFile]:
    """All files at the paths, each once, in the order of paths and names.

    Raises BadRequest for a path that does not exist, and if there is no such file at all.
    """
    files: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise BadRequest(f"{path}: no such file or folder")
        files |= dict.fromkeys(file.resolve() for file in ([path] if path.is_file() else _in(path)))
    if not files:
        raise BadRequest(f"{', '.join(map(str, paths))}: no WARC file; they end in {', '.join(SUFFIXES)}")
    return [part for path in files for part in _parts_of(path, on_damage)]


def _in(folder: Path) -> Iterator[Path]:
    return (file for file in sorted(folder.rglob("*")) if file.name.lower().endswith(SUFFIXES) and file.is_file())


def _parts_of(path: Path, on_damage: OnDamage) -> Iterator[WarcFile]:
    if path.suffix.lower() != ".wacz":
        yield WarcFile(path=path, start=0, end=path.stat().st_size, name=str(path))
        return
    parts: list[WarcFile] = []
    start = 0  # of one that was cut off: it lacks its list of contents alone, its records are there
    try:
        with ZipFile(path) as package:
            for info in package.infolist():
                if info.filename.lower().endswith(SUFFIXES):
                    parts += _inside(path, info, on_damage)
            start = package.start_dir  # behind all contents: a package without a file that can be read has no record
    except (BadZipFile, OSError, ValueError) as error:
        on_damage(Damage(file=str(path), offset=0, what=f"no WACZ package: {error}"))
    yield from parts or [WarcFile(path=path, start=start, end=path.stat().st_size, name=str(path))]


def _inside(path: Path, info: ZipInfo, on_damage: OnDamage) -> Iterator[WarcFile]:
    if info.compress_type != ZIP_STORED or info.flag_bits & 1:
        what = f"{info.filename} is compressed or encrypted inside the package, as no WACZ is; unpack it first"
        on_damage(Damage(file=str(path), offset=info.header_offset, what=what))
        return
    with path.open("rb") as stream:
        stream.seek(info.header_offset + 26)  # of the local header, which ends in name and extra field
        lengths = stream.read(4)
    start = info.header_offset + 30 + int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
    yield WarcFile(path=path, start=start, end=start + info.file_size, name=f"{path}/{info.filename}")
