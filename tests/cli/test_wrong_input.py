"""Every command and every source with every kind of wrong input: one sentence, and a code that the docs explain."""

import json
import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import pytest
from click.testing import CliRunner
from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings

from postscraper.cli import exit_codes, main
from postscraper.cli.main import COMMANDS, GROUPS
from postscraper.crawl.configuration import check_components, check_values, check_words
from postscraper.errors import BadRequest
from postscraper.items import Article, Block, Receipt
from postscraper.newspapers import POST
from postscraper.run.scope import SOURCES, scope
from storage.archive import Archive
from storage.database.lock import RunLock
from storage.ledger.states import Discovery
from storage.query.captures import count_stored
from tests.helpers import crawls
from tests.helpers.commands import KHMER, SITE, program, refused, run
from tests.helpers.paths import ROOT, SAMPLES
from tests.helpers.permissions import no_superuser
from tests.helpers.programs import Program

STORY = SAMPLES / "phnompenhpost" / "drupal_2017" / "bridge-toll.html"
SPIDER = str(ROOT / "postscraper" / "spiders" / "post.py")
EXIT_CODES = (ROOT / "docs" / "reference" / "exit-codes.md").read_text("utf-8")
CODES = {
    int(line.split("|")[1]) for line in EXIT_CODES.splitlines() if line.startswith("| ") and line[2:4].strip().isdigit()
}

# What each command needs besides an archive; {new} is a name that nothing has, {other} another archive.
NEEDED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            *("changes", "stats", "gone", "runs", "fixity", "ledger", "audit", "retry", "check", "verify"),
            *("rebuild", "compact", "upgrade"),
        ),
        (),
    ),
    **dict.fromkeys(("families", "images", "mcp"), ()),
    "datasette": ("--out", "{new}"),
    "search": ("ferry",),
    "quote": ("ferry",),
    "trend": ("ferry",),
    **dict.fromkeys(("show", "history", "promotion", "headlines", "cite", "proof"), ("1",)),
    "front": ("/",),
    "serve": ("--port", "0"),
    "as-of": ("2018-06-22",),
    "diff": ("1", "--from", "1"),
    "watch": ("--once",),
    "export": ("--format", "jsonl"),
    "pack": ("{new}.wacz",),
    "merge": ("{other}", "--jobs", "1", "--yes"),
    "replay": ("{rubbish}", "--jobs", "1"),
    "reread": ("--dry-run",),
    "withdraw": (f"{SITE}/national/a", "--reason", "for a test", "--yes"),
    "backup": ("{new}",),
    "read": (str(STORY),),
    "sample": (str(STORY), "--samples", "{new}"),
}
# A watch is a crawl, which makes its archive.
OVER_AN_ARCHIVE = tuple(name for name in COMMANDS if name not in (*GROUPS["Saved pages"], "watch"))
WRITERS = ("replay", "rebuild", "compact", "withdraw")


def test_the_readme_has_every_exit_code() -> None:
    named = {code for name, code in vars(exit_codes).items() if name.isupper() and isinstance(code, int)}
    assert {0, *named, *exit_codes.EXIT_CODES.values()} == CODES


def test_each_command_is_driven_here_and_says_what_an_interruption_leaves() -> None:
    assert set(NEEDED) == set(main.INTERRUPTED) == set(COMMANDS)


def test_each_code_of_the_program_stands_in_the_table() -> None:
    assert set(range(19)) == CODES


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """An archive with a story in Khmer."""
    url = f"{SITE}/national/{quote('ផ្លូវ')}"
    at = datetime(2018, 6, 21, tzinfo=UTC)
    seen = Receipt(url=url, captured_at=at, status=200, source="folder", digest="sha256:0", record=None)
    story = Article(
        layout="drupal_2017", language="km", url=url, canonical_url=url, section="ជាតិ", headline=KHMER,
        body=(Block(kind="paragraph", text=KHMER),), capture=seen,
    )  # fmt: skip
    with Archive.open(tmp_path / "good") as archive:
        archive.add(story)
        archive.ledger.discover([Discovery(url=url, address=url, kind="story", found_by="link", section="ជាតិ")], at)
    return tmp_path / "good"


