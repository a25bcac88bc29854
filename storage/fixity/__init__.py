"""Whether an archive is what it says it is: the database against itself, and against the evidence."""
