"""The archive's own WARC files."""
