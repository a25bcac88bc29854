"""Captures in the indexes of other archives, and the state of each."""
