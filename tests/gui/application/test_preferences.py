"""Preferences are put to use at once, and are there the next time."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QDialogButtonBox, QLabel, QWidget

from hsi_viewer.core.errors import TrainingError
from hsi_viewer.preferences.settings import load_settings, settings_path
from hsi_viewer.ui.features.application.preferences_dialog import PreferencesDialog
from hsi_viewer.ui.theme import current_theme


def open_dialog(driver) -> PreferencesDialog:
    driver.trigger("edit.preferences")
    return next(d for d in driver.window.findChildren(PreferencesDialog) if d.isVisible())


def press(dialog: PreferencesDialog, name: str) -> None:
    button = dialog.buttons.button(QDialogButtonBox.StandardButton[name])
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_what_is_chosen_is_used_at_once_and_kept(driver, qapp):
    before = qapp.font().pointSizeF()
    for key in driver.window.context.docking.docks:
        driver.window.panel(key)
    heights = {w: w.fontMetrics().height() for w in driver.window.findChildren(QWidget)}
    rows = {v: v.sizeHintForRow(0) for v in driver.window.findChildren(QAbstractItemView)}
    dialog = open_dialog(driver)
    QTest.keyClicks(dialog.theme, "Dark")
    dialog.text_percent.setValue(150)
    QTest.keyClicks(dialog.stretch, "Gauss")
    dialog.tabs.setCurrentIndex(3)
    QTest.keyClicks(dialog.device, "Proc")
    dialog.brush_size.setValue(7)
    press(dialog, "Ok")
    settings = driver.window.workspace.settings
    try:
        assert current_theme().name == "dark"
        assert qapp.font().pointSizeF() == pytest.approx(1.5 * before)
        assert (settings.stretch, settings.device, settings.brush_size) == ("gaussian", "cpu", 7)
        assert load_settings() == settings
        # what was made before has the larger text, too
        small = [w for w, h in heights.items() if w.fontMetrics().height() < 1.35 * h]
        assert [f"{type(w).__name__} {w.objectName()} in {w.parent()}" for w in small] == []
        assert [v for v, h in rows.items() if 0 < v.sizeHintForRow(0) < 1.1 * h] == []
    finally:
        settings.text_percent = 100
        driver.window.set_theme("light")
    assert qapp.font().pointSizeF() == pytest.approx(before)


def preferences_that_cannot_be_kept_are_used_and_that_is_told(driver):
    path = settings_path()
    path.unlink(missing_ok=True)
    path.mkdir(parents=True)
    try:
        dialog = open_dialog(driver)
        dialog.brush_size.setValue(9)
        press(dialog, "Ok")
        assert driver.window.workspace.settings.brush_size == 9
        (told,) = [text for text in driver.window.notices.texts() if "preferences hold" in text]
        assert f"{path} could not be written" in told
    finally:
        path.rmdir()


def cancel_changes_nothing(driver):
    dialog = open_dialog(driver)
    dialog.text_percent.selectAll()
    QTest.keyClicks(dialog.text_percent, "75")  # where the system's text is large
    assert dialog.text_percent.value() == 75
    press(dialog, "Cancel")
    assert driver.window.workspace.settings.text_percent == 100


def band_presets_are_added_edited_and_removed(driver):
    dialog = open_dialog(driver)
    dialog.tabs.setCurrentIndex(1)
    for text, nm in (("Algae", "705,5"), ("Mud", "1650")):
        QTest.mouseClick(dialog.add_preset, Qt.MouseButton.LeftButton)
        row = dialog.presets.rowCount() - 1
        dialog.presets.item(row, 0).setText(text)
        dialog.presets.item(row, 1).setText(nm)
    dialog.presets.setCurrentCell(1, 0)
    QTest.mouseClick(dialog.remove_preset, Qt.MouseButton.LeftButton)
    press(dialog, "Ok")
    assert driver.window.workspace.settings.band_presets == [["Algae", 705.5, 650.0, 550.0]]


def what_cannot_be_is_said_and_not_taken(driver):
    dialog = open_dialog(driver)
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    dialog.low.setValue(99)
    assert "black percentile must be below" in dialog.reason.text()
    assert not ok.isEnabled()
    dialog.low.setValue(1)
    assert ok.isEnabled()
    QTest.mouseClick(dialog.add_preset, Qt.MouseButton.LeftButton)
    dialog.presets.item(0, 2).setText("green")
    dialog.tabs.setCurrentIndex(1)
    QApplication.processEvents()
    assert dialog.presets.horizontalScrollBar().maximum() == 0  # red, green and blue are in view
    assert dialog.presets.columnWidth(0) > 10 * dialog.fontMetrics().averageCharWidth()
    assert "needs three wavelengths" in dialog.reason.text()
    assert not ok.isEnabled()
    press(dialog, "Cancel")


def defaults_come_back_but_not_at_the_cost_of_presets(driver):
    driver.window.workspace.settings.band_presets = [["Mine", 1.0, 2.0, 3.0]]
    driver.window.workspace.settings.stretch = "equalize"
    dialog = open_dialog(driver)
    press(dialog, "RestoreDefaults")
    press(dialog, "Ok")
    settings = driver.window.workspace.settings
    assert (settings.stretch, settings.theme) == ("percentile", "system")
    assert settings.band_presets == [["Mine", 1.0, 2.0, 3.0]]
    driver.window.set_theme("light")


def test_training_computes_on_the_chosen_device(driver, monkeypatch, tmp_path):
    asked = []

    def fit(_cube, _labels, config, **_):
        asked.append(config.device)
        raise TrainingError("There is no such device.")

    trainer = ModuleType("hsi_viewer.learning.classifiers.sdhsi")
    trainer.fit = fit
    monkeypatch.setitem(sys.modules, trainer.__name__, trainer)
    np.save(tmp_path / "cube.npy", np.random.default_rng(0).random((20, 30, 8), np.float32))
    driver.open(str(tmp_path / "cube.npy"))
    for row in (3, 15):
        driver.trigger("class.add")
        driver.stroke((row, 3), (row, 9))
    driver.window.workspace.settings.device = "mps"
    driver.trigger("train.start")
    driver.settle()
    assert asked == ["mps"]
    assert "There is no such device." in driver.window.notices.texts()


def test_a_bigger_text_of_the_desktop_cuts_nothing_off(driver, qapp):
    """Every label and button has the room that its text needs, at half as large again."""
    font = qapp.font()
    larger = qapp.font()
    larger.setPointSizeF(1.5 * font.pointSizeF())
    try:
        qapp.setFont(larger)
        driver.window.set_theme("light")
        driver.window.resize(1280, 800)
        driver.qtbot.waitUntil(lambda: driver.window.context.welcome.open_button.height() > 30)
        cut = [
            label.text()
            for label in driver.window.findChildren(QLabel)
            if label.isVisible()
            and not label.wordWrap()
            and label.text()
            and label.height() < label.fontMetrics().height()
        ]
        assert cut == []
        for button in (
            driver.window.context.welcome.open_button,
            driver.window.panel("training").train_button,
        ):
            assert button.width() >= button.fontMetrics().horizontalAdvance(button.text())
        dialog = open_dialog(driver)
        QApplication.processEvents()
        bar = dialog.tabs.tabBar()
        assert bar.tabRect(bar.count() - 1).right() <= bar.width()
        assert bar.tabRect(0).left() >= 0
        dialog.tabs.setCurrentIndex(1)
        QApplication.processEvents()
        assert dialog.presets.horizontalScrollBar().maximum() == 0
        press(dialog, "Cancel")
    finally:
        qapp.setFont(font)
        driver.window.set_theme("light")


def autosave_follows_at_once(driver):
    dialog = open_dialog(driver)
    dialog.autosave.setValue(0)
    press(dialog, "Ok")
    assert not driver.window.context.sessions._autosave.isActive()
    dialog = open_dialog(driver)
    dialog.autosave.setValue(3)
    press(dialog, "Ok")
    assert driver.window.context.sessions._autosave.interval() == 180_000


def test_the_dialog(driver):
    """In one window."""
    cancel_changes_nothing(driver)
    band_presets_are_added_edited_and_removed(driver)
    what_cannot_be_is_said_and_not_taken(driver)
    autosave_follows_at_once(driver)
    preferences_that_cannot_be_kept_are_used_and_that_is_told(driver)
    defaults_come_back_but_not_at_the_cost_of_presets(driver)
