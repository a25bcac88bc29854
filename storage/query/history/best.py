"""Best reading of a story: each field from the capture that can be trusted, by one table of rules.

Later designs of a site damage its old stories. The newest wording is what the story says; damage is no wording. Damage
is only what an older capture of the same words shows to be such, so that an edit always wins. docs/best-reading.md
explains the tables `FIELDS` and `RULES`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from typing import Any

from storage.query.history.damage import LOST, Item, damage_of, fits, kinds_of, letters_of, same_words_damaged, text_of
from storage.query.history.pictures import files_of, image_of, moved_block, picture_file
from storage.query.search.text import normal

RULES: Mapping[str, str] = {
    "first": "the first good value: later designs file old stories anew and print default times",
    "newest": "the newest wording; of the captures that print it the first undamaged one",
    "other design": "the newest design or form does not print it, and never did for this story",
    "house byline": "another design prints a byline that names nobody, where one named somebody before",
    "undamaged": "a later capture prints the same words damaged",
    "whole": "the newest form prints the first page alone",
    "old picture": "a picture that an old story first has in another design is of another story",
    "removed": "the same design printed it before: the paper took it out",
    "in the body": "the newest design prints it as a paragraph of the body",
    "with its field": "from the capture of the field that it belongs to",
    "none": "no capture prints it",
}

# The rules by which each field can be taken, in the order in which they are tried.
_OPTIONAL = ("newest", "removed", "other design", "in the body", "none")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "headline": ("undamaged", "newest"),
    "kicker": _OPTIONAL,
    "standfirst": _OPTIONAL,
    "byline": ("house byline", *_OPTIONAL),
    "authors": ("with its field",),
    "agency": ("newest", "removed", "other design", "none"),
    "dateline": _OPTIONAL,
    "section": ("first", "none"),
    "tags": ("newest", "removed", "other design", "none"),
    "published_at": ("first", "none"),
    "published_on": ("first", "none"),
    "published_text": ("with its field",),
    "modified_at": ("newest", "none"),
    "node_id": ("first", "none"),
    "images": ("old picture", "newest", "removed", "other design", "none"),
    "captions": ("newest", "removed", "other design", "in the body", "none"),
    "body": ("undamaged", "whole", "newest"),
    "links": ("with its field",),
    "first_page": ("with its field",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The reading of one capture of a story; item: an article as JSON data. captured_at: None when unknown."""

    capture_id: int
    captured_at: datetime | None
    item: Item

    @property
    def layout(self) -> str:
        return str(self.item["layout"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The value of a field, the capture that it is from, and the rule that took it.

    source: for a value of None, the capture that shows that it is not printed; None when no capture prints the field.
    note: the damage that was passed over.
    """

    value: Any
    source: Source | None
    rule: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BestReading:
    """choices: by field, `captions` as a Choice with a list of Choices, one a picture. item: an article, as JSON data,
    made of the chosen values.
    """

    choices: dict[str, Choice]
    item: dict[str, Any]


def best_reading(sources: Iterable[Source]) -> BestReading:
    """sources: at least one reading of the story, in any order; those of one moment in that of the archive."""
    every = sorted(sources, key=_time)
    trusted = [each for each in every if _is_trusted(each.item)] or every
    newest = trusted[-1]
    choices = {name: _first(every, name) for name in FIRST_GOOD if name in FIELDS}
    choices["published_text"] = _along(choices["published_on"], "published_text")
    choices["headline"] = _headline(trusted)
    choices["body"] = _body(trusted)
    choices["byline"] = _byline(trusted)
    choices["authors"] = _along(choices["byline"], "authors", ())
    for name in ("kicker", "standfirst", "dateline", "agency", "tags"):
        choices[name] = _optional(trusted, name)
    choices["modified_at"] = _last(every, "modified_at")
    pictures = _pictures(trusted, choices["published_on"].value)
    captions = [_caption(trusted, pictures.source, image) for image in pictures.value]
    choices["images"], choices["captions"] = pictures, Choice(value=captions, source=None, rule="with its field")
    for name in ("links", "first_page"):
        choices[name] = _along(choices["body"], name)
    doubted = any(choice.rule in _OLDER_DESIGN for choice in (*choices.values(), *captions))
    printed = {letters_of(block["text"]) for block in choices["body"].value} if doubted else set()
    for name in ("kicker", "standfirst", "byline", "dateline"):
        choices[name] = _outside_body(choices[name], printed, choices["body"])
    captions[:] = [_outside_body(each, printed, choices["body"]) for each in captions]
    item = {**newest.item, **{name: choice.value for name, choice in choices.items() if name != "captions"}}
    for name in ("authors", "tags"):
        item[name] = list(item[name] or ())
    item["images"] = list(_captioned(choices))
    return BestReading(choices={name: choices[name] for name in FIELDS}, item=item)


def _time(source: Source) -> tuple[bool, datetime]:
    """Captures of unknown time come first, so that they never count as the newest."""
    at = source.captured_at
    return at is not None, at or datetime.min.replace(tzinfo=UTC)


def _is_trusted(item: Item) -> bool:
    """Whether the page came whole, is no excerpt, and was read by a layout of its design."""
    kinds = kinds_of(item)
    return item["layout"] != "generic" and not {"cut", "broken_transfer"} <= kinds and "excerpt" not in kinds


# --- Facts of publication ---------------------------------------------------------------------


def _never(_value: Any) -> bool:
    return False


def _lost_section(value: str) -> bool:
    """Stories that lost their section when a site moved to another engine are filed under this name."""
    return value.casefold() == "uncategorized"


def _default_time(value: datetime | str) -> bool:
    """Midnight UTC: what a day without a time becomes in a careless database."""
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return at == at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


# Fields of which the first good value counts, and which values are doubtful. The columns of `story` are these.
FIRST_GOOD: Mapping[str, Callable[[Any], bool]] = {
    "section": _lost_section,
    "published_on": _never,
    "published_at": _default_time,
    "node_id": _never,
    "image_url": _never,
}


def first_good(name: str, values: Iterable[tuple[Any, Any]]) -> tuple[Any, Any]:
    """The first pair with a good value, else the first with any, else (None, None).

    values: pairs of a value and its capture, in the order of time, those of unknown time last.
    """
    given = [pair for pair in values if pair[0] is not None]
    return given[0] if len(given) == 1 else min(given, key=lambda pair: FIRST_GOOD[name](pair[0]), default=(None, None))


def _first(sources: Sequence[Source], name: str) -> Choice:
    in_time = sorted(sources, key=lambda each: each.captured_at is None)
    value, source = first_good(name, ((each.item.get(name), each) for each in in_time))
    return Choice(value=value, source=source, rule="none" if source is None else "first")


def _along(choice: Choice, name: str, without: Any = None) -> Choice:
    """A field from the capture of another."""
    value = choice.source.item.get(name, without) if choice.source and choice.value is not None else without
    return Choice(value=value, source=choice.source, rule="with its field")


def _last(sources: Sequence[Source], name: str) -> Choice:
    """The last value of any capture; a capture without one says nothing."""
    source = next((each for each in reversed(sources) if each.item.get(name)), None)
    return _no_value() if source is None else Choice(value=source.item[name], source=source, rule="newest")


def _no_value(value: Any = None) -> Choice:
    return Choice(value=value, source=None, rule="none")


# --- Words ------------------------------------------------------------------------------------


def _headline(sources: Sequence[Source]) -> Choice:
    newest = sources[-1]
    for older in reversed(sources[:-1]) if LOST in newest.item["headline"] else ():
        if LOST not in (clean := older.item["headline"]) and fits(newest.item["headline"], clean):
            first = _first_of_run(sources[: sources.index(older) + 1], lambda item: normal(item["headline"]))
            return Choice(value=first.item["headline"], source=first, rule="undamaged", note="letters are lost")
    first = _first_of_run(sources, lambda item: normal(item["headline"]))
    return Choice(value=first.item["headline"], source=first, rule="newest")


def _first_of_run(sources: Sequence[Source], form: Callable[[Item], object]) -> Source:
    """The first undamaged capture of the last run of captures with equal values; of damaged ones the first."""
    if len(sources) == 1:
        return sources[0]
    run = []
    for source in reversed(sources):
        if form(source.item) != form(sources[-1].item):
            break
        run.append(source)
    return min(reversed(run), key=lambda each: bool(damage_of(each.item)))


def _optional(sources: Sequence[Source], name: str, names: Callable[[Item], bool] | None = None) -> Choice:
    """The newest printed value. Absence counts only where the same design printed a value before.

    names: whether a value counts; None: any does.
    """
    counts = names or (lambda item: bool(item.get(name)))
    for at in range(len(sources) - 1, -1, -1):
        source, older = sources[at], sources[:at]
        if counts(source.item):
            first = _first_of_run(sources[: at + 1], lambda item: _comparable(item.get(name)))
            rule = "newest" if at == len(sources) - 1 else "other design"
            return Choice(value=first.item[name], source=first, rule=rule)
        if name not in _not_printed(source.item) and any(
            each.layout == source.layout and counts(each.item) for each in older
        ):
            return Choice(value=source.item.get(name) or None, source=source, rule="removed")
    return _no_value()


def _comparable(value: Any) -> object:
    return tuple(value) if isinstance(value, list) else normal(value)


def _not_printed(item: Item) -> Sequence[str]:
    return item.get("not_printed") or ()


def _byline(sources: Sequence[Source]) -> Choice:
    """A byline that names nobody counts as none, unless the same design named somebody before."""
    if not any(map(_names_somebody, (each.item for each in sources))):
        return _optional(sources, "byline")
    choice = _optional(sources, "byline", _names_somebody)
    if choice.rule == "removed" and choice.value:  # the paper replaced the names by its own
        return Choice(value=choice.value, source=choice.source, rule="newest")
    house = choice.rule == "other design" and any(
        each.item.get("byline") for each in sources[sources.index(_known(choice.source)) + 1 :]
    )
    return Choice(value=choice.value, source=choice.source, rule="house byline") if house else choice


def _known(source: Source | None) -> Source:
    assert source is not None
    return source


def _names_somebody(item: Item) -> bool:
    return bool(item.get("byline") and (item.get("authors") or item.get("agency")))


_OLDER_DESIGN = ("other design", "house byline")  # rules by which a value can be of another capture than the body


def _outside_body(choice: Choice, printed: set[str], body: Choice) -> Choice:
    """The choice; without a value when it is of another capture than the body, and a paragraph there."""
    text = choice.value["caption"] if isinstance(choice.value, dict) else choice.value
    if choice.rule in _OLDER_DESIGN and letters_of(text) in printed:
        return Choice(value=None, source=body.source, rule="in the body")
    return choice


# --- Body -------------------------------------------------------------------------------------


def _body(sources: Sequence[Source]) -> Choice:
    rule, note = "newest", None
    last, shown = sources, _damaged_of_run(sources)
    words, is_damaged = normal(text_of(shown.item)), bool(damage_of(shown.item))
    for at in range(len(sources) - 2, -1, -1):
        if not is_damaged and sources[at].layout != shown.layout and normal(text_of(sources[at].item)) == words:
            break  # an older design has these words, too
        if found := same_words_damaged(shown.item, sources[at].item):
            last, (rule, note) = sources[: at + 1], found
            break
    first = _first_of_run(last, lambda item: normal(text_of(item)))
    return Choice(value=list(first.item["body"]), source=first, rule=rule, note=note)


def _damaged_of_run(sources: Sequence[Source]) -> Source:
    """The newest capture, or an older one of the same words that reports damage: not every layout looks for it."""
    if len(sources) == 1:
        return sources[0]
    words = normal(text_of(sources[-1].item))
    run = list(takewhile(lambda each: normal(text_of(each.item)) == words, reversed(sources)))
    return next((each for each in run if damage_of(each.item)), sources[-1])


# --- Pictures ---------------------------------------------------------------------------------

_OLD = timedelta(days=365)  # after a year stories are hardly ever edited (storage/ledger/states.py)


def _pictures(sources: Sequence[Source], published_on: str | None) -> Choice:
    doubted = False
    for at in range(len(sources) - 1, -1, -1):
        source, older = sources[at], sources[:at]
        strange = _strange(source, older, published_on)
        images = [image for image in source.item.get("images") or () if picture_file(image["url"]) not in strange]
        doubted |= bool(strange)
        if images:
            run = sources[: at + 1]
            first = source if doubted else _first_of_run(run, lambda item: sorted(files_of(item)))
            shown = [image for image in first.item["images"] if picture_file(image["url"]) not in strange]
            rule = "old picture" if doubted else "newest" if at == len(sources) - 1 else "other design"
            return Choice(value=shown, source=first, rule=rule)
        if not strange and any(each.layout == source.layout and each.item.get("images") for each in older):
            return Choice(value=[], source=source, rule="removed")
    return Choice(value=[], source=sources[0], rule="old picture") if doubted else _no_value([])


def _strange(source: Source, older: Sequence[Source], published_on: str | None) -> set[str]:
    """Files of pictures that an old story first has in another design, which shows pictures of other stories there."""
    first = next((each for each in (*older, source) if each.layout == source.layout), source)
    before = [each for each in older if each.layout != source.layout and _time(each) < _time(first)]
    if not before or published_on is None or first.captured_at is None:
        return set()
    if first.captured_at.date() - date.fromisoformat(published_on) <= _OLD:
        return set()
    known = set().union(*(files_of(each.item) for each in before))
    return files_of(source.item) & files_of(first.item) - known


def _caption(sources: Sequence[Source], shown_by: Source | None, image: Mapping[str, Any]) -> Choice:
    """The caption of a picture, with its credit: as an image of the item. The value is None without one."""
    shown = _known(shown_by)
    file = picture_file(image["url"])
    for at in range(len(sources) - 1, -1, -1):
        pictured = image_of(sources[at].item, file)
        if pictured is None:
            continue
        if pictured.get("caption"):
            run = [each for each in sources[: at + 1] if image_of(each.item, file) is not None]
            first = _first_of_run(run, lambda item: normal((image_of(item, file) or {}).get("caption")))
            rule = "newest" if run[-1].layout == _last_with(sources, file).layout else "other design"
            return Choice(value=image_of(first.item, file), source=first, rule=rule)
        same = [each for each in sources[:at] if each.layout == sources[at].layout]
        if any((image_of(each.item, file) or {}).get("caption") for each in same):
            return Choice(value=None, source=sources[at], rule="removed")
    return Choice(value=None, source=shown, rule="none")


def _last_with(sources: Sequence[Source], file: str) -> Source:
    return next(each for each in reversed(sources) if image_of(each.item, file) is not None)


def _captioned(choices: Mapping[str, Choice]) -> Iterator[dict[str, Any]]:
    """The pictures with their captions, each before the block of the chosen body before which it stood."""
    pictures, body = choices["images"], choices["body"]
    for image, caption in zip(pictures.value, choices["captions"].value, strict=True):
        words = caption.value or dict.fromkeys(("caption", "credit"))
        with_words = {**image, **{name: words.get(name) for name in ("caption", "credit")}}
        if caption.value:
            with_words["caption_text"] = words.get("caption_text")
        block = image.get("block")
        if block is not None and pictures.source is not body.source:
            with_words["block"] = moved_block(_known(pictures.source).item["body"], block, body.value)
        yield with_words
