"""Check, repair, rebuild, backup, compaction and withdrawal."""