def called(tmp_path: Path, name: str, *more: str | Path) -> click.testing.Result:
    rubbish = tmp_path / "rubbish.warc.gz"
    rubbish.write_bytes(bytes(range(256)) * 20)
    return run(name, *needed(tmp_path, name, rubbish), *more)


def needed(tmp_path: Path, name: str, rubbish: Path) -> list[str]:
    if "{other}" in NEEDED[name]:
        Archive.open(tmp_path / "other").close()
    return [each.format(new=tmp_path / "new", rubbish=rubbish, other=tmp_path / "other") for each in NEEDED[name]]


def nothing(folder: Path) -> None:
    pass


def a_file(folder: Path) -> None:
    folder.write_text("no folder")


def an_empty_folder(folder: Path) -> None:
    folder.mkdir()


def rubbish(folder: Path) -> None:
    folder.mkdir()
    (folder / "archive.db").write_bytes(bytes(range(256)) * 20)


def of_somebody_else(folder: Path) -> None:
    folder.mkdir()
    connection = sqlite3.connect(folder / "archive.db")
    connection.execute("CREATE TABLE recipes (name)")
    connection.close()


NO_ARCHIVE = (nothing, a_file, an_empty_folder, rubbish, of_somebody_else)
# They make an archive there, or mend what is there.
MAKERS = {"replay": (nothing, an_empty_folder), "merge": (nothing, an_empty_folder), "rebuild": NO_ARCHIVE[3:]}


@pytest.mark.parametrize(
    ("name", "make"),
    [(name, make) for name in OVER_AN_ARCHIVE for make in NO_ARCHIVE if make not in MAKERS.get(name, ())],
)
def test_no_archive(tmp_path: Path, name: str, make: Callable[[Path], None]) -> None:
    folder = tmp_path / "archive"
    make(folder)
    result = called(tmp_path, name, "--archive", folder)
    if name in ("check", "verify") and make in (rubbish, of_somebody_else):
        assert (result.exit_code, result.stderr) == (15, ""), "the finding is the answer"
        assert "archive.db" in result.stdout
    else:
        refused(result, 5, str(folder))


@pytest.mark.parametrize("name", OVER_AN_ARCHIVE)
def test_an_archive_of_another_version(good: Path, tmp_path: Path, name: str) -> None:
    connection = sqlite3.connect(good / "archive.db")
    connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.commit()
    connection.close()
    refused(called(tmp_path, name, "--archive", good), 6, "postscraper")


@pytest.mark.parametrize("name", WRITERS)
def test_an_archive_that_another_process_writes_to(good: Path, tmp_path: Path, name: str) -> None:
    with RunLock(good):
        refused(called(tmp_path, name, "--archive", good), 7, "in use")


@pytest.mark.parametrize("name", WRITERS)
def test_an_archive_that_cannot_be_written(tmp_path: Path, name: str, good: Path) -> None:
    rubbish = tmp_path / "rubbish.warc.gz"
    rubbish.write_bytes(b"no WARC")
    for each in (*good.rglob("*"), good):
        each.chmod(0o555 if each.is_dir() else 0o444)
    words = needed(tmp_path, name, rubbish)
    try:
        with no_superuser(tmp_path):
            refused(run(name, *words, "--archive", good), 8, "cannot be")
    finally:
        good.chmod(0o755)


_ANY_TEXT = ("text", "path", "file", "directory")


def wrong_values() -> Iterator[tuple[str, str, str]]:
    """A value that cannot be, for each option of each command that does not take any text."""
    for name in COMMANDS:
        command = main.main.get_command(click.Context(main.main), name)
        assert command is not None
        for option in command.params:
            if isinstance(option, click.Option) and not option.is_flag and option.type.name not in _ANY_TEXT:
                yield name, option.opts[-1], "no such value"


@pytest.mark.parametrize(("name", "option", "value"), list(wrong_values()))
def test_a_value_that_an_option_cannot_have(good: Path, tmp_path: Path, name: str, option: str, value: str) -> None:
    result = called(tmp_path, name, option, value)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: Invalid value for " in result.stderr
    assert value in result.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_or_an_argument_that_is_none(tmp_path: Path, name: str) -> None:
    result = called(tmp_path, name, "--nosuch")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--nosuch" in result.stderr


