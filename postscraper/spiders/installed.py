"""scrapy crawl NAME: a spider for each newspaper of an installed package."""

from postscraper.crawl.spider import NewspaperSpider
from postscraper.newspapers import INSTALLED

# The classes of a module are its spiders, for Scrapy. Those of this package have modules of their own, which scripts
# import and `scrapy runspider` takes.
globals().update(
    {
        paper.name: type(paper.name, (NewspaperSpider,), {"__module__": __name__, "name": paper.name, "paper": paper})
        for paper in INSTALLED
    }
)
