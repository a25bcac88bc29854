"""Scrapy's parts of a crawl, in the order in which a page meets them."""
