"""The reading room: a web application over an archive, read-only, without scripts."""
