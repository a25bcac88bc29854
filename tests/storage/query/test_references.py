"""References of many wordings say what the citation of each says."""

from pathlib import Path

from storage.archive import Archive
from storage.query.citation import citation
from storage.query.references import capture_references, references
from tests.helpers.items import article


def test_references_are_those_of_the_citations(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive") as archive:
        archive.add(article("bridge", 1, "First words.", authors=("Sem Bopha",), byline="Sem Bopha"))
        archive.add(article("bridge", 5, "Other words.", authors=("Sem Bopha",), byline="Sem Bopha"))
        archive.add(article("agency", 2, "Words of an agency.", agency="AFP", byline="AFP"))
        archive.add(article("nobody", 3, "Words of nobody.", headline="Police blotter"))
        keys = [(1, 1), (1, 2), (1, None), (2, None), (3, 1)]
        held = archive.ask(references, [*keys, (3, 9), (99, None)], "postscraper")
        assert sorted(held, key=str) == sorted(keys, key=str)
        for story_id, number in keys:
            one = archive.ask(citation, story_id, number, newspaper="The Paper", archive_id="postscraper")
            reference = held[story_id, number]
            assert reference.key == one.item["id"]
            assert reference.address == one.item["URL"]
            assert (reference.story_id, reference.revision) == (story_id, one.revision)
            assert (reference.digest, reference.pwid) == (one.digest, one.pwid)
            assert reference.archived_at == one.captured_at
        captures = {each.capture for each in held.values()}
        of_captures = archive.ask(capture_references, captures, "postscraper")
        assert {(each.digest, each.pwid) for each in of_captures.values()} == {
            (each.digest, each.pwid) for each in held.values()
        }
