"""The URL frontier: every known address, its state, and the time of its next visit."""
