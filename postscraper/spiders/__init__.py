"""One newspaper, one spider."""
