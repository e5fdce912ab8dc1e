"""The command palette: other programs' words, what can't be done and why, and typing errors."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hsi_viewer.ui.commands.palette import ID_ROLE, CommandPalette
from hsi_viewer.ui.commands.synonyms import alternatives, matches, nearest

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def driver(shared):
    return shared


def listed(palette) -> list[str]:
    rows = (palette.list.item(i).data(ID_ROLE) for i in range(palette.list.count()))
    return [row for row in rows if row]


def typed(palette, text: str) -> list[str]:
    palette.line.clear()
    QTest.keyClicks(palette.line, text)
    return listed(palette)


def opened(driver) -> CommandPalette:
    driver.type("p", modifier=CTRL_SHIFT)
    found = driver.window.findChild(CommandPalette)
    assert found.isVisible()
    return found


WANTED = {
    "pca": "image.pca",
    "mnf": "image.mnf",
    "roi": "labels.export",
    "sam": "spectra.angle",
    "confusion": "panel.accuracy",
    "color": "legend.palette",
    "export": "file.export",
    "save": "file.export",
    "classify": "train.start",
    "abort": "edit.cancel",
    "ndvi": "image.index.ndvi",
    "band math": "image.derive",
    "screenshot": "file.figure",
    "settings": "edit.preferences",
    "batch": "map.files",
    "kml": "labels.load",
    "gpu": "edit.preferences",
    "text size": "edit.preferences",
    "projection": "help.scene",
    "pdf": "file.report",
    "rubber": "tool.eraser",
    "svm": "panel.training",
    "clouds": "roi.mask",
    "colour blind": "legend.palette",
    "full screen": "layout.image",
    "test set": "labels.draw",
    "units": "file.metadata",
}
FIRST = {"batch": "map.files", "rubber": "tool.eraser", "svm": "panel.training", "roi": "roi."}


def test_words_of_other_programs_find_commands_and_what_cannot_be_done_says_why(driver):
    palette = opened(driver)
    missing = {word: want for word, want in WANTED.items() if want not in typed(palette, word)}
    assert missing == {}
    firsts = {word: typed(palette, word)[0] for word in FIRST}
    assert {w: first for w, first in firsts.items() if not first.startswith(FIRST[w])} == {}
    # greyed, with the reason, below what can be done; arrows pass them over
    typed(palette, "undo")
    items = [palette.list.item(i) for i in range(palette.list.count())]
    undo = next(i for i in items if i.data(ID_ROLE) == "edit.undo")
    assert not undo.flags() & Qt.ItemFlag.ItemIsEnabled
    assert "There is nothing to undo." in undo.text()
    typed(palette, "brush")
    item = palette.list.item(0)
    assert "Open a scene first." in item.text()
    # words as they were typed come before the same words apart
    first, second = typed(palette, "region of")[:2]
    assert first.startswith("roi.")
    assert second.startswith("roi.")
    typed(palette, "theme")
    enabled = [i for i in range(palette.list.count()) if palette._can_run(i)]
    assert enabled == list(range(len(enabled)))
    QTest.keyClick(palette.line, Qt.Key.Key_Down)
    assert palette.list.currentRow() == enabled[1]
    QTest.keyClick(palette.line, Qt.Key.Key_Up)
    QTest.keyClick(palette.line, Qt.Key.Key_Up)
    assert palette.list.currentRow() == enabled[-1]
    # nothing found: the nearest is offered, and Enter on the sentence does nothing
    assert "edit.preferences" in typed(palette, "prefrences")
    assert "Nothing found for “prefrences”" in palette.list.item(0).text()
    assert typed(palette, "qqqqzzzz") == []
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert palette.isVisible()
    # one that can be done is done
    typed(palette, "messages and log")
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert driver.window.context.docking.docks["messages"].isVisible()


def test_commands_of_no_menu_are_listed_by_their_words(driver):
    palette, table = opened(driver), driver.window.commands
    titles = {c.id: palette._title(c) for c in table.commands}
    assert titles["image.index.ndvi"] == "Index NDVI"
    assert titles["class.3"] == "Choose class 3"
    assert titles["view.fit"] == "View › Fit the scene"
    assert typed(palette, "keys")[0] == "help.keys"
    assert not table.action("class.3").isEnabled()


def test_what_menus_list_beside_commands_is_found(driver, tmp_path):
    settings = driver.window.workspace.settings
    settings.arrangements = [["My fields", 1, driver.window.context.docking.state()]]
    path = tmp_path / "plot7.npy"
    np.save(path, np.ones((4, 5, 6)))
    settings.recent_files = [str(path)]
    palette = opened(driver)
    assert typed(palette, "my fields")[0] == "View › Arrangement › My fields"
    assert typed(palette, "salinas")[0].startswith("File › Open a public scene › ")
    driver.window.context.docking.docks["classes"].hide()
    typed(palette, "my fields")
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert not driver.window.context.docking.docks["classes"].isHidden()
    palette = opened(driver)
    assert typed(palette, "plot7")[0] == f"File › Open recent › {path}"
    with driver.qtbot.waitSignal(driver.window.context.opening.opened):
        QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert driver.document.cube.path == path


def test_reasons_are_read_whole(driver):
    palette = opened(driver)
    typed(palette, "sam")
    QApplication.processEvents()
    items = [palette.list.item(i) for i in range(palette.list.count())]
    metrics, room = palette.list.fontMetrics(), palette.list.viewport().width()
    long = [i for i in items if metrics.horizontalAdvance(i.text()) > room]
    assert long
    for item in long:
        assert palette.list.visualItemRect(item).width() <= room
        assert palette.list.visualItemRect(item).height() >= 2 * metrics.height()


def test_every_command_that_cannot_be_done_has_a_reason(driver):
    table = driver.window.commands
    without = [c.id for c in table.commands if not c.enabled() and not table.disabled_reason(c.id)]
    assert without == []


def test_words_are_ranked_by_how_well_they_fit():
    assert matches("theme dark", "View › Theme › Dark theme") == 3
    assert matches("roi export", "Labels › Export labels as regions…") == 2
    assert matches("sam", "Image › NDVI") == 0
    # a synonym goes before a word that merely begins so, and means whole words
    assert matches("sam", "View › Panels › Spectral angle") == 2
    assert matches("SAM", "File › Open the sample scene") == 1
    assert matches("sam", "Labels › Tools › Rectangle") == 0
    assert matches("samp", "File › Open the sample scene") == 3
    assert matches("run", "Train › Runs…") == 2
    assert "accuracy" in alternatives("confus")
    assert alternatives("xyz") == {"xyz"}
    assert nearest("acuracy", ["Panels › Accuracy", "Quit"]) == ["Panels › Accuracy"]
