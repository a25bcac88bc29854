"""The URL frontier: every address known, its state, and when to visit it."""
