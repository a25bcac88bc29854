"""Commands of the group Count: what the archive holds and lacks, and its crawls."""
