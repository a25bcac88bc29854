"""Settings that differ from Scrapy's defaults, each with its reason."""

import os

from postscraper import __version__

BOT_NAME = "postscraper"
SPIDER_MODULES = ["postscraper.spiders"]
NEWSPIDER_MODULE = "postscraper.spiders"
COMMANDS_MODULE = "postscraper.crawl.commands"  # `crawl` with an exit code and a sentence at its end

# The archive's folder, and its database when it is not the SQLite file inside. The environment's name is that of
# `postscraper`, so that both commands find one archive.
ARCHIVE_DIR = os.environ.get("POSTSCRAPER_ARCHIVE") or "archive"
ARCHIVE_DB_URL = None
# Whether the pictures of stories are kept, too. They come when no page is due, and each once.
KEEP_IMAGES = False
IMAGES_MAXSIZE = 8 * 1024 * 1024  # bytes; the originals of a newspaper's camera have up to five

# Where the paper is served when not at home: a mirror, as http://127.0.0.1:8000.
PAPER_ORIGIN = None
# Where the Wayback Machine is asked when not at https://web.archive.org: a stand-in.
WAYBACK_ORIGIN = None
# Where Common Crawl's index and its files are asked for when not at https://index.commoncrawl.org and
# https://data.commoncrawl.org.
COMMONCRAWL_INDEX_ORIGIN = None
COMMONCRAWL_ORIGIN = None

# Who crawls says so, and how to reach them: an e-mail address or a page. Added to the user agent.
CONTACT = None
USER_AGENT = f"postscraper/{__version__} (newspaper archive; obeys robots.txt)"

# One request at a time to the newspaper, as slow as those who crawled it before (5 to 20 s), and
# slower when the site is slow.
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "postscraper"
CONCURRENT_REQUESTS = 1
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 5
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 5
AUTOTHROTTLE_MAX_DELAY = 60

# Other archives, one question at a time, and as seldom as each asks for.
DOWNLOAD_SLOTS = {
    "wayback": {"concurrency": 1, "delay": 2.5, "jitter": 0},
    # Common Crawl asks for one at a time; at more than a question a second it answers 503, then 403, then not at all.
    "commoncrawl": {"concurrency": 1, "delay": 1.5, "jitter": 0},
}

# A host that asks for patience gets it: up to so many seconds all requests wait, and beyond the run ends.
LONGEST_PAUSE = 600

# Seconds in all that a run waits of its own accord for a robots.txt out of reach: two pauses of its back-off, of 5 and
# 30 seconds. The third, of three minutes, is more than who waits at a terminal has. A host may ask for longer ones.
ROBOTSTXT_PATIENCE = 60

# The frontier is the ledger: it knows what to try again and when, and where a redirect leads.
SCHEDULER = "postscraper.crawl.scheduler.LedgerScheduler"
RETRY_ENABLED = False
METAREFRESH_ENABLED = False
# No scraper of the paper ever needed a cookie.
COOKIES_ENABLED = False

# Scrapy's own, which would take a head without an end into memory.
DOWNLOAD_HANDLERS = dict.fromkeys(("http", "https"), "postscraper.crawl.connections.BoundedHeads")
TWISTED_DNS_RESOLVER = "postscraper.crawl.http.PublicResolver"

DOWNLOAD_VERIFY_CERTIFICATES = True

DOWNLOAD_TIMEOUT = 30  # seconds, for the whole answer
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024  # the largest page known has 1.5 MB
DOWNLOAD_WARNSIZE = 8 * 1024 * 1024
DOWNLOAD_FAIL_ON_DATALOSS = False  # a cut answer is kept, and read as cut

DOWNLOADER_MIDDLEWARES: dict[str, int | None] = {
    "postscraper.crawl.json_log.JsonLog": 1,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "postscraper.crawl.robots.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "postscraper.crawl.http.Compression": 590,
    "postscraper.crawl.http.PublicAddresses": 980,
    "postscraper.crawl.record_middleware.EvidenceMiddleware": 999,  # nearest to the network
}
# What this crawl has no use for, and every answer would pass through: the ledger knows depth, hosts and redirects,
# a spider yields no requests but a redirect's, and every status is an answer.
DOWNLOADER_MIDDLEWARES |= dict.fromkeys((
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware",
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware",
))  # fmt: skip
SPIDER_MIDDLEWARES = dict.fromkeys((
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware",
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware",
    "scrapy.spidermiddlewares.depth.DepthMiddleware",
))  # fmt: skip
ITEM_PIPELINES = {"postscraper.crawl.pipeline.ArchivePipeline": 900}  # behind anything a user adds
EXTENSIONS: dict[str, int | None] = {
    "scrapy.extensions.logstats.LogStats": None,
    "postscraper.crawl.progress.CrawlProgress": 800,  # in its place
    "postscraper.crawl.checks.Checks": 900,
}
# Scrapy starts that many tasks for every answer; the writer is one. Half the crawl's time.
CONCURRENT_ITEMS = 1
# Khmer as Khmer letters; by itself Scrapy escapes each in JSON.
FEED_EXPORT_ENCODING = "utf-8"
FEED_EXPORTERS = {
    "json": "postscraper.crawl.feed_export.ContractJson",
    **dict.fromkeys(("jsonlines", "jsonl", "jl"), "postscraper.crawl.feed_export.ContractJsonLines"),
    "csv": "postscraper.crawl.feed_export.ContractCsv",
    "xml": "postscraper.crawl.feed_export.ContractXml",
    "parquet": "postscraper.crawl.feed_export.ContractParquet",
}

# Doors into the running process that nobody asked for.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

LOG_LEVEL = "INFO"
LOG_JSON = False  # whether each line of the log is a JSON object
