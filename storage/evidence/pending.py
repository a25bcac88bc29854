"""Records that a run has kept and no row names yet, and so how far its files are dealt with.

Pages may be filed in another order than kept. A mark that is written with them, in their transaction,
tells the next start where to read on: before it every record has its row, or is to have none.
"""

from collections.abc import Hashable
from threading import Lock

from storage.warc.exchange import RecordLocation


class PendingRecords:
    """The records of one run. One thread keeps while another files."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._offsets: dict[str, dict[int, Hashable]] = {}  # by file, in the order kept
        self._ends: dict[str, int] = {}
        self._places: dict[Hashable, RecordLocation] = {}

    def add(self, place: RecordLocation, answer: Hashable) -> None:
        """A record that was kept now, behind all others of its file; answer: what names the answer that it holds."""
        with self._lock:
            self._offsets.setdefault(place.file, {})[place.offset] = answer
            self._ends[place.file] = place.offset + place.length
            self._places[answer] = place

    def place(self, answer: Hashable) -> RecordLocation | None:
        """Where the answer is kept that no row names yet; None when it is not."""
        with self._lock:
            return self._places.get(answer)

    def remove(self, file: str, offset: int) -> None:
        """The record there is filed, or will not be; it need not be one that this run kept."""
        with self._lock:
            answer = self._offsets.get(file, {}).pop(offset, None)
            self._places.pop(answer, None)

    def safe_offsets(self) -> dict[str, int]:
        """For each file the byte before which every record is dealt with; a file that is done is told once."""
        with self._lock:
            found = {file: min(offsets, default=self._ends[file]) for file, offsets in self._offsets.items()}
            newest = next(reversed(self._offsets), None)
            for file in [file for file, offsets in self._offsets.items() if not offsets and file != newest]:
                del self._offsets[file], self._ends[file]
        return found
