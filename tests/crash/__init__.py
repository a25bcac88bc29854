"""Disasters that a crawl survives: kills, power cuts, a full disk, a disk that fails, a second crawl."""
