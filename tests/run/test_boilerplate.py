"""A hundred pages of ten stories, in two designs, that differ in nothing the newspaper wrote: no revision, no change.

Teaser lists, advertisements, counters, forms and the cache's comment are other ones in each; half the pages of each
story are in the theme of 2013, half in that of 2017.
"""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from sqlalchemy import text

from postscraper.items import Capture
from storage.archive import Archive
from tests.helpers.archives import SITE, answer, file, run_on
from tests.helpers.paths import SAMPLES

DESIGNS = ("drupal_2013/flood-wall", "drupal_2017/river-clinic")
STORIES, CAPTURES = 10, 10
FIRST = datetime(2016, 9, 2, 3, 14, tzinfo=UTC)
_BODY = re.compile(r'(id="ArticleBody">).*?(</div>)', re.DOTALL)
_TEASERS = re.compile(r"(?<=<li)([^>]*)>(<a href=\"/[a-z-]+/[^\"]+\">.*?)</li>")


def page(design: str, number: int, random: Random) -> str:
    """A page of one story in one design; random: of what stands around the story."""
    markup = (SAMPLES / f"phnompenhpost/{design}.html").read_text("utf-8")
    sample = json.loads((SAMPLES / f"phnompenhpost/{design}.json").read_text("utf-8"))
    story = json.loads((SAMPLES / f"phnompenhpost/{DESIGNS[number % 2]}.json").read_text("utf-8"))
    words = {
        sample["headline"]: f"{story['headline']} for the {number + 2}th time",
        sample["byline"]: story["byline"],
        sample["images"][0]["caption_text"]: f"{story['images'][0]['caption']} Chan Borith",
        urlsplit(sample["url"]).path: f"/national/story-{number}",
    }
    for before, after in words.items():
        assert before in markup
        markup = markup.replace(before, after)
    paragraphs = [block["text"] for block in story["body"] if block["kind"] == "paragraph"]
    paragraphs.insert(number % len(paragraphs), f"Nobody in the village had seen it {number} times before.")
    markup = _BODY.sub(
        lambda found: found[1] + "".join(f"<p>{each}</p>\n" for each in paragraphs) + found[2], markup, 1
    )
    return around(markup, random)


def around(markup: str, random: Random) -> str:
    markup = _TEASERS.sub(lambda found: f"{found[1]}>{teaser(random)}</li>", markup)
    markup = re.sub(r"\b0 Comments", f"{random.randrange(1, 900)} Comments", markup)
    markup = re.sub(r"(?<=form_build_id\" value=\"form-)[\w-]+", f"{random.randrange(10**9)}", markup)
    markup = re.sub(r"(<div class=\"dfp_ad\"[^>]*>)", rf"\1<b>Buy {random.randrange(99)} pumps!</b>", markup)
    return re.sub(r"(Boost @ 2016-09-02 10:14:)\d\d", rf"\g<1>{random.randrange(10, 60)}", markup)


def teaser(random: Random) -> str:
    number = random.randrange(1000)
    return f'<a href="/national/other-{number}">Other story {number}</a><p>It begins with {number} words.</p>'


def test_boilerplate_and_a_redesign_make_no_revision_and_no_change(tmp_path: Path) -> None:
    random = Random(20180620)
    start = Capture(url=SITE, captured_at=None, body=b"", source="live")
    pages = []
    for number in range(STORIES):
        for capture in range(CAPTURES):
            at = timedelta(hours=number, days=30 * capture)
            markup = page(DESIGNS[capture * len(DESIGNS) // CAPTURES], number, random)
            pages.append(
                replace(start, url=f"{SITE}/national/story-{number}", body=markup.encode(), captured_at=FIRST + at)
            )
    assert len({each.body for each in pages}) == STORIES * CAPTURES == 100
    with run_on(tmp_path / "archive") as opened:
        file(opened, *map(answer, pages))
    with Archive.open(tmp_path / "archive", readonly=True) as archive, archive.connect() as connection:
        stories = connection.execute(
            text("SELECT revisions, count(*) FROM story JOIN capture ON story_id = story.id GROUP BY story.id")
        )
        assert [tuple(row) for row in stories] == [(1, CAPTURES)] * STORIES
        layouts = connection.execute(
            text("SELECT layout, count(*) FROM capture WHERE story_id IS NOT NULL GROUP BY 1 ORDER BY 1")
        )
        assert [tuple(row) for row in layouts] == [("drupal_2013", 50), ("drupal_2017", 50)]
        assert connection.execute(text("SELECT count(DISTINCT headline) FROM sighting")).scalar_one() > CAPTURES
        assert connection.execute(text("SELECT count(*) FROM change")).scalar_one() == 0
