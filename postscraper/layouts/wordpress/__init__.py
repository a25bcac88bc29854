"""Layouts of what WordPress writes, in any theme and for any newspaper."""
