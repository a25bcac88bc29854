"""Pictures of stories by the real program: kept after their story, once, and restored by a rebuild."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pytest_httpserver import HTTPServer
from warcio.archiveiterator import ArchiveIterator

from postscraper.run.evidence_reader import EvidenceReader
from storage.archive import Archive
from storage.maintenance.check import check
from storage.query.captures import capture, pictures
from storage.query.photos import same_photos
from tests.helpers.commands import run
from tests.helpers.crawls import asked, crawl
from tests.helpers.mirror import HOME, Mirror
from tests.helpers.paths import SAMPLES
from tests.helpers.pictures import drawn, saved

PHOTO = "SELECT address, mime, width, height, state, phash FROM photo ORDER BY address"
LEDGER = "SELECT address, state, why FROM ledger WHERE kind = 'picture' ORDER BY address"
KEEP = ("-s", "KEEP_IMAGES=1")
FILES = "/sites/default/files/styles/image_780x440/public/field/image"


def printed(name: str) -> list[str]:
    """The paths, with their keys, of the pictures of a sample."""
    item = json.loads((SAMPLES / f"phnompenhpost/drupal_2017/{name}.json").read_text("utf-8"))
    return [f"{urlsplit(image['url']).path}?{urlsplit(image['url']).query}" for image in item["images"]]


def story(name: str) -> str:
    item = json.loads((SAMPLES / f"phnompenhpost/drupal_2017/{name}.json").read_text("utf-8"))
    return str(urlsplit(item["canonical_url"]).path)


@pytest.fixture
def mirror(httpserver: HTTPServer) -> Mirror:
    mirror = Mirror(httpserver, SAMPLES)
    first, second, third = printed("weir-gate")
    photo = drawn(1)
    mirror.pages |= {
        first: saved(photo),
        second: b"<html><title>Front page</title><p>No such file.</p></html>",
        third: saved(drawn(2))[:3_000],
        printed("river-clinic")[0]: saved(photo.resize((380, 215)), quality=60),
        printed("market-roof")[0]: b"GIF89a" + b"\0" * 9 * 2**20,
    }
    return mirror


STORIES = ("weir-gate", "river-clinic", "market-roof", "ferry-landing")
ONLY = ("-a", "url=" + " ".join(f"{HOME}{story(name)}" for name in STORIES))


def test_pictures_are_kept_after_their_stories_each_once(tmp_path: Path, mirror: Mirror) -> None:
    done = crawl(tmp_path, mirror, *ONLY, *KEEP, "-O", "out.jsonl")
    assert done.returncode == 0, done.stderr
    assert "Pictures: 1 gone, 1 not_a_picture, 3 kept" in done.stderr
    states = {Path(str(address)).name: (state, why) for address, state, why in asked(tmp_path, LEDGER)}
    assert states["koh-thom-clinic_2.jpg"] == states["weir_final_2.jpg"] == states["081126_03.jpg"] == ("done", None)
    assert states["gate-crane_1.jpg"] == ("unread", "not_a_picture")
    assert states["prek-leap.jpg"] == ("gone", "gone")
    assert states["roof-fish-row.jpg"][0] == "unread"
    assert "DownloadCancelledError" in str(states["roof-fish-row.jpg"][1])
    photos = {Path(str(row[0])).name: row[1:] for row in asked(tmp_path, PHOTO)}
    assert photos["weir_final_2.jpg"][:4] == ("image/jpeg", 780, 440, "read")
    assert photos["koh-thom-clinic_2.jpg"][:4] == ("image/jpeg", 380, 215, "read")
    assert photos["081126_03.jpg"][3:] == ("damaged", None)
    assert len(photos) == 3
    lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["type"] for line in lines} == {"article"}, "pictures are no items"
    requests = set(asked(tmp_path, "SELECT url FROM capture WHERE reason = 'picture'"))
    assert all("?itok=" in str(url) for (url,) in requests), "the key of a picture is sent"
    fetched = dict(mirror.fetched)
    assert crawl(tmp_path, mirror, *ONLY, *KEEP).returncode == 0
    assert {path for path in mirror.fetched if ".jpg" in path and mirror.fetched[path] > fetched[path]} == set()

    archive = tmp_path / "archive"
    assert check(archive, EvidenceReader(archive))[0].findings == []
    before, ledger = asked(tmp_path, PHOTO), asked(tmp_path, LEDGER)
    assert run("rebuild", "--archive", archive).exit_code == 0
    assert asked(tmp_path, PHOTO) == before
    assert asked(tmp_path, LEDGER) == ledger
    assert run("verify", "--archive", archive).exit_code == 0
    _ask(archive)
    _withdraw(tmp_path, archive)


def _ask(archive: Path) -> None:
    photo = run("images", "--archive", archive).stdout
    assert photo.count("https://www.phnompenhpost.com/national/") == 2
    assert "of 64 bits apart" in photo
    assert "Contractors lower the repaired gate" not in photo
    ((first, second),) = json.loads(run("images", "--json", "--archive", archive).stdout)
    assert {first["caption"] is not None, second["caption"] is not None} == {True}
    with Archive.open(archive, readonly=True) as opened:
        kept = opened.ask(pictures, [first["photo"]["address"], f"{HOME}/absent.jpg"])
        assert list(kept) == [first["photo"]["address"]]
        row = opened.ask(capture, kept[first["photo"]["address"]])
        assert row is not None
        assert row.url != row.address, "the key of a picture is in its url alone"
        assert opened.ask(same_photos, EvidenceReader(archive).address, limit=0) == (1, [])
    assert len(json.loads(run("images", story("weir-gate"), "--json", "--archive", archive).stdout)) == 2
    lost = json.loads(run("images", "--lost", "--json", "--archive", archive).stdout)
    assert {Path(each["address"]).name: each["state"] for each in lost} == {
        "gate-crane_1.jpg": "unread", "prek-leap.jpg": "gone", "roof-fish-row.jpg": "unread",
    }  # fmt: skip
    assert "3 lost · 2 unread · 1 gone" in run("images", "--lost", "--archive", archive).stdout
    _export(archive)


def _export(archive: Path) -> None:
    """The pictures of a selection as WARC records."""
    out = archive.with_name("pictures.warc.gz")
    assert run("export", out, "--of", "pictures", "--words", "weir", "--archive", archive).exit_code == 0
    with out.open("rb") as stream:
        kept = [
            record.rec_headers["WARC-Target-URI"]
            for record in ArchiveIterator(stream)
            if record.rec_type == "response" and record.http_headers.get_statuscode() == "200"
        ]
    names = {Path(urlsplit(url).path).name for url in kept}
    assert "weir_final_2.jpg" in names
    assert "koh-thom-clinic_2.jpg" not in names


def _withdraw(folder: Path, archive: Path) -> None:
    """The pictures of a withdrawn story go with it."""
    address = f"{HOME}{story('weir-gate')}"
    assert run("withdraw", address, "--reason", "a court", "--yes", "--archive", archive).exit_code == 0
    assert [Path(str(row[0])).name for row in asked(folder, PHOTO)] == ["koh-thom-clinic_2.jpg"]
    held = asked(folder, "SELECT address FROM capture WHERE address LIKE '%.jpg'")
    assert all("weir_final" not in str(each) for each in held)


def test_pictures_are_asked_for_only_if_wanted_and_when_no_page_is_due(tmp_path: Path, mirror: Mirror) -> None:
    assert crawl(tmp_path, mirror, *ONLY).returncode == 0
    assert not [path for path in mirror.fetched if ".jpg" in path]
    assert asked(tmp_path, LEDGER) == []
    folder = tmp_path / "limited"
    folder.mkdir()
    done = crawl(folder, mirror, *KEEP, "-a", "limit=25")
    assert done.returncode in (0, 17), done.stderr
    kinds = asked(folder, "SELECT DISTINCT kind FROM ledger WHERE visits > 0")
    assert ("picture",) not in kinds, "stories were due until the end"


def test_pictures_of_other_hosts_obey_the_same_rules(tmp_path: Path, mirror: Mirror) -> None:
    page = next(path for path in mirror.pages if "clockmaker" in path)
    mirror.pages[page] = mirror.pages[page].replace(
        b"https://pppenglish.sgp1.digitaloceanspaces.com/", b"http://127.0.0.9:9/"
    )
    done = crawl(tmp_path, mirror, "-a", f"url={HOME}{page}", *KEEP)
    assert done.returncode == 0, done.stderr
    assert len(asked(tmp_path, LEDGER)) == 2
    assert all("is not public" in str(why) for _, _, why in asked(tmp_path, LEDGER))
