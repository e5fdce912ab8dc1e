"""The job that the README describes, step by step, by mouse and keys on the sample scene."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from hsi_viewer.io.opening import open_cube
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.ui.commands.palette import CommandPalette
from hsi_viewer.ui.features.exporting.export_dialog import SAVE, ExportDialog
from hsi_viewer.ui.features.labelling.draw_dialog import DrawDialog
from hsi_viewer.ui.widgets.help_window import HelpWindow
from tests.gui.hands import Hands

README = Path(__file__).parents[2] / "README.md"
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ENTER, ESCAPE = Qt.Key.Key_Return, Qt.Key.Key_Escape
CORN, WOODS = ((40, 25), (70, 40)), ((115, 95), (122, 120))  # places of strokes


def steps() -> list[str]:
    """The numbered steps of the README's first minutes."""
    text = README.read_text(encoding="utf-8").partition("## The first five minutes")[2]
    return re.findall(r"^\d+\. (.+?)(?=^\d+\. |^\S)", text.partition("\n## ")[0], re.S | re.M)


def in_dialog(kind: type[QDialog], act: Callable[[QDialog], object]) -> None:
    """Act on the next dialog of a kind once it is there; it is rejected if it doesn't close."""

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, kind):
            QTimer.singleShot(20, look)
            return
        act(dialog)
        if dialog.isVisible():
            dialog.reject()

    QTimer.singleShot(20, look)


def test_the_readmes_job(make_driver, few_steps, tmp_path):
    """One window; a keyword of the README stands before the hands that do it."""
    told = iter(steps())
    driver = make_driver(Settings(theme="light"))
    window, qtbot, shared = driver.window, driver.qtbot, driver.window.context
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)

    step = next(told)
    assert "sample scene" in step
    assert shared.welcome.isVisible()
    with qtbot.waitSignal(shared.opening.opened):
        driver.click_on(shared.welcome.sample_button)
    driver.settle()
    hands, document = Hands(driver), driver.document

    step = next(told)
    assert "the spectrum of each pixel follows" in step
    driver.hover(40, 30)
    live = shared.plot.live_values()[1].copy()
    driver.hover(115, 100)
    assert not np.array_equal(live, shared.plot.live_values()[1], equal_nan=True)
    driver.click(60, 60)
    assert shared.viewing.pins == 1
    seen = driver.canvas.seen()
    hands.wheel((70, 70), 3)
    assert driver.canvas.seen() != seen
    driver.type(Qt.Key.Key_Home)
    assert driver.canvas.seen() == seen

    step = next(told)
    assert "**A**" in step
    driver.type("a", "corn field", ENTER)
    driver.type("a", "forest", ENTER)
    assert [(c.id, c.name) for c in document.legend] == [(1, "corn field"), (2, "forest")]
    driver.type("1")
    assert shared.labelling.active_class == 1

    step = next(told)
    assert "**B**" in step
    driver.type("b", "]")
    for digit, places in (("1", CORN), ("2", WOODS)):
        driver.type(digit)
        for row, column in places:
            driver.stroke((row, column), (row, column + 3))
    painted = int(np.count_nonzero(document.labels.ids))
    driver.stroke((5, 5), (5, 8))
    assert np.count_nonzero(document.labels.ids) > painted
    driver.type("z", modifier=CTRL)
    assert np.count_nonzero(document.labels.ids) == painted
    assert document.labels.present() == (1, 2)

    step = next(told)
    assert "Ctrl+G" in step
    in_dialog(DrawDialog, lambda dialog: QTest.keyClick(dialog, ENTER))
    driver.type("g", modifier=CTRL)
    qtbot.waitUntil(lambda: len(document.labels.present()) == 16)
    driver.settle()
    assert document.labels.total == 160
    assert np.count_nonzero(document.truth) == 10_249 - 160
    driver.type("z", modifier=CTRL)
    assert np.count_nonzero(document.labels.ids) == painted

    step = next(told)
    assert "Ctrl+T" in step
    maps, training = [], window.feature("training").training
    training.trained.connect(maps.append)
    driver.type("t", modifier=CTRL)
    qtbot.waitUntil(lambda: document.prediction is not None)
    first = document.prediction
    assert not first.final
    driver.type(ESCAPE)
    assert not training.running
    assert document.prediction is first
    driver.type("t", modifier=CTRL)
    qtbot.waitUntil(lambda: bool(maps))
    driver.settle()
    card = window.feature("result").card
    qtbot.waitUntil(lambda: "% right" in card.accuracy.text())
    assert card.isVisible()
    assert shared.viewing.map_shown

    step = next(told)
    assert "**P**" in step
    driver.type("p")
    assert not shared.viewing.map_shown
    driver.type("p")
    driver.type("u")
    assert window.commands.checked("view.uncertainty")
    driver.type("u")
    driver.hover(*WOODS[0])
    assert shared.readout.mapped.text().startswith("Map: forest")

    step = next(told)
    assert "**H**" in step
    driver.type("h")
    qtbot.waitUntil(lambda: window.commands.checked("labels.guide"))
    driver.type("h")
    qtbot.waitUntil(lambda: not window.commands.checked("labels.guide"))

    step = next(told)
    assert "Ctrl+E" in step

    def answer(dialog: ExportDialog) -> None:
        for field, text in ((dialog.folder, str(tmp_path / "out")), (dialog.name, "fields")):
            field.selectAll()
            QTest.keyClicks(field, text)
        QTest.mouseClick(dialog.buttons.button(SAVE), Qt.MouseButton.LeftButton)

    in_dialog(ExportDialog, answer)
    driver.type("e", modifier=CTRL)
    qtbot.waitUntil(lambda: (tmp_path / "out" / "fields.npy").exists())
    driver.settle()
    suffixes = {path.suffix for path in (tmp_path / "out").iterdir()}
    assert {".hdr", ".png", ".npy", ".mat"} <= suffixes
    exported = np.load(tmp_path / "out" / "fields.npy")
    assert (exported == maps[0].prediction.class_map).all()
    again = open_cube(str(tmp_path / "out" / "fields.hdr"))
    assert (again.read()[..., 0] == exported).all()

    step = next(told)
    assert "**F10**" in step
    window.activateWindow()  # as a window manager does once a dialog has closed
    qtbot.waitUntil(window.isActiveWindow)
    for key, front in (("F8", "runs"), ("F9", "libraries"), ("F10", "accuracy"), ("F7", "classes")):
        driver.type(getattr(Qt.Key, f"Key_{key}"))
        QApplication.processEvents()
        assert shared.docking.is_seen(front)

    # F1 and Ctrl+Shift+P, as the paragraph below the steps has it
    shared.canvas.setFocus()
    driver.type(Qt.Key.Key_F1)
    qtbot.waitUntil(lambda: any(w.isVisible() for w in window.findChildren(HelpWindow)))
    next(w for w in window.findChildren(HelpWindow)).close()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    driver.type("p", modifier=CTRL | SHIFT)
    qtbot.waitUntil(lambda: any(p.isVisible() for p in window.findChildren(CommandPalette)))
    QTest.keyClick(QApplication.focusWidget(), ESCAPE)
    assert next(told, None) is None
