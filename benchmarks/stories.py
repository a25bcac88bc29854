"""Any number of stories, made from the samples: the same in every run.

Paragraphs of the samples are mixed anew. So that the vocabulary is that of a newspaper, in which few
words are everywhere and very many are rare, names and some longer words are replaced by invented ones,
drawn so that the first of them are common and the last ones hardly occur.
"""

import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

from postscraper.items import Article, Block, Image, Receipt, Teaser

SEED = 2008
HOME = "https://www.phnompenhpost.com"
KHMER_HOME = "https://www.postkhmer.com"
KHMER_SHARE = 0.15
PARAGRAPHS = (9, 19)  # the paper's stories have 300 to 600 words
NAMES_TAIL = 0.25  # exponent of the Pareto distribution: the smaller, the more rare names

_SYLLABLES = (
    *("Ba", "Chan", "Da", "Heng", "Kim", "Lak", "Mey", "Na", "Phal"),
    *("Rath", "Sok", "Ta", "Van", "Vuth", "Yon", "Pich", "Srey", "Thy"),
)
_NAMES = tuple("".join(syllables).capitalize() for size in (2, 3, 4) for syllables in product(_SYLLABLES, repeat=size))
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}|\b[a-z]{7,}\b")
_SENTENCE = re.compile(r"(?<=[.។”»])\s+")
_FIRST_DAY = datetime(2008, 1, 1, 1, 10, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Material:
    """What the samples offer. sections: of the English edition."""

    english: tuple[str, ...]
    khmer: tuple[str, ...]
    sections: tuple[str, ...]


def material(samples: Path) -> Material:
    """The sentences of all sample articles. Raises ValueError when there are none."""
    sentences: dict[str, dict[str, None]] = {"en": {}, "km": {}}
    sections: dict[str, None] = {}
    for path in sorted(samples.rglob("*.json")):
        item = json.loads(path.read_text("utf-8"))
        if item["type"] == "article":
            sentences[item["language"]] |= dict.fromkeys(_sentences(item))
            if item["language"] == "en" and item["section"]:
                sections[item["section"]] = None
    if not sentences["en"]:
        raise ValueError(f"{samples}: no sample article in English to make stories from")
    return Material(tuple(sentences["en"]), tuple(sentences["km"] or sentences["en"]), tuple(sections) or ("National",))


def _sentences(item: Mapping[str, Any]) -> list[str]:
    texts = [block["text"] for block in item["body"] if block["kind"] == "paragraph"]
    return [sentence for text in texts for sentence in _SENTENCE.split(text) if len(sentence) > 30]


def stories(count: int, samples: Path) -> Iterator[Article]:
    """Articles as a layout gives them, each with a picture and six teasers."""
    source = material(samples)
    rng = random.Random(SEED)
    for number in range(count):
        yield _story(number, "km" if rng.random() < KHMER_SHARE else "en", source, rng)


def _story(number: int, language: str, source: Material, rng: random.Random) -> Article:
    paragraphs = [_paragraph(language, source, rng) for _ in range(rng.randint(*PARAGRAPHS))]
    headline = paragraphs[0][:70].rpartition(" ")[0] or paragraphs[0][:70]
    section = rng.choice(source.sections)
    url = f"{KHMER_HOME if language == 'km' else HOME}/{section.lower().replace(' ', '-')}/story-{number:06}"
    byline = f"{_name(rng)} {_name(rng)}"
    published_at = _FIRST_DAY + timedelta(hours=7 * number)
    return Article(
        layout="drupal_2017",
        language=language,
        url=url,
        canonical_url=url,
        node_id=number + 1,
        headline=headline,
        byline=byline,
        authors=(byline,),
        section=section,
        published_at=published_at,
        published_on=published_at.date(),
        published_text=published_at.strftime("%d %B %Y | %H:%M ICT"),
        images=(_image(number, language, source, rng),),
        body=tuple(Block(kind="paragraph", text=text) for text in paragraphs),
        teasers=tuple(_teaser(position, language, source, rng) for position in range(1, 7)),
        capture=Receipt(
            url=url,
            captured_at=published_at + timedelta(days=30),
            status=200,
            source="benchmark",
            digest=f"sha256:{sha256(url.encode()).hexdigest()}",
            record=None,
        ),
    )


def _paragraph(language: str, source: Material, rng: random.Random) -> str:
    sentences = rng.choices(source.khmer if language == "km" else source.english, k=rng.randint(1, 3))
    if language == "km":
        return f"{' '.join(sentences)} {rng.randint(1, 99_999)}"
    return _NAME.sub(lambda match: _renamed(match[0], rng), " ".join(sentences))


def _renamed(word: str, rng: random.Random) -> str:
    if word[0].isupper():
        return _name(rng)
    return word if rng.random() < 0.8 else _name(rng).lower()


def _name(rng: random.Random) -> str:
    return _NAMES[int(rng.paretovariate(NAMES_TAIL)) % len(_NAMES)]


def _image(number: int, language: str, source: Material, rng: random.Random) -> Image:
    caption, credit = _paragraph(language, source, rng)[:120], f"{_name(rng)} {_name(rng)}"
    url = f"{HOME}/sites/default/files/field/image/{number}.jpg"
    return Image(url=url, caption=caption, credit=credit, caption_text=f"{caption} {credit}")


def _teaser(position: int, language: str, source: Material, rng: random.Random) -> Teaser:
    headline = _paragraph(language, source, rng)[:60]
    url = f"{HOME}/national/story-{rng.randrange(3_000):06}"
    return Teaser(list="MOST VIEWED", position=position, headline=headline, url=url, image_url=f"{url}.jpg")
