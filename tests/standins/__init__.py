"""Other people's archives on loopback: pywb from an environment of its own, and what makes it speak as they do.

    make pywb

POSTSCRAPER_PYWB names the folder of its commands. What is said here of the Wayback Machine follows
https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server and the client of EDGI, what is said of
Common Crawl its index server, which is pywb itself, and the answers of its store.
"""
