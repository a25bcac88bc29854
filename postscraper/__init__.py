"""From an address to an item: the Scrapy project that reads newspaper pages."""

__version__ = "0.1.0"
