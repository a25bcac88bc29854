"""Sub-commands of `postscraper`, one a module."""
