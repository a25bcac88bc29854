"""WordPress's REST API: a post is a story, a collection of posts or of categories is a list.

Known by its address (`/wp-json/…`, `?rest_route=…`) and by being JSON. Certain, from WordPress's source and from the
answers of a real one: all fields that are read here, `X-WP-Total`, the `Link` header, the errors of failed embeds.

- `date` and `modified` are on the newspaper's own clock, `date_gmt` and `modified_gmt` in UTC.
- A collection with the posts' content carries whole stories, each a part of the answer by its address.
- Posts in the order of their last change are requested by `modified_after`, which leaves out the second that it names,
  and so does `modified_before`. The next question (`next_url`) begins with the last second of a page; where one second
  fills a page, its posts are requested by their number, since the database gives them in no other sure order.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from postscraper.errors import PageRejected
from postscraper.extraction import assemble
from postscraper.extraction.dates import iso_moment
from postscraper.extraction.decode import text_of
from postscraper.extraction.page import Answer
from postscraper.extraction.pictures import image
from postscraper.items import Article, Capture, DatedTeaser, Image, Listing, Printable, Problem
from postscraper.layouts.wordpress import syndicated
from postscraper.layouts.wordpress.published import Published
from postscraper.layouts.wordpress.syndicated import plain_words
from postscraper.layouts.wordpress.wordpress_2026 import STORY_TYPES
from postscraper.newspaper import Newspaper
from postscraper.urls import (
    RESUME_PARAMETERS,
    Aliases,
    absolute,
    is_in_order_of_changes,
    is_of_one_second,
    is_of_paper,
    maybe_canonical,
)

NAME = "wordpress_rest"
POSTS_OF_CATEGORY = "wp:post_type"  # the relation of a category to the list of its posts
_SECOND = timedelta(seconds=1)


def read(
    capture: Capture, body: bytes, paper: Newspaper, aliases: Aliases, *, cut: bool
) -> tuple[Article | Listing, *tuple[Article, ...]]:
    """A story for the answer of one post; for a collection its list, and the stories that it carries whole.

    Raises PageRejected for any other answer of the API.
    """
    text, problems = text_of(body, capture.header("content-type"))
    answer = Answer(capture, paper, problems, aliases)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PageRejected("cut_before_body" if cut else "not_html", f"no whole JSON: {error}"[:200]) from error
    if isinstance(data, dict) and isinstance(data.get("content"), dict) and isinstance(data.get("title"), dict):
        return (_Post(answer, data).article(part=None, problems=problems),)
    rows = data if isinstance(data, list) and all(isinstance(each, dict) for each in data) else None
    if rows and all("taxonomy" in each for each in rows):
        return (_categories(answer, rows),)
    if rows is None or not all("link" in each and "date_gmt" in each for each in rows):
        raise PageRejected("not_an_article", "the REST API answers with neither posts nor categories")
    return _posts(answer, rows)


@dataclass(frozen=True, slots=True)
class _Post:
    answer: Answer
    data: Mapping[str, Any]

    @property
    def link(self) -> str | None:
        """The story's address on the newspaper; None for what is not the newspaper's."""
        url = absolute(self.answer.url, str(self.data.get("link") or ""))
        address = maybe_canonical(url or "", self.answer.aliases)
        return url if address and is_of_paper(address) else None

    @property
    def markup(self) -> str | None:
        """Its content; None when the answer has none, or keeps it behind a password."""
        data = self.data.get("content")
        return _rendered(data) if isinstance(data, dict) and not data.get("protected") else None

    def words(self, name: str) -> str | None:
        return plain_words(_rendered(self.data.get(name)), self.answer) or None

    @property
    def published(self) -> Published:
        at, modified_at = _utc(self.data.get("date_gmt")), _utc(self.data.get("modified_gmt"))
        local = iso_moment(self.data.get("date"))
        text = str(self.data.get("date") or "") or None
        return Published(at=at, on=local.date() if local else None, text=text, modified_at=modified_at)

    def article(self, *, part: str | None, problems: tuple[Problem, ...] = ()) -> Article:
        """Raises PageRejected for a post without words or behind a password, of a type that newspapers do not write,
        and for another newspaper's.
        """
        link, markup = self.link, self.markup
        if (kind := str(self.data.get("type") or "post")) not in STORY_TYPES:
            raise PageRejected("not_an_article", f"a post of another type: {kind[:200]}")
        if link is None:
            raise PageRejected("another_paper", f"the post's link is {str(self.data.get('link'))[:200]!r}")
        if markup is None:
            raise PageRejected("no_body", "the post is protected by a password, and its words are not in the answer")
        byline, unsaid, failed = self._byline()
        main, captionless, broken = self._featured()
        categories, tags = self._terms()
        return syndicated.article(
            self.answer,
            layout=NAME,
            address=self.answer.canonical(link),
            part=part,
            headline=_rendered(self.data.get("title")),
            markup=markup,
            base=link,
            excerpt=_rendered(self.data.get("excerpt")),
            byline=byline,
            categories=categories,
            tags=tags,
            published=self.published,
            node_id=number if isinstance(number := self.data.get("id"), int) else None,
            main=main,
            not_printed=(*unsaid, *captionless),
            problems=(*problems, *failed, *broken),
        )

    def teaser(self, link: str, position: int) -> DatedTeaser:
        main, _, _ = self._featured()
        published = self.published
        return DatedTeaser(
            list=None,
            position=position,
            headline=self.words("title"),
            url=link,
            summary=self.words("excerpt"),
            image_url=main.url if main else None,
            published_on=published.on,
            published_at=published.at,
            published_text=published.text,
        )

    def _byline(self) -> tuple[str | None, tuple[Printable, ...], tuple[Problem, ...]]:
        # PublishPress Authors gives the names that it prints.
        signed = self.data.get("authors")
        names = (
            [each.get("display_name") for each in signed if isinstance(each, dict)] if isinstance(signed, list) else []
        )
        if printed := ", ".join(plain_words(name, self.answer) for name in names if isinstance(name, str)):
            return printed, (), ()
        # Co-Authors Plus gives numbers alone, and the account of who posted the story in the place of its author.
        if self.data.get("coauthors"):
            return None, ("byline",), ()
        if self.data.get("author") == 0:
            return None, (), ()
        authors = self._embedded("author")
        name = authors[0].get("name") if authors else None
        if isinstance(name, str) and name.strip():
            return plain_words(name, self.answer), (), ()
        return None, ("byline",), _failed(authors, "its author")

    def _featured(self) -> tuple[Image | None, tuple[Printable, ...], tuple[Problem, ...]]:
        """The picture above the story with its caption; the second and third say why there is none."""
        if self.data.get("featured_media") == 0:
            return None, (), ()
        embedded = self._embedded("wp:featuredmedia")
        media = embedded[0] if embedded else {}
        url = absolute(self.answer.url, str(media.get("source_url") or ""))
        if url is None:
            return None, ("captions",), _failed(embedded, "its picture")
        printed = plain_words(_rendered(media.get("caption")), self.answer)
        return image(url, printed or None, str(media.get("alt_text") or "") or None, self.answer.paper), (), ()

    def _terms(self) -> tuple[list[str], list[str]]:
        """The names of its categories, and of its tags."""
        groups = self._embedded("wp:term", list)
        terms = [term for group in groups for term in group if isinstance(term, dict)]
        named: dict[str, list[str]] = {"category": [], "post_tag": []}
        for term in terms:
            if (name := str(term.get("name") or "")) and term.get("taxonomy") in named:
                named[str(term["taxonomy"])].append(plain_words(name, self.answer))
        return named["category"], named["post_tag"]

    def _embedded(self, name: str, kind: type = dict) -> list[Any]:
        embedded = self.data.get("_embedded")
        items = embedded.get(name) if isinstance(embedded, dict) else None
        return [each for each in items if isinstance(each, kind)] if isinstance(items, list) else []


def _failed(embedded: list[Any], what: str) -> tuple[Problem, ...]:
    """A problem when the API could not embed what the query named; none when it named nothing."""
    if not embedded or "code" not in embedded[0]:
        return ()
    return (Problem(kind="damage", detail=f"{what} could not be embedded", text=str(embedded[0].get("message"))[:200]),)


def _rendered(data: Any) -> str:
    """The markup of a text as the API gives it; "" without one."""
    return str(data.get("rendered") or "") if isinstance(data, dict) else ""


def _posts(answer: Answer, data: list[dict[str, Any]]) -> tuple[Listing, *tuple[Article, ...]]:
    entries: list[DatedTeaser | Problem] = []
    stories: list[Article] = []
    position = 0
    for each in data:
        post = _Post(answer, each)
        link = post.link
        if link is None:
            text = str(each.get("link"))[:200]
            entries.append(Problem(kind="unread_words", detail="a post of another site", text=text))
            continue
        position += 1
        entries.append(post.teaser(link, position))
        if "content" in each:
            try:
                stories.append(post.article(part=answer.canonical(link)))
            except PageRejected as error:
                entries.append(Problem(kind="unread_words", detail=error.detail, text=link))
    total = _number(answer.capture.header("x-wp-total"))
    next_url, doubt = _next(answer.capture, data, total)
    listing = assemble.listing(
        answer,
        layout=NAME,
        entries=(*entries, *doubt),
        next_url=next_url,
        totals={} if total is None else {"": total},
    )
    return (listing, *stories)


def _categories(answer: Answer, data: list[dict[str, Any]]) -> Listing:
    """Each category twice: its page, and in a list of its own name the REST list of its posts."""
    teasers: list[DatedTeaser] = []
    totals: dict[str, int] = {}
    for position, each in enumerate(data, 1):
        name = plain_words(str(each.get("name") or ""), answer) or None
        links = each.get("_links")
        posts = links.get(POSTS_OF_CATEGORY) if isinstance(links, dict) else None
        href = posts[0].get("href") if isinstance(posts, list) and posts and isinstance(posts[0], dict) else None
        for group, address in ((None, each.get("link")), (POSTS_OF_CATEGORY, href)):
            if url := absolute(answer.url, str(address or "")):
                teasers.append(DatedTeaser(list=group, position=position, headline=name, url=url))
        if isinstance(each.get("count"), int) and isinstance(each.get("slug"), str):
            totals[each["slug"]] = each["count"]
    edition, next_url = answer.language_of(""), _linked_next(answer.capture)
    return assemble.listing(answer, layout=NAME, language=edition, entries=teasers, next_url=next_url, totals=totals)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def _next(capture: Capture, data: list[dict[str, Any]], total: int | None) -> tuple[str | None, tuple[Problem, ...]]:
    """The next question, and a problem when the answer is not that of this one.

    In the order of changes there is always one: what has changed since.
    """
    query = dict(parse_qsl(urlsplit(capture.url).query))
    since = iso_moment(query.get("modified_after"))
    if is_of_one_second(query) and since is not None:
        offset = (_number(query.get("offset")) or 0) + len(data)
        more = total is not None and total > offset and data
        here = _query_url(capture.url, query, since, offset)
        return here if more else _query_url(capture.url, query, since + _SECOND), ()
    if not is_in_order_of_changes(query):
        return _linked_next(capture), ()
    moments = [moment for each in data if (moment := iso_moment(each.get("modified")))]
    if not moments:
        return capture.url, ()
    if (since and min(moments) <= since) or moments != sorted(moments):
        detail = "a list of other posts than were asked for: a cache or a plugin answers"
        return None, (Problem(kind="damage", detail=detail, text=capture.url),)
    goes_on = total is not None and total > len(data)
    if goes_on and moments[0] == moments[-1]:
        return _query_url(capture.url, query, moments[-1] - _SECOND, 0), ()
    # A second that is over shows no more posts; the last of a page may go on behind it.
    over = not goes_on and (capture.captured_at is None or _age(data[-1], capture.captured_at) > 2 * _SECOND)
    return _query_url(capture.url, query, moments[-1] if over else moments[-1] - _SECOND), ()


def is_whole(listing: Listing) -> bool:
    """Whether a list in the order of changes holds all that its question asks for, and nothing comes behind it."""
    query = dict(parse_qsl(urlsplit(listing.url).query))
    return not is_of_one_second(query) and listing.totals.get("", 0) <= len(listing.teasers)


def _age(post: Mapping[str, Any], captured_at: datetime) -> timedelta:
    at = _utc(post.get("modified_gmt"))
    return captured_at - at if at else timedelta(0)


def _query_url(url: str, query: Mapping[str, str], since: datetime, offset: int | None = None) -> str:
    """The question for what changed after a moment; offset: for all of the second after it, counted from there."""
    cursor = {"modified_after": _written(since), "orderby": "modified"}
    if offset is not None:
        cursor |= {"modified_before": _written(since + 2 * _SECOND), "orderby": "id"}
    if offset:
        cursor["offset"] = str(offset)
    others = {name: value for name, value in query.items() if name not in RESUME_PARAMETERS}
    return urlunsplit(urlsplit(url)._replace(query=urlencode(sorted((others | cursor).items()), safe=":,")))


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _linked_next(capture: Capture) -> str | None:
    """The address that the Link header names as the next page (RFC 8288)."""
    for each in (capture.header("link") or "").split("<")[1:]:
        address, _, parameters = each.partition(">")
        if 'rel="next"' in parameters:
            return absolute(capture.url, address)
    return None


def _utc(text: Any) -> datetime | None:
    """A moment of WordPress's fields in UTC, which name no offset."""
    moment = iso_moment(text)
    return moment.replace(tzinfo=UTC) if moment and not moment.tzinfo else moment
