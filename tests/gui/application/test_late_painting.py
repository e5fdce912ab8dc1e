"""A window in which much changes: painted once, the picture first, in turns of their own."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget


class Painter(QObject):
    """Notes which widgets are painted, in their order."""

    def __init__(self, **widgets: QWidget) -> None:
        super().__init__()
        self.names, self.painted = {w: name for name, w in widgets.items()}, []
        for widget in self.names:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.painted.append(self.names[watched])
        return False


def scene_in(folder) -> str:
    np.save(folder / "scene.npy", np.arange(240.0).reshape(5, 6, 8))
    return str(folder / "scene.npy")


def watched(driver) -> Painter:
    docks = driver.window.context.docking.docks
    return Painter(
        picture=driver.canvas.viewport(), classes=docks["classes"], display=docks["display"]
    )


def test_an_opened_scene_is_painted_after_all_has_changed_and_the_picture_first(
    driver, qtbot, tmp_path
):
    painter, during = watched(driver), []
    opening = driver.window.context.opening
    opening.opened.connect(lambda _: during.append(driver.window.updatesEnabled()))
    opening.opened.connect(lambda _: painter.painted.clear())
    driver.open(scene_in(tmp_path))
    assert during == [False]
    qtbot.waitUntil(lambda: {"picture", "classes"} <= set(painter.painted))
    assert painter.painted[0] == "picture"


def test_whatever_changes_meanwhile_everything_is_painted_in_the_end(driver, qtbot, tmp_path):
    driver.open(scene_in(tmp_path))
    painter, painting = watched(driver), driver.window.context.painting
    for _ in range(5):
        painting.begin()
        painting.begin()
        qtbot.waitUntil(lambda: bool(painter.painted))
    painter.painted.clear()
    painting.begin()
    driver.trigger("panel.display")  # a panel comes while nothing is painted
    qtbot.waitUntil(lambda: {"picture", "display"} <= set(painter.painted))
    held = Qt.WidgetAttribute.WA_ForceUpdatesDisabled
    parts = [driver.window, *driver.window.findChildren(QWidget)]
    qtbot.waitUntil(lambda: all(w.updatesEnabled() and not w.testAttribute(held) for w in parts))
