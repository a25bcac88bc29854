"""Addresses in WordPress's REST API: posts in the order of their last change, categories, counts by year.

https://developer.wordpress.org/rest-api/reference/posts/. In this order each post comes once, however many are added,
edited or deleted meanwhile; the next request begins where the last answer ended, see wordpress_rest.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from postscraper.items import Listing
from postscraper.layouts.wordpress import wordpress_rest
from postscraper.urls import is_in_order_of_changes, is_of_one_second, path_of

ROOT = "/wp-json/wp/v2/"
AT_ONCE = 100  # posts or categories in an answer, the most that WordPress gives
_POST_FIELDS = (
    *("id", "date", "date_gmt", "modified", "modified_gmt", "link", "title", "content", "excerpt", "author"),
    *("featured_media", "_links", "_embedded"),
)
_CATEGORY_FIELDS = ("id", "count", "link", "name", "slug", "taxonomy", "_links")
_CHANGES = {
    "_embed": "author,wp:featuredmedia,wp:term",
    "_fields": ",".join(_POST_FIELDS),
    "order": "asc",
    "orderby": "modified",
    "per_page": str(AT_ONCE),
}


def seeds(origin: str, since: date | None, until: date | None, *, whole: bool) -> Iterator[str]:
    """The first requests of a run: the posts, if it is over the whole paper, and the categories.

    since, until: days of publication on the newspaper's own clock, both included.
    """
    if whole:
        yield _address(f"{origin}{ROOT}posts", _CHANGES | _between(since, until))
    yield _address(f"{origin}{ROOT}categories", {"_fields": ",".join(_CATEGORY_FIELDS), "per_page": str(AT_ONCE)})


def posts_of_categories(listing: Listing, since: date | None, until: date | None) -> Iterator[tuple[str, str]]:
    """The short name of each category in an answer, and the address of its posts."""
    pages = {teaser.position: teaser.url for teaser in listing.teasers if teaser.list is None}
    for teaser in listing.teasers:
        if teaser.list == wordpress_rest.POSTS_OF_CATEGORY and teaser.position in pages:
            address, _, query = teaser.url.partition("?")
            name = path_of(pages[teaser.position]).rpartition("/")[2]
            yield name, _address(address, dict(parse_qsl(query)) | _CHANGES | _between(since, until))


def year_counts(origin: str, years: Iterable[int]) -> Iterator[tuple[date, str]]:
    """For each year its last day, and an address whose answer has the number of its posts."""
    fields = {"_fields": "id,date_gmt,link", "per_page": "1"}
    for year in years:
        last = date(year, 12, 31)
        yield last, _address(f"{origin}{ROOT}posts", fields | _between(date(year, 1, 1), last))


def year_of(url: str) -> int | None:
    """The year whose number of posts an address of `year_counts` requests; None for any other."""
    query = _query(url)
    before = query.get("before", "")[:4]
    return int(before) - 1 if is_posts(url) and query.get("per_page") == "1" and before.isdigit() else None


def is_posts(url: str) -> bool:
    return path_of(url) == f"{ROOT}posts"


def is_categories(url: str) -> bool:
    return path_of(url) == f"{ROOT}categories"


def goes_on(listing: Listing) -> bool:
    """Whether a list in the order of changes has more to give at once."""
    query = _query(listing.url)
    resumes = is_posts(listing.url) and (is_in_order_of_changes(query) or is_of_one_second(query))
    return resumes and listing.next_url is not None and not wordpress_rest.is_whole(listing)


def _between(since: date | None, until: date | None) -> dict[str, str]:
    """`after` and `before` exclude the second that they name."""
    fields = {}
    if since is not None:
        fields["after"] = f"{since - timedelta(days=1)}T23:59:59"
    if until is not None:
        fields["before"] = f"{until + timedelta(days=1)}T00:00:00"
    return fields


def _query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def _address(address: str, query: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(sorted(query.items()), safe=':,')}"
