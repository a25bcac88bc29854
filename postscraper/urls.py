"""Addresses: absolute, and in the one form by which the archive names a page.

A newspaper answers under www, bare, `m.` and `mail.` hosts, with and without TLS, with and
without a trailing slash, and with query noise (a random key on every build of the 2013 site).
All of these are one address here. Slugs are never touched: a leading or trailing hyphen is
part of one, and `-0` at its end marks another story.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Literal
from unicodedata import normalize
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from postscraper.newspaper import Newspaper
from postscraper.newspapers import NEWSPAPERS

Aliases = Mapping[str, str]
NO_ALIASES: Aliases = MappingProxyType({})

LONGEST_ADDRESS = 2_600  # ASCII characters; 255 Khmer ones, the longest path of the paper's engine, take 2,295

# Hosts under which the same pages answer, seen in captures of 2013 to 2023.
_SAME_HOST = re.compile(r"^(?:www|m|mail)\.")
_BY_BARE_HOST = {
    bare: paper for paper in NEWSPAPERS.values() for bare in (paper.host.removeprefix("www."), *paper.other_hosts)
}
_PAPER_HOSTS = frozenset(paper.host for paper in NEWSPAPERS.values())
_ANY_BARE_HOST = "|".join(map(re.escape, _BY_BARE_HOST))

# What a newspaper's query can mean besides its own parameters: the page of a list, the words of a search, and
# WordPress's (https://developer.wordpress.org/reference/classes/wp_query/).
_MEANT = frozenset({"page", "keys", "paged", "p", "page_id", "cat", "tag", "author", "s", "m", "feed"})
# What a query makes of the front page's address: by the public variables of WordPress, whose other ones leave it the
# front page, and by the `q` of Drupal.
RootKind = Literal["front", "story", "page", "listing"]
_AT_ROOT: dict[str, RootKind] = {
    **dict.fromkeys(("p", "name"), "story"),
    **dict.fromkeys(("page_id", "pagename", "attachment", "attachment_id", "robots", "favicon", "tb", "q"), "page"),
    **dict.fromkeys(
        ("s", "keys", "cat", "category_name", "tag", "author", "author_name", "taxonomy", "term"), "listing"
    ),
    **dict.fromkeys(("m", "w", "year", "monthnum", "day", "hour", "minute", "second"), "listing"),
    **dict.fromkeys(("page", "paged", "post_type", "order", "orderby", "sitemap", "sitemap-subtype"), "listing"),
}
_ROOTS = frozenset({"/", "/index.php"})
_FIRST_PAGES = frozenset({("page", "0"), ("paged", "0"), ("paged", "1")})
# WordPress counts the pages of a list from 1, and serves the first under the list's own address.
_FIRST_PAGE = re.compile(r"(?:/page/1)+$")
_PAGE = re.compile(r"/page/(\d{1,6})$", re.A)

# Added by those who pass links on; the list of w3lib's and courlan's users.
_TRACKING = re.compile(r"^(?:utm_\w+|fbclid|gclid|mc_[ce]id|igshid|ref|share)$")

# Sessions that servers write into the path; no page of the paper depends on one.
_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;]*", re.I)

_SAFE_IN_PATH = "/:@!$&'()*+,;=-._~%"
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ENCODED_TEXT = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")

# Addresses that need no work: no dot segment, no fragment, no odd character. Most of a page's are such.
_PLAIN = re.compile(r"(https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+)?(?:/(?![./])[A-Za-z0-9_%~,;=&?+().-]*)+")


def absolute(base: str, href: str) -> str | None:
    """`href` as an absolute http(s) address seen from `base`; None when it is none, or a place on the same page."""
    if plain := _PLAIN.fullmatch(href):
        if plain[1]:
            return href
        if origin := _origin(base):
            return origin + href
    href = href.strip()
    if not href or href.startswith("#"):
        return None
    try:
        parts = urlsplit(urljoin(base, href))
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0  # a bad port raises
    except ValueError:
        return None
    if not known:
        return None
    return urlunsplit(parts._replace(fragment=""))


# Most of the paper's addresses differ from their one form in scheme and host at most. The escapes are Khmer letters,
# vowels, signs and digits, which no normal form changes. (No possessive quantifiers: early releases of Python 3.11
# match them wrongly.)
_KHMER = "%E1%9(?:E%[89AB][0-9A-F]|F%(?:8[0-9A-F]|9[0-37]|A[0-9]))"
_PLAIN_PATH = re.compile(rf"(?:/(?=[a-z0-9%-])[a-z0-9-]*(?:{_KHMER}[a-z0-9-]*)*)+")
_USUAL = re.compile(rf"https?://(?:(?:www|m|mail)\.)?({_ANY_BARE_HOST})({_PLAIN_PATH.pattern})")


@lru_cache(maxsize=256)
def _origin(url: str) -> str | None:
    scheme, _, rest = url.partition("://")
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return f"{scheme}://{host}" if scheme in ("http", "https") and host else None


PAPER_HOST = rf"(?:(?:www|m|mail)\.)?(?:{_ANY_BARE_HOST})(?=[/?#:\s,]|$)"


def with_scheme(text: str) -> str:
    """An address that a person typed without `https://`, with it, if it begins with a host of a paper."""
    return f"https://{text}" if re.match(PAPER_HOST, text, re.I) else text


def addresses_typed(text: str) -> list[str]:
    """The addresses that a person can mean: of a path one of each newspaper, in their one form and as typed."""
    typed = [f"https://{paper.host}{text}" for paper in NEWSPAPERS.values()] if text[:1] == "/" else [text]
    return list(dict.fromkeys(each for url in typed for each in (maybe_canonical(with_scheme(url)) or url, url)))


def newspaper_title(url: str) -> str:
    """The name that the newspaper of an address prints; its host if it has none, or is none that can be read."""
    paper = newspaper_at(url)
    return (paper.title or paper.host.removeprefix("www.")) if paper else url.split("/")[2]


def newspaper_at(url: str) -> Newspaper | None:
    """The newspaper on whose host an address lies, in any of its forms; None for another host."""
    return _BY_BARE_HOST.get(_SAME_HOST.sub("", urlsplit(url).hostname or ""))


def is_of_paper(address: str) -> bool:
    """Whether a canonical address is a newspaper's."""
    return address.split("/")[2] in _PAPER_HOSTS


