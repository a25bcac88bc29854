"""The reading room in a real browser: journeys, no script, nothing from elsewhere, accessible to all."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request

from tests.helpers.browser import launched
from tests.helpers.reading_room import EDITED, KHMER, Room

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as running:
        yield running


@pytest.fixture
def page(browser: Browser, room: Room) -> Iterator[Page]:
    """A page that fails the test for a request to another host."""
    context = browser.new_context(base_url=room.address)
    opened = context.new_page()
    elsewhere: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((room.address, "data:")):
            elsewhere.append(request.url)

    opened.on("request", note)
    yield opened
    context.close()
    assert not elsewhere


def _paths(room: Room) -> dict[str, str]:
    """One of each page by name, and the stories in both languages."""
    hits = json.loads(room.ask("/search.json?q=river").body)["hits"]
    khmer = json.loads(room.ask("/search.json?q=%E1%9E%97%E1%9E%BC%E1%9E%98%E1%9E%B7").body)["hits"]
    edited = room.ask(f"/story?url={EDITED}").headers["location"]
    read = f"/story/{hits[0]['story_id']}"
    picture = json.loads(room.ask("/pictures.json").body)["pictures"][0]["capture_id"]
    return {
        "front": "/",
        "year": "/year/2018",
        "day": "/day/2018-06-20",
        "search": "/search",
        "results": "/search?q=road",
        "trend": "/trend?q=river;road",
        "story": edited,
        "read": read,
        "difference": f"{edited}/difference?old=1&new=2",
        "revision": f"{edited}?revision=1",
        "khmer": f"/story/{khmer[0]['story_id']}",
        "changes": "/changes",
        "cite": f"{edited}/cite",
        "proof": f"{read}/proof",
        "runs": "/runs",
        "gone": "/gone",
        "coverage": "/coverage",
        "unread": "/unread",
        "audit": "/audit",
        "docs": "/docs",
        "withdrawn": "/withdrawn",
        "pictures": "/pictures",
        "photos": "/pictures/again",
        "picture": f"/capture/{picture}",
        "capture": "/capture/1",
        "nothing": "/nothing",
        "wrong": "/search?q=(",
        "page": "/search?page=x",
        "beyond": "/search?q=river&page=99",
        "months": "/trend?q=river;road&by=month",
        "words": "/trend?q=river;road;rice;school;the",
    }


@pytest.mark.long
def test_no_script_runs(page: Page, room: Room) -> None:
    """On the pages of every story, hostile ones included: nothing asks, nothing is left in the window, no error."""
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: ran.append(str(error)))
    page.add_init_script(
        "for (const name of ['alert', 'prompt', 'confirm', 'print']) window[name] = () => { window.ran = name }"
    )
    stories = json.loads(room.ask("/index.json").body)["stories"]
    hostile = [number for number in range(1, stories + 1) if b"bodymark0001" in room.ask(f"/story/{number}").body]
    assert len(hostile) > 40
    paths = [
        *(f"/story/{number}" for number in hostile),
        *_paths(room).values(),
        "/search?q=bodymark0001",
        "/day/2019-05-14",
    ]
    page.goto("/")
    page.evaluate("alert('seen')")
    assert page.evaluate("window.ran") == "alert"  # so that a script would be noticed
    for path in paths:
        page.goto(path)
        assert page.evaluate("window.ran") is None, path
        assert page.evaluate("document.scripts.length") == 0, path
        assert page.url.startswith(room.address), path
    assert not ran


def test_capture_text_is_shown_as_text(page: Page, room: Room) -> None:
    page.goto("/capture/3/text")
    assert page.evaluate("document.contentType") == "text/plain"
    assert "<html" in page.inner_text("body")


def test_from_a_khmer_word_to_its_story(page: Page) -> None:
    page.goto("/")
    page.get_by_role("searchbox", name="Search the archive").fill(KHMER)
    page.keyboard.press("Enter")
    assert page.locator("mark").first.inner_text() == KHMER
    page.locator(".hits h2 a").first.click()
    article = page.locator("article")
    assert article.get_attribute("lang") == "km"
    assert KHMER in article.inner_text().replace("\u200b", "")
    page.evaluate("document.fonts.ready.then(() => 0)")
    assert page.evaluate(
        "[...document.fonts].some(font => font.family.includes('Room Khmer') && font.status === 'loaded')"
    )


def test_edits_promotion_and_removal_of_a_story(page: Page) -> None:
    page.goto("/search?q=nobody")
    page.get_by_role("link", name="Riverside road opens at last").click()
    assert page.get_by_text("Gone from the site").is_visible()
    about = page.get_by_role("complementary", name="About this story")
    assert "Top stories" in about.inner_text()
    about.get_by_role("link", name="what changed in revision 2").click()
    assert [page.locator(name).first.inner_text().strip() for name in (".inline ins", ".inline del")] == [
        "at last",
        "3",
    ]


def test_from_a_story_to_its_citation_and_its_record(page: Page) -> None:
    page.goto("/search?q=clinic+koh+thom")
    page.locator(".hits h2 a").first.click()
    page.get_by_role("link", name="Cite").click()
    assert "sha256:" in page.locator(".citation pre").first.inner_text()
    page.go_back()
    page.get_by_role("link", name="Proof").click()
    assert page.get_by_text("read again from the stored bytes, and confirmed").is_visible()
    assert ".warc.gz" in page.locator("dl.facts").first.inner_text()


def test_from_the_calendar_to_a_day_and_its_front(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="2018", exact=True).click()
    page.locator("a[href='/day/2018-06-20']").click()
    assert page.get_by_role("heading", level=1).inner_text() == "20 June 2018"
    page.locator(".front").get_by_role("link", name="A road at last").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Riverside road opens at last"


def test_facets_narrow_and_downloads_are_files(page: Page) -> None:
    page.goto("/search?q=the")
    year = page.locator(".facets .panel").first.get_by_role("link").first
    count = page.locator(".facets .panel").first.locator(".n").first.inner_text()
    year.click()
    assert page.locator(".total strong").inner_text().startswith(count)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.path().read_text("utf-8").count("\n") == int(count) + 1


def test_from_a_dot_of_a_trend_to_its_stories(page: Page, room: Room) -> None:
    page.goto("/trend?q=river")
    count = json.loads(room.ask("/search.json?q=river&year=2019").body)["total"]
    page.locator(".lines a[href*='since=2019']").click()
    assert page.locator(".total strong").inner_text().split()[0] == str(count)


def test_from_a_picture_to_its_story_and_the_other(page: Page) -> None:
    page.goto("/pictures?credit=Chan+Borith&until=2018")
    assert page.locator(".sheet img").evaluate("async each => { await each.decode(); return each.naturalWidth }") == 390
    page.get_by_role("link", name="Riverside road opens at last").click()
    page.get_by_role("link", name="Where its photos stand").click()
    assert page.locator(".again li").count() == 2


def test_keyboard_reaches_the_content(page: Page) -> None:
    page.goto("/search?q=river")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_names_have_room_and_the_masthead_is_one_line(page: Page) -> None:
    page.goto("/")
    name, count = (page.locator(f".bars {cell}").first.bounding_box() for cell in ("tbody th", "td.n"))
    assert name is not None
    assert count is not None
    assert name["width"] > 2 * count["width"]
    heights = set()
    for address in page.locator("nav[aria-label=Main] a").evaluate_all("links => links.map(link => link.pathname)"):
        if address != "/data/":
            page.goto(address)
            heights.add(page.locator(".masthead").evaluate("head => head.offsetHeight > 70"))
    assert heights == {False}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.long
def test_pages_are_accessible_and_fit(browser: Browser, room: Room, size: str, scheme: str) -> None:
    """By axe-core, without serious findings; no page is wider than the screen."""
    width, height = SIZES[size]
    context = browser.new_context(
        base_url=room.address,
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    opened = context.new_page()
    findings = {}
    for path in _paths(room).values():
        opened.goto(path)
        assert opened.evaluate("document.documentElement.scrollWidth") <= width, path
        found = Axe().run(opened).response["violations"]
        serious = [
            f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in ("serious", "critical")
        ]
        if serious:
            findings[path] = serious
    context.close()
    assert not findings


@pytest.mark.long
def test_screenshots(browser: Browser, room: Room, tmp_path: Path) -> None:
    """Pictures of the pages in both languages, light and dark, on a desktop and a phone, for people to look at."""
    folder = Path("screenshots")
    folder.mkdir(exist_ok=True)
    paths = _paths(room)
    for scheme in ("light", "dark"):
        for size, (width, height) in SIZES.items():
            context = browser.new_context(
                base_url=room.address,
                viewport={"width": width, "height": height},
                color_scheme=scheme,  # type: ignore[arg-type]
            )
            opened = context.new_page()
            for name, path in paths.items():
                opened.goto(path)
                opened.screenshot(path=folder / f"{name}-{size}-{scheme}.png")
            context.close()
    assert len(list(folder.glob("*.png"))) >= len(paths) * 4
