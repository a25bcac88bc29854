"""Types of the tools' answers, for their schemas: the reading room's, each row with its reference."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict

from postscraper.web.answers import archive, captures, story
from postscraper.web.schema import With
from storage.database.schema import Story
from storage.query import statistics
from storage.query.families import Member
from storage.query.history.as_of import State
from storage.query.history.gone import Gone
from storage.query.history.promotion import Promotion
from storage.query.references import CaptureReference, Reference
from storage.query.search.quote import Quoted
from storage.query.search.search import Hit

_CITED = With(source=Reference)
_CITED_IF_HELD = With(source=Reference | None)
_OF_CAPTURE = With(source=CaptureReference)

CitedGone = Annotated[Gone, _CITED]
CitedCapture = Annotated[captures.CaptureInList, _OF_CAPTURE]
CitedFront = Annotated[archive.FrontSummary, _OF_CAPTURE]
CitedTeasers = Annotated[archive.TeaserList, With(teasers=Sequence[Annotated[archive.TeaserInPlace, _CITED_IF_HELD]])]


class ArchiveState(TypedDict):
    """The state of the archive that was asked: its newest capture. asked_at: now. All null in an empty archive."""

    program: str
    asked_at: datetime
    newest_capture: int | None
    newest_capture_at: datetime | None
    newest_digest: str | None


Search = Annotated[archive.Search, With(hits=Sequence[Annotated[Hit, _CITED]])]
Trend = archive.Trend


class Quotes(TypedDict):
    """stories: how many have the sentence or one like it, of which `quotes` are a page. source: of the last wording
    that has it; null for a teaser of a story that is not held.
    """

    stories: int
    quotes: Sequence[Annotated[Quoted, _CITED_IF_HELD]]


class StoryRead(TypedDict):
    """A story to read. item: the best reading of all its captures, or the revision that was asked for.

    blocks: how many its body has; block: number of the first that is given, from 1. why: where each field of the best
    reading is from. source: of the revision, or of the newest; citation: the same as a reference in APA style.
    """

    story: Story
    revision: int | None
    item: story.ArticleShown
    blocks: int
    block: int
    links: Sequence[story.LinkShown]
    why: Mapping[str, story.Origin]
    corrections: Sequence[story.NoteShown]
    gone: Sequence[Gone]
    same_words: Sequence[story.StoryAddress]
    source: Reference
    citation: str


class History(TypedDict):
    """revisions: the oldest first, each with its changes against the one before. captures: all that show the story."""

    story: Story
    revisions: Sequence[Annotated[story.RevisionShown, _CITED]]
    corrections: Sequence[story.NoteShown]
    captures: Sequence[Annotated[CaptureReference, With(status=int, layout=str | None)]]
    gone: Sequence[Gone]


_CITED_REVISION = Annotated[story.RevisionFacts, _CITED]
Difference = Annotated[story.Difference, With(old=_CITED_REVISION, new=_CITED_REVISION)]


class StoryStood(TypedDict):
    """A story as it stood. state: whether it was there then, or was seen later only. captured_at: of the capture that
    shows it; seen_at: of that, or of a later answer that it is unchanged. age_seconds: from then to the moment.
    """

    as_of: datetime
    story_id: int
    canonical_url: str
    state: State
    revision: int
    captured_at: datetime | None
    seen_at: datetime | None
    age_seconds: float | None
    gone: Gone | None
    item: Mapping[str, Any]
    source: Reference


class Promoted(TypedDict):
    """headlines: all wordings of its headline, by place."""

    story: Story
    promotion: Promotion
    headlines: Sequence[story.HeadlineShown]
    source: Reference


Changes = Annotated[archive.Changes, With(edits=Sequence[Annotated[archive.EditShown, _CITED]])]
Front = Annotated[archive.FrontInFull, With(as_of=datetime, lists=Sequence[CitedTeasers], source=CaptureReference)]
_FrontOfDay = Annotated[archive.FrontInFull, With(lists=Sequence[CitedTeasers], source=CaptureReference)]
_PaperOfDay = Annotated[
    archive.PaperOfDay,
    With(
        fronts=Sequence[CitedFront],
        shown=_FrontOfDay | None,
        stories=Sequence[Annotated[archive.StoryOfDay, _CITED]],
        edited=Sequence[Annotated[archive.EditOfDay, _CITED]],
        gone=Sequence[CitedGone],
    ),
]
Day = Annotated[archive.Day, With(papers=Sequence[_PaperOfDay])]


class GoneStories(TypedDict):
    """stories: how many absences these days have, of which `gone` is a page. source: of the last held wording."""

    stories: int
    gone: Sequence[CitedGone]


class Families(TypedDict):
    """families: each with its head first. all_families: how many there are, of which these are a page."""

    all_families: int
    families: Sequence[Sequence[Annotated[Member, _CITED]]]


Pictures = Annotated[captures.Pictures, With(pictures=Sequence[Annotated[captures.PictureShown, _CITED]])]
_CitedUses = Sequence[Annotated[captures.PhotoUseShown, _CITED]]
Photos = Annotated[captures.Photos, With(photos=Sequence[Annotated[captures.PhotoShown, With(uses=_CitedUses)]])]
Cite = Annotated[story.Cite, _CITED]
Proof = Annotated[story.ProofPage, _CITED]
Coverage = Annotated[captures.Coverage, With(problems=Sequence[CitedCapture])]
Unread = Annotated[captures.Unread, With(captures=Sequence[CitedCapture])]
Capture = Annotated[captures.CapturePage, _OF_CAPTURE]
Audit, Runs, Withdrawals = archive.Audit, archive.Runs, archive.Withdrawals
Stats = statistics.Stats
