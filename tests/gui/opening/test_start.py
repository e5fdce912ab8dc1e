"""The window before the first scene: it invites, nothing on it is dead, and it fits the screen."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QFileDialog, QLabel

from hsi_viewer.preferences.settings import Settings
from hsi_viewer.ui.features.opening.open_dialog import OpenDialog
from tests.gui.hands import made_cube

COPY, LEFT = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


def test_the_first_window_invites(make_driver, tmp_path, monkeypatch, qtbot):
    np.save(tmp_path / "made.npy", made_cube())
    np.save(tmp_path / "other.npy", made_cube())
    here, gone = str(tmp_path / "made.npy"), str(tmp_path / "gone.npy")
    settings = Settings(theme="light", recent_files=[gone, here, "sample:indian-pines"])
    driver = make_driver(settings)
    window, welcome = driver.window, driver.window.context.welcome
    # what needs a scene isn't there, or is grey and gives the reason
    assert [d for d in window.findChildren(QDockWidget) if d.isVisible()] == []
    icon = window.context.tool_bar.widgetForAction(window.commands.action("panel.classes"))
    assert not icon.isEnabled()
    assert "Open a scene first." in icon.toolTip()
    assert window.commands.action("panel.messages").isEnabled()
    dead = ("image.contrast", "image.derive", "labels.guide", "spectra.value", "map.apply")
    for command in dead:
        assert not window.commands.action(command).isEnabled(), command
        assert "Open a scene first." in window.commands.action(command).toolTip()
    assert not window.commands.action("view.map").isChecked()
    # recent scenes: those that are still there
    qtbot.waitUntil(lambda: len(welcome.recent) == 2)
    assert [b.toolTip() for b in welcome.recent] == [here, "sample:indian-pines"]
    # each way to open leads somewhere
    asked = []
    monkeypatch.setattr(OpenDialog, "exec", lambda _dialog: asked.append("file"))
    monkeypatch.setattr(
        QFileDialog, "getExistingDirectory", staticmethod(lambda *_: asked.append("folder"))
    )
    driver.click_on(welcome.open_button)
    driver.click_on(welcome.folder_button)
    assert asked == ["file", "folder"]
    # nothing is cut on a small screen, or with large text
    for percent in (100, 150):
        settings.text_percent = percent
        window.set_theme("dark")
        for size in ((1280, 800), (1024, 640)):
            window.resize(*size)
            QApplication.processEvents()
            assert window.size().toTuple() == size
            for label in welcome.findChildren(QLabel):
                if label.isVisible() and label.text():
                    assert label.height() >= label.heightForWidth(label.width()), label.text()
    settings.text_percent = 100
    window.set_theme("light")
    # a file is dropped
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "other.npy"))])
    middle = QPointF(window.rect().center())
    held = QDragEnterEvent(middle.toPoint(), COPY, data, LEFT, NONE)
    QApplication.sendEvent(window, held)
    assert welcome.drop.property("over")
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not welcome.drop.property("over")
    QApplication.sendEvent(window, held)
    panels = window.context.docking.docks
    ready = []  # the panels come while the picture is drawn, not in one step with it
    window.context.opening.read.connect(
        lambda: ready.append((panels["classes"].isVisible(), window.workspace.document))
    )
    with qtbot.waitSignal(window.context.opening.opened):
        QApplication.sendEvent(window, QDropEvent(middle, COPY, data, LEFT, NONE))
    assert ready == [(True, None)]
    driver.settle()
    assert not welcome.isVisible()
    assert window.context.docking.docks["classes"].isVisible()
    assert window.context.docking.docks["spectrum"].isVisible()
    assert window.feature("labelling").tools.bar.isVisible()
    assert icon.isEnabled()


def test_a_recent_scene_opens_by_a_click(make_driver, tmp_path, qtbot):
    np.save(tmp_path / "made.npy", made_cube())
    driver = make_driver(Settings(recent_files=[str(tmp_path / "made.npy")]))
    welcome = driver.window.context.welcome
    qtbot.waitUntil(lambda: len(welcome.recent) == 1)
    with qtbot.waitSignal(driver.window.context.opening.opened):
        driver.click_on(welcome.recent[0])
    driver.settle()
    assert driver.document.cube.name.startswith("made")
