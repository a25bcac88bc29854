"""The newspaper that a WordPress on loopback serves: its stories, its editors' work, and the proxy with the faults."""

import time
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta, timezone
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from werkzeug import Request, Response

from tests.standins.serving import Standin, raw, standing_in
from tests.wordpress.generated import HIDDEN, PAGES, generated
from tests.wordpress.server import THEMES, Server
from tests.wordpress.stories import AUTHORS, CATEGORIES, HOME, MONTH, PICTURES, Picture, Story
from tests.wordpress.written import WRITTEN

STORIES = (*WRITTEN, *generated())
PHNOM_PENH = timezone(timedelta(hours=7))

_OPTIONS = {
    "permalink_structure": "/%category%/%postname%/",
    "timezone_string": "Asia/Phnom_Penh",
    "date_format": "j F Y",
    "time_format": "H:i",
    "blogdescription": "A newspaper of our own",
    "default_pingback_flag": 0,
    "rss_use_excerpt": 0,
}
_OF_ONE_CONNECTION = {"connection", "date", "host", "keep-alive", "transfer-encoding"}


class Site:
    """From `start` to `stop`; it can be put back to its first state in between.

    origin: where it is served. home: the address that it believes to have and that stands in all its links; the origin
    when none is given.
    posts: what it holds, by id, hidden ones and pages too.
    proxy: between it and who asks; `proxy.always` and `proxy.fault` switch faults on, `proxy.log` has the requests.
    seconds: what the start took.
    """

    proxy: Standin

    def __init__(self, home: str = "") -> None:
        self.origin = ""
        self.home = home
        self.posts: dict[int, Story] = {}
        self.seconds = 0.0
        self._changed = False
        self._server = Server()
        self._running = ExitStack()

    def start(self) -> str:
        """The origin."""
        began = time.monotonic()
        with ExitStack() as running:
            self.proxy = running.enter_context(standing_in(self._forward))
            self.origin = self.proxy.origin
            self.home = self.home or self.origin
            self._server.start(self.home)
            running.callback(self._server.stop)
            self._set_up()
            self._running = running.pop_all()
        self.seconds = time.monotonic() - began
        return self.origin

    def stop(self) -> None:
        self._running.close()

    def reset(self) -> None:
        """The stories, options and theme it began with; no fault, an empty log."""
        if self._changed:
            self._server.change({"do": "restore"})
            self._know_first_posts()
        self.proxy.mend()

    @property
    def stories(self) -> list[Story]:
        """Those that everybody may read, newest first."""
        public = [post for post in self.posts.values() if post.type == "post" and post.status == "publish"]
        return sorted((post for post in public if not post.password), key=lambda post: post.date, reverse=True)

    def url(self, shown: Story | Picture) -> str:
        """Of a story or of a picture in full size."""
        return self.home + shown.path

    def add(self, story: Story) -> Story:
        """Also in the place of one with the same id."""
        self._change("put", posts=[self._row(story)])
        self.posts[story.id] = story
        return story

    def edit(self, story: Story, **changes: Any) -> Story:
        """modified: this second, unless it is one of the changes."""
        now = datetime.now(UTC).astimezone(PHNOM_PENH).replace(tzinfo=None, microsecond=0)
        return self.add(replace(story, **{"modified": now, **changes}))

    def rename_slug(self, story: Story, slug: str) -> Story:
        """The earlier address then redirects to the new one."""
        return self.edit(story, slug=slug)

    def delete(self, story: Story) -> None:
        self._change("delete", id=story.id)
        del self.posts[story.id]

    def switch_theme(self, name: str) -> None:
        """name: one of `server.THEMES`."""
        self._change("theme", name=THEMES[name])

    def set_option(self, option: str, value: object) -> None:
        """An option of WordPress: posts_per_rss, rss_use_excerpt, posts_per_page …"""
        self._change("option", name=option, value=value)

    def addresses(self) -> dict[int, str]:
        """Of every post, by its id, as WordPress gives them."""
        return {int(number): url for number, url in self._server.change({"do": "addresses"}).items()}

    def complaints(self) -> list[str]:
        """PHP's own errors and warnings so far."""
        return self._server.complaints()

    def _set_up(self) -> None:
        pictures = [asdict(each) | {"caption": each.caption_text} for each in PICTURES.values()]
        self._know_first_posts()
        self._server.change(
            {"do": "install", "name": "The River Post", "options": _OPTIONS, "theme": THEMES["classic"]},
            {"do": "authors", "authors": [asdict(each) for each in AUTHORS]},
            {"do": "categories", "categories": [asdict(each) for each in CATEGORIES]},
            {"do": "pictures", "month": MONTH, "pictures": pictures},
            {"do": "put", "posts": [self._row(each) for each in self.posts.values()]},
            {"do": "keep"},
        )

    def _know_first_posts(self) -> None:
        self.posts = {post.id: post for post in (*STORIES, *HIDDEN, *PAGES)}
        self._changed = False

    def _change(self, do: str, **asked: object) -> None:
        self._changed = True
        self._server.change({"do": do, **asked})

    def _row(self, story: Story) -> dict[str, object]:
        return {
            "id": story.id,
            "post_type": story.type,
            "post_name": story.slug,
            "post_title": story.title,
            "post_content": story.content.replace(HOME, self.home),
            "post_excerpt": story.excerpt or "",
            "post_status": story.status,
            "post_password": story.password,
            "author": story.author,
            "categories": story.categories,
            "tags": story.tags,
            "picture": story.featured and story.featured.id,
            "sticky": story.sticky,
            "comments": [each._asdict() for each in story.comments],
            "date": str(story.date),
            "modified": str(story.modified),
        }

    def _forward(self, request: Request) -> Response:
        """WordPress's own answer, redirects and all, to what was asked at its home."""
        home = urlsplit(self.home)
        headers = {name: value for name, value in request.headers if name.lower() not in _OF_ONE_CONNECTION}
        connection = HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        try:
            connection.request(request.method, raw(request), request.get_data(), headers | {"Host": home.netloc})
            answer = connection.getresponse()
            response = Response(answer.read(), answer.status)
        finally:
            connection.close()
        response.headers.clear()
        for name, value in answer.getheaders():
            if name.lower() not in _OF_ONE_CONNECTION:
                response.headers.add(name, value)
        return response
