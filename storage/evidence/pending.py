"""WARC records written but not yet committed to the database; gives the safe restart offset of each file.

Pages may be committed in another order than written. The restart offset is stored in the same transaction; the next
start reads from it, because every earlier record has its row or needs none.
"""

from collections.abc import Hashable
from threading import Lock

from storage.warc.exchange import RecordLocation


class PendingRecords:
    """The records of one run. One thread may write while another commits."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._offsets: dict[str, dict[int, Hashable]] = {}  # by file, in the order written
        self._ends: dict[str, int] = {}
        self._locations: dict[Hashable, RecordLocation] = {}

    def add(self, location: RecordLocation, key: Hashable) -> None:
        """Note a record just written at the end of its file. key: identifies its response."""
        with self._lock:
            self._offsets.setdefault(location.file, {})[location.offset] = key
            self._ends[location.file] = location.offset + location.length
            self._locations[key] = location

    def location(self, key: Hashable) -> RecordLocation | None:
        """The location of a pending response; None when it is not pending."""
        with self._lock:
            return self._locations.get(key)

    def remove(self, file: str, offset: int) -> None:
        """Forget a record that is committed or discarded; it need not be one of this run."""
        with self._lock:
            key = self._offsets.get(file, {}).pop(offset, None)
            self._locations.pop(key, None)

    def safe_offsets(self) -> dict[str, int]:
        """The safe restart offset of each file. Finished files are included once, then forgotten."""
        with self._lock:
            safe = {file: min(offsets, default=self._ends[file]) for file, offsets in self._offsets.items()}
            newest = next(reversed(self._offsets), None)
            for file in [file for file, offsets in self._offsets.items() if not offsets and file != newest]:
                del self._offsets[file], self._ends[file]
        return safe
