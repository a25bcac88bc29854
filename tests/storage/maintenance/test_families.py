"""Planted families of each kind, English and Khmer, and near-misses that must stay apart."""

import json
from collections.abc import Iterable
from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from postscraper.items import Article, Image
from postscraper.run.evidence_reader import EvidenceReader
from storage.archive import Archive
from storage.maintenance.families import examine
from storage.maintenance.families.find import FamilyCounts, find
from storage.maintenance.families.texts import figures, is_rerun, is_wire
from storage.maintenance.families.twins import Edition, consonants_of, picture_name, twin_links
from storage.maintenance.withdrawal.withdraw import withdraw
from storage.query.families import Member, all_families, families_of
from storage.query.search.filters import Filters
from tests.helpers.items import SITE, article, at
from tests.helpers.paths import SAMPLES

FIRST = date(2018, 6, 20)


def sample(name: str) -> list[str]:
    """The paragraphs of a sample story."""
    item = json.loads((SAMPLES / f"phnompenhpost/{name}.json").read_text("utf-8"))
    return [block["text"] for block in item["body"]]


CLINIC, TOLL, BUS = (
    sample("drupal_2017/river-clinic"),
    sample("drupal_2017/bridge-toll"),
    sample("mobile_2017/school-bus"),
)
BRIDGE, BOATS = sample("inhouse_2023/wooden-bridge-km"), sample("drupal_2017/khmer-new-boats")
KM = "km"

COURT = (
    "The Phnom Penh Municipal Court yesterday charged {who} with {what}, according to a statement of the court. "
    "Under Article {law} of the Criminal Code the offence carries a prison term of one to five years and a fine of two "
    "to ten million riel. Court spokesman Ly Sophana could not be reached for comment on the case yesterday. {more}"
)
THEFT = COURT.format(
    who="a night guard of a brick kiln",
    what="theft of eleven water pumps",
    law=353,
    more="The pumps were found under straw in a barn near the Bassac, where a farmer had wondered why his neighbour "
    "needed so many. The guard told police that he had meant to lend them out in the dry season, and kept a list of "
    "the families who had asked him.",
)
FORGERY = COURT.format(
    who="two clerks of a land office",
    what="forging the signatures of dead villagers",
    law=629,
    more="The village chief noticed the forgery when a deed was signed by his own grandmother, who had died in 1988. "
    "Both women were released on bail and must report to the commune each Monday until the trial opens in spring.",
)
REPORT = (
    "Market prices in the capital on {day}, as collected by the Post at the O'Russei market. A kilogram of fragrant "
    "rice cost {a} riel, a kilogram of morning glory {b} riel, a kilogram of snakehead fish {c} riel, a litre of "
    "petrol {d} riel and a tael of gold {e} dollars. Prices are those that sellers asked at eight in the morning."
)


def story(slug: str, *paragraphs: str, **changes: Any) -> Article:
    usual: dict[str, Any] = {"headline": f"Headline of {slug}", "published_on": FIRST}
    return article(slug, body="\n\n".join(paragraphs), **usual | changes)


def grouped(archive: Archive, *stories: Article, new_only: bool = False) -> dict[str, list[tuple[str, str]]]:
    """The members of each family by the slug of its head: their slugs and reasons."""
    archive.add_many((each, None) for each in stories)
    find(archive, new_only=new_only)
    return {slug(head): [(slug(each), each.reason) for each in members] for head, *members in groups(archive)}


def groups(archive: Archive) -> list[list[Member]]:
    with archive.connect() as connection:
        return all_families(connection)


def slug(member: Member) -> str:
    return member.canonical_url.removeprefix(f"{SITE}/national/")


def edited(paragraphs: Iterable[str]) -> list[str]:
    """As an old story is edited for a re-run: the first words of each paragraph are others."""
    return [f"Then {text[0].lower()}{text[1:]}" for text in paragraphs]


def test_the_same_text_at_several_addresses(archive: Archive) -> None:
    found = grouped(
        archive,
        story("clinic", *CLINIC, published_on=date(2018, 6, 22)),
        story("clinic-0", *CLINIC, headline="A clinic by the river"),
        story("bridge", *BRIDGE, language=KM),
        story("bridge-copy", *BRIDGE, language=KM, hours=2),
        story("toll", *TOLL),
    )
    assert found == {"clinic-0": [("clinic", "same text")], "bridge": [("bridge-copy", "same text")]}
    assert groups(archive)[1][1].similarity == 1