# One kind of fault has one code in every command: postscraper/cli/exit_codes.py has the rule.
FAULTS: Mapping[int, tuple[tuple[str, str], ...]] = {
    2: (
        ("withdraw ftp://x/y --reason x --yes", "is no address"),
        ("search ferry --since 2019 --until 2018", "later"),
        ("search ferry --section natinal", "natinal"),
        ("watch --webhook ftp://x", "is no http(s) address"),
        ("watch --smtp mail:smtp", "write it as HOST:PORT"),
        *((f"{call} ' *'", "no word to search for in '*'") for call in ("search", "trend", "export a.csv --words")),
        ("search OR", "OR"),
        ("trend OR", "OR"),
        ("export --format csv --words OR", "OR"),
        *((f"{name} natinal", "natinal is unknown; did you mean 'national'?") for name in ("audit --section", "front")),
        *((f"{call} many", "'many' is not a valid number") for call in ("runs", "search ferry --limit", "diff 1 --to")),
        ("reread --dry-run --layout drupal_2071", "did you mean"),
        ("export --format tei --of teasers", "has no place for teasers"),
        ("export --format warc --of changes", "has no place for changes"),
        ("export --format csv --forms", "--words"),
        # A named file that is not there, or is a folder.
        ("replay nowhere.warc.gz", "nowhere.warc.gz"),
        ("read nowhere.html", "nowhere.html"),
        ("verify --against nowhere.txt", "nowhere.txt"),
        ("verify --against {here}", "is a directory"),
        # A file to write in a folder that is not there, or with the name of a folder.
        ("export nowhere/a.csv", "there is no folder nowhere"),
        ("export --format csv {here}", "is a directory"),
        ("pack nowhere/a.wacz", "there is no folder nowhere"),
        ("trend ferry --csv nowhere/a.csv", "there is no folder nowhere"),
        ("trend ferry --svg nowhere/a.svg", "there is no folder nowhere"),
        ("diff 1 --html nowhere/a.html", "there is no folder nowhere"),
        ("runs 1 --html nowhere/a.html", "there is no folder nowhere"),
        ("proof 1 --page nowhere/a.html", "there is no folder nowhere"),
        ("fixity -o nowhere/a.txt", "there is no folder nowhere"),
        ("reread --dry-run --html nowhere/a.html", "there is no folder nowhere"),
        # A folder to write that is in the way, or cannot be one.
        (f"backup {SAMPLES}", "not empty"),
        ("backup {archive}/copy", "lies in the archive"),
        ("backup {file}", "is a file"),
        ("datasette --out {file}", "is a file"),
        # Two outputs to one stream.
        ("trend ferry --csv - --svg -", "standard output"),
        ("trend ferry --csv - --json", "standard output"),
        ("export - --format csv --json", "name OUT"),
        ("export", "needs --format"),
        ("cite 1 --archive-id 'a b'", "no domain or name"),
    ),
    4: (
        ("show 'nowhere at all'", "nowhere at all"),
        ("show 99", "99"),
        *((f"{name} 99", "99") for name in ("history", "diff", "headlines", "promotion", "cite", "proof", "images")),
        *((f"{name} /national/nowhere", "nowhere") for name in ("show", "families", "as-of 2018")),
        ("withdraw --reason x /national/nowhere", "nowhere"),
        *((f"{name} 1 --revision 2", "has 1 revision, and no revision 2") for name in ("show", "cite", "proof")),
        ("diff 1 --from 1 --to 2", "has 1 revision, and no revision 2"),
        ("diff 1", "never edited"),
        ("runs 99", "99"),
        ("front /nowhere", "/nowhere"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("code", "words", "message"), [(code, *fault) for code in FAULTS for fault in FAULTS[code]])
def test_one_kind_of_fault_has_one_code(good: Path, tmp_path: Path, code: int, words: str, message: str) -> None:
    (tmp_path / "file").touch()
    values = {"here": tmp_path, "archive": good, "file": tmp_path / "file"}
    parts = shlex.split(words.format(**values))
    more = () if parts[0] in GROUPS["Saved pages"] else ("--archive", good)
    result = run(*parts, *more)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    assert message in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", GROUPS["Saved pages"])
@pytest.mark.parametrize("made", ["nothing", "folder", "bad .url", "bad moment", "no address"])
def test_a_saved_page_that_cannot_be_read(tmp_path: Path, name: str, made: str) -> None:
    page = tmp_path / "page.html"
    if made == "folder":
        page.mkdir()
    elif made != "nothing":
        page.write_text("<p>A page.")
    if made == "bad .url":
        page.with_suffix(".url").write_bytes(b"https://www.phnompenhpost.com/\xff\n")
    elif made == "bad moment":
        page.with_suffix(".url").write_text(f"{SITE}/a\nyesterday\n")
    refused(run(name, page), 2, "page")


def test_binary_rubbish_is_a_page_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(bytes(range(256)) * 20)
    result = run("read", tmp_path / "page.html", "--url", f"{SITE}/a")
    assert (result.exit_code, json.loads(result.stdout)["type"]) == (3, "unread")


@pytest.mark.parametrize("name", COMMANDS)
def test_an_interrupted_command_says_what_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    command = main.main.get_command(click.Context(main.main), name)

    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "callback", interrupt)
    refused(called(tmp_path, name), 1, f"interrupted; {main.INTERRUPTED[name]}")


def test_a_fault_of_the_program_has_a_code_of_its_own(monkeypatch: pytest.MonkeyPatch, good: Path) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(main.main.get_command(click.Context(main.main), "stats"), "callback", fail)
    assert run("stats", "--archive", good).exit_code == 18


@pytest.mark.parametrize(
    "words", ["search ទន្លេសាប", "show 1", "stats", "ledger --state known", "audit", "export --format csv", "check"]
)
@pytest.mark.parametrize("charset", ["latin-1", "cp437"])
def test_a_terminal_without_khmer_letters(good: Path, words: str, charset: str) -> None:
    runner = CliRunner(charset=charset)
    result = runner.invoke(main.main, [*words.split(), "--archive", str(good)], prog_name="postscraper")
    assert (result.exit_code, result.stderr) == (15 if words == "check" else 0, "")
    if words in ("search ទន្លេសាប", "show 1"):
        assert KHMER.encode("ascii", "backslashreplace") in result.stdout_bytes.replace(b"[", b"").replace(b"]", b"")
    if words.startswith(("search", "show", "stats", "audit", "ledger")):
        as_json = runner.invoke(main.main, [*words.split(), "--json", "--archive", str(good)], prog_name="postscraper")
        assert json.loads(as_json.stdout_bytes), "JSON is UTF-8 whatever the terminal"


# Of each source what it cannot take: arguments, code and words of the sentence.
WRONG: Mapping[str, tuple[tuple[tuple[str, ...], int, str], ...]] = {
    "live": (
        (("path=pages",), 2, "source=live takes no path"),
        (("section=natinal",), 2, "did you mean 'national'?"),
        (("url=https://example.org/x",), 2, "is no address of"),
        (("limit=0",), 2, "limit=0"),
    ),
    "folder": (
        ((), 2, "needs path"),
        (("path=nowhere",), 2, "nowhere"),
        (("path=empty",), 2, "no saved page"),
        (("path=rubbish",), 2, "nothing tells its address"),
    ),
    "warc": ((("path=nowhere",), 2, "nowhere"), (("path=empty",), 2, "no WARC file"), ((), 2, "needs path")),
    "samples": ((("path=nowhere",), 2, "nowhere"), (("path=empty",), 2, "no saved page")),
    "archive": ((("path=pages",), 2, "source=archive takes no path"),),
    "wayback": ((("path=pages",), 2, "source=wayback takes no path"), (("since=yesterday",), 2, "is no day")),
    "commoncrawl": (
        (("crawl=CC-2018",), 2, "is no crawl"),
        (("path=empty",), 2, "no index"),
        (("path=rubbish",), 2, "no index"),
    ),
}


def scrapy(folder: Path, *words: str, settings: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return crawls.scrapy(folder, *words, settings=settings, environment={"PYTHONPATH": f"{ROOT}:{folder}"})


def ends(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """One sentence at the end of stderr, besides the log and the summary, and the code."""
    assert done.returncode == code, done.stderr[-3000:]
    assert "Traceback" not in done.stdout + done.stderr
    sentences = [line for line in done.stderr.splitlines() if line.startswith("postscraper: ")]
    assert sentences == done.stderr.splitlines()[-1:]
    assert all(word in sentences[0] for word in words), sentences[0]


def test_each_source_is_driven_here() -> None:
    assert set(WRONG) == set(SOURCES)


# One process of a kind runs with every other test; the rest are marked, for a process takes a second to start.
long = pytest.mark.long

CASES = [(source, *case) for source, cases in WRONG.items() for case in cases]
IN_THE_SOURCE = [case for case in CASES if case[1] in (("path=empty",), ("path=rubbish",))]
OF_THE_RUN = [case for case in CASES if case[3] == "is no address of"]  # refused later: tests/crawl/test_crawl.py
OF_ARGUMENTS = [case for case in CASES if case not in (*IN_THE_SOURCE, *OF_THE_RUN)]


@pytest.mark.parametrize(("source", "words", "code", "told"), OF_ARGUMENTS)
def test_what_a_source_cannot_be_asked(source: str, words: tuple[str, ...], code: int, told: str) -> None:
    arguments = dict(word.split("=", 1) for word in (f"source={source}", *words))
    with pytest.raises(BadRequest, match=told.replace("?", r"\?")):
        scope(POST, arguments)


@pytest.mark.parametrize(
    ("source", "words", "code", "told"),
    [pytest.param(*case, marks=() if case[0] == "warc" else long) for case in IN_THE_SOURCE],
)
def test_what_a_source_does_not_hold(tmp_path: Path, source: str, words: tuple[str, ...], code: int, told: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "rubbish").write_bytes(bytes(range(256)) * 20)
    arguments = [option for word in (f"source={source}", *words) for option in ("-a", word)]
    ends(scrapy(tmp_path, "crawl", "post", *arguments), code, told)


@pytest.mark.parametrize("source", ["live", *(pytest.param(each, marks=long) for each in ("archive", "wayback"))])
def test_a_crawl_into_what_is_no_archive(tmp_path: Path, source: str) -> None:
    (tmp_path / "archive").write_text("no folder")
    ends(scrapy(tmp_path, "crawl", "post", "-a", f"source={source}"), 5, "archive is a file")


def project() -> Settings:
    settings = get_project_settings()
    settings.setmodule("postscraper.settings", priority="project")
    return settings


@pytest.mark.parametrize(
    "word",
    [
        "DOWNLOAD_DELAY=fast", "DOWNLOAD_DELAY=-1", "DOWNLOAD_DELAY=nan", "DOWNLOAD_TIMEOUT=inf", "LONGEST_PAUSE=x",
        "CONCURRENT_REQUESTS=x", "CONCURRENT_REQUESTS=1.5", "CONCURRENT_REQUESTS=0", "ROBOTSTXT_OBEY=maybe",
        "AUTOTHROTTLE_MAX_DELAY=soon", "LOG_LEVEL=LOUD", "ARCHIVE_DIR=", "ARCHIVE_DB_URL=rubbish",
        "ARCHIVE_DB_URL=nosuch://x", "DOWNLOAD_SLOTS=abc", "ITEM_PIPELINES=abc", "ITEM_PIPELINES=[1]", "FEEDS=abc",
        'DOWNLOAD_SLOTS={"wayback": {"delay": "x"}}', 'DOWNLOAD_SLOTS={"wayback": 3.5, "commoncrawl": "x"}',
        'ITEM_PIPELINES={"nowhere.X": 100}', 'ITEM_PIPELINES={"postscraper.crawl.pipeline.Nope": 100}',
        'ITEM_PIPELINES={"postscraper.crawl.pipeline.ArchivePipeline": "first"}', 'EXTENSIONS={"nowhere.X": 1}',
        'ADDONS={"nowhere.X": 1}', "SCHEDULER=no.thing", "SPIDER_MODULES=nowhere", "SPIDER_LOADER_CLASS=nowhere",
        "TWISTED_REACTOR=nowhere", 'DOWNLOAD_HANDLERS={"http": "nowhere.X"}', 'FEED_EXPORTERS={"csv": "nowhere.X"}',
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be(word: str) -> None:
    def check() -> None:
        settings = project()
        check_words([word], settings)
        name, value = word.split("=", 1)
        settings.set(name, value, priority="cmdline")
        check_values(settings)
        check_components(settings)

    with pytest.raises(BadRequest) as refusal:
        check()
    assert word.split("=")[0] in str(refusal.value)


def test_the_settings_of_the_project_can_be() -> None:
    check_values(project())
    check_components(project())


@pytest.mark.parametrize(("name", "value"), [("LOG_FILE", "nowhere/log"), ("FEEDS", {"{here}": {"format": "csv"}})])
def test_a_file_that_cannot_be(tmp_path: Path, name: str, value: Any) -> None:
    settings = project()
    named = {key.format(here=tmp_path): each for key, each in value.items()} if isinstance(value, dict) else value
    settings.set(name, named, priority="cmdline")
    with pytest.raises(BadRequest, match=r"there is no folder nowhere|this is a folder"):
        check_values(settings)


OURS = '"postscraper.crawl.pipeline.ArchivePipeline": 900'


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("-s", "CONCURRENT_REQUESTS=x"), 2, "CONCURRENT_REQUESTS=x is no whole number"),
        (("-s", 'ITEM_PIPELINES={"nowhere.X": 1}'), 2, "nowhere.X cannot be imported"),
        pytest.param(("-s", "nothing"), 2, "-s NAME=VALUE", marks=long),
        pytest.param(("--logfile", "nowhere/log"), 2, "nowhere/log", marks=long),
        (("-s", 'EXTENSIONS={"mine.NoStart": 1}'), 18, "KeyError: 'x'"),
        (("-s", f'ITEM_PIPELINES={{"mine.Fails": 1, {OURS}}}'), 18, "3 items failed"),
        pytest.param(("-s", f'ITEM_PIPELINES={{"mine.NoEnd": 1, {OURS}}}'), 18, "KeyError: 'x'", marks=long),
    ],
    ids=["number", "import", "no setting", "log", "extension", "pipeline", "close"],
)
def test_a_crawl_with_wrong_settings(tmp_path: Path, words: tuple[str, ...], code: int, told: str) -> None:
    (tmp_path / "mine.py").write_text(
        "class NoStart:\n def __init__(self): {}['x']\n"
        "class Fails:\n def process_item(self, item): return {}['x']\n"
        "class NoEnd:\n def process_item(self, item): return item\n def close_spider(self): {}['x']\n"
    )
    done = scrapy(tmp_path, "crawl", "post", "-a", "source=samples", "-a", "limit=3", "-L", "CRITICAL", *words)
    ends(done, code, told)
    if told == "3 items failed":
        assert "3 items failed in a pipeline: KeyError: 'x'; the log has each" in done.stderr.splitlines()


@long
def test_a_few_items_that_fail_are_counted(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "class Fails:\n def process_item(self, item):\n"
        "  if item.type == 'article': raise KeyError('x')\n  return item\n"
    )
    pipelines = f'ITEM_PIPELINES={{"mine.Fails": 1, {OURS}}}'
    done = scrapy(tmp_path, "crawl", "post", "-a", "source=samples", "-a", "limit=3", settings=(pipelines,))
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "1 item failed in a pipeline: KeyError: 'x'; the log has each"


@long
def test_a_replay_that_the_terminal_interrupts(tmp_path: Path) -> None:
    assert scrapy(tmp_path, "crawl", "post", "-a", "source=samples").returncode == 0
    evidence = b"".join(each.read_bytes() for each in (tmp_path / "archive" / "evidence").glob("*.warc.gz"))
    with (tmp_path / "much.warc.gz").open("wb") as much:
        for _ in range(100):
            much.write(evidence)
    words = [sys.executable, "-m", "postscraper", "replay", "much.warc.gz", "--archive", "replayed", "--jobs", "2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        words, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as replay:
        while not (tmp_path / "replayed" / "archive.db").exists():
            time.sleep(0.01)
        time.sleep(0.5)  # its readers start
        os.killpg(replay.pid, signal.SIGINT)
        _, told = replay.communicate(timeout=60)
    assert replay.returncode == 1, told
    assert told == f"postscraper: interrupted; {main.INTERRUPTED['replay']}\n"
    assert program(*words[3:], folder=tmp_path).returncode == 0
    assert run("check", "--archive", tmp_path / "replayed").exit_code == 0


@pytest.mark.parametrize(
    ("number", "times"),
    [
        pytest.param(signal.SIGINT, 1, id="SIGINT"),
        pytest.param(signal.SIGTERM, 1, id="SIGTERM", marks=long),
        pytest.param(signal.SIGINT, 2, id="SIGINT twice", marks=long),
        pytest.param(signal.SIGTERM, 2, id="SIGTERM twice"),
    ],
)
def test_an_interrupted_crawl_keeps_what_came(tmp_path: Path, number: signal.Signals, times: int) -> None:
    read, write = os.pipe()
    words = ("-m", "scrapy", "crawl", "post", "-a", "source=samples")
    with os.fdopen(write, "wb") as errors:
        crawl = Program(tmp_path, *words, environment=crawls.PROJECT, errors=errors)
    late = threading.Timer(60, crawl.kill)
    late.start()
    try:
        lines = []
        with os.fdopen(read) as log:
            for line in log:
                lines.append(line.rstrip())
                if line.endswith("Spider opened\n") or (times == 2 and "Closing spider" in line):
                    crawl.send_signal(number)
        assert crawl.wait() == 1, lines
    finally:
        late.cancel()
    assert "Traceback" not in "\n".join(lines)
    assert lines[-1].startswith("postscraper: interrupted"), lines
    again = scrapy(tmp_path, "crawl", "post", "-a", "source=samples")
    assert again.returncode == 0
    assert run("check", "--archive", tmp_path / "archive").exit_code == 0
    with Archive.open(tmp_path / "archive", readonly=True) as archive:
        pages = [each for each in SAMPLES.rglob("*.json") if json.loads(each.read_text("utf-8"))["type"] != "unread"]
        assert archive.ask(count_stored) >= len(pages)


SCRIPT = """
import sys
from scrapy import crawler
from postscraper.spiders.post import PostSpider
process = getattr(crawler, sys.argv[1])({"LOG_LEVEL": "WARNING"})
process.crawl(PostSpider, source="samples", limit="2")
process.start()
"""


@pytest.mark.parametrize("process", ["CrawlerProcess", pytest.param("AsyncCrawlerProcess", marks=long)])
def test_a_script_needs_no_settings_of_the_project(tmp_path: Path, process: str) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = {name: value for name, value in os.environ.items() if name != "SCRAPY_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "script.py", process], cwd=tmp_path, env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with Archive.open(tmp_path / "archive", readonly=True) as archive:
        assert archive.ask(count_stored) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("parse", "--spider", "post", STORY.as_uri()), "postscraper read FILE"),
        *(
            pytest.param(*case, marks=long)
            for case in (
                (("parse", "--spider", "post", "http://127.0.0.1:9/"), "is not public"),
                (("fetch", "http://127.0.0.1:9/"), "is not public"),
                (("fetch", STORY.as_uri()), "<h1>"),
                (("bench", "-s", "CLOSESPIDER_TIMEOUT=1"), "localhost"),
                (("list",), "postkhmer"),
                (("check",), "OK"),
                (("runspider", SPIDER, "-a", "source=samples", "-a", "limit=1"), "Spider closed (finished)"),
            )
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_no_command_of_scrapys_ends_in_a_traceback(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    done = scrapy(tmp_path, *words)
    assert "Traceback" not in done.stdout + done.stderr
    assert told in done.stdout + done.stderr
    assert done.returncode == 0


def test_the_samples_are_named_where_they_are_not(tmp_path: Path) -> None:
    for name in ("postscraper", "storage"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    call = [sys.executable, "-m", "scrapy", "crawl", "post", "-a", "source=samples"]
    environment = os.environ | {"SCRAPY_SETTINGS_MODULE": "postscraper.settings", "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        call, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip
    ends(done, 2, "path=…/samples")
    assert not (tmp_path / "archive").exists()
