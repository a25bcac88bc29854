"""Families: stories with the same or nearly the same text, found and grouped."""
