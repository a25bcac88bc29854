"""The newspaper on loopback serves what was put in, and what its editors change."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from parsel import Selector

from tests.standins.serving import ask
from tests.wordpress import server
from tests.wordpress.answers import POSTS, body_text, feed, page, rest, text, without_captions
from tests.wordpress.generated import CARRIED_OVER, HIDDEN
from tests.wordpress.site import PHNOM_PENH, STORIES, Site
from tests.wordpress.stories import AUTHORS, CATEGORIES, Story, encoded
from tests.wordpress.written import (
    WRITTEN,
    boat_heats,
    canal_water,
    ferry_returns,
    floating_school,
    market_hall,
    tum_teav,
)

PASSWORD = next(post for post in HIDDEN if post.password)
NAMES = {author.login: author.name for author in AUTHORS}
SECTIONS = {category.slug: category.name for category in CATEGORIES}


def utc(local: datetime) -> str:
    return local.replace(tzinfo=PHNOM_PENH).astimezone(UTC).isoformat()[:19]


def test_it_is_up_within_seconds(running_site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"WordPress with {len(running_site.posts)} posts was up after {running_site.seconds:.1f} s ", end="")
    assert running_site.seconds < 60


def test_sixty_stories_fifteen_in_khmer(site: Site) -> None:
    assert len(site.stories) == 60
    assert sum(story.language == "km" for story in site.stories) == 15
    assert sum(story.modified == CARRIED_OVER for story in site.stories) == 21, "more than a page of ten"
    assert min(story.date for story in site.stories).year == 1993


@pytest.mark.parametrize("story", STORIES, ids=lambda story: str(story.id))
def test_rest_gives_what_was_put_in(site: Site, story: Story) -> None:
    given = rest(site, f"{POSTS}/{story.id}?_embed=1")
    embedded = given["_embedded"]
    assert given["link"] == site.url(story)
    assert given["slug"] == encoded(story.slug)
    assert given["guid"]["rendered"] == f"{site.home}/?p={story.id}"
    assert text(given["title"]["rendered"]) == "".join(story.headline.split())
    assert (given["date"], given["date_gmt"]) == (story.date.isoformat(), utc(story.date))
    assert (given["modified"], given["modified_gmt"]) == (story.modified.isoformat(), utc(story.modified))
    assert [each["name"] for each in embedded.get("author", [])] == ([NAMES[story.author]] if story.author else [])
    categories, tags = embedded["wp:term"]
    assert {each["slug"] for each in categories} == set(story.categories)
    assert {text(each["name"]) for each in tags} == {"".join(each.split()) for each in story.tags}
    assert given["sticky"] == story.sticky
    if story.excerpt:
        assert given["excerpt"]["rendered"] == f"<p>{story.excerpt}</p>\n"
    if story.featured:
        (media,) = embedded["wp:featuredmedia"]
        assert media["source_url"] == site.url(story.featured)
        assert media["alt_text"] == story.featured.alt
        assert text(media["caption"]["rendered"]) == "".join(story.featured.caption_text.split())
    else:
        assert "wp:featuredmedia" not in embedded
    assert text(without_captions(given["content"]["rendered"])) == body_text(story)


@pytest.mark.parametrize("story", [story for story in STORIES if story.pictures], ids=lambda story: str(story.id))
def test_pictures_come_with_their_captions(site: Site, story: Story) -> None:
    content = Selector(rest(site, f"{POSTS}/{story.id}")["content"]["rendered"])
    addresses = [urlsplit(each).path for each in content.css("img::attr(src)").getall()]
    stems = [Path(each.picture.path).stem for each in story.pictures]
    assert [re.sub(r"-\d+x\d+$", "", Path(each).stem) for each in addresses] == stems
    captions = [text(each) for each in content.css("figcaption:not(.blocks-gallery-caption)").getall()]
    printed = [" ".join(filter(None, (each.caption, each.credit))) for each in story.pictures if each.caption]
    assert captions == ["".join(each.split()) for each in printed]
    for path in addresses:
        answer = ask(site.origin + path)
        assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")


def test_feed_has_whole_stories(site: Site) -> None:
    assert len(feed(site)) == 10
    site.set_option("posts_per_rss", 61)
    items = [item for item in feed(site) if item.xpath("string(link)").get() != site.url(PASSWORD)]
    assert len(items) == 60
    for item, story in zip(items, site.stories, strict=True):
        assert item.xpath("string(link)").get() == site.url(story)
        assert item.xpath("string(guid)").get() == f"{site.home}/?p={story.id}"
        assert text(item.xpath("string(title)").get() or "") == "".join(story.headline.split())
        assert item.xpath("string(dc:creator)").get() == (NAMES[story.author] if story.author else "")
        published = parsedate_to_datetime(item.xpath("string(pubDate)").get() or "")
        assert published == story.date.replace(tzinfo=PHNOM_PENH)
        terms = {text(each) for each in item.xpath("category/text()").getall()}
        names = {SECTIONS[slug] for slug in story.categories} | set(story.tags)
        assert terms == {"".join(each.split()) for each in names}
        if story is floating_school:
            continue  # the feed has the first of its pages alone: test_a_story_in_two_pages
        content = item.xpath("string(content:encoded)").get() or ""
        pictured = re.sub(r'<img [^>]*alt="([^"]*)"[^>]*class="wp-smiley"[^>]*/>', r"\1", content)
        assert text(without_captions(pictured)) in (body_text(story), body_text(story).replace("\ufe0f", ""))


@pytest.mark.parametrize("theme", server.THEMES)
def test_pages_show_what_was_put_in(site: Site, theme: str) -> None:
    site.switch_theme(theme)
    for story in (*WRITTEN, *STORIES[12::12]):
        shown = page(site, story.path)
        assert text(shown.css("h1").get() or "") == "".join(story.headline.split())
        assert shown.css(f"body.postid-{story.id}")
        assert shown.css("link[rel=canonical]::attr(href)").get() == site.url(story)
        assert shown.css('link[rel="https://api.w.org/"]::attr(href)').get() == f"{site.home}/wp-json/"
        printed = text(without_captions(shown.css(".entry-content").get() or ""))
        first = story.body[:2] if story is floating_school else story.body
        assert "".join("".join(block.text.replace(" | ", "") for block in first).split()) in printed
    generator = page(site, "/").css("meta[name=generator]::attr(content)").get()
    assert generator
    assert generator.startswith("WordPress ")
    assert f"/themes/{server.THEMES[theme]}/" in ask(site.origin + "/").body.decode()


def test_a_story_in_two_pages(site: Site) -> None:
    second = page(site, floating_school.path + "2/")
    assert text(floating_school.body[3].text) in text(second.css(".entry-content").get() or "")
    assert text(floating_school.body[0].text) not in text(second.css(".entry-content").get() or "")
    assert second.css("link[rel=canonical]::attr(href)").get() == site.url(floating_school) + "2/"
    assert "<!--nextpage-->" in rest(site, f"{POSTS}/{floating_school.id}")["content"]["rendered"]
    site.set_option("posts_per_rss", 61)
    item = next(item for item in feed(site) if item.xpath("string(link)").get() == site.url(floating_school))
    assert text(item.xpath("string(content:encoded)").get() or "") == body_text(
        replace(floating_school, body=floating_school.body[:2])
    )


def test_what_is_hidden_never_shows(site: Site) -> None:
    hidden = [post for post in HIDDEN if not post.password]
    for post in hidden:
        assert ask(f"{site.origin}{POSTS}/{post.id}").status == 401
        assert ask(f"{site.origin}/?p={post.id}").status == 404
    site.set_option("posts_per_rss", 100)
    everything = [
        str(rest(site, f"{POSTS}?per_page=100")),
        str(ask(site.origin + "/feed/").body),
        *(str(ask(site.origin + path).body) for path in ("/wp-sitemap-posts-post-1.xml", "/", "/category/national/")),
    ]
    for post in hidden:
        assert not any(post.slug in answer for answer in everything)
    assert all(PASSWORD.slug in answer for answer in everything[:2])
    assert not any("no reader" in answer for answer in everything)
    given = rest(site, f"{POSTS}/{PASSWORD.id}")
    assert (given["content"]["protected"], given["content"]["rendered"]) == (True, "")


def test_comments_and_their_feed(site: Site) -> None:
    comments = {comment.author for story in STORIES for comment in story.comments}
    assert {item.xpath("string(dc:creator)").get() for item in feed(site, "/comments/feed/")} == comments
    assert len(feed(site, ferry_returns.path + "feed/")) == 2


def test_sticky_story_stands_first(site: Site) -> None:
    assert page(site, "/").css("article a::attr(href)").get() == site.url(market_hall)


def test_addresses_are_as_reckoned(site: Site) -> None:
    found = site.addresses()
    assert {story.id: found[story.id] for story in STORIES} == {story.id: site.url(story) for story in STORIES}


def test_edit_shows_everywhere(site: Site) -> None:
    before = ask(site.origin + "/feed/").headers["etag"]
    edited = site.edit(ferry_returns, title="Ferry stops again", headline="Ferry stops again")
    assert edited.modified > ferry_returns.modified
    assert page(site, edited.path).css("h1::text").get() == "Ferry stops again"
    given = rest(site, f"{POSTS}/{edited.id}")
    assert (given["title"]["rendered"], given["modified"]) == ("Ferry stops again", edited.modified.isoformat())
    assert given["date"] == ferry_returns.date.isoformat()
    assert "Ferry stops again" in [item.xpath("string(title)").get() for item in feed(site)]
    assert ask(site.origin + "/feed/").headers["etag"] != before
    assert edited in site.stories
    since = rest(site, f"{POSTS}?modified_after={utc(edited.modified - timedelta(seconds=1))}Z")
    assert [each["id"] for each in since] == [edited.id]


def test_old_slug_redirects(site: Site) -> None:
    renamed = site.rename_slug(canal_water, "canal-at-toul-svay-fills")
    answer = ask(site.origin + canal_water.path)
    assert (answer.status, answer.headers["location"]) == (301, site.url(renamed))
    assert page(site, renamed.path).css(f"body.postid-{canal_water.id}")


def test_moved_to_another_section(site: Site) -> None:
    moved = site.edit(canal_water, categories=("business",))
    answer = ask(site.origin + canal_water.path)
    assert (answer.status, answer.headers["location"]) == (301, site.url(moved))


def test_added_and_deleted(site: Site) -> None:
    now = datetime(2026, 6, 18, 6, 30)  # noqa: DTZ001
    added = site.add(Story(
        id=1000, slug="night-bus", headline="Night bus", title="Night bus", content="It runs.", body=(),
        categories=("national",), date=now, modified=now,
    ))  # fmt: skip
    assert rest(site, f"{POSTS}?per_page=1&orderby=date&exclude={PASSWORD.id}")[0]["link"] == site.url(added)
    site.delete(boat_heats)
    assert ask(site.origin + boat_heats.path).status == 404
    assert json.loads(ask(f"{site.origin}{POSTS}/{boat_heats.id}").body)["code"] == "rest_post_invalid_id"
    assert len(site.stories) == 60
    site.reset()
    assert ask(site.origin + added.path).status == 404
    assert ask(site.origin + boat_heats.path).status == 200


def test_modified_after_leaves_out_the_same_second(site: Site) -> None:
    question = f"{POSTS}?orderby=modified&order=asc&per_page=100&_fields=id&modified_after="
    moment = utc(CARRIED_OVER)
    later = {each["id"] for each in rest(site, f"{question}{moment}Z")}
    same = {story.id for story in site.stories if story.modified == CARRIED_OVER}
    assert not same & later
    earlier = utc(CARRIED_OVER - timedelta(seconds=1))
    assert {each["id"] for each in rest(site, f"{question}{earlier}Z")} - later == same


@pytest.mark.long
def test_another_home(running_site: Site) -> None:
    home = "https://www.phnompenhpost.com"
    site = Site(home)
    site.start()
    try:
        assert urlsplit(site.origin).hostname == "127.0.0.1"
        assert page(site, tum_teav.path).css("link[rel=canonical]::attr(href)").get() == home + tum_teav.path
        answer = ask(site.origin + tum_teav.path.rstrip("/"))
        assert (answer.status, answer.headers["location"]) == (301, home + tum_teav.path)
    finally:
        site.stop()
    assert ask(running_site.origin + tum_teav.path).status == 200


def test_says_what_is_missing_and_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "DEBIAN", tmp_path)
    reason = server.installed()
    assert reason
    assert "not installed: wordpress, " in reason
    assert "apt-get install --no-install-recommends wordpress " in reason
