"""Files of captures in bulk: read by worker processes, written by one."""
