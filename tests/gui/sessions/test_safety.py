"""Nothing is ever lost: recovery, session files, locks, full disks, through the real window."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox

from hsi_viewer.session.storage.journal import Journal
from hsi_viewer.session.storage.lock_file import Lock
from hsi_viewer.session.storage.project_file import lock_of
from hsi_viewer.session.storage.recoverable_sessions import recoverable_sessions
from tests.patience import PATIENCE

CUBE = (12, 16, 4)


@pytest.fixture(autouse=True)
def no_trainer(monkeypatch) -> None:
    """Nothing is trained here: torch is not imported ahead of time."""
    monkeypatch.setattr(
        "hsi_viewer.ui.features.training.torch_preload.import_trainer", lambda _token, _port: None
    )


@pytest.fixture
def scene(tmp_path) -> str:
    """A small cube in a folder of its own."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    np.save(folder / "scene.npy", np.random.default_rng(0).normal(size=CUBE))
    return str(folder / "scene.npy")


@pytest.fixture
def drawn(driver, scene):
    """The window with the cube open, a class and a stroke."""
    driver.open(scene)
    driver.trigger("class.add")
    driver.stroke((2, 3), (2, 8))
    return driver


def all_quiet(driver) -> None:
    driver.qtbot.waitUntil(lambda: not driver.window.workspace.tasks.running)


def crash(driver) -> np.ndarray:
    """What a kill leaves: the files as they are, a lock of nobody's, no farewell."""
    all_quiet(driver)
    ids, session = driver.document.labels.snapshot().ids, driver.window.context.sessions.session
    assert session.recorder.journal.drain(PATIENCE)
    copy = session.folder.path.with_name("left")
    shutil.copytree(session.folder.path, copy)
    (copy / "lock").unlink()
    driver.document.abandon()
    driver.let_go()
    return ids


def offered(driver, part: str) -> bool:
    return any(part in text for text in driver.window.context.offers.texts())


def wait_for_offer(driver, part: str) -> str:
    driver.qtbot.waitUntil(lambda: offered(driver, part))
    return next(o.key for o in driver.window.context.offers.offers if part in o.text)


def press(driver, key: str, text: str) -> None:
    offer = next(o for o in driver.window.context.offers.offers if o.key == key)
    button = next(b for b in offer.buttons if b.text() == text)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def answer_dialog(monkeypatch, name: str, path: Path | str) -> None:
    monkeypatch.setattr(QFileDialog, name, staticmethod(lambda *_a, **_k: (str(path), "")))


def answer_box(monkeypatch, text: str) -> None:
    """Click this button of every question."""

    def click(box) -> int:
        button = next(b for b in box.buttons() if b.text() == text)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        return 0

    monkeypatch.setattr(QMessageBox, "exec", click)


def save_session(driver, monkeypatch, path: Path) -> None:
    answer_dialog(monkeypatch, "getSaveFileName", path)
    driver.trigger("session.save_as")
    driver.qtbot.waitUntil(lambda: not driver.window.context.sessions.unsaved())
    all_quiet(driver)


def open_session(driver, path: Path) -> None:
    driver.window.open(str(path))
    driver.qtbot.waitUntil(lambda: driver.document is not None)
    all_quiet(driver)


