"""Boilerplate among the words of a story: advertisements, share bars, counters, related stories. None is an edit."""

from dataclasses import replace

import pytest

from postscraper.items import Article, plain
from postscraper.newspapers import POST
from postscraper.reading.read import read
from postscraper.sources.folder import capture
from storage.ingest.wording import words_digest
from tests.helpers.paths import SAMPLES

STORIES = (
    *("drupal_2013/flood-wall", "drupal_2017/ferry-landing", "inhouse_2023/bridge-lights"),
    *("joomla_2008/harbour-crane", "mobile_2017/school-bus", "wordpress_2026/rice-barge"),
)
ANYWHERE = {
    "slot": '<div class="dfp_ad" id="PE_BIS_7"><script>display("PE_BIS_7")</script></div>',
    "AdSense": '<ins class="adsbygoogle" data-ad-client="ca-pub-1"></ins><script>push({})</script>',
    "Taboola": '<div id="taboola-below-article">Sponsored: lose weight</div>',
    "AddThis": '<div class="addthis_toolbox addthis_default_style"><a>Share 41</a> <a>Tweet 7</a></div>',
    "counters": '<div class="share-buttons"><a>Share 41</a> <a>Tweet 7</a></div>',
    "frame": '<iframe src="https://ads.example.org/x"></iframe>',
    "pixel": '<img src="https://ads.example.org/pixel.gif" width="1" height="1" alt="">',
    "newsletter": '<form action="/news"><label>Get our newsletter</label><input type="email"></form>',
    "no words": "<p>&nbsp;</p><p>&#8203;</p><p><strong><br></strong></p><!-- 41 readers -->",
}
WORDPRESS = {
    "related": '<div id="jp-relatedposts" class="jp-relatedposts"><h3>Related</h3><p>Rice price rises</p></div>',
    "related by another plugin": '<div class="yarpp-related"><h3>Related posts:</h3><ol><li>Rice price</li></ol></div>',
    "share": '<div class="sharedaddy"><h3>Share this:</h3><ul><li><a>Facebook 12</a></li></ul></div>',
    "latest posts": '<ul class="wp-block-latest-posts"><li><a href="/x/">Rice price rises</a></li></ul>',
    "views": '<div class="post-views"><span>Post Views:</span> <span>1,204</span></div>',
    "reading time": '<span class="span-reading-time rt-reading-time"><span>Reading Time: </span> 3 minutes</span>',
    "subscribe": '<div class="wp-block-buttons"><div class="wp-block-button"><a>Subscribe now</a></div></div>',
    "advertisement": '<div class="code-block code-block-1"><div>Advertisement</div></div>',
}


@pytest.mark.parametrize("story", STORIES)
def test_boilerplate_is_no_word_of_the_story(story: str) -> None:
    page = capture(SAMPLES / "phnompenhpost" / f"{story}.html", name="samples")
    item = read(page, POST)
    assert isinstance(item, Article)
    end = page.body.index(b"</p>", page.body.index(item.body[0].text[:12].encode())) + len(b"</p>")
    added = ANYWHERE | (WORDPRESS if story.startswith("wordpress") else {})
    for name, markup in added.items():
        other = read(replace(page, body=page.body[:end] + markup.encode() + page.body[end:]), POST)
        assert isinstance(other, Article), name
        assert words_digest(plain(other)) == words_digest(plain(item)), name
