"""Pages that no layout knows: read as such with the extra, refused with the remedy without it."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trafilatura

from postscraper.items import Article, Capture, Item, Unread
from postscraper.newspapers import POST
from postscraper.reading.read import read

ADDRESS = "https://www.phnompenhpost.com/national/canal-keepers-count-their-gates"
PARAGRAPHS = (
    "The keepers of the Prek Ta Loung canal have counted their gates for the first time in 40 years, and found two more"
    " than the ministry has on its maps.",
    "Both were built by farmers between the floods of 1978 and the first survey of 1983, according to the canal"
    " association’s secretary, Yin Sothea, who cycled the 31 kilometres with a notebook.",
    "“Each has a name and somebody who sleeps beside it when the water is high,” she said on Monday. “What they did not"
    " have was a number.”",
    "The district’s water office promised paint, hinges and a monthly allowance of 80,000 riel for each keeper. It will"
    " correct the maps when the printer in the provincial town has been repaired.",
    "Until then the two gates will be known, in the office’s files, as Zero and Minus One.",
)


def page(title: str, main: str) -> str:
    return (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{title}</title></head><body>"
        "<header><a href='/'>Home</a> <a href='/a'>National</a></header>"
        f"<main>{main}</main><footer><p>Copyright</p></footer></body></html>"
    )


def story(headline: str = "Canal keepers count their gates", paragraphs: tuple[str, ...] = PARAGRAPHS) -> str:
    return page(headline, f"<article><h1>{headline}</h1>{''.join(f'<p>{each}</p>' for each in paragraphs)}</article>")


def reading(html: str, url: str = ADDRESS) -> Item:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    return read(Capture(url=url, captured_at=at, body=html.encode(), source="test"), POST)


def test_a_story_in_a_design_that_no_layout_knows() -> None:
    found = reading(story())
    assert isinstance(found, Article), found
    assert (found.layout, found.headline) == ("generic", "Canal keepers count their gates")
    assert [block.text for block in found.body] == list(PARAGRAPHS)
    # A general extractor guesses all else.
    assert (found.byline, found.published_on, found.section, found.images) == (None, None, None, ())


def test_a_mobile_page_in_an_unknown_design() -> None:
    found = reading(story(), ADDRESS.replace("www.", "m."))
    assert isinstance(found, Article), found
    assert (found.layout, found.canonical_url) == ("generic", ADDRESS)


def test_a_story_about_a_sale_is_a_story() -> None:
    found = reading(story("Bridge maintenance fund for sale, villagers say"))
    assert isinstance(found, Article), found


LONG = "".join(f"<p>{each}</p>" for each in PARAGRAPHS)


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (story(paragraphs=PARAGRAPHS[:1]), "unknown_layout"),
        (page("", f"<div>{LONG}</div>"), "unknown_layout"),
        (page("Before you continue to the Post", f"<h1>Before you continue</h1>{LONG}"), "refused"),
        (page("Phnom Penh Post", f"<form action='https://consent.example/save'></form>{LONG}"), "refused"),
        (page("We value your privacy", LONG), "refused"),
        (page("phnompenhpost.com is parked", LONG), "another_paper"),
        (
            page("Canal", f"<script src='//img.sedoparking.com/x.js'></script><h1>Canal news</h1>{LONG}"),
            "another_paper",
        ),
        (page("This domain name is for sale", LONG), "another_paper"),
        (page("Internet Archive Wayback Machine", f"<h2>Hrm.</h2>{LONG}"), "soft_404"),
        (page("The Post", f"<h1>The Wayback Machine has not archived that URL.</h1>{LONG}"), "soft_404"),
        (page("The Post", f"<h1>We’ll be right back</h1>{LONG}"), "server_error"),
        (page("Scheduled maintenance", LONG), "server_error"),
        (page("Account suspended", LONG), "server_error"),
        (page("Index of /national", LONG), "not_an_article"),
        ("<html><head><meta http-equiv=REFRESH content='0;url=/other'></head><body>Moved</body></html>", "moved"),
    ],
)
def test_no_story(html: str, reason: str) -> None:
    found = reading(html)
    assert isinstance(found, Unread), found
    assert found.reason == reason


@pytest.mark.parametrize("url", ["https://www.phnompenhpost.com/", "https://www.phnompenhpost.com/national"])
def test_fronts_and_sections_are_no_stories(url: str) -> None:
    found = reading(story(), url)
    assert isinstance(found, Unread)
    assert found.reason == "unknown_layout"


@pytest.mark.parametrize("host", ["other.example", "m.other.example", "m.phnompenhpost.com.other.example"])
def test_another_papers_page(host: str) -> None:
    found = reading(story().replace("<article>", "<article itemprop=articleBody>"), f"https://{host}/national/canal")
    assert isinstance(found, Unread)
    assert found.reason == "another_paper"


# Hides the extra from the import system, as on a machine where it was never installed.
WITHOUT = """
import sys

finders = list(sys.meta_path)

class Filter:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "trafilatura":
            return None
        for each in finders:
            found = each.find_spec(name, path, target)
            if found is not None:
                return found
        return None

sys.meta_path[:] = [Filter()]
from postscraper.items import Capture
from postscraper.newspapers import POST
from postscraper.reading.read import read
item = read(Capture(url=sys.argv[1], captured_at=None, body=sys.stdin.buffer.read(), source="test"), POST)
print(item.type, item.reason, item.detail)
assert "trafilatura" not in sys.modules
"""


def test_a_page_that_breaks_the_extractor_is_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise AssertionError("no parent")

    monkeypatch.setattr(trafilatura, "bare_extraction", breaks)
    item = reading(story())
    assert isinstance(item, Unread)
    assert item.reason == "unknown_layout"
    assert "breaks on it: AssertionError: no parent" in item.detail


def test_without_the_extra_the_remedy_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, ADDRESS],
        input=story().encode(),
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.decode().startswith("unread unknown_layout ")
    assert "pip install 'postscraper[generic]'" in done.stdout.decode()


@pytest.mark.parametrize("fault", ["import lxml_html_clean_of_no_version", "raise RuntimeError('broken')"])
def test_an_extra_that_cannot_be_loaded_leaves_the_page_unread(fault: str, tmp_path: Path) -> None:
    (tmp_path / "trafilatura.py").write_text(fault)
    saved = tmp_path / "page.html"
    saved.write_text(story())
    done = subprocess.run(
        [sys.executable, "-m", "postscraper", "read", str(saved), "--url", ADDRESS],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"},
    )
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert '"unknown_layout"' in done.stdout
    assert "pip install 'postscraper[generic]' mends it" in done.stdout


def test_the_extractor_is_loaded_only_when_needed() -> None:
    code = (
        "import sys, postscraper.newspapers, postscraper.reading.read\n"
        "assert not [name for name in sys.modules if name.startswith('trafilatura')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
