"""Sub-commands of `postscraper`, in folders by the groups of its help."""
