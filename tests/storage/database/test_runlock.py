"""One writer at a time, and a killed one keeps nobody out."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storage.database.lock import ArchiveInUse, RunLock, in_use, shared_lock

HOLD = "import sys, time; from pathlib import Path; from storage.database.lock import RunLock\n"
HOLD += "lock = RunLock(Path(sys.argv[1])); {then}print('held', flush=True); time.sleep(60)"


def holder(folder: Path, then: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD.format(then=then), str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])
    assert process.stdout is not None
    assert process.stdout.readline().strip().startswith("held")
    return process


def test_the_second_is_told_who_holds_it(tmp_path: Path) -> None:
    with RunLock(tmp_path / "archive"), pytest.raises(ArchiveInUse) as caught:
        RunLock(tmp_path / "archive")
    message = str(caught.value)
    assert f"process {os.getpid()}, since 20" in message
    assert message.count("\n") == 0
    with RunLock(tmp_path / "archive"):
        pass


def test_asking_for_the_lock_changes_nothing(tmp_path: Path) -> None:
    assert not in_use(tmp_path)
    assert not list(tmp_path.iterdir())
    with RunLock(tmp_path):
        assert in_use(tmp_path)
        before = (tmp_path / ".lock").read_text(), (tmp_path / ".lock").stat().st_mtime_ns
    assert not in_use(tmp_path)
    with shared_lock(tmp_path):
        assert not in_use(tmp_path), "nobody writes"
    assert ((tmp_path / ".lock").read_text(), (tmp_path / ".lock").stat().st_mtime_ns) == before


def test_release_twice_is_release_once(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    lock.release()
    lock.release()
    RunLock(tmp_path).release()


def test_ends_with_a_killed_process(tmp_path: Path) -> None:
    process = holder(tmp_path)
    try:
        with pytest.raises(ArchiveInUse, match=f"process {process.pid}, since "):
            RunLock(tmp_path)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    with RunLock(tmp_path):
        text = (tmp_path / ".lock").read_text()
    assert text.startswith(f"process {os.getpid()}, since ")


def test_a_forked_worker_that_outlives_the_run_does_not_hold_it(tmp_path: Path) -> None:
    worker = tmp_path / "worker"
    then = (
        "import os\n"
        "child = os.fork()\n"
        f"child or (open({str(worker)!r}, 'w').close(), time.sleep(60))\n"
        f"from os.path import exists\n"
        f"while not exists({str(worker)!r}): time.sleep(0.01)\n"
        "print('held', child, flush=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD.split("{then}")[0] + "\n" + then, str(tmp_path)],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert process.stdout is not None
    child = int(process.stdout.readline().split()[1])
    try:
        process.kill()
        process.wait(10)
        os.kill(child, 0)  # the worker lives
        deadline = time.monotonic() + 5
        while True:
            try:
                RunLock(tmp_path).release()
                break
            except ArchiveInUse:
                assert time.monotonic() < deadline
                time.sleep(0.02)
    finally:
        os.kill(child, signal.SIGKILL)
        process.stdout.close()