# Vector graphics may hold programs, and are kept as they come; nothing draws them.
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg)$", re.I)


def is_picture(url: str) -> bool:
    """Whether an address is that of a picture file, by its ending."""
    return _PICTURE.search(urlsplit(url).path) is not None


def page_only(url: str) -> str:
    """The address of a list's page as it is served, with `page` alone of its query."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode([pair for pair in parse_qsl(parts.query) if pair[0] == "page"])))


def sent_on(location: str | None) -> str | None:
    """The address in a Location header; servers write Khmer addresses there as bare UTF-8, which no header may hold.

    location: its bytes as Latin-1 characters, as headers are kept. None without one.
    """
    if location is None or location.isascii():
        return location
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return location


def redirect_target(url: str, location: str) -> str | None:
    """The ledger's address to which a redirect leads; None for one that leads nowhere."""
    return maybe_canonical(absolute(url, location) or "")


def as_linked(address: str, url: str) -> str:
    """A canonical address as it is requested: with the trailing slash of the link that named it, else it redirects."""
    path = urlsplit(url).path
    slashed = path.endswith("/") and not urlsplit(address).query and not address.endswith("/")
    return f"{address}/" if slashed else address


def as_sent(url: str) -> str:
    """An address as a request carries it: what is not ASCII is percent-encoded, all else untouched."""
    return quote(url, safe=_SAFE_IN_PATH + "?#[]")


def canonical(url: str, aliases: Aliases = NO_ALIASES) -> str:
    """The one form of an http(s) address; idempotent.

    aliases: further hosts, with their port, that serve a paper, as a local mirror does:
    `{"127.0.0.1:8123": "phnompenhpost.com"}`.
    Raises ValueError for what is no address.
    """
    if not aliases and (usual := _USUAL.fullmatch(url)) and not url.endswith("/page/1"):
        return f"https://{_BY_BARE_HOST[usual[1]].host}{usual[2]}"
    parts = urlsplit(url)
    host = _host(parts, aliases)
    paper = _BY_BARE_HOST.get(_SAME_HOST.sub("", host))
    scheme = "https" if paper else parts.scheme.lower()
    path = _path(parts.path, of_paper=paper is not None)
    rest = paper is not None and bool(parts.query) and machine_kind(url) == "rest"
    return urlunsplit((scheme, host, path, _query(parts.query, paper, rest=rest, at_root=path in _ROOTS), ""))


