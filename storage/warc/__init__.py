"""WARC and ARC files: write ours, read anybody's."""
