"""The designs of the papers, one module each."""