def maybe_canonical(url: str, aliases: Aliases = NO_ALIASES) -> str | None:
    """As `canonical`; None for what is no address."""
    try:
        return canonical(url, aliases)
    except ValueError:
        return None


def _host(parts: SplitResult, aliases: Aliases) -> str:
    host = (parts.hostname or "").rstrip(".")
    if not host:
        raise ValueError("an address needs a host")
    port = parts.port
    bare = aliases.get(f"{host}:{port}" if port else host) or _SAME_HOST.sub("", host)
    if paper := _BY_BARE_HOST.get(bare):
        return paper.host
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{port}" if port and port != {"http": 80, "https": 443}.get(parts.scheme.lower()) else host


def _path(path: str, *, of_paper: bool) -> str:
    if _PLAIN_PATH.fullmatch(path) and not path.endswith("/page/1"):
        return path
    # Khmer slugs come percent-encoded or not, in either normal form; other escapes stay as they are.
    path = normalize("NFC", _ENCODED_TEXT.sub(_decoded, path))
    path = quote(path, safe=_SAFE_IN_PATH)
    path = re.sub(r"/{2,}", "/", _SESSION.sub("", path) if of_paper else path).rstrip("/")
    return (_FIRST_PAGE.sub("", path) if of_paper else path) or "/"


def _decoded(escapes: re.Match[str]) -> str:
    try:
        return _bytes_of(escapes).decode()
    except UnicodeDecodeError:
        return escapes[0].upper()


def _bytes_of(escapes: re.Match[str]) -> bytes:
    # A tenth of the time that the standard library's unquote takes: a Khmer slug is some hundred escapes.
    return bytes.fromhex(escapes[0].replace("%", ""))


# Of the REST API, where a list in the order of changes begins: the next query goes on where the last one ended, and
# all are one address.
RESUME_PARAMETERS = frozenset({"modified_after", "modified_before", "offset", "orderby"})


def is_in_order_of_changes(query: Mapping[str, str]) -> bool:
    """Whether a query of the REST API is for posts in the order of their last change."""
    return (query.get("orderby"), query.get("order")) == ("modified", "asc")


def is_of_one_second(query: Mapping[str, str]) -> bool:
    """Whether it is for the posts of one second by their number, since they have no other order."""
    return (query.get("orderby"), query.get("order")) == ("id", "asc") and "modified_before" in query


def _query(query: str, paper: Newspaper | None, *, rest: bool, at_root: bool) -> str:
    pairs = parse_qsl(query, keep_blank_values=not paper or at_root, max_num_fields=None)
    if rest:
        words = dict(pairs)
        if is_in_order_of_changes(words) or is_of_one_second(words):
            kept = {name: value for name, value in words.items() if name not in RESUME_PARAMETERS}
            words = {**kept, "orderby": "modified"}
        return urlencode(sorted(words.items()), safe=":,")
    if paper:
        meant = _MEANT | paper.parameters | (_AT_ROOT.keys() if at_root else frozenset())
        # A search for nothing is a search all the same.
        pairs = [(key, value) for key, value in pairs if key in meant and (value or key == "s")]
        kept = {key: value for key, value in pairs if (key, value) not in _FIRST_PAGES}
        return urlencode(sorted(kept.items()))
    return urlencode([(key, value) for key, value in pairs if not _TRACKING.match(key)])


# First parts of paths under which engines serve lists, searches and accounts, and no story.
_NO_STORY = frozenset(
    {
        *("category", "categories", "tag", "tags", "topic", "topics", "author", "authors", "taxonomy", "search"),
        "feed",
        *("user", "users", "login", "log-in", "wp-login.php", "register", "page", "archive", "archives"),
    }
)
_FEWEST_HYPHENS = 3  # of a slug alone in its path: a section's longest name has two
# Behind a story's address WordPress serves the whole story again in other forms.
_FORM = re.compile(r"/(?:amp|embed|comment-page-\d{1,4})$", re.A)