def test_the_head_is_the_first_published_then_the_first_seen_then_the_first_address(archive: Archive) -> None:
    assert list(
        grouped(
            archive,
            story("d", *CLINIC, published_on=None, hours=-9),
            story("c", *CLINIC, hours=1),
            story("b", *CLINIC, hours=2),
            story("z", *TOLL, hours=3),
            story("y", *TOLL, hours=3),
        )
    ) == ["c", "y"]


def test_a_rerun(archive: Archive) -> None:
    old = date(1998, 4, 24)
    found = grouped(
        archive,
        story("burned", *CLINIC, published_on=old),
        story(
            "burned-again", "THIS WEEK IN HISTORY", "Vol. 7, No. 8 / April 24 to May 7 1998", *edited(CLINIC),
            published_on=date(1998, 9, 1),
        ),
        story("toll", *TOLL, published_on=old),
        story("toll-years-later", *edited(TOLL), published_on=date(2009, 4, 24)),
        story("boats", *BOATS, language=KM, published_on=date(2012, 1, 18)),
        story("boats-again", *BOATS, language=KM, published_on=date(2019, 1, 18)),
    )  # fmt: skip
    assert found == {
        "burned": [("burned-again", "re-run")],
        "toll": [("toll-years-later", "re-run")],
        "boats": [("boats-again", "re-run")],
    }


def test_shortened_and_extended(archive: Archive) -> None:
    found = grouped(
        archive,
        story("clinic", *CLINIC),
        story("clinic-in-brief", *CLINIC[:3], hours=1),
        story("bridge-in-brief", *BRIDGE[:3], language=KM),
        story("bridge", *BRIDGE, language=KM, hours=1),
    )
    assert found == {"clinic": [("clinic-in-brief", "shortened")], "bridge-in-brief": [("bridge", "extended")]}
    (_, brief), (_, whole) = sorted(groups(archive), key=lambda members: slug(members[0]), reverse=True)
    assert brief.own_share < 0.1
    assert whole.own_share > 0.3
    assert brief.similarity > 0.9


@pytest.mark.parametrize("first", ["parts", "whole"])
@pytest.mark.parametrize(("parts", "language"), [((CLINIC, TOLL), "en"), ((BRIDGE, BOATS), KM)])
def test_a_merged_story_belongs_to_both(archive: Archive, first: str, parts: Any, language: str) -> None:
    one, other = parts
    earlier, later = FIRST, date(2018, 6, 21)
    days = (earlier, later) if first == "parts" else (later, earlier)
    whole = story("blotter", *one, *other, language=language, published_on=days[1])
    found = grouped(
        archive,
        story("one", *one, language=language, published_on=days[0]),
        story("other", *other, language=language, published_on=days[0]),
        whole,
        story("blotter-0", *one, *other, language=language, published_on=date(2018, 6, 22)),
    )
    members = [("blotter", "merged"), ("blotter-0", "same text")]
    assert found == {"one": members, "other": members}


def test_wire_copy_and_its_local_share(archive: Archive) -> None:
    wire = sample("drupal_2017/salt-boats")
    found = grouped(
        archive,
        story("salt-boats", *wire, agency="Reuters"),
        story("salt-boats-here", *TOLL[:4], *wire[:5], hours=1),
        story("typhoon", *sample("drupal_2017/khmer-typhoon-afp"), language=KM, agency="AFP"),
        story("typhoon-here", *sample("drupal_2017/khmer-typhoon-afp"), *BRIDGE[:4], language=KM, hours=1),
    )
    assert found == {"salt-boats": [("salt-boats-here", "wire copy")], "typhoon": [("typhoon-here", "wire copy")]}
    assert 0.3 < groups(archive)[0][1].own_share < 0.7


def test_nearly_the_same(archive: Archive) -> None:
    found = grouped(archive, story("bus", *BUS), story("bus-edited", "A bus runs again.", *edited(BUS), hours=1))
    assert found == {"bus": [("bus-edited", "nearly the same")]}


