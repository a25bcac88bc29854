"""scrapy crawl postkhmer: Post Khmer, the Khmer edition."""

from postscraper.crawl.spider import NewspaperSpider
from postscraper.newspapers import POSTKHMER


class PostKhmerSpider(NewspaperSpider):
    name = POSTKHMER.name
    paper = POSTKHMER
