"""Bulk import of WARC files by many processes."""
