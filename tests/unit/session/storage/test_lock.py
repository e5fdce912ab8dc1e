"""Locks are held by the operating system: what is written beside them is for people only."""

from __future__ import annotations

import errno
import json
import os
import platform
import subprocess
import sys
import threading
from pathlib import Path
from unittest.mock import Mock

import pytest

from hsi_viewer.session.storage import lock_file as lock_module
from hsi_viewer.session.storage.lock_file import Lock, LockedError, holder_of

RACES, RACERS = 1000, 3


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lock"


def words(path: Path) -> Path:
    return path.with_name("lock.json")


def test_a_second_one_is_reported_who_holds_it_until_it_is_given_back(path):
    first = Lock(path)
    assert holder_of(path) == first.holder
    with pytest.raises(LockedError, match=f"process {os.getpid()} on"):
        Lock(path)
    assert first.ours
    first.release()
    assert not first.ours
    assert holder_of(path) is None
    assert not path.exists()
    assert not words(path).exists()
    Lock(path).release()


@pytest.mark.parametrize(
    "expected",
    [
        {"pid": os.getpid(), "host": "elsewhere", "since": "2099-01-01T00:00:00+00:00", "key": "k"},
        {"pid": 1, "host": "renamed", "since": "1970-01-01T00:00:00+00:00", "key": "k"},
        {"pid": 10**40, "host": "", "since": "", "key": ""},
    ],
)
def test_what_a_dead_program_wrote_does_not_hold(path, expected):
    """The host has another name now, the clock was set, the number is another process's."""
    path.touch()
    words(path).write_text(json.dumps(expected))
    assert holder_of(path) is None
    lock = Lock(path)
    assert lock.ours
    lock.release()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"pid": "x"}', '{"mood": 1}', "[" * 10**5])
def test_a_holder_whose_words_are_damaged_holds_all_the_same(path, text):
    lock = Lock(path)
    words(path).write_text(text)
    assert holder_of(path).words == "another program"
    with pytest.raises(LockedError, match="another program"):
        Lock(path)
    lock.release()


def test_a_living_holder_under_another_host_name_holds(path, monkeypatch):
    lock = Lock(path)
    monkeypatch.setattr("platform.node", lambda: "renamed")
    with pytest.raises(LockedError):
        Lock(path)
    assert lock.ours
    lock.release()


def test_who_is_taken_over_from_notices_and_leaves_the_files_alone(path):
    first = Lock(path)
    second = Lock(path, take_over=True)
    assert not first.ours
    assert second.ours
    first.release()
    assert second.ours
    assert holder_of(path) == second.holder
    with pytest.raises(LockedError):
        Lock(path)
    second.release()
    assert holder_of(path) is None


RACER = """
import sys
from pathlib import Path
from unittest.mock import Mock
from hsi_viewer.session.storage import lock_file
lock_file.PATIENCE = lock_file.WITHOUT_HOLDER = 0.0005  # who loses need not wait long here
def meet(word):
    print(word, flush=True)
    sys.stdin.readline()
for path in sorted(Path(sys.argv[1]).glob("*/lock")):
    meet("ready")
    try:
        lock = lock_file.Lock(path)
    except lock_file.LockedError:
        lock = None
    meet("tried")
    meet("won" if lock is not None and lock.ours else "lost")
    if lock is not None:
        lock.release()
"""


def told(racers) -> list[str]:
    """What each says, before all go on at one moment."""
    said = [racer.stdout.readline().strip() for racer in racers]
    for racer in racers:
        racer.stdin.write("\n")
        racer.stdin.flush()
    return said


def test_of_processes_that_take_a_stale_lock_at_one_moment_one_gets_it(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here, past, future = platform.node(), "1970-01-01T00:00:00+00:00", "2099-01-01T00:00:00+00:00"
    stale = {
        "a dead process": {"pid": ended.pid, "host": here, "since": past, "key": "k"},
        "the number of another process": {"pid": os.getpid(), "host": here, "since": past},
        "another host": {"pid": 1, "host": "elsewhere", "since": past, "key": "k"},
        "a clock in the future": {"pid": ended.pid, "host": here, "since": future},
        "damaged words": "{",
        "empty words": "",
        "words that are no text": b"\xff\x00",
        "no words": None,
    }
    for race in range(RACES):
        folder = tmp_path / f"{race:04}"
        folder.mkdir()
        (folder / "lock").write_bytes(b"rubbish" * (race % 2))
        text = list(stale.values())[race % len(stale)]
        if text is not None:
            content = json.dumps(text) if isinstance(text, dict) else text
            raw = content if isinstance(content, bytes) else content.encode()
            words(folder / "lock").write_bytes(raw)
    command = [sys.executable, "-c", RACER, str(tmp_path)]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(RACERS)
    ]
    not_one, winners = [], set()
    try:
        for race in range(RACES):
            racers = [*racers[1:], racers[0]]  # each is let go first in turn
            assert told(racers) == ["ready"] * RACERS
            assert told(racers) == ["tried"] * RACERS
            words_of_all = told(racers)
            assert {*words_of_all} <= {"won", "lost"}
            if words_of_all.count("won") != 1:
                not_one.append((list(stale)[race % len(stale)], words_of_all))
            winners |= {racers[k].pid for k in range(RACERS) if words_of_all[k] == "won"}
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()
    assert not_one == []
    assert len(winners) == RACERS  # else it was no race


