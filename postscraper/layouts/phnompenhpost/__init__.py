"""The designs of the Phnom Penh Post and of Post Khmer through time."""
