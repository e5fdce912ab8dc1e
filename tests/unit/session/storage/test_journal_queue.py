"""A slow disk makes no stroke wait, nothing that was taken is lost, and a failure is told."""

from __future__ import annotations

import errno
import os
import threading

import numpy as np
import pytest

from hsi_viewer.core.errors import FileError
from hsi_viewer.session.session import new_session
from hsi_viewer.session.storage import journal as journal_module
from hsi_viewer.session.storage import journal_queue
from hsi_viewer.session.storage.journal import Journal
from hsi_viewer.session.storage.journal_queue import JournalQueue
from hsi_viewer.session.storage.journal_recorder import Recorder
from hsi_viewer.session.storage.journal_records import Kind, Record, read_records
from hsi_viewer.session.storage.journal_replay import replay
from tests.patience import PATIENCE
from tests.unit.session.made import content_of, new_document, stroke


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def disk(monkeypatch):
    """Both writing and flushing wait for this event; whoever does so is noted."""
    event, threads = threading.Event(), set()
    write, sync = Journal._write, journal_module._sync_data

    def slow_write(journal, data):
        threads.add(threading.get_ident())
        assert event.wait(PATIENCE)
        write(journal, data)

    def slow_sync(handle):
        threads.add(threading.get_ident())
        assert event.wait(PATIENCE)
        sync(handle)

    event.threads = threads
    event.set()
    monkeypatch.setattr(Journal, "_write", slow_write)
    monkeypatch.setattr(journal_module, "_sync_data", slow_sync)
    yield event
    event.set()


def recorded(path):
    document = new_document()
    return document, Recorder(document, JournalQueue(Journal(path)))


def replayed(path):
    document = new_document()
    replay(read_records(path).records, document)
    return document


def test_strokes_end_while_the_disk_still_waits(path, disk):
    document, recorder = recorded(path)
    disk.clear()
    disk.threads.clear()
    for pixel in range(20):
        stroke(document, 1, [pixel])
    document.history.undo()
    recorder.maintain()
    assert document.labels.total == 19
    assert recorder.journal.busy
    assert not recorder.journal.drain(0.0)
    assert recorder.problem == ""
    disk.set()
    assert recorder.journal.drain(PATIENCE)
    assert content_of(replayed(path)) == content_of(document)
    assert threading.get_ident() not in disk.threads
    recorder.close()


def test_closing_waits_for_all_that_was_taken(path, disk):
    document, recorder = recorded(path)
    disk.clear()
    stroke(document, 1, [3])
    stroke(document, 2, [4])
    closing = threading.Thread(target=recorder.close)
    closing.start()
    assert closing.is_alive()
    disk.set()
    closing.join(PATIENCE)
    assert content_of(replayed(path)) == content_of(document)


def test_a_stroke_is_on_the_disk_without_another_one(path):
    document, recorder = recorded(path)
    stroke(document, 1, [3])
    assert recorder.journal.drain(PATIENCE)
    assert content_of(replayed(path)) == content_of(document)
    recorder.close()


@pytest.mark.parametrize("limit", ["MOST_RECORDS", "MOST_BYTES"])
def test_a_disk_that_stays_behind_is_reported_and_gets_the_whole_state_later(
    path, disk, monkeypatch, limit
):
    monkeypatch.setattr(journal_queue, limit, 5)
    document, recorder = recorded(path)
    received = []
    recorder.status_changed.connect(received.append)
    disk.clear()
    for pixel in range(40):
        stroke(document, 1 + pixel % 3, [pixel])
        assert len(recorder.journal._waiting) <= 6
    assert len(received) == 1
    assert "the disk is too slow" in received[0]
    disk.set()
    assert recorder.journal.drain(PATIENCE)
    recorder.maintain()
    assert recorder.journal.drain(PATIENCE)
    recorder.maintain()
    assert received[1:] == [""]
    stroke(document, 2, [41])
    recorder.close()
    again = replayed(path)
    np.testing.assert_array_equal(again.labels.ids, document.labels.ids)
    assert content_of(again) == content_of(document)


