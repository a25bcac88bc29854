"""Commands of the group Share: selections for other programs and people."""