TWIN = (
    "Prek Tnot commune will repair its wooden bridge before the water festival, so that pupils can walk to school in "
    "safety, officials said on Tuesday. The bridge is 85 metres long.",
    "Commune chief Sok Vibol said that 40 planks had rotted since the flood of last year, and that the repair costs "
    "some 24 million riel. Mao Chanthou, 38, whose two children go to school on the other bank, takes them by boat.",
    "Some 120 pupils cross each day, said the head of the school, Um Sarath.",
)


def test_twins_in_two_languages(archive: Archive) -> None:
    picture = "https://www.phnompenhpost.com/sites/default/files/styles/a/public/field/image/3_6_2025_km071.jpg?itok=1"
    khmer = {"language": KM, "published_on": date(2025, 6, 3)}
    found = grouped(
        archive,
        story("wooden-bridge", *TWIN, published_on=date(2025, 6, 4), images=(Image(url=picture),)),
        story("spean", *BRIDGE, **khmer, images=(Image(url="https://example.org/main/3_6_2025_km071-780x440.jpg"),)),
        story("spean-0", *BRIDGE, **khmer, hours=5),
        story("boats", *BOATS, **khmer),
        story("clinic", *CLINIC, published_on=date(2025, 6, 3)),
    )
    assert found == {"spean": [("spean-0", "same text"), ("wooden-bridge", "twin")]}
    evidence = groups(archive)[0][2].evidence
    assert evidence is not None
    assert evidence.startswith("pictures: 3_6_2025_km071; figures: 120, 24, 38, 40, 85; names: ")
    assert "Sok Vibol" in evidence


@pytest.mark.parametrize(("day", "is_twin"), [(17, True), (23, True), (24, False), (16, False)])
def test_twins_without_a_picture_are_at_most_three_days_apart(archive: Archive, day: int, is_twin: bool) -> None:
    english = story("wooden-bridge", *TWIN, published_on=date(2018, 6, day))
    found = grouped(archive, story("spean", *BRIDGE, language=KM), story("boats", *BOATS, language=KM), english)
    assert bool(found) is is_twin


@pytest.mark.parametrize(
    "pair",
    [
        (THEFT, FORGERY),
        tuple(
            REPORT.format(day=day, a=a, b=b, c=c, d=d, e=e)
            for day, a, b, c, d, e in (
                ("June 20", 4200, 2500, 18000, 3950, 162),
                ("June 21", 4350, 2300, 17500, 4100, 159),
            )
        ),
        ("See the pictures of the regatta below.", "See the pictures of the regatta below."),
        ("\n\n".join(BOATS), "\n\n".join([BOATS[0], *BRIDGE[1:]])),
    ],
    ids=["court", "market", "form", "khmer"],
)  # fmt: skip
def test_what_must_not_join(archive: Archive, pair: tuple[str, str]) -> None:
    language = KM if pair[0] == "\n\n".join(BOATS) else "en"
    one, other = (story(f"s{number}", text, language=language) for number, text in enumerate(pair))
    assert grouped(archive, one, other) == {}


def test_new_and_edited_stories_join_what_was_found_before(archive: Archive) -> None:
    planted = [
        story("clinic", *CLINIC),
        story("brief", *CLINIC[:3], hours=1),
        story("toll", *TOLL),
        story("blotter", *CLINIC, *TOLL, hours=2),
        story("spean", *BRIDGE, language=KM),
        story("wooden-bridge", *TWIN),
    ]
    whole = grouped(archive, *planted)
    assert grouped(archive, new_only=True) == whole
    more = [story("clinic-0", *CLINIC, hours=3), story("bus", *BUS), story("bus-0", *edited(BUS), hours=1)]
    updated = grouped(archive, *more, new_only=True)
    assert updated == grouped(archive) != whole
    assert updated["clinic"] == [("blotter", "merged"), ("brief", "shortened"), ("clinic-0", "same text")]
    # An edited story leaves its family.
    edition = story("bus-0", *CLINIC[:3], hours=9)
    assert "bus" not in grouped(archive, edition, new_only=True)


