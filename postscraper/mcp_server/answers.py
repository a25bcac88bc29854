"""Types of the tools' answers, for their schemas: the reading room's, each row with its reference."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict

from postscraper.web import answers, story_answers
from postscraper.web.schema import With
from storage.database.schema import Story
from storage.query import statistics
from storage.query.families import Member
from storage.query.history.as_of import State
from storage.query.history.gone import Gone
from storage.query.history.promotion import Promotion
from storage.query.references import CaptureReference, Reference
from storage.query.search.quote import Quoted

_CITED = With(source=Reference)
_CITED_IF_HELD = With(source=Reference | None)
_OF_CAPTURE = With(source=CaptureReference)

CitedGone = Annotated[Gone, _CITED]
CitedCapture = Annotated[answers.CaptureInList, _OF_CAPTURE]
CitedFront = Annotated[answers.FrontSummary, _OF_CAPTURE]
CitedTeasers = Annotated[answers.TeaserList, With(teasers=Sequence[Annotated[answers.TeaserInPlace, _CITED_IF_HELD]])]


class ArchiveState(TypedDict):
    """The state of the archive that was asked: its newest capture. asked_at: now. All null in an empty archive."""

    program: str
    asked_at: datetime
    newest_capture: int | None
    newest_capture_at: datetime | None
    newest_digest: str | None


Search = Annotated[answers.Search, With(hits=Sequence[Annotated[answers.SearchHit, _CITED]])]
Trend = answers.Trend


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
    item: story_answers.ArticleShown
    blocks: int
    block: int
    links: Sequence[story_answers.LinkShown]
    why: Mapping[str, story_answers.Origin]
    corrections: Sequence[story_answers.NoteShown]
    gone: Sequence[Gone]
    same_words: Sequence[story_answers.StoryAddress]
    source: Reference
    citation: str


class History(TypedDict):
    """revisions: the oldest first, each with its changes against the one before. captures: all that show the story."""

    story: Story
    revisions: Sequence[Annotated[story_answers.RevisionShown, _CITED]]
    corrections: Sequence[story_answers.NoteShown]
    captures: Sequence[Annotated[CaptureReference, With(status=int, layout=str | None)]]
    gone: Sequence[Gone]


_CITED_REVISION = Annotated[story_answers.RevisionFacts, _CITED]
Difference = Annotated[story_answers.Difference, With(old=_CITED_REVISION, new=_CITED_REVISION)]


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
    headlines: Sequence[story_answers.HeadlineShown]
    source: Reference


Changes = Annotated[answers.Changes, With(edits=Sequence[Annotated[answers.EditShown, _CITED]])]
Front = Annotated[answers.FrontInFull, With(as_of=datetime, lists=Sequence[CitedTeasers], source=CaptureReference)]
_FrontOfDay = Annotated[answers.FrontInFull, With(lists=Sequence[CitedTeasers], source=CaptureReference)]
_PaperOfDay = Annotated[
    answers.PaperOfDay,
    With(
        fronts=Sequence[CitedFront],
        shown=_FrontOfDay | None,
        stories=Sequence[Annotated[answers.StoryOfDay, _CITED]],
        edited=Sequence[Annotated[answers.EditOfDay, _CITED]],
        gone=Sequence[CitedGone],
    ),
]
Day = Annotated[answers.Day, With(papers=Sequence[_PaperOfDay])]


class GoneStories(TypedDict):
    """stories: how many absences these days have, of which `gone` is a page. source: of the last held wording."""

    stories: int
    gone: Sequence[CitedGone]


class Families(TypedDict):
    """families: each with its head first. all_families: how many there are, of which these are a page."""

    all_families: int
    families: Sequence[Sequence[Annotated[Member, _CITED]]]


Cite = Annotated[story_answers.Cite, _CITED]
Proof = Annotated[story_answers.ProofPage, _CITED]
Coverage = Annotated[answers.Coverage, With(problems=Sequence[CitedCapture])]
Unread = Annotated[answers.Unread, With(captures=Sequence[CitedCapture])]
Capture = Annotated[answers.CapturePage, _OF_CAPTURE]
Audit, Runs, Withdrawals = answers.Audit, answers.Runs, answers.Withdrawals
Stats = statistics.Stats
