"""Commands of the group Fill: what brings pages into an archive beside `scrapy crawl`."""
