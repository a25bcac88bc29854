"""Merge another archive into this one: its evidence is replayed, and then what its database alone knows is joined.

Every step may be repeated, and begins by what a merge that was killed left. The other archive is only read.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from postscraper.bulk.replay import Progress, Replay
from postscraper.errors import BadRequest
from postscraper.newspapers import NEWSPAPERS, POST, Newspaper
from postscraper.run.evidence_reader import EvidenceReader
from postscraper.run.run import Run
from storage.archive import Archive, Outcome
from storage.database.engine import DATABASE
from storage.database.lock import RunLock, shared_lock
from storage.errors import NoSuchStory, NotAnArchive
from storage.evidence import compact_format
from storage.evidence.store import FOLDER
from storage.maintenance import carry_over
from storage.maintenance import merge as merging
from storage.maintenance.rebuild import counts
from storage.maintenance.withdraw import Withdrawal, barred, plan, take_over
from storage.warc.exchange import Damage
from storage.warc.files import file_fields

# Opens the desk of a run for a paper, and for the mirror that served it, if one did.
OpenDesk = Callable[[Newspaper, str | None], Run]
Ask = Callable[[Sequence[Withdrawal]], object]


@dataclass(slots=True)
class Merged:
    """What came of a merge.

    before, after: rows of this archive's tables. known: answers that are held already, and that this run read. left:
    records of the evidence that are no page, by the reason. elsewhere: captures of which the other archive's folder
    has no bytes. withdrawn: answers left out, of stories that are kept out. taken_out: addresses of stories that the
    other archive keeps out. addresses, joined: of its ledger, those that were new here, and those that were not.
    """

    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)
    known: int = 0
    withdrawn: int = 0
    elsewhere: int = 0
    taken_out: list[str] = field(default_factory=list)
    addresses: int = 0
    joined: int = 0
    left: Counter[str] = field(default_factory=Counter)
    damages: list[Damage] = field(default_factory=list)

    def add(self, run: Progress) -> None:
        """Count what the replay of some of its files came to."""
        self.known += run.outcomes[Outcome.KNOWN_CAPTURE] + run.outcomes[Outcome.REREAD]
        self.withdrawn += run.outcomes[Outcome.WITHDRAWN]
        self.left += run.skipped
        self.damages += run.damages


def merge(
    other: Path,
    archive: Path,
    open_desk: OpenDesk,
    *,
    jobs: int,
    ask: Ask,
    seen: Callable[[Progress], object],
) -> Merged:
    """Take over what another archive holds.

    ask: called before stories that the other archive keeps out are taken out of this one; raises to end the merge.
    Raises BadRequest for one and the same archive, ArchiveInUse, ArchiveError, EvidenceError.
    """
    if not (other / DATABASE).is_file():
        raise NotAnArchive(f"there is no archive in {other}")
    if archive.exists() and archive.samefile(other):
        raise BadRequest(f"{other} is this archive itself")
    merged = Merged()
    with shared_lock(other):
        Archive.open(other, readonly=True).close()  # raises WrongVersion
        with _alone(archive) as opened:
            merged.before = counts(archive / DATABASE)
            merged.taken_out = _keep_out(opened, other, ask)
            merged.addresses, merged.joined = merging.add_addresses(other / DATABASE, archive / DATABASE)
        for (paper, origin), files in _files(other).items():
            desk = open_desk(NEWSPAPERS[paper], origin)
            try:
                merged.add(Replay(desk, files, jobs=jobs, all_hosts=True).run(seen))
            finally:
                desk.close()
        with _alone(archive) as opened:
            merged.elsewhere = sum(carry_over.captures(other, opened, EvidenceReader(other), own=False))
            merging.join_ledger(other / DATABASE, archive / DATABASE)
            merged.after = counts(archive / DATABASE)
    return merged


@contextmanager
def _alone(archive: Path) -> Iterator[Archive]:
    with RunLock(archive), Archive.open(archive) as opened:
        yield opened


def _keep_out(opened: Archive, other: Path, ask: Ask) -> list[str]:
    """Withdraw here what is withdrawn there; the addresses that are kept out from now on."""
    rows = barred(other)
    before = opened.withdrawn()
    witness = EvidenceReader(opened.folder)
    going: dict[str, Withdrawal] = {}
    for address in {row["address"] for row in rows} - before:
        with suppress(NoSuchStory):
            found = plan(opened, witness, address)
            going |= {found.story: found} if found.captures else {}
    if going:
        ask(list(going.values()))
    take_over(opened, witness, rows, datetime.now(UTC))
    return sorted(opened.withdrawn() - before)


def _files(other: Path) -> dict[tuple[str, str | None], list[Path]]:
    """The evidence by the paper and the mirror that served it: with these its records are read, and kept anew."""
    found: dict[tuple[str, str | None], list[Path]] = {}
    for name in compact_format.evidence_files(other / FOLDER):
        path = compact_format.file_of(other / FOLDER / name)
        paper = NEWSPAPERS.get(name.rsplit("-", 2)[0], POST)
        found.setdefault((paper.name, file_fields(path).get("paper-origin")), []).append(path)
    return found
