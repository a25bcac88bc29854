"""What a crawl must survive: kills, power cuts, a full disk, a disk that fails, a second crawl."""
