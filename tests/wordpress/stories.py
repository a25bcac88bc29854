"""Stories of a newspaper of our own invention: what WordPress is given, and what a reader must find in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from urllib.parse import quote

MONTH = "2026/03"  # of the folder that all pictures lie in
UPLOADS = f"/wp-content/uploads/{MONTH}/"
HOME = "{home}"  # stands for the site's own address in what WordPress is given

Status = Literal["publish", "draft", "private", "future", "pending", "trash"]


class Block(NamedTuple):
    """Words of the body as they are printed, after WordPress has set the quotes and dashes.

    kind: as in `postscraper.items`; or pullquote, table_row (its cells with " | " between them), embed (the words of
    its link).
    """

    kind: str
    text: str


class Comment(NamedTuple):
    author: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One of the media library; caption, credit and alt as they are kept there."""

    id: int
    name: str
    caption: str
    credit: str | None
    alt: str

    @property
    def caption_text(self) -> str:
        return " ".join(filter(None, (self.caption, self.credit)))

    @property
    def path(self) -> str:
        return UPLOADS + self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture inside a story; caption and credit as the story prints them, None without."""

    picture: Picture
    caption: str | None = None
    credit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One post.

    title, content: as they were typed. headline, body: as they are printed.
    categories: slugs; the first gives the address. tags: names. author: login; None when the post has none.
    excerpt: None when none was written. featured: the picture above the story, None without.
    date, modified: in Phnom Penh, without a zone.
    """

    id: int
    slug: str
    headline: str
    title: str
    content: str
    body: tuple[Block, ...]
    categories: tuple[str, ...]
    date: datetime
    modified: datetime
    author: str | None = "staff"
    excerpt: str | None = None
    featured: Picture | None = None
    pictures: tuple[Shown, ...] = ()
    tags: tuple[str, ...] = ()
    comments: tuple[Comment, ...] = ()
    language: Literal["en", "km"] = "en"
    status: Status = "publish"
    password: str = ""
    sticky: bool = False
    type: Literal["post", "page"] = "post"

    @property
    def path(self) -> str:
        """As links give it: percent-encoded in small letters, with the slash at the end."""
        folder = f"/{self.categories[0]}" if self.type == "post" else ""
        return f"{folder}/{encoded(self.slug)}/"


def encoded(slug: str) -> str:
    return quote(slug).lower()


@dataclass(frozen=True, slots=True)
class Author:
    login: str
    name: str


@dataclass(frozen=True, slots=True)
class Category:
    slug: str
    name: str


AUTHORS = (
    Author("staff", "Post Staff"),
    Author("sok-dara", "Sok Dara"),
    Author("chan-mealea", "Chan Mealea"),
    Author("eleanor-finch", "Eleanor Finch"),
    Author("keo-vanna", "កែវ វណ្ណា"),
)

KHMER_NEWS = "ព័ត៌មានជាតិ"
CATEGORIES = (
    Category("national", "National"),
    Category("business", "Business"),
    Category("lifestyle", "Lifestyle"),
    Category("sport", "Sport"),
    Category("opinion", "Opinion"),
    Category("post-in-depth", "Post In-depth"),
    Category("arts-culture", "Arts & Culture"),
    Category(encoded(KHMER_NEWS), KHMER_NEWS),
)


def _pictures() -> dict[str, Picture]:
    rows = (
        ("ferry", "The morning ferry leaves Prek Kdei.", "Heng Vuthy", "Ferry on the river"),
        ("weavers", "Weavers sort thread under a stilt house.", "Heng Vuthy", ""),
        ("market", "Traders open the new market hall.", "Sok Dara", "Market hall with blue roof"),
        ("canal", "Water returns to the canal at Toul Svay.", "Photo supplied", "Canal"),
        ("regatta", "Crews wait for the second heat.", "Chan Mealea/Post", "Long boats at the landing"),
        ("school", "Pupils of the floating school.", None, "Floating school"),
        ("paddies", "A farmer walks between the paddies.", "AFP", ""),
        ("mural", "The mural on Street 93 “before the rain”.", "Heng Vuthy", "Mural & wall"),
        ("khmer-boats", "ទូកថ្មីនៅកំពង់ចម្លង។", "ហេង វុទ្ធី", "ទូក"),
    )
    return {
        name: Picture(id=9001 + at, name=f"{name}.jpg", caption=caption, credit=credit, alt=alt)
        for at, (name, caption, credit, alt) in enumerate(rows)
    }


PICTURES = _pictures()


def paragraph(text: str) -> str:
    return f"<!-- wp:paragraph -->\n<p>{text}</p>\n<!-- /wp:paragraph -->"


def crosshead(text: str, level: int = 2) -> str:
    options = "" if level == 2 else f' {{"level":{level}}}'
    return f"<!-- wp:heading{options} -->\n<h{level}>{text}</h{level}>\n<!-- /wp:heading -->"


def picture(shown: Picture, figcaption: str | None, size: str = "large") -> str:
    caption = f'<figcaption class="wp-element-caption">{figcaption}</figcaption>' if figcaption else ""
    return (
        f'<!-- wp:image {{"id":{shown.id},"sizeSlug":"{size}","linkDestination":"none"}} -->\n'
        f'<figure class="wp-block-image size-{size}"><img src="{HOME}{shown.path}" alt="{shown.alt}" '
        f'class="wp-image-{shown.id}"/>{caption}</figure>\n<!-- /wp:image -->'
    )


def blocks(*typed: str) -> str:
    return "\n\n".join(typed)
