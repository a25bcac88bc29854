"""Export of stories, one format a module."""
