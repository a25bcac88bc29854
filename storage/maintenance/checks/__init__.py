"""Checks of database and evidence, one subject a module."""
