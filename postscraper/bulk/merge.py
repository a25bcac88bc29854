"""Merge another archive into this one: replay its evidence, then add what only its database has.

Every step may be repeated; a merge after a killed one resumes where that one stopped. The other archive is only read.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from postscraper.bulk.replay import Progress, Replay
from postscraper.errors import BadRequest
from postscraper.newspaper import Newspaper
from postscraper.newspapers import NEWSPAPERS
from postscraper.run.evidence_reader import EvidenceReader, newspaper_of
from postscraper.run.run import Run
from storage.archive import Archive, Outcome
from storage.database.engine import DATABASE
from storage.database.lock import RunLock, shared_lock
from storage.errors import NoSuchStory
from storage.evidence import compact_format
from storage.evidence.store import FOLDER
from storage.maintenance import carry_over
from storage.maintenance.merge import add_addresses, join_ledger
from storage.maintenance.rebuild import counts
from storage.maintenance.withdrawal.plan import Withdrawal, plan
from storage.maintenance.withdrawal.tombstones import barred
from storage.maintenance.withdrawal.withdraw import take_over
from storage.warc.exchange import Damage
from storage.warc.files import file_info

# Opens a run for a newspaper; the second argument: origin of the mirror that served it, None for its own site.
OpenRun = Callable[[Newspaper, str | None], AbstractContextManager[Run]]
Ask = Callable[[Sequence[Withdrawal]], object]


@dataclass(slots=True)
class MergeResult:
    """Counts of a merge.

    before, after: rows of this archive's tables.
    already_held: pages read that this archive held already.
    skipped: records of the evidence that are not pages, by reason.
    without_bytes: captures whose bytes are not in the other archive's folder.
    withdrawn: pages left out because their stories are withdrawn.
    taken_out: addresses withdrawn here because they are in the other archive.
    addresses, joined: addresses of the other ledger that were new here, and that were not.
    """

    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)
    already_held: int = 0
    withdrawn: int = 0
    without_bytes: int = 0
    taken_out: list[str] = field(default_factory=list)
    addresses: int = 0
    joined: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    damages: list[Damage] = field(default_factory=list)

    def add(self, run: Progress) -> None:
        """Add the counts of the replay of some of its files."""
        self.already_held += run.outcomes[Outcome.KNOWN_CAPTURE] + run.outcomes[Outcome.REREAD]
        self.withdrawn += run.outcomes[Outcome.WITHDRAWN]
        self.skipped += run.skipped
        self.damages += run.damages


def merge(
    other: Path,
    archive: Path,
    open_run: OpenRun,
    *,
    jobs: int,
    ask: Ask,
    on_progress: Callable[[Progress], object],
) -> MergeResult:
    """Merge the archive `other` into `archive`.

    ask: called before stories that `other` has withdrawn are withdrawn here; raises to end the merge.
    on_progress: called with the progress of each replay.
    Raises BadRequest when both are the same, ArchiveInUse, ArchiveError, EvidenceError.
    """
    Archive.check_folder(other)
    if archive.exists() and archive.samefile(other):
        raise BadRequest(f"{other} is this archive itself")
    merged = MergeResult()
    with shared_lock(other):
        Archive.open(other, readonly=True).close()  # raises WrongVersion
        with _locked(archive) as opened:
            merged.before = counts(archive / DATABASE)
            merged.taken_out = _withdraw(opened, other, ask)
            merged.addresses, merged.joined = add_addresses(other / DATABASE, archive / DATABASE)
        for (paper, origin), files in _files(other).items():
            with open_run(NEWSPAPERS[paper], origin) as run:
                merged.add(Replay(run, files, jobs=jobs, all_hosts=True).run(on_progress))
        with _locked(archive) as opened:
            merged.without_bytes = sum(carry_over.captures(other, opened, EvidenceReader(other), own=False))
            join_ledger(other / DATABASE, archive / DATABASE)
            merged.after = counts(archive / DATABASE)
    return merged


@contextmanager
def _locked(archive: Path) -> Iterator[Archive]:
    with RunLock(archive), Archive.open(archive) as opened:
        yield opened


def _withdraw(opened: Archive, other: Path, ask: Ask) -> list[str]:
    """Withdraw here what is withdrawn in `other`; return the addresses that are new among the withdrawn."""
    rows = barred(other)
    before = opened.withdrawn()
    reader = EvidenceReader(opened.folder)
    withdrawals: dict[str, Withdrawal] = {}
    for address in {row["address"] for row in rows} - before:
        with suppress(NoSuchStory):
            withdrawal = opened.ask(plan, reader, address)
            if withdrawal.captures:
                withdrawals[withdrawal.story] = withdrawal
    if withdrawals:
        ask(list(withdrawals.values()))
    take_over(opened, reader, rows, datetime.now(UTC))
    return sorted(opened.withdrawn() - before)


def _files(other: Path) -> dict[tuple[str, str | None], list[Path]]:
    """The evidence files by newspaper and origin of the mirror, which a run needs to read their records."""
    files: dict[tuple[str, str | None], list[Path]] = {}
    for name in compact_format.evidence_files(other / FOLDER):
        path = compact_format.file_of(other / FOLDER / name)
        paper = newspaper_of(name)
        files.setdefault((paper.name, file_info(path).fields.get("paper-origin")), []).append(path)
    return files
