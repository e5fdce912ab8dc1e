"""Work that is discarded, brought back, or wanted by two programs at once."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from msgspec.structs import replace

from hsi_viewer.core.errors import FileError
from hsi_viewer.io.opening import open_cube
from hsi_viewer.session import recovering
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.recovering import recovered_session
from hsi_viewer.session.session import Session, new_session, opened_session
from hsi_viewer.session.storage.lock_file import Lock, LockedError
from hsi_viewer.session.storage.project_file import lock_of, read_project_data
from hsi_viewer.session.storage.recoverable_sessions import (
    DISCARDED_KEPT,
    RecoverableSession,
    bring_back,
    discard,
    discarded,
    recoverable_sessions,
)
from hsi_viewer.session.storage.session_folder import sessions_folder, temporary_folder
from tests.unit.session.made import new_document, stroke


@pytest.fixture
def scene(tmp_path):
    path = tmp_path / "scene.npy"
    np.save(path, new_document().cube.read())
    return str(path)


def let_die(session: Session) -> None:
    session.recorder.journal.close()
    session.folder._lock._lock.release()


def left(scene: str, pixels: int = 1) -> RecoverableSession:
    """Unsaved work of a program that is gone."""
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    for pixel in range(pixels):
        stroke(document, 1, [pixel])
    let_die(session)
    return next(o for o in recoverable_sessions() if o.path == session.folder.path)


def aged(leftover: RecoverableSession, seconds: int) -> RecoverableSession:
    """The same with a name and a time as of another moment."""
    older = leftover.path.with_name(f"2026010{seconds}-000000-{seconds:08x}")
    leftover.path.rename(older)
    os.utime(older / "journal", (seconds, seconds))
    return next(o for o in recoverable_sessions() if o.path == older)


@pytest.mark.parametrize("temporary", [False, True])
def test_six_are_discarded_the_newest_first_and_each_comes_back(
    scene, tmp_path, monkeypatch, temporary
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    if temporary:
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("HSI_VIEWER_DATA", str(tmp_path / "file"))
    for number in range(6):
        aged(left(scene, number + 1), number)
    found = recoverable_sessions()
    folder = temporary_folder() if temporary else sessions_folder()
    assert [o.path.parent for o in found] == [folder] * 6
    assert [o.when for o in found] == [5, 4, 3, 2, 1, 0]
    assert {o.name for o in found} == {found[0].reference.name}
    assert replace(found[0], reference=None).name == "an unknown scene"
    put_away = [discard(o) for o in found]
    assert recoverable_sessions() == ()
    assert [o.strokes for o in discarded()] == [1, 2, 3, 4, 5, 6]  # the last discarded first
    assert [bring_back(path) for path in put_away] == [o.path for o in found]
    assert recoverable_sessions() == found
    document = Document(open_cube(scene))
    session = recovered_session(document, found[0], scene)
    assert document.labels.total == 6
    let_die(session)
    outside = {p.name for p in (tmp_path / "tmp").glob("*")} if temporary else set()
    assert outside <= {"hsi-viewer-sessions"}


def test_the_last_ten_stay_by_the_order_of_discarding(scene):
    assert DISCARDED_KEPT == 10
    put_away = []
    for number in range(DISCARDED_KEPT + 3):
        work = left(scene)
        newest_name = work.path.with_name(f"2099010{number % 9}-{999999 - number}-aaaaaaaa")
        work.path.rename(newest_name)  # later ones have smaller names
        put_away.append(discard(recoverable_sessions()[0]))
    assert [p.exists() for p in put_away] == [False] * 3 + [True] * DISCARDED_KEPT


def test_what_is_damaged_stays_among_the_discarded_however_many_follow(scene):
    work = left(scene, 3)
    journal = work.path / "journal"
    data = bytearray(journal.read_bytes())
    data[-200] ^= 4
    journal.write_bytes(data)
    put_away = discard(recoverable_sessions()[0])
    for _ in range(DISCARDED_KEPT + 1):
        discard(left(scene))
    assert (put_away / "journal").read_bytes() == bytes(data)


def test_work_that_another_program_recovers_is_not_discarded(scene):
    work = left(scene)
    document = Document(open_cube(scene))
    session = recovered_session(document, work, scene)
    with pytest.raises(LockedError, match="in use by"):
        discard(work)
    assert session.folder.path.exists()
    let_die(session)


# two programs -----------------------------------------------------------------------------------

RECOVERS = """
import sys
from hsi_viewer.io.opening import open_cube
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.storage.recoverable_sessions import recoverable_sessions
from hsi_viewer.session.recovering import recovered_session
document = Document(open_cube(sys.argv[1]))
session = recovered_session(document, recoverable_sessions()[0], sys.argv[1])
print("recovered", flush=True)
sys.stdin.read()
"""


def test_two_programs_recover_one_session_and_the_second_is_refused(scene):
    work = left(scene, 4)
    before = (work.path / "journal").read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-c", RECOVERS, scene], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout.readline() == b"recovered\n"
        document = Document(open_cube(scene))
        with pytest.raises(FileError, match=f"in use by HSI Viewer, process {process.pid}"):
            recovered_session(document, work, scene)
        assert document.labels.total == 0
        assert (work.path / "journal").read_bytes() == before
        assert recoverable_sessions() == ()
    finally:
        process.kill()
        process.communicate()
    assert recoverable_sessions() == (work,)


def test_a_session_that_has_gone_meanwhile_is_refused_in_words(scene):
    work = left(scene)
    discard(work)
    with pytest.raises(FileError, match="cannot be recovered"):
        recovered_session(Document(open_cube(scene)), work, scene)
    assert not work.path.exists()


@pytest.mark.parametrize("change", ["host", "pid", "clock"])
def test_no_name_no_clock_and_no_number_hides_unsaved_work(scene, monkeypatch, change):
    work = left(scene)
    holder = {
        "pid": os.getpid(),
        "host": "before",
        "since": "2099-01-01T00:00:00+00:00",
        "key": "k",
    }
    (work.path / "lock.json").write_text(json.dumps(holder))
    (work.path / "lock").write_text(json.dumps(holder))  # as older versions wrote it
    if change == "host":
        monkeypatch.setattr("platform.node", lambda: "after")
    elif change == "clock":
        os.utime(work.path / "journal", (4e9, 4e9))
        os.utime(work.path, (1, 1))
    assert [o.path for o in recoverable_sessions()] == [work.path]


def test_a_folder_without_anything_goes_unless_it_is_in_use(scene):
    empty = sessions_folder() / "20260101-000000-00000000"
    empty.mkdir(parents=True)
    used = sessions_folder() / "20260101-000000-11111111"
    used.mkdir()
    lock = Lock(used / "lock")
    assert recoverable_sessions() == ()
    assert not empty.exists()
    assert used.exists()
    lock.release()
    assert recoverable_sessions() == ()
    assert not used.exists()


def test_a_new_folder_that_another_program_clears_away_is_made_again(scene, monkeypatch):
    mkdir, times = Path.mkdir, []

    def cleared(self, *args, **options):
        mkdir(self, *args, **options)
        if self.parent == sessions_folder() and not times:
            times.append(self)
            self.rmdir()

    monkeypatch.setattr(Path, "mkdir", cleared)
    session = new_session(Document(open_cube(scene)), scene)
    assert session.problem == ""
    assert session.folder.path != times[0]
    session.close()


# file systems without locks ---------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="the names of open files are asked for")
def test_where_the_disk_cannot_lock_another_place_is_taken_and_that_is_reported(
    scene, tmp_path, monkeypatch
):
    import fcntl

    real = fcntl.flock

    def refuse(handle, operation):
        where = str(Path(f"/proc/self/fd/{handle}").readlink())
        if "hsi-viewer-sessions" not in where:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
        real(handle, operation)

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(fcntl, "flock", refuse)
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    assert "locks" in session.problem
    assert session.folder.path.parent == temporary_folder()
    assert session.recorder is not None
    assert not list(sessions_folder().iterdir())

    path = tmp_path / "a.hsiproj"
    session.snapshot(session.data_with({}, {}, None)).write(path)
    assert "cannot lock files" in session.take_project(path)
    session.close()
    other = Document(open_cube(scene))
    again = opened_session(other, path, read_project_data(path), scene)
    assert "another program may save a.hsiproj at the same time" in again.warnings[0]
    again.close()


def test_a_session_file_that_cannot_be_opened_leaves_no_folder(scene, tmp_path, monkeypatch):
    session = new_session(Document(open_cube(scene)), scene)
    path = tmp_path / "a.hsiproj"
    session.snapshot(session.data_with({}, {}, None)).write(path)
    session.close()
    data = read_project_data(path)
    path.write_bytes(b"")  # since then
    with pytest.raises(FileError):
        opened_session(Document(open_cube(scene)), path, data, scene)
    assert not list(sessions_folder().iterdir())


def test_a_session_file_that_another_computer_did_not_close_is_reported(scene, tmp_path):
    session = new_session(Document(open_cube(scene)), scene)
    path = tmp_path / "a.hsiproj"
    session.snapshot(session.data_with({}, {}, None)).write(path)
    session.close()
    holder = {"pid": 5, "host": "elsewhere", "since": "2026-11-28T20:00:00+00:00", "key": "k"}
    lock_of(path).touch()
    lock_of(path).with_name(f"{lock_of(path).name}.json").write_text(json.dumps(holder))
    again = opened_session(Document(open_cube(scene)), path, read_project_data(path), scene)
    assert not again.read_only
    assert "was not closed by HSI Viewer, process 5 on elsewhere" in again.warnings[0]
    again.close()
    assert [p.name for p in tmp_path.glob(".a*")] == []


@pytest.mark.parametrize("error", [FileError("It is damaged."), OSError(5, "Input/output error")])
def test_work_that_could_not_be_taken_up_is_free_for_another_try(scene, monkeypatch, error):
    work = left(scene, 2)
    with monkeypatch.context() as patch:
        patch.setattr(recovering, "journal_contents", Mock(side_effect=error))
        with pytest.raises(FileError, match=r"It is damaged|Input/output error"):
            recovered_session(Document(open_cube(scene)), work, scene)
    document = Document(open_cube(scene))
    let_die(recovered_session(document, work, scene))
    assert document.labels.total == 2


def test_work_whose_journal_is_gone_begins_again(scene):
    work = left(scene)
    (work.path / "journal").unlink()
    document = Document(open_cube(scene))
    session = recovered_session(document, work, scene)
    stroke(document, 1, [3])
    let_die(session)
    again = Document(open_cube(scene))
    let_die(recovered_session(again, recoverable_sessions()[0], scene))
    assert again.labels.total == 1
