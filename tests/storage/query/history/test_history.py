"""A story through time."""

from hypothesis import given
from hypothesis import strategies as st

from storage.archive import Archive
from storage.query.history.differences import compared, differences
from tests.helpers.items import SITE, article, captioned

CANAL = f"{SITE}/national/canal"


def test_differences_are_told_word_by_word(archive: Archive) -> None:
    archive.add(article(hours=0, body="Water rises in Kampot.", byline="Kun K", images=captioned("A boat.")))
    archive.add(article(hours=1, body="Water falls in Kampot.", byline="Kun K"))
    old, new = archive.story(CANAL).revisions
    assert differences(old, new) == {
        "body": [("same", "Water "), ("removed", "rises"), ("added", "falls"), ("same", " in Kampot.")],
        "captions": [("removed", "A boat.")],
    }
    assert differences(old, old) == {}


def test_khmer_differs_cluster_by_cluster() -> None:
    assert list(compared("ទៅភ្នំពេញ", "ទៅភ្នំស្រួច")) == [
        ("same", "ទៅភ្នំ"),
        ("removed", "ពេញ"),
        ("added", "ស្រួច"),
    ]


TEXTS = st.text("ab ក្ខា\n.", max_size=30)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_off_their_difference(old: str, new: str) -> None:
    pieces = list(compared(old, new))
    assert "".join(text for change, text in pieces if change != "added") == old
    assert "".join(text for change, text in pieces if change != "removed") == new