def drop(driver, path: Path) -> None:
    """Drop a file on the window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    driver.window.dropEvent(
        QDropEvent(
            QPointF(QPoint(5, 5)),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


# after a crash -------------------------------------------------------------------------------


def test_work_of_a_crash_is_offered_at_the_start_and_recovered(drawn, make_driver):
    titles = [s.title for s in drawn.document.history.steps]
    ids = crash(drawn)
    again = make_driver()
    key = wait_for_offer(again, "2 strokes")
    press(again, key, "Recover")
    again.qtbot.waitUntil(lambda: again.document is not None)
    all_quiet(again)
    np.testing.assert_array_equal(again.document.labels.ids, ids)
    assert [s.title for s in again.document.history.steps] == titles
    assert again.window.windowTitle().startswith("scene")
    assert again.window.isWindowModified()
    assert not again.window.context.offers.offers
    again.trigger("edit.undo")
    assert again.document.labels.total == 0
    assert again.window.panel("classes").table.rowCount() == 1


def test_later_is_offered_again_with_the_cube_and_discarded_work_comes_back(
    drawn, make_driver, scene
):
    crash(drawn)
    again = make_driver()
    press(again, wait_for_offer(again, "was not saved"), "Later")
    assert not again.window.context.offers.offers
    again.open(scene)
    key = wait_for_offer(again, "was not saved")
    assert again.document.labels.total == 0
    press(again, key, "Discard")
    assert recoverable_sessions() == ()
    before = again.document
    press(again, wait_for_offer(again, "was discarded"), "Restore")
    again.qtbot.waitUntil(lambda: again.document is not before)
    assert again.document.labels.total


def test_a_cube_that_has_gone_is_asked_for(drawn, make_driver, scene, tmp_path, monkeypatch):
    ids = crash(drawn)
    moved = tmp_path / "moved.npy"
    Path(scene).rename(moved)
    again = make_driver()
    key = wait_for_offer(again, "was not saved")
    answer_dialog(monkeypatch, "getOpenFileName", "")
    press(again, key, "Recover")
    key = wait_for_offer(again, "was not saved")  # nothing was answered: it is still offered
    answer_dialog(monkeypatch, "getOpenFileName", moved)
    press(again, key, "Recover")
    again.qtbot.waitUntil(lambda: again.document is not None)
    np.testing.assert_array_equal(again.document.labels.ids, ids)


def test_closing_without_an_answer_keeps_and_discarding_does_not(drawn, make_driver, monkeypatch):
    drawn.let_go()
    assert len(recoverable_sessions()) == 1
    again = make_driver()
    press(again, wait_for_offer(again, "was not saved"), "Recover")
    again.qtbot.waitUntil(lambda: again.document is not None)
    all_quiet(again)

    answer_box(monkeypatch, "Discard")
    again.window.close()
    assert recoverable_sessions() == ()
    again.window = again.canvas = None


# full and read-only disks --------------------------------------------------------------------


def test_a_full_disk_is_reported_labels_stay_and_the_journal_recovers(
    drawn, monkeypatch, make_driver
):
    def full(*_args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    journal = drawn.window.context.sessions.session.recorder.journal
    assert journal.drain(PATIENCE)
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_write", full)
        patch.setattr(Journal, "_replace", full)
        drawn.stroke((4, 3), (4, 8))
        drawn.stroke((5, 3), (5, 8))
        assert journal.drain(PATIENCE)
        drawn.window.context.sessions.maintain()
        assert any("No space left" in t for t in drawn.window.notices.texts())
        assert drawn.document.labels.total == 18
        drawn.window.context.sessions.maintain()
    for _ in range(2):
        assert journal.drain(PATIENCE)
        drawn.window.context.sessions.maintain()
    drawn.window.context.sessions.maintain()
    assert any("recovery is on again" in t for t in drawn.window.notices.texts())
    ids = crash(drawn)
    assert (ids > 0).sum() == 18
    again = make_driver()
    press(again, wait_for_offer(again, "4 strokes"), "Recover")
    again.qtbot.waitUntil(lambda: again.document is not None)
    np.testing.assert_array_equal(again.document.labels.ids, ids)


def test_without_a_place_to_write_one_can_still_label(driver, scene, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HSI_VIEWER_DATA", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    driver.open(scene)
    assert any("recovery is off" in t for t in driver.window.notices.texts())
    driver.trigger("class.add")
    driver.stroke((2, 3), (2, 8))
    assert driver.document.labels.total == 6


def test_in_a_read_only_folder_the_session_stays_unsaved_and_that_is_reported(
    drawn, tmp_path, monkeypatch
):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):  # the administrator may write there, but in no file's place
        folder = tmp_path / "file"
        folder.write_text("")
    answer_dialog(monkeypatch, "getSaveFileName", folder / "a.hsiproj")
    drawn.trigger("session.save_as")
    drawn.qtbot.waitUntil(
        lambda: any("could not be written" in t for t in drawn.window.notices.texts())
    )
    assert drawn.window.context.sessions.unsaved() == ("labels",)


# session files -------------------------------------------------------------------------------


def test_a_session_brings_everything_back(drawn, make_driver, tmp_path, monkeypatch):
    path = tmp_path / "work.hsiproj"
    window = drawn.window
    truth = np.ones(CUBE[:2], np.uint16)
    drawn.document.set_truth(truth)
    drawn.document.show_class(1, False)
    window.context.viewing.pin(3, 4)
    window.context.canvas.zoom(2.0)
    window.context.viewing.show_labels(False)
    window.context.sessions.session.notes = "Wet spring"
    box = window.context.canvas.view_box()
    classes = drawn.document.legend.classes
    save_session(drawn, monkeypatch, path)
    assert f"Session saved to {path}." in window.notices.texts()
    answer_dialog(monkeypatch, "getSaveFileName", tmp_path / "never")
    drawn.stroke((6, 3), (6, 8))
    assert drawn.window.context.sessions.unsaved() == ("labels",)
    ids = drawn.document.labels.snapshot().ids
    drawn.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    drawn.qtbot.waitUntil(lambda: not drawn.window.context.sessions.unsaved())
    all_quiet(drawn)
    assert path.with_name("work.hsiproj.bak").exists()
    assert not window.isWindowModified()
    drawn.let_go()
    assert recoverable_sessions() == ()

    again = make_driver()
    drop(again, path)
    again.qtbot.waitUntil(lambda: again.document is not None)
    all_quiet(again)
    np.testing.assert_array_equal(again.document.labels.ids, ids)
    np.testing.assert_array_equal(again.document.truth, truth)
    assert again.document.legend.classes == classes
    assert again.window.context.canvas.view_box() == pytest.approx(box, abs=1.0)
    assert again.window.context.viewing.pins == 1
    assert not again.window.context.viewing.labels_shown
    assert again.window.context.sessions.session.notes == "Wet spring"
    assert not again.window.isWindowModified()
    assert again.window.workspace.settings.recent_files[0] == str(path)


def test_a_session_whose_cube_has_gone_asks_where_it_is(
    drawn, make_driver, scene, tmp_path, monkeypatch
):
    path = tmp_path / "work.hsiproj"
    save_session(drawn, monkeypatch, path)
    drawn.let_go()
    moved = tmp_path / "moved.npy"
    Path(scene).rename(moved)
    again = make_driver()
    again.window.open(str(path))
    key = wait_for_offer(again, "scene.npy")
    answer_dialog(monkeypatch, "getOpenFileName", moved)
    press(again, key, "Find it…")
    again.qtbot.waitUntil(lambda: again.document is not None)
    all_quiet(again)
    assert again.document.labels.total == 6
    assert not [t for t in again.window.notices.texts() if "values" in t]
    np.save(scene, np.ones(CUBE))  # another cube in its place: opened, but told
    again.window.open(str(path))
    again.qtbot.waitUntil(
        lambda: any(
            "values of scene.npy differ from those" in t for t in again.window.notices.texts()
        )
    )


def test_a_session_that_is_opened_again_here_is_not_read_only(drawn, monkeypatch, tmp_path):
    path = tmp_path / "work.hsiproj"
    save_session(drawn, monkeypatch, path)
    before = drawn.window.context.sessions.session
    drawn.window.open(str(path))
    drawn.qtbot.waitUntil(
        lambda: (s := drawn.window.context.sessions.session) is not before and s.project == path
    )
    all_quiet(drawn)
    assert not drawn.window.context.sessions.session.read_only
    assert drawn.window.context.offers.texts() == []
    assert drawn.document.labels.total == 6


def test_a_session_in_another_program_opens_read_only_and_can_be_taken_over(
    drawn, make_driver, tmp_path, monkeypatch
):
    path = tmp_path / "work.hsiproj"
    save_session(drawn, monkeypatch, path)
    drawn.let_go()
    living = Lock(lock_of(path))
    again = make_driver()
    open_session(again, path)
    key = wait_for_offer(again, "read-only")
    before = path.read_bytes()
    press(again, key, "Stay read-only")
    again.key(Qt.Key.Key_1)
    again.stroke((6, 3), (6, 8))
    again.trigger("file.save")
    key = wait_for_offer(again, "read-only")
    assert path.read_bytes() == before
    press(again, key, "Take over")
    assert not again.window.context.offers.offers
    again.trigger("file.save")
    again.qtbot.waitUntil(lambda: not again.window.context.sessions.unsaved())
    all_quiet(again)
    assert path.read_bytes() != before
    other = Lock(lock_of(path), take_over=True)
    assert other.ours
    assert not living.ours
    again.stroke((7, 3), (7, 8))
    before = path.read_bytes()
    again.trigger("file.save")
    wait_for_offer(again, "was taken over")
    assert path.read_bytes() == before


@pytest.mark.parametrize("way", ["save as", "closing"])
def test_a_session_file_that_another_program_has_open_is_not_replaced(
    drawn, make_driver, tmp_path, monkeypatch, way
):
    path = tmp_path / "work.hsiproj"
    save_session(drawn, monkeypatch, path)
    drawn.let_go()
    living = Lock(lock_of(path))
    again = make_driver()
    open_session(again, path)
    press(again, wait_for_offer(again, "read-only"), "Stay read-only")
    again.key(Qt.Key.Key_1)
    again.stroke((6, 3), (6, 8))
    before = path.read_bytes()
    answer_dialog(monkeypatch, "getSaveFileName", path)
    if way == "save as":
        again.trigger("session.save_as")
    else:
        answer_box(monkeypatch, "Save")
        again.window.close()
    all_quiet(again)
    assert path.read_bytes() == before
    assert any("Save it under another name" in t for t in again.window.notices.texts())
    assert again.window.isVisible()
    assert again.window.context.sessions.unsaved() == ("labels",)
    living.release()


def test_a_damaged_session_is_refused_in_words(driver, tmp_path):
    path = tmp_path / "bad.hsiproj"
    path.write_bytes(b"PK\x03\x04")
    driver.window.open(str(path))
    driver.qtbot.waitUntil(lambda: any("damaged" in t for t in driver.window.notices.texts()))
    assert driver.document is None


# history -------------------------------------------------------------------------------------


def test_the_history_is_a_list_to_jump_in(drawn):
    drawn.stroke((4, 3), (4, 8))
    drawn.stroke((5, 3), (5, 8))
    drawn.trigger("edit.history")
    panel = next(f for f in drawn.window.features if f.key == "history").panel
    drawn.qtbot.waitUntil(lambda: len(panel.rows()) == 5)
    assert panel.rows()[-1] == ("Label 6 pixels", "now")

    def click(row: int) -> None:
        point = panel.list.visualRect(panel.list.model().index(row, 0)).center()
        QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=point)

    click(2)
    assert drawn.document.labels.total == 6
    states = ["done", "done", "now", "undone", "undone"]
    drawn.qtbot.waitUntil(lambda: [state for _, state in panel.rows()] == states)
    click(0)
    assert drawn.document.labels.total == 0
    assert len(drawn.document.legend) == 0
    click(4)
    assert drawn.document.labels.total == 18
