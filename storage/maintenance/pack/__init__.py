"""Pack of a selection: one file with pages, index, database and a reader."""
