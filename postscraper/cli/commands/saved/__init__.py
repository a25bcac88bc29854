"""Commands of the group Saved pages, which need no archive."""
