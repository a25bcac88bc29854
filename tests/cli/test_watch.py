"""`postscraper watch`: crawls by age, and a failure that nobody can overlook; and what `deploy/` starts."""

import configparser
import json
import re
import shlex
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from postscraper.cli.commands.fill.notice import Notice
from postscraper.cli.main import main
from tests.helpers.commands import refused, run
from tests.helpers.crawls import FAST, asked, options
from tests.helpers.mirror import Mirror
from tests.helpers.needed import needed
from tests.helpers.paths import ROOT, SAMPLES

DEPLOY = ROOT / "deploy"


@pytest.fixture
def mirror(httpserver: HTTPServer) -> Mirror:
    return Mirror(httpserver, SAMPLES)


def watched(folder: Path, mirror: Mirror, *words: str, most: int = 8) -> list[str]:
    """most: items of a crawl; 0: all."""
    settings = options(f"PAPER_ORIGIN={mirror.origin}", *FAST, "LOG_JSON=1", f"CLOSESPIDER_ITEMCOUNT={most}")
    return ["watch", "post", "--archive", str(folder / "archive"), *settings, *words]


def test_one_crawl_of_what_is_due_with_a_log_of_json(
    tmp_path: Path, mirror: Mirror, capfd: pytest.CaptureFixture[str]
) -> None:
    done = run(*watched(tmp_path, mirror, "--once"))
    said = capfd.readouterr().err
    assert done.exit_code == 0, said
    assert asked(tmp_path, "SELECT newspaper, source, exit_code FROM run") == [("post", "live", 0)]
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert {"at", "level", "logger", "message"} <= set(lines[0])


def test_a_failure_ends_it_with_its_code_and_goes_to_the_webhook(
    tmp_path: Path, mirror: Mirror, httpserver: HTTPServer
) -> None:
    """Pages without the marks of any design: what a redesign looks like."""
    for path in [path for path in mirror.pages if path.count("/") > 1 and not path.endswith("xml")]:
        mirror.pages[path] = b"<html><head><title>New</title></head><body><p>Loading.</p></body></html>"
    with HTTPServer() as hook:
        hook.expect_request("/hook", method="POST").respond_with_data("ok")
        done = run(*watched(tmp_path, mirror, "--once", most=0), "--webhook", hook.url_for("/hook"))
        assert done.exit_code == 17, done.output
        (report,) = [request.get_json() for request, _ in hook.log]
    assert (report["exit_code"], report["newspaper"]) == (17, "post")
    assert "could not be read" in report["reason"]
    assert "has a design changed?" in report["text"]
    assert report["run"]["unread"]


@pytest.mark.long
def test_a_stopped_watch_ends_the_crawl_in_order(tmp_path: Path, mirror: Mirror) -> None:
    words = [*watched(tmp_path, mirror), "-s", "DOWNLOAD_DELAY=1", "-s", "LOG_LEVEL=ERROR"]
    program = subprocess.Popen([sys.executable, "-m", "postscraper", *words], stderr=subprocess.PIPE, text=True)
    for _ in range(300):
        if mirror.fetched:
            break
        time.sleep(0.1)
    program.send_signal(signal.SIGTERM)
    _, said = program.communicate(timeout=60)
    assert program.returncode == 1, said
    assert asked(tmp_path, "SELECT exit_code FROM run") == [(1,)]


class _Smtp(socketserver.StreamRequestHandler):
    """A mail server that takes one letter."""

    def handle(self) -> None:
        letter: list[str] = self.server.letter  # type: ignore[attr-defined]
        self.wfile.write(b"220 test\r\n")
        in_letter = False
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            if in_letter and line != ".":
                letter.append(line)
                continue
            in_letter = line.upper() == "DATA"
            self.wfile.write(b"354 go on\r\n" if in_letter else b"221 bye\r\n" if line == "QUIT" else b"250 ok\r\n")
            if line == "QUIT":
                return


def test_a_failure_is_mailed_and_a_way_that_does_not_work_is_named() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), _Smtp) as server:
        server.letter = []  # type: ignore[attr-defined]
        threading.Thread(target=server.handle_request, daemon=True).start()
        notice = Notice(
            mail="you@example.org", smtp=f"127.0.0.1:{server.server_address[1]}", webhook="http://127.0.0.1:1/"
        )
        (failed,) = notice.send("it failed", {"exit_code": 17, "reason": "a design"})
        letter = "\n".join(server.letter)  # type: ignore[attr-defined]
    assert failed.startswith("the webhook to http://127.0.0.1:1/ failed: ")
    assert "Subject: it failed" in letter
    assert "exit_code: 17\nreason: a design" in letter


def test_an_interval_that_is_none_is_refused() -> None:
    assert run("watch", "--every", "hourly").exit_code == 2
    assert run("watch", "nobody").exit_code == 2
    refused(run("runs", "--archive", "/nowhere"), 5, "no archive")


# What deploy/ starts is a command that exists, with options that it has.


def commands() -> list[list[str]]:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "postscraper.service", "utf-8")
    cron = [line for line in (DEPLOY / "crontab").read_text().splitlines() if line and line[0] != "#"]
    texts = [unit["Service"]["ExecStart"], *(line.split(maxsplit=5)[5] for line in cron)]
    lists = [json.loads(each) for each in re.findall(r"(?m)^(?:CMD|\s+command:) (\[.*\])$", _containers())]
    return [shlex.split(text)[1:] for text in texts] + lists


def _containers() -> str:
    return (DEPLOY / "Containerfile").read_text() + (DEPLOY / "compose.yaml").read_text()


@pytest.mark.parametrize("words", commands(), ids=lambda words: words[0])
def test_every_command_that_is_deployed_is_valid(words: list[str]) -> None:
    command = main.get_command(None, words[0])  # type: ignore[arg-type]
    assert command is not None
    context = command.make_context(words[0], words[1:])
    assert context.params["newspapers"] == ("post", "postkhmer")
    assert any(setting.startswith(("CONTACT=", "LOG_JSON=")) for setting in context.params["settings"])


def test_the_line_for_cron_is_the_one_that_the_page_shows() -> None:
    line = (DEPLOY / "crontab").read_text("utf-8").splitlines()[-1]
    assert line in (ROOT / "docs" / "how-to" / "schedule.md").read_text("utf-8").splitlines()


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    service = (DEPLOY / "postscraper.service").read_text()
    (tmp_path / "postscraper.service").write_text(
        service.replace("/opt/postscraper/.venv/bin/postscraper", "/bin/true")
    )
    shutil.copy(DEPLOY / "postscraper.timer", tmp_path)
    units = [str(tmp_path / f"postscraper.{kind}") for kind in ("service", "timer")]
    done = subprocess.run(
        [needed("systemd-analyze", "systemd"), "verify", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_image_copies_what_is_there() -> None:
    copied = re.findall(r"(?m)^COPY (.+) \S+$", (DEPLOY / "Containerfile").read_text())
    assert all((ROOT / name).exists() for line in copied for name in line.split())


def test_hadolint_finds_no_fault_in_the_container_file() -> None:
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [program, "--no-color", DEPLOY / "Containerfile"], capture_output=True, text=True, check=False
    )
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


def test_the_compose_file_is_of_the_compose_specification() -> None:
    pytest.importorskip("check_jsonschema")
    call = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*call, DEPLOY / "compose.yaml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
