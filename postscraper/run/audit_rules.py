"""The newspapers' rules for addresses, by which an audit finds the stories among them."""

from pathlib import Path

from postscraper.run.discovery import Discoverer
from postscraper.run.evidence_reader import EvidenceReader


class AuditRules:
    """`AddressRules` of storage/ledger/audit.py, for every newspaper that is installed."""

    def __init__(self, archive: Path) -> None:
        self._reader = EvidenceReader(archive)

    def key(self, url: str) -> str | None:
        try:
            address = self._reader.address(url)
        except ValueError:
            return None
        return address if self._of(address) else None

    def _of(self, address: str) -> Discoverer | None:
        return self._reader.discoverers.get(address.split("/")[2])

    def is_story(self, address: str) -> bool:
        paper = self._of(address)
        return paper is not None and paper.kind(address) == "story"

    def exclusion_rule(self, address: str) -> str | None:
        paper = self._of(address)
        return paper.exclusion_rule(address, 0) if paper else "on another host"

    def section(self, address: str) -> str | None:
        paper = self._of(address)
        return paper.section(address) if paper else None
