"""scrapy crawl postkhmer: Post Khmer, the Khmer edition."""

from postscraper.newspapers import POSTKHMER
from postscraper.spiders.newspaper import NewspaperSpider


class PostKhmerSpider(NewspaperSpider):
    name = POSTKHMER.name
    paper = POSTKHMER
