"""Inputs made to break parsers, each given to one engine in a process of its own.

    python -m benchmarks.hostile ENGINE INPUT PART STORY      prints what happened, as one line of JSON

Every input has its one word behind or inside all the markup: an engine whose tree no longer has it has
lost words without saying so.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from math import nan
from pathlib import Path
from typing import Any

import turbohtml

from benchmarks.processes import memory
from benchmarks.selections import lexbor_selects, lxml_parse, lxml_selects, peer, turbohtml_selects
from postscraper.items import Capture, plain
from postscraper.newspapers import POST
from postscraper.reading.read import read

WORD = "innermost"
MOST_SECONDS = 10

# Name, how many, and the markup around the word.
INPUTS: Mapping[str, tuple[int, Callable[[int], str]]] = {
    "100,000 nested div": (100_000, lambda count: "<div>" * count + WORD),
    "100,000 attributes": (
        100_000,
        lambda count: f"<p {' '.join(f'a{number}=1' for number in range(count))}>{WORD}</p>",
    ),
    "100,000 options": (100_000, lambda count: f"<select>{'<option>x' * count}</select><p>{WORD}</p>"),
    "20,000 nested lists": (20_000, lambda count: "<ul><li>x" * count + WORD),
}


def markup(name: str, part: int) -> str:
    """part: divides the size of the input, for a quick look."""
    count, around = INPUTS[name]
    return around(count // part)


def alone(name: str, part: int) -> bytes:
    """A page of nothing but the input."""
    head = "<!DOCTYPE html><html><head><title>Hostile</title></head><body>"
    return f"{head}{markup(name, part)}</body></html>".encode()


def in_story(name: str, part: int, story: bytes) -> bytes:
    """A story of the paper with the input at the start of its body; ValueError when it has no such body."""
    start = story.index(b">", story.index(b'id="ArticleBody"')) + 1
    return story[:start] + markup(name, part).encode() + story[start:]


def _lexbor_parser() -> Callable[[bytes], Any]:
    lexbor: Any = peer("selectolax.lexbor")
    parse: Callable[[bytes], Any] = lexbor.LexborHTMLParser
    return parse


def _read(body: bytes) -> str:
    """What the item says; the word itself for a page that is refused by name, since nothing of it passes for whole."""
    url = "https://www.phnompenhpost.com/national/hostile"
    item = read(Capture(url=url, captured_at=None, body=body, source="benchmark"), POST)
    return WORD if item.type == "unread" else json.dumps(plain(item))


# What is timed, and what then tells the words of the tree.
ENGINES: Mapping[str, tuple[Callable[[bytes], Any], Callable[[bytes], str]]] = {
    "turbohtml": (turbohtml_selects, lambda body: turbohtml.parse(body.decode()).text),
    "selectolax (lexbor)": (
        lambda body: lexbor_selects(body, _lexbor_parser()),
        lambda body: _lexbor_parser()(body).html,
    ),
    "lxml.html": (lxml_selects, lambda body: lxml_parse(body).text_content()),
    "postscraper read, no known design": (_read, _read),
    "postscraper read, in a story's body": (_read, _read),
}


def fate(engine: str, name: str, *, part: int, story: Path) -> str:
    """What one input does to an engine, as a cell of the table: CPU seconds, memory, what went wrong."""
    command = [sys.executable, "-m", "benchmarks.hostile", engine, name, str(part), str(story)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MOST_SECONDS, check=False)
    except subprocess.TimeoutExpired as late:
        lines = (late.stdout or b"").decode().splitlines()
        return _cell(json.loads(lines[0])) if lines else f"> {MOST_SECONDS} s"
    if done.returncode < 0:
        return f"killed by signal {-done.returncode}"
    if done.returncode:
        return done.stderr.strip().rpartition("\n")[2].partition(":")[0] or f"exit {done.returncode}"
    spent, kept = (json.loads(line) for line in done.stdout.splitlines())
    return _cell(spent) + ("" if kept["whole"] else ", words lost")


def _cell(spent: Mapping[str, float]) -> str:
    return f"{spent['seconds']:.2f} s, {spent['mebibytes']:.0f} MiB"


def _turn(engine: str, name: str, part: int, story: Path) -> None:
    work, words = ENGINES[engine]
    body = in_story(name, part, story.read_bytes()) if engine.endswith("in a story's body") else alone(name, part)
    begun = time.process_time()
    work(body)
    seconds = time.process_time() - begun
    size = memory(os.getpid())  # getrusage begins with the memory of whoever started the process
    print(json.dumps({"seconds": seconds, "mebibytes": size.peak_bytes / 2**20 if size else nan}), flush=True)
    print(json.dumps({"whole": WORD in words(body)}))


if __name__ == "__main__":
    _turn(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
