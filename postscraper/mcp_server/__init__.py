"""Server of the Model Context Protocol: the archive for language models, read-only, over standard input and output."""
