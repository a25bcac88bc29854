"""Errors of the archive; every message is one sentence, with what mends it."""


class ArchiveError(Exception):
    """The archive cannot do what is asked."""


class NotAnArchive(ArchiveError):
    """There is no archive at that place, or the file there is something else."""


class WrongVersion(ArchiveError):
    """The archive was made by another version of this program."""


class EarlierVersion(WrongVersion):
    """No migration leads from this database; `postscraper rebuild` builds a new one from the evidence."""


class Locked(ArchiveError):
    """Another process is writing to the archive, and did not end in time."""


class ReadOnly(ArchiveError):
    """The archive's file or folder cannot be written."""


class Full(ArchiveError):
    """There is no room left on the disk."""


class Damaged(ArchiveError):
    """The database file is broken, or the disk cannot read it."""


class Unsupported(ArchiveError):
    """The database behind the archive lacks the feature."""


class BadQuery(ArchiveError):
    """A search or an export without a meaning; the message names the word and the right form."""


class BadFolder(ArchiveError):
    """A folder that cannot take a copy: it is not empty, or lies inside of what is copied."""


class NoSuchStory(ArchiveError):
    """The archive holds no story, revision or page of that address or number."""


class NoSuchRun(ArchiveError):
    """The archive has no run of that number."""


class EvidenceError(Exception):
    """A fault of the evidence; the message names file and offset."""


class EvidenceShort(EvidenceError):
    """A file is missing, or shorter than the database records."""


class EvidenceFailed(EvidenceError):
    """A write or a sync failed; this `Evidence` stores nothing more. The next start recovers."""


class RecordUnreadable(EvidenceError):
    """No whole record of an exchange at the location."""
