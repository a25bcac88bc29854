"""Types of answers about captures and kept pictures."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, TypedDict

from postscraper.items import Problem
from postscraper.web.schema import With
from storage.database.schema import Capture


class CaptureInList(TypedDict):
    """id: number of the capture. reason, detail: why it could not be read. story_id: of the story that it shows.

    command: that makes a test of the page, when it could not be read.
    """

    id: int
    url: str
    captured_at: datetime | None
    status: int
    reason: str | None
    detail: str | None
    layout: str | None
    story_id: int | None
    problems: Sequence[Problem]
    command: str | None


class Coverage(TypedDict):
    """problems: captures of stories of which something could not be read with certainty. withdrawn: how many stories
    were taken out.
    """

    unread: Mapping[str, int]
    outcomes: Mapping[str, int]
    ledger: Mapping[str, int]
    withdrawn: int
    problems: Sequence[CaptureInList]


class Unread(TypedDict):
    """reasons: captures that were not read, by reason."""

    reason: str | None
    reasons: Mapping[str, int]
    total: int
    page: int
    pages: int
    captures: Sequence[CaptureInList]


class CapturePage(TypedDict):
    """headers: names and values of the answer, in its order. bytes: of its body. fault: why they cannot be read.

    replay: whether pywb can show it. command: that makes a test of the page, when it could not be read.
    """

    capture: Annotated[Capture, With(problems=Sequence[Problem])]
    fault: str | None
    headers: Sequence[tuple[str, str]]
    bytes: int | None
    replay: bool
    command: str | None


class CaptureReplayed(TypedDict):
    """id: number of the capture. story_id: of the story that it shows."""

    id: int
    url: str
    captured_at: datetime
    story_id: int | None


class Replay(TypedDict):
    """frame: the address at which pywb shows the capture. fault: why it does not answer."""

    capture: CaptureReplayed
    frame: str
    fault: str | None


class PictureShown(TypedDict):
    """A kept picture as the newest wording of a story prints it. capture_id: of its bytes."""

    url: str
    caption: str | None
    credit: str | None
    alt: str | None
    story_id: int
    canonical_url: str
    language: str
    published_on: date | None
    headline: str
    capture_id: int


class Pictures(TypedDict):
    """The last published first. credits: pictures by credit, the first of all_credits; total: of all pictures.

    more: whether a further page has some. shown: whether their bytes can be read; a pack has none.
    """

    title: str
    credits: Mapping[str, int]
    all_credits: int
    total: int
    page: int
    more: bool
    shown: bool
    pictures: Sequence[PictureShown]


class PhotoUseShown(TypedDict):
    """A photo as one story prints it. distance: bits of its fingerprint from the first print."""

    story_id: int
    canonical_url: str
    headline: str
    published_on: date | None
    image_url: str
    caption: str | None
    credit: str | None
    distance: int


class PhotoShown(TypedDict):
    """capture_id: of its bytes; null when they are not kept. width, height: in pixels."""

    capture_id: int | None
    width: int
    height: int
    uses: Sequence[PhotoUseShown]


class Photos(TypedDict):
    """Photos that several stories print. story: only those of this one. total: of them all. shown: as of Pictures."""

    story: int | None
    canonical_url: str | None
    total: int
    shown: bool
    photos: Sequence[PhotoShown]
