"""Questions to the archive: search, history, export, statistics."""
