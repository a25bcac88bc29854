"""The sub-commands of `postscraper`, one module each, with the click command as `command`."""
