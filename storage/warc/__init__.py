"""WARC and ARC files, as we write them and as anybody does: heads, records, pieces, and whole files."""
