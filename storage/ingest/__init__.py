"""Turn a batch of items into rows."""