def test_a_failure_is_reported_and_all_is_written_when_there_is_room(path, monkeypatch):
    document, recorder = recorded(path)
    received = []
    recorder.status_changed.connect(received.append)

    def full(_self, _data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_write", full)
        stroke(document, 1, [0])
        assert recorder.journal.drain(PATIENCE)
        with pytest.raises(FileError, match="No space left"):
            recorder.journal.check_written()
        stroke(document, 2, [1])
    assert len(received) == 1
    assert "No space left" in received[0]
    stroke(document, 3, [2])
    assert recorder.journal.drain(PATIENCE)
    recorder.maintain()
    assert received[1:] == [""]
    recorder.close()
    assert content_of(replayed(path)) == content_of(document)


def test_after_a_failure_nothing_is_taken_until_the_whole_is_written_again(path, monkeypatch):
    queue, record = JournalQueue(Journal(path)), Record(Kind.SAVED, {"n": 1})
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_write", lambda *_: 1 / 0)
        queue.append(lambda: record)
        assert queue.drain(PATIENCE)
    for _ in range(2):  # no record is to be missing between two others
        with pytest.raises(FileError, match="division"):
            queue.append(lambda: record)
    assert not queue.busy
    queue.rewrite(lambda: [record])
    queue.append(lambda: record)
    queue.close()
    assert len(read_records(path).records) == 2


def test_a_state_that_was_asked_for_before_a_record_failed_is_written(path):
    queue, record = JournalQueue(Journal(path)), Record(Kind.SAVED, {"n": 1})
    begun, go_on = threading.Event(), threading.Event()

    def fails():
        begun.set()
        assert go_on.wait(PATIENCE)
        return 1 / 0

    queue.append(fails)
    assert begun.wait(PATIENCE)
    queue.rewrite(lambda: [record])  # the record that fails is in it
    queue.append(lambda: record)
    go_on.set()
    assert queue.drain(PATIENCE)
    queue.check_written()
    queue.close()
    assert len(read_records(path).records) == 2


def test_what_nobody_expected_is_a_failure_too(path):
    document, recorder = recorded(path)
    recorder.journal.append(lambda: 1 / 0)
    assert recorder.journal.drain(PATIENCE)
    with pytest.raises(FileError, match="division"):
        recorder.journal.check_written()
    stroke(document, 1, [0])
    stroke(document, 1, [1])
    recorder.close()
    assert content_of(replayed(path)) == content_of(document)


def test_the_last_stroke_is_waited_for_while_it_is_written(path, disk):
    document, recorder = recorded(path)
    begun, write = threading.Event(), Journal._write

    def noted(journal, data):
        begun.set()
        write(journal, data)

    disk.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "_write", noted)
        stroke(document, 1, [3])
        assert begun.wait(PATIENCE)
        assert recorder.journal.busy  # nothing waits behind it
        assert not recorder.journal.drain(0.0)
        disk.set()
        assert recorder.journal.drain(PATIENCE)
    assert not recorder.journal.busy
    recorder.close()


def test_closing_ends_the_threads(path):
    before = threading.enumerate()
    document, recorder = recorded(path)
    stroke(document, 1, [3])
    pools = recorder.journal._pool, recorder.journal._journal._pool  # nobody else ends them
    recorder.close()
    assert pools[0] is not None
    assert set(threading.enumerate()) <= set(before)


def test_a_session_is_writing_until_the_disk_has_caught_up(disk, tmp_path):
    document = new_document()
    session = new_session(document, str(tmp_path / "scene.npy"))
    session.drain(PATIENCE)
    assert not session.writing
    disk.clear()
    stroke(document, 1, [3])
    session.drain(0.0)
    assert session.writing
    disk.set()
    session.drain(PATIENCE)
    assert not session.writing
    session.close()
