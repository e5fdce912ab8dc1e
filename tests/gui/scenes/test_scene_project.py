"""A project of scenes in the window: saved, opened in every way, and what isn't one."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.session.storage.scene_project import read_scene_project, write_scene_project
from tests.gui.opening.test_opening import let_go
from tests.gui.scenes.test_scenes import write_sessions


@pytest.fixture
def driver(shared):
    return shared


@pytest.fixture
def panel(driver, qtbot):
    driver.trigger("file.scenes")
    panel = driver.window.context.docking.panels["scenes"]
    qtbot.waitUntil(panel.isVisible)
    return panel


def listed(driver) -> list[str]:
    return list(driver.window.workspace.settings.scenes)


def told(driver) -> str:
    return " ".join(driver.window.notices.texts())


def test_a_list_is_saved_changed_and_brought_back(driver, panel, qtbot, tmp_path, monkeypatch):
    sessions = write_sessions(tmp_path, "abc")
    names, target = list(map(str, sessions)), tmp_path / "valley.hsiscenes"
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (names, ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    assert not panel.save_button.isEnabled()
    assert not driver.window.commands.action("project.save").isEnabled()
    driver.click_on(panel.add_button)
    qtbot.waitUntil(lambda: panel.table.rowCount() == 3)
    assert panel.project.isHidden()
    driver.click_on(panel.save_button)
    qtbot.waitUntil(lambda: f"Project of 3 scenes saved to {target}." in told(driver))
    assert read_scene_project(target) == sessions
    qtbot.waitUntil(lambda: panel.project.text() == "Project valley")
    assert panel.project.toolTip() == str(target)
    # another list than that of the file says so
    panel.table.selectRow(1)
    driver.click_on(panel.remove_button)
    qtbot.waitUntil(lambda: panel.project.text() == "Project valley (changed)")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(target), ""))
    driver.click_on(panel.project_button)
    qtbot.waitUntil(lambda: listed(driver) == names)
    qtbot.waitUntil(lambda: panel.project.text() == "Project valley")
    assert driver.window.workspace.settings.recent_files[0] == str(target)


def test_a_project_that_is_dropped_takes_the_place_of_the_list(driver, panel, qtbot, tmp_path):
    first, *others = write_sessions(tmp_path, "abc")
    settings = driver.window.workspace.settings
    settings.scenes = [str(first)]
    target = tmp_path / "two.hsiscenes"
    write_scene_project(target, others)
    others[1].unlink()
    let_go(driver, target)
    qtbot.waitUntil(lambda: listed(driver) == list(map(str, others)))
    assert "Project two: 2 scenes. 1 session was not found" in told(driver)
    qtbot.waitUntil(lambda: panel.table.rowCount() == 2)
    assert [panel.table.item(r, 1).text() for r in range(2)] == ["30", "?"]
    driver.click_on(driver.window.notices.notices[-1].buttons[0])
    assert listed(driver) == [str(first)]
    assert settings.scenes_file == ""
    qtbot.waitUntil(lambda: panel.table.rowCount() == 1)
    assert panel.project.isHidden()


def test_what_is_no_project_leaves_the_list_as_it_is(driver, qtbot, tmp_path):
    (session,) = write_sessions(tmp_path, "a")
    driver.window.workspace.settings.scenes = [str(session)]
    bad = tmp_path / "bad.hsiscenes"
    bad.write_text('{"format": "HSI Viewer project", "version": 99, "scenes": []}')
    driver.window.open(str(bad))
    qtbot.waitUntil(lambda: "saved by a newer version" in told(driver))
    assert str(bad) in told(driver)
    assert listed(driver) == [str(session)]
