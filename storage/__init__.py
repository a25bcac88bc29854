"""The archive: the one way in and out."""
