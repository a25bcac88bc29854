"""Withdrawal of a story, and the tombstones that keep it out."""
