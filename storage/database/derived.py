"""Tables that are made from other tables."""

from datetime import datetime

from sqlalchemy import Float, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.schema import Table


class Family(Table):
    """A story in a family of stories with the same or nearly the same text; made by `families --find`.

    head_id: of its stories the first published, then the first seen, then the first by address; it has a row of its
    own. story_id: the member. compared_id: the member to which it was compared. reason: head, same text, re-run,
    shortened, extended, merged, wire copy, nearly the same or twin. similarity: from 0 to 1; of `nearly the same` and
    `re-run` the runs of five words (ten Khmer clusters) in both of all in either; of `shortened`, `extended`, `merged`
    and `wire copy` those in both of those in the shorter text; of `twin` the facts in both of those in either.
    own_share: of the story's runs those that the compared one lacks, which is the local share of a wire copy.
    evidence: facts that both twins have; NULL for other reasons.
    """

    __tablename__ = "family"
    __table_args__ = (Index(None, "story_id", "reason"),)

    head_id: Mapped[int] = mapped_column(ForeignKey("story.id", ondelete="CASCADE"), primary_key=True)
    story_id: Mapped[int] = mapped_column(ForeignKey("story.id", ondelete="CASCADE"), primary_key=True)
    compared_id: Mapped[int] = mapped_column(ForeignKey("story.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str]
    similarity: Mapped[float] = mapped_column(Float())
    own_share: Mapped[float] = mapped_column(Float())
    evidence: Mapped[str | None]


NOT_MEASURED = "not measured"


class Photo(Table):
    """A picture that was kept, by its capture, whose row has the place of its record.

    address: its key in the ledger. captured_at, digest: of the capture. mime: by its bytes. width, height: in pixels;
    NULL unless its head can be read. bytes: how many came. state: read, damaged, too large, another format (as vector
    graphics, which are never drawn), unreadable record, or not measured (without the extra `pictures`). phash:
    perceptual hash, 16 hexadecimal digits, of which two of one photo differ in at most 8 bits; NULL for a picture that
    cannot be read or is blank.
    """

    __tablename__ = "photo"

    capture_id: Mapped[int] = mapped_column(
        ForeignKey("capture.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    address: Mapped[str] = mapped_column(index=True)
    captured_at: Mapped[datetime | None]
    digest: Mapped[str]
    mime: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    bytes: Mapped[int]
    state: Mapped[str]
    phash: Mapped[str | None] = mapped_column(index=True)


class FamilyLink(Table):
    """Two stories of nearly the same text, or twins; families are made of these and of equal texts.

    older_id: the story that comes first by the rule for heads. younger_id: the other. reason, similarity, evidence: of
    the younger, as in `family`. older_share, younger_share: of the runs of each those that the other lacks.
    """

    __tablename__ = "family_link"

    older_id: Mapped[int] = mapped_column(ForeignKey("story.id", ondelete="CASCADE"), primary_key=True)
    younger_id: Mapped[int] = mapped_column(ForeignKey("story.id", ondelete="CASCADE"), primary_key=True, index=True)
    reason: Mapped[str]
    similarity: Mapped[float] = mapped_column(Float())
    older_share: Mapped[float] = mapped_column(Float())
    younger_share: Mapped[float] = mapped_column(Float())
    evidence: Mapped[str | None]


class FamilySketch(Table):
    """A story that was looked at for families.

    revision_id: its newest at that time. digest: equal for stories with the same text. sketch: MinHash bands of its
    text, and digests of its paragraphs; empty for one that is too short, NULL when the extra `neardup` was not
    installed. is_wire: an agency is named. is_rerun: the story says that it is printed again. compared: with the
    others; if not, the next `families --update` does it.
    """

    __tablename__ = "family_sketch"

    story_id: Mapped[int] = mapped_column(
        ForeignKey("story.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    revision_id: Mapped[int]
    digest: Mapped[str] = mapped_column(index=True)
    sketch: Mapped[bytes | None] = mapped_column(LargeBinary())
    is_wire: Mapped[bool]
    is_rerun: Mapped[bool]
    compared: Mapped[bool]