@pytest.mark.parametrize("seed", range(6))
def test_story_by_story_the_families_become_those_of_all(archive: Archive, seed: int) -> None:
    rng = Random(seed)
    sources = [*CLINIC, *TOLL, *BUS, *sample("inhouse_2023/bridge-lights")]
    bodies: list[list[str]] = [sources[at : at + 6] for at in range(0, len(sources) - 6, 6)]
    for number in range(24):
        one, other = rng.choice(bodies), rng.choice(bodies)
        bodies.append(rng.choice([one[: len(one) // 2 + 1], one[1:], [*one, *other], edited(one), [*other[2:], *one]]))
        archive.add(story(f"s{rng.random()}", *bodies[-1], hours=number, published_on=FIRST))
        if number % 8 == 7:
            updated = grouped(archive, new_only=True)
            assert updated == grouped(archive)


def test_without_the_extra_equal_texts_are_found_and_later_the_others(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setattr(examine, "EXTRA", "no_such_package")
        stories = story("a", *CLINIC), story("b", *CLINIC, hours=1), story("c", *CLINIC[:3], hours=2)
        assert grouped(archive, *stories) == {"a": [("b", "same text")]}
        assert find(archive, new_only=False) == FamilyCounts(
            stories=3, examined=3, families=1, members={"head": 1, "same text": 1}, only_equal=True
        )
    assert grouped(archive, new_only=True) == {"a": [("b", "same text"), ("c", "shortened")]}


def test_what_texts_say_of_themselves() -> None:
    assert figures("១២.៥០០ riel, 1,200 dollars and 3.5 per cent") == {"12.500", "1200", "3.5"}
    assert is_rerun("THIS WEEK IN HISTORY", "A", None, "")
    assert is_rerun(None, "A", None, "This week in history. Vol. 7")
    assert not is_rerun(None, "A week in history class", None, "")
    assert is_wire(None, "… he said. - Reuters")
    assert is_wire(None, "… THE YOMIURI SHIMBUN (JAPAN)/ASIA NEWS NETWORK")
    assert not is_wire(None, "Reuters moved to Kampot, said the map")


def test_names_and_pictures_in_both_editions() -> None:
    text = "លោក ហ៊ុន សែន បាន​ជួប លោក សុខ វិបុល នៅ​ខេត្ត​កំពង់ចាម ជាមួយ Samsung Electronics"
    khmer = Edition.of(1, 1, KM, text, ())
    for name in ("Hun Sen", "Sok Vibol", "Kampong Cham"):
        assert consonants_of(name) in khmer.consonants
    assert consonants_of("Theng Savoeun") not in khmer.consonants
    assert picture_name("https://x.org/a/IMG_4711-780x440.jpg?itok=1") == picture_name("https://y.org/IMG_4711.JPG")
    assert picture_name("https://x.org/1.jpg") is None


def test_editions_are_forgotten_after_three_days() -> None:
    text, picture = "The 4711th visitor came, one of 120.", "https://x.org/4711.jpg"
    days = [Edition.of(number, number, "en" if number % 2 else KM, text, [picture]) for number in range(1, 20)]
    links = list(twin_links(days))
    assert {each.younger - each.older for each in links} == {1, 3}


def test_families_of_one_story_and_unique_stories(archive: Archive) -> None:
    whole = story("blotter", *CLINIC, *TOLL, hours=2)
    assert grouped(archive, story("clinic", *CLINIC), story("toll", *TOLL), whole, story("bus", *BUS))
    assert [len(members) for members in archive.ask(families_of, archive.story(whole.url).row.id)] == [2, 2]
    assert archive.ask(families_of, archive.story(f"{SITE}/national/bus").row.id) == []
    with archive.connect() as connection:
        condition = Filters(unique=True).sql()
        unique = connection.execute(text(f"SELECT canonical_url FROM story WHERE {condition} ORDER BY 1")).scalars()
        assert [url.rsplit("/", 1)[1] for url in unique] == ["bus", "clinic", "toll"]


def test_a_family_that_loses_its_head_is_compared_anew(archive: Archive) -> None:
    assert grouped(archive, story("a", *CLINIC), story("b", *CLINIC, hours=1), story("c", *CLINIC[:3], hours=2))
    withdraw(archive, EvidenceReader(archive.folder), f"{SITE}/national/a", reason="a court", on=FIRST, now=at(9))
    assert groups(archive) == []
    assert grouped(archive, new_only=True) == {"b": [("c", "shortened")]}
