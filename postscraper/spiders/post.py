"""scrapy crawl post: the Phnom Penh Post."""

from postscraper.newspapers import POST
from postscraper.spiders.newspaper import NewspaperSpider


class PostSpider(NewspaperSpider):
    name = POST.name
    paper = POST