HOLDS = """
import sys
from pathlib import Path
from unittest.mock import Mock
from hsi_viewer.session.storage.lock_file import Lock
lock = Lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def tried(path) -> tuple[threading.Thread, list]:
    """A thread that takes the lock, and what came of it."""
    results = []

    def take() -> None:
        try:
            results.append(Lock(path))
        except LockedError as error:
            results.append(error)

    thread = threading.Thread(target=take)
    thread.start()
    return thread, results


def test_a_thread_that_asks_does_not_look_like_a_holder(path, monkeypatch):
    path.touch()
    taking = []

    class Slow(lock_module.FileLock):
        """Asked on a busy machine: between having it and giving it back much time passes."""

        def release(self, force=False):
            if not taking:
                taking.append(tried(path))
                taking[0][0].join(10 * lock_module.PATIENCE)
            super().release(force)

    monkeypatch.setattr(lock_module, "FileLock", Slow)
    assert holder_of(path) is None
    ((thread, results),) = taking
    thread.join()
    assert results[0].ours
    results[0].release()


@pytest.mark.skipif(os.name == "nt", reason="whether a process lives is asked on POSIX only")
def test_who_takes_over_from_the_dead_waits_for_another_program_that_asks(path, monkeypatch):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    path.touch()
    words(path).write_text(json.dumps({"pid": ended.pid, "host": platform.node()}))
    monkeypatch.setattr(lock_module, "WITHOUT_HOLDER", 120.0)
    asking = lock_module.FileLock(path, thread_local=False)
    asking.acquire()
    thread, results = tried(path)
    thread.join(10 * lock_module.PATIENCE)
    assert results == []
    asking.release()
    thread.join()
    assert results[0].ours
    results[0].release()


def test_a_kill_gives_the_lock_back(path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout.readline() == b"held\n"
        assert holder_of(path).pid == process.pid
        with pytest.raises(LockedError, match=str(process.pid)):
            Lock(path)
    finally:
        process.kill()
        process.communicate()
    assert holder_of(path) is None
    lock = Lock(path)
    assert lock.before.pid == process.pid
    lock.release()


def test_a_folder_that_has_gone_is_not_made_again(path):
    gone = path.parent / "gone" / "lock"
    with pytest.raises(FileNotFoundError):
        Lock(gone)
    assert not gone.parent.exists()


@pytest.fixture
def no_locks(monkeypatch):
    """A file system without locks, as some network drives are."""
    if os.name == "nt":
        pytest.skip("there the library locks in another way")

    def refuse(_handle, _operation):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)


def test_without_locks_nobody_is_reported_to_hold_one(path, no_locks):
    path.touch()
    assert holder_of(path) is None
    with pytest.raises(OSError, match=r"[Nn]o locks"):
        Lock(path)


def test_times_beyond_all_calendars_are_unknown():
    assert lock_module.local_time("9999-12-31T23:59:59+00:00")[:4] in ("9999", "an u")
    assert lock_module.local_time("soon") == "an unknown time"


def test_a_lock_that_could_not_be_taken_over_stays_with_its_holder(path, monkeypatch):
    holder = Lock(path)
    before = sorted(path.parent.iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", Mock(side_effect=PermissionError(13, "in use")))
        with pytest.raises(PermissionError):
            Lock(path, take_over=True)
    assert sorted(path.parent.iterdir()) == before
    assert holder.ours
    holder.release()
    Lock(path).release()


@pytest.mark.skipif(os.name == "nt", reason="whether a process lives is asked on POSIX only")
def test_who_takes_over_from_the_dead_does_not_wait_for_ever(path, monkeypatch):
    holder = Lock(path)
    words(path).write_text(json.dumps({"pid": 2**31 - 1, "host": platform.node()}))
    monkeypatch.setattr(lock_module, "WITHOUT_HOLDER", 0.05)
    with pytest.raises(LockedError):
        Lock(path)
    holder.release()
