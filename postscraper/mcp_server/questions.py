"""Questions of the tools: those of the reading room's pages and of commands; each row with its reference."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, select

from postscraper import __version__
from postscraper.cli import options
from postscraper.cli.commands.read.as_of import story_data, story_stood
from postscraper.cli.commands.read.promotion import page_stood
from postscraper.cli.stories import find_row
from postscraper.items import plain
from postscraper.urls import redirect_target
from postscraper.web.pages import BadParameter, Room
from postscraper.web.views import calendar, captures, coverage, pictures, proofs, search, stories
from postscraper.web.views.proofs import ARCHIVE_ID
from storage.database.schema import Capture
from storage.errors import BadQuery
from storage.query import families, references, statistics
from storage.query.history import gone
from storage.query.search import quote

Data = dict[str, Any]


def state_of(connection: Connection) -> Data:
    """The state of the archive that is asked, by its newest capture."""
    table = Capture.__table__.c
    newest = connection.execute(
        select(table.id, table.captured_at, table.digest).order_by(table.id.desc()).limit(1)
    ).first()
    return {
        "program": f"postscraper {__version__}",
        "asked_at": datetime.now(UTC),
        "newest_capture": newest and newest.id,
        "newest_capture_at": newest and newest.captured_at,
        "newest_digest": newest and newest.digest,
    }


# --- References ---------------------------------------------------------------------------------


def _cited(connection: Connection, rows: Iterable[Any], story: str, revision: str | None = None) -> list[Data]:
    """Rows with the references of their wordings as `source`; None where the row names no story.

    story, revision: names of the fields with the numbers; revision: None for the newest.
    """
    data = [plain(row) for row in rows]
    wordings = [(row[story], row[revision] if revision else None) for row in data]
    held = references.references(connection, [each for each in wordings if each[0] is not None], ARCHIVE_ID)
    return [row | {"source": held.get(wording)} for row, wording in zip(data, wordings, strict=True)]


def _source(connection: Connection, number: int, revision: int | None = None) -> references.Reference:
    return references.references(connection, [(number, revision)], ARCHIVE_ID)[number, revision]


def _of_captures(connection: Connection, rows: Iterable[Any], capture: str) -> list[Data]:
    """Rows with the references of their captures; capture: name of the field with the number."""
    data = [plain(row) for row in rows]
    held = references.capture_references(connection, {row[capture] for row in data}, ARCHIVE_ID)
    return [row | {"source": held[row[capture]]} for row in data]


def _number(room: Room, story: str) -> int:
    """Of a story that is named by its number, an address, or a path. Raises BadRequest, NoSuchStory."""
    return int(find_row(room.archive, story.strip()).id)


# --- Words --------------------------------------------------------------------------------------


def hits(room: Room, connection: Connection, **values: Any) -> Data:
    data = _without_fault(search.view(room, connection, **values))
    return data | {"hits": _cited(connection, data["hits"], "story_id", "revision")}


def trend(room: Room, connection: Connection, **values: Any) -> Data:
    return _without_fault(search.trend_view(room, connection, **values))


def _without_fault(data: Data) -> Data:
    if data["fault"]:
        raise BadQuery(data["fault"])
    return data


def quotes(room: Room, connection: Connection, sentence: str, exact: bool, limit: int, page: int) -> Data:
    count, every = quote.quote(connection, sentence, exact_only=exact, limit=limit * page)
    rows = [plain(each) | {"last": _last_revision(each)} for each in _page(every, limit, page)]
    quoted = _cited(connection, rows, "story_id", "last")
    for row in quoted:
        del row["last"]
    return {"stories": count, "quotes": quoted}


def _last_revision(quoted: quote.Quoted) -> int | None:
    """The last wording that has the best form; None for a teaser."""
    return next((max(form.revisions) for form in quoted.forms if form.revisions), None)


# --- One story ----------------------------------------------------------------------------------


def story(room: Room, connection: Connection, story: str, revision: int | None, block: int) -> Data:
    number = _number(room, story)
    page = stories.story(room, connection, number, revision)
    body = page["item"]["body"]
    if block > max(len(body), 1):
        raise BadParameter(f"block is a number from 1 to {len(body)}, the blocks of this body, not {block}")
    names = ("story", "revision", "links", "why", "corrections", "gone", "same_words")
    return {name: page[name] for name in names} | {
        "item": page["item"] | {"body": body[block - 1 :]},
        "blocks": len(body),
        "block": block,
        "source": _source(connection, number, revision),
        "citation": proofs.cite(room, connection, number, revision, "printed")["styles"]["apa"].strip(),
    }


def history(room: Room, connection: Connection, story: str) -> Data:
    number = _number(room, story)
    page = stories.story(room, connection, number, None)
    sources = references.capture_references(connection, {row["id"] for row in page["captures"]}, ARCHIVE_ID)
    return {
        "story": page["story"],
        "revisions": _of_story(connection, number, page["revisions"]),
        "corrections": page["corrections"],
        "captures": [
            plain(sources[row["id"]]) | {"status": row["status"], "layout": row["layout"]} for row in page["captures"]
        ],
        "gone": page["gone"],
    }


def _of_story(connection: Connection, number: int, revisions: Sequence[Mapping[str, Any]]) -> list[Data]:
    """Revisions of one story with their references."""
    rows = _cited(connection, [{**row, "story_id": number} for row in revisions], "story_id", "number")
    return [{name: value for name, value in row.items() if name != "story_id"} for row in rows]


def difference(room: Room, connection: Connection, story: str, old: int | None, new: int | None) -> Data:
    number = _number(room, story)
    page = stories.difference(room, connection, number, old, new)
    older, newer = _of_story(connection, number, [page["old"], page["new"]])
    return page | {"old": older, "new": newer}


def as_of(room: Room, connection: Connection, story: str, at: str) -> Data:
    moment = _moment(at)
    if moment is None:
        raise BadParameter("at is a day or a time, as 2018-06-20 or 2018-06-20T07:00+07:00")
    stood, typed = story_stood(room.archive, story.strip(), moment)
    return story_data(stood, typed) | {"source": _source(connection, stood.story_id, stood.revision)}


def promotion(room: Room, connection: Connection, story: str) -> Data:
    number = _number(room, story)
    page = stories.story(room, connection, number, None)
    names = ("story", "promotion", "headlines")
    return {name: page[name] for name in names} | {"source": _source(connection, number)}


def cite(room: Room, connection: Connection, story: str, revision: int | None, names: Any) -> Data:
    number = _number(room, story)
    page = proofs.cite(room, connection, number, revision, names)
    return page | {"source": _source(connection, number, revision)}


def proof(room: Room, connection: Connection, story: str, revision: int | None) -> Data:
    number = _number(room, story)
    return proofs.proof(room, connection, number, revision) | {"source": _source(connection, number, revision)}


def family(room: Room, connection: Connection, story: str | None, limit: int, page: int) -> Data:
    if story is None:
        every = families.all_families(connection)
    else:
        every = families.families_of(connection, _number(room, story))
    chosen = _page(every, limit, page)
    cited = iter(_cited(connection, [member for members in chosen for member in members], "story_id"))
    return {"all_families": len(every), "families": [[next(cited) for _ in members] for members in chosen]}


def kept_pictures(room: Room, connection: Connection, **values: Any) -> Data:
    data = pictures.pictures(room, connection, **values)
    return data | {"pictures": _cited(connection, data["pictures"], "story_id")}


def photos(room: Room, connection: Connection, story: str | None) -> Data:
    data = pictures.photos(room, connection, None if story is None else _number(room, story))
    uses = iter(_cited(connection, [use for photo in data["photos"] for use in photo["uses"]], "story_id"))
    return data | {"photos": [photo | {"uses": [next(uses) for _ in photo["uses"]]} for photo in data["photos"]]}


# --- The newspaper through time -----------------------------------------------------------------


def changes(room: Room, connection: Connection, **values: Any) -> Data:
    data = stories.edited(room, connection, **values)
    return data | {"edits": _cited(connection, data["edits"], "story_id", "revision")}


def front(room: Room, connection: Connection, page: str, at: str | None) -> Data:
    _, stood, moment = page_stood(room.archive, page, _moment(at))
    data = _front(connection, calendar.page_data(connection, stood))
    return data | {"as_of": moment}


def _front(connection: Connection, page: Data) -> Data:
    [cited] = _of_captures(connection, [page], "capture")
    lists = [each | {"teasers": _cited(connection, each["teasers"], "story")} for each in page["lists"]]
    return cited | {"lists": lists}


def day(room: Room, connection: Connection, day: str, front: str | None) -> Data:
    data = calendar.day(room, connection, day, front)
    return data | {"papers": list(_papers(connection, data["papers"]))}


def _papers(connection: Connection, papers: Iterable[Data]) -> Iterator[Data]:
    for paper in papers:
        yield paper | {
            "fronts": _of_captures(connection, paper["fronts"], "capture"),
            "shown": paper["shown"] and _front(connection, paper["shown"]),
            "stories": _cited(connection, paper["stories"], "id"),
            "edited": _cited(connection, paper["edited"], "id", "number"),
            "gone": _cited(connection, paper["gone"], "story_id", "revision"),
        }


def absent(room: Room, connection: Connection, since: date | None, until: date | None, limit: int, page: int) -> Data:
    every = gone.of_days(reversed(gone.gone(connection, redirect_target)), since, until)
    rows = _cited(connection, _page(every, limit, page), "story_id", "revision")
    return {"stories": len(every), "gone": rows}


# --- The archive --------------------------------------------------------------------------------


def stats(room: Room, connection: Connection) -> Data:
    return dict(plain(statistics.stats(connection)))


def covered(room: Room, connection: Connection) -> Data:
    data = coverage.coverage(room, connection)
    return data | {"problems": _of_captures(connection, data["problems"], "id")}


def unread(room: Room, connection: Connection, **values: Any) -> Data:
    data = coverage.unread(room, connection, **values)
    return data | {"captures": _of_captures(connection, data["captures"], "id")}


def capture(room: Room, connection: Connection, number: int) -> Data:
    data = captures.capture(room, connection, number)
    return data | {"source": references.capture_references(connection, [number], ARCHIVE_ID)[number]}


def _page(rows: Sequence[Any], limit: int, page: int) -> Sequence[Any]:
    return rows[limit * (page - 1) : limit * page]


def _moment(typed: str | None) -> datetime | None:
    """Raises click.BadParameter for a text that is no moment."""
    if typed is None:
        return None
    moment: datetime = options.Moment().convert(typed.strip(), None, None)
    return moment
