"""scrapy crawl post: the Phnom Penh Post."""

from postscraper.crawl.spider import NewspaperSpider
from postscraper.newspapers import POST


class PostSpider(NewspaperSpider):
    name = POST.name
    paper = POST
