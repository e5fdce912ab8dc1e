"""What runs is listed with progress, time left and cancel; what was told can be read again."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hsi_viewer.core.progress import Progress
from hsi_viewer.ui.widgets.busy_bar import Activity
from hsi_viewer.ui.widgets.log_page import LogPage


class Step:
    """Work that reports a share and waits until it is let go or cancelled."""

    def __init__(self, text: str, share: float | None) -> None:
        self.go = threading.Event()
        self.text, self.share = text, share

    def __call__(self, token, port) -> None:
        port.report(Progress(self.text, self.share))
        while not self.go.wait(0.005):
            token.check()


def fail(log: logging.Logger) -> None:
    """Log an error with its traceback."""
    try:
        Path("/no/such/folder").stat()
    except OSError:
        log.exception("Saving failed")


def two_tasks_are_listed_and_each_has_its_own_cancel(driver, qtbot):
    window, busy = driver.window, driver.window.context.busy
    first, second = Step("Averaging", 0.25), Step("Drawing", None)
    tasks = [window.workspace.tasks.start(t, w) for t, w in (("A", first), ("B", second))]
    qtbot.waitUntil(lambda: busy.first.label.text() == "Drawing")
    assert (busy.first.bar.maximum(), busy.more.text()) == (0, "+1")
    QTest.mouseClick(busy.more, Qt.MouseButton.LeftButton)
    assert busy.list.isVisible()
    qtbot.waitUntil(lambda: busy.rows[1].label.text() == "Averaging")
    assert busy.rows[1].bar.value() == 250
    QTest.mouseClick(busy.rows[1].cancel, Qt.MouseButton.LeftButton)
    assert [t.running for t in tasks] == [False, True]
    assert not busy.more.isVisible()
    busy.list.hide()
    driver.trigger("edit.cancel")
    assert not tasks[1].running
    assert not busy.isVisible()


def escape_leaves_quiet_work_alone(driver):
    step = Step("Reading tiles", None)
    task = driver.window.workspace.tasks.start("Quiet", step, quiet=True)
    driver.trigger("edit.cancel")
    assert task.running
    assert not driver.window.context.busy.isVisible()
    step.go.set()


def the_time_left_stands_beside_what_is_done(driver):
    activity = Activity(0, "Training", "Predicting the map", 0.5, 21.0)
    driver.window.context.busy.show_activities([activity])
    assert driver.window.context.busy.first.label.text() == "Predicting the map · about 20 s left"
    driver.window.context.busy.show_activities([])


def test_notices_and_log_records_stand_on_the_page(driver, qtbot):
    window = driver.window
    driver.trigger("help.messages")
    page = window.findChild(LogPage)
    assert page.isVisible()
    window.workspace.notify("The labels were saved.", "success")
    log = logging.getLogger("hsi_viewer.io.test")
    worker = threading.Thread(target=fail, args=(log,))
    worker.start()
    qtbot.waitUntil(lambda: len(page.entries()) == 2)
    worker.join()
    page.filter.setCurrentText("Errors")
    assert [e.text for e in page.entries()] == ["Saving failed"]
    QTest.mouseClick(page.copy, Qt.MouseButton.LeftButton)
    copied = QApplication.clipboard().text()
    assert "ERROR Saving failed\nTraceback" in copied
    assert "FileNotFoundError" in copied
    assert "saved" not in copied
    page.filter.setCurrentText("Everything")
    page.tree.topLevelItem(0).setSelected(True)
    QTest.mouseClick(page.copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text().endswith("SUCCESS The labels were saved.")
    QTest.mouseClick(page.clear, Qt.MouseButton.LeftButton)
    assert page.entries() == []


def test_a_closed_window_listens_no_longer(driver, make_driver):
    other = make_driver()
    handlers = logging.getLogger("hsi_viewer").handlers
    before = len(handlers)
    other.window.may_leave = lambda: True
    other.window.close()
    assert len(handlers) == before - 1


def test_the_busy_bar(driver, qtbot):
    """In one window."""
    two_tasks_are_listed_and_each_has_its_own_cancel(driver, qtbot)
    the_time_left_stands_beside_what_is_done(driver)
    escape_leaves_quiet_work_alone(driver)


def test_messages_that_differ_in_numbers_only_are_reported_once(driver):
    for end in (100, 200, 300):
        driver.window.workspace.notify(f"a.img has become shorter: it ends at {end}.", "error")
    driver.window.workspace.notify("b.img is empty.", "error")
    assert driver.window.notices.texts() == [
        "a.img has become shorter: it ends at 300.",
        "b.img is empty.",
    ]


def test_a_long_path_does_not_widen_the_window(driver, qtbot):
    window, width = driver.window, driver.window.width()
    step = Step(f"Opening /{'a_long_folder/' * 30}scene.hdr", None)
    task = window.workspace.tasks.start("Opening scene.hdr", step)
    qtbot.waitUntil(lambda: "…" in window.context.busy.first.label.text())
    assert window.context.busy.first.label.text().endswith("scene.hdr")
    assert step.text in window.context.busy.first.label.toolTip()
    QApplication.processEvents()
    assert window.width() == width
    task.cancel()


def test_messages_about_a_file_go_when_another_is_opened(driver, tmp_path):
    (tmp_path / "gone.hdr").write_text("ENVI\nsamples = 2\nlines = 2\nbands = 2\ndata type = 1\n")
    with driver.qtbot.waitSignal(driver.window.context.opening.refused):
        driver.window.open(str(tmp_path / "gone.hdr"))
    driver.qtbot.waitUntil(lambda: len(driver.window.notices.texts()) == 1)
    assert "gone.hdr" in driver.window.notices.texts()[0]
    np.save(tmp_path / "map.npy", np.ones((4, 5), np.uint8))
    driver.window.workspace.notify("Exported to the folder of the last scene", "success")
    driver.window.notices.elapse(1500)  # it was read
    driver.window.workspace.notify("Session saved", "success")  # on the way to the next scene
    driver.open(str(tmp_path / "map.npy"))
    warnings = [f"map.npy: {w}" for w in driver.document.cube.warnings]
    assert driver.window.notices.texts() == ["Session saved", *warnings]