def why_not_own(fetched: str, named: str) -> str | None:
    """The reason why `named` cannot be the address of the story fetched; None when it can. Both are canonical."""
    if named == fetched:
        return None
    path, own_path = path_of(named), _FORM.sub("", path_of(fetched))
    parts = [part.casefold() for part in path.split("/") if part not in ("", "index.php")]
    if not is_of_paper(named):
        return "is on another host"
    if not parts:
        return "is the front page" if is_front(named) else "is a list, a search or a short link"
    if parts[0] in _NO_STORY or re.search(r"[?&](?:page|keys)=", named) or own_path.startswith(f"{path}/"):
        return "is a list, a search or an account"
    if len(parts) == 1 and parts[0].count("-") < _FEWEST_HYPHENS:
        return "is a section"
    return None


def path_of(url: str) -> str:
    """The decoded path of an address, without a trailing slash; `/` for the front page."""
    usual = _USUAL.fullmatch(url)
    path = usual[2] if usual else urlsplit(url).path
    if "%" in path:
        path = _ESCAPES.sub(lambda run: _bytes_of(run).decode(errors="replace"), path)
    return path.rstrip("/") or "/"


def page_of(url: str) -> int:
    """The number of a list's page in its address, from 0; WordPress counts `/page/N` and `paged` from 1."""
    parts = urlsplit(url)
    for key, value in parse_qsl(parts.query):
        if key in ("page", "paged") and value.isascii() and value.isdigit() and len(value) < 7:
            return int(value) if key == "page" else max(int(value) - 1, 0)
    match = _PAGE.search(parts.path.rstrip("/"))
    return max(int(match[1]) - 1, 0) if match else 0


def root_kind(address: str) -> RootKind | None:
    """The kind of page at the front page's address, by the query of a canonical one; None for another path."""
    parts = urlsplit(address)
    if parts.path not in _ROOTS:
        return None
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    kinds = {_AT_ROOT.get(name, "page") for name in names}
    return next(
        (kind for kind in ("story", "page", "listing") if kind in kinds), "front" if parts.path == "/" else "page"
    )


# The front page's addresses in all designs, and those of its later pages.
_FRONT = re.compile(r"https?://[^/]+/(?:[a-z]{2}|front|home|index\.html|index\.php|page/\d+)?(?:\?paged?=\d+)?", re.A)


def is_front(address: str) -> bool:
    """Whether a canonical address is the front page's, or that of a later page of it."""
    return _FRONT.fullmatch(address) is not None


# By the names that engines give them: Drupal, Joomla, WordPress and its plugins.
_REST = re.compile(r"(?:^|/)wp-json(?:/|$)|[?&]rest_route=")
_SITEMAP = re.compile(r"/(?:[\w-]+-)?sitemap[\w.-]*\.(?:xml|txt)(?:\.gz)?$", re.I)
_FEED = re.compile(r"\.(?:xml|rss|atom|rdf)(?:\.gz)?$|/(?:feed(?:/(?:rss2?|rdf|atom))?|rss2?|atom)$", re.I)
# The same without a path of its own: https://developer.wordpress.org/advanced-administration/wordpress/feeds/
_FEED_IN_QUERY = re.compile(r"[?&]feed=(?:(comments)-)?(?:rss2?|rdf|atom|feed)(?:&|$)")
# WordPress has a feed of comments below every story, besides that of the whole site.
_COMMENTS = re.compile(
    r"^/(?:comments|(?!(?:category|tag|author|topics?|search)/)[^/]+/[^/]+)/feed(?:/(?:rss2?|rdf|atom))?$"
)


def machine_kind(url: str) -> Literal["rest", "sitemap", "comments", "feed"] | None:
    """The kind of answer for machines at an address, by its name: a page there is an error page. None for pages.

    rest: an answer of WordPress's REST API. comments: a feed of readers' comments, without stories.
    """
    if _REST.search(url):
        return "rest"
    path = path_of(url)
    if _SITEMAP.search(path):
        return "sitemap"
    if named := _FEED_IN_QUERY.search(url) if "?" in url else None:
        path = "/comments/feed" if named[1] else f"{path.rstrip('/')}/feed"
    if _FEED.search(path):
        return "comments" if _COMMENTS.search(path) else "feed"
    return None
