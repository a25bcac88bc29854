"""Captures that other archives list, and what became of each."""
