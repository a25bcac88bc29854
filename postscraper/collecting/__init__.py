"""What a run over another archive asks it for, and what it makes of the answers."""
