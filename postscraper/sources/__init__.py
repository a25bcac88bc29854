"""Sources of captures."""
