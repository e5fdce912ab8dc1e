"""The panel Scenes: sessions side by side, one open at a time, and one model of all."""

from __future__ import annotations

import json
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.io.opening import open_cube
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.session.storage.cube_reference import reference_to
from hsi_viewer.session.storage.project_file import read_project_data, write_project
from hsi_viewer.session.storage.session_data import SessionData
from hsi_viewer.ui.features.sessions import sessions
from tests.patience import PATIENCE
from tests.unit.learning.made import made_scene

CLASSES = tuple(LabelClass(i, f"field {i}", (10 * i, 0, 90)) for i in (2, 5, 7, 9))


def write_sessions(folder, names="ab"):
    """A session file of each of some scenes, and their truth."""
    paths = []
    for k, name in enumerate(names):
        cube, truth = made_scene(24, 20, 12)
        np.save(folder / f"{name}.npy", cube.read() + np.float32(k))
        ids = np.zeros_like(truth)
        ids[1::4, 1::4] = truth[1::4, 1::4]
        opened = open_cube(folder / f"{name}.npy")
        data = SessionData(reference_to(str(folder / f"{name}.npy"), opened), CLASSES)
        paths.append(folder / f"{name}.hsiproj")
        write_project(paths[-1], data, ids, None, {})
    return paths


def double_click(table, row):
    at = table.visualItemRect(table.item(row, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)


def count_the_asking(driver, monkeypatch) -> SimpleNamespace:
    """How often commands are asked what can be done while a session is restored."""
    told, refresh = SimpleNamespace(count=0, during=[]), driver.window.commands.refresh
    context = driver.window.context

    def counted() -> None:
        told.count += 1
        refresh()

    def begin() -> None:
        told.count = 0

    monkeypatch.setattr(driver.window.commands, "refresh", counted)
    context.opening.opened.connect(lambda made: made.document.legend.changed.connect(begin))
    context.sessions.restored.connect(lambda _session: told.during.append(told.count))
    return told


def test_scenes_are_listed_opened_and_trained_on(make_driver, qtbot, tmp_path, monkeypatch):
    *paths, gone = write_sessions(tmp_path, "abc")
    (tmp_path / "c.npy").unlink()
    broken = tmp_path / "broken.hsiproj"
    broken.write_bytes(b"nothing")
    driver = make_driver(Settings(theme="light", classifier="lda"))
    answers = [[str(p) for p in (*paths, broken, gone)]]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (answers[0], ""))
    assert not driver.window.commands.action("train.scenes").isEnabled()
    driver.trigger("file.scenes")
    panel = driver.window.context.docking.panels["scenes"]
    qtbot.waitUntil(panel.isVisible)
    driver.click_on(panel.add_button)
    qtbot.waitUntil(lambda: panel.table.rowCount() == 4)
    texts = [[panel.table.item(r, c).text() for c in range(4)] for r in range(4)]
    assert texts[:2] == [["a.npy", "30", "4", ""], ["b.npy", "30", "4", ""]]
    assert texts[2:] == [["broken", "?", "?", "?"], ["c.npy (not found)", "30", "4", ""]]
    assert "c.npy isn't there" in panel.table.item(3, 0).toolTip()
    assert "not a session file" in panel.table.item(2, 0).toolTip()

    asked = count_the_asking(driver, monkeypatch)
    for row, name in ((0, "a.npy"), (1, "b.npy")):
        with qtbot.waitSignal(driver.window.context.opening.opened):
            double_click(panel.table, row)
        driver.settle()
        assert driver.document.cube.name == name
        assert driver.document.labels.total == 30
        assert not driver.window.context.sessions.session.read_only  # it was opened once
        qtbot.waitUntil(lambda r=row: panel.table.item(r, 0).font().bold())

    assert asked.during == [0, 0]  # of 200 commands that took a third of a switch

    target = tmp_path / "model"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(target))
    driver.trigger("class.add")
    driver.click_on(panel.train_button)  # what is not saved would not count
    said = driver.window.notices.texts()
    assert any("b.hsiproj has changes that aren't saved" in text for text in said)
    assert not target.exists()
    driver.trigger("file.save")
    qtbot.waitUntil(lambda: not driver.window.isWindowModified())
    driver.click_on(panel.train_button)
    qtbot.waitUntil(lambda: "One model of 2 scenes" in panel.hint.text())
    report = json.loads((target / "report.json").read_text("utf-8"))
    assert [c["name"] for c in report["classes"]] == [c.name for c in CLASSES]
    assert report["held_out"]["overall"] > 0.9
    assert f"{100 * report['held_out']['overall']:.0f} % right" in panel.hint.text()
    said = " ".join(report["warnings"])
    assert "Left out: " in said
    assert "broken.hsiproj" in said
    assert "c.npy is neither there nor beside the session" in said
    qtbot.waitUntil(lambda: any("Left out" in t for t in driver.window.notices.texts()))

    for left in (3, 2):
        panel.table.selectRow(left)
        driver.click_on(panel.remove_button)
        qtbot.waitUntil(lambda n=left: panel.table.rowCount() == n)
    assert broken.exists()
    assert driver.window.workspace.settings.scenes == [str(p) for p in paths]


@pytest.mark.parametrize("late", [False, True], ids=["while it opens", "when it is about to show"])
def test_a_session_that_is_asked_for_twice_is_locked_by_the_last_opening_alone(
    driver, qtbot, tmp_path, monkeypatch, late
):
    (path,) = write_sessions(tmp_path, "a")
    data, made, go_on = read_project_data(path), Event(), Event()
    opened_session, folders = sessions.opened_session, []

    def watched(*args):
        session = opened_session(*args)
        folders.append(session.folder.path)
        made.set()
        assert go_on.wait(PATIENCE)
        return session

    monkeypatch.setattr(sessions, "opened_session", watched)
    asked = (path, data, data.reference.found(path.parent))
    controller = driver.window.context.sessions
    controller.open_project(*asked)
    first = driver.window.context.opening._task
    assert made.wait(PATIENCE)
    if late:
        go_on.set()
        assert first._thread.wait(30_000)  # ready, but nobody was told
    with qtbot.waitSignal(controller.restored):
        controller.open_project(*asked)
        go_on.set()
    assert controller.session.folder.path == folders[1]
    assert not controller.session.read_only
    qtbot.waitUntil(lambda: not folders[0].exists())
