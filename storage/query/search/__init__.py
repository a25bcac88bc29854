"""Search: queries as people type them, over every wording, English and Khmer in one index."""
