"""The `postscraper` command."""
