"""Classes are added, named and undone by the keyboard, as the README says."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from hsi_viewer.ui.widgets.class_panel import ID, KEY, NAME
from tests.gui.hands import made_cube

ENTER, ESCAPE = Qt.Key.Key_Return, Qt.Key.Key_Escape


@pytest.fixture
def driver(shared):
    return shared


@pytest.fixture
def made(driver, tmp_path):
    path = tmp_path / "made.npy"
    np.save(path, made_cube())
    driver.open(str(path))
    return driver


def classes(driver) -> list[tuple[int, str]]:
    return [(c.id, c.name) for c in driver.document.legend]


def shown(driver, column: int) -> list[str]:
    table = driver.window.panel("classes").table
    return [table.item(row, column).text() for row in range(table.rowCount())]


def test_typed_names_are_names_also_where_the_scene_knows_some(sample):
    driver = sample
    steps = driver.document.history.count
    driver.type("a", "rape and bean", ENTER)
    assert classes(driver) == [(1, "rape and bean")]
    assert driver.document.history.count == steps + 1
    assert driver.window.context.labelling.tool == "brush"  # letters started no command
    assert QApplication.focusWidget() is driver.canvas
    # the known names are listed; one is picked with the arrows, part of a name finds it
    driver.type("a")
    line = driver.window.panel("classes").table.findChild(QLineEdit)
    driver.qtbot.waitUntil(lambda: line.completer().popup().isVisible())
    names = line.completer().popup()
    assert line.completer().completionModel().rowCount() == 16
    assert names.viewport().width() >= names.sizeHintForColumn(0) > line.width()  # none is cut
    driver.type("wood", Qt.Key.Key_Down, ENTER)
    assert classes(driver)[1:] == [(2, "Woods")]
    # Enter alone takes what is proposed, and a typed part of a known name stays as typed
    driver.type("a", ENTER)
    driver.type("a", "corn", ENTER)
    assert classes(driver)[2:] == [(3, "Corn-mintill"), (4, "corn")]
    assert driver.document.history.count == steps + 4
    # Escape takes the class back, with the list of names open or not
    driver.type("a", ESCAPE)
    assert len(classes(driver)) == 4
    driver.type("a", "zzz", ESCAPE)
    assert len(classes(driver)) == 4
    assert not driver.window.panel("classes").table.findChildren(QLineEdit)
    # one undo takes adding and naming back, redo both again
    driver.type("z", modifier=Qt.KeyboardModifier.ControlModifier)
    assert classes(driver)[2:] == [(3, "Corn-mintill")]
    driver.type("y", modifier=Qt.KeyboardModifier.ControlModifier)
    assert classes(driver)[3:] == [(4, "corn")]


def test_the_line_opens_wherever_the_class_list_is(made):
    docks = made.window.context.docking.docks
    docks["classes"].close()
    made.type("a", "reed", ENTER)
    assert classes(made) == [(1, "reed")]
    made.window.tabifyDockWidget(docks["classes"], docks["training"])
    docks["training"].raise_()
    made.type("a", "lawn", ENTER)
    assert classes(made)[1:] == [(2, "lawn")]
    # a click on the image takes the name, as Enter does, and keys act on the image again
    made.type("a", "bare")
    made.click(5, 5)
    assert classes(made)[2:] == [(3, "bare")]
    made.type("e")
    assert made.window.context.labelling.tool == "eraser"
    # the button does as the key
    made.click_on(made.window.panel("classes").add_button)
    made.type("pebble", ENTER)
    assert classes(made)[3:] == [(4, "pebble")]


def test_the_list_shows_ids_and_undo_gives_them_back(made):
    for name in ("one", "two", "three", "four"):
        made.type("a", name, ENTER)
    for _ in range(3):
        made.type("z", modifier=Qt.KeyboardModifier.ControlModifier)
    made.type("a", "again", ENTER, "a", "third", ENTER)
    assert classes(made) == [(1, "one"), (2, "again"), (3, "third")]
    # a removed class leaves the others as they are; the next one takes its id
    made.type("2")
    made.click_on(made.window.panel("classes").remove_button)
    assert shown(made, ID) == ["1", "3"]
    assert shown(made, KEY) == ["1", "2"]
    made.type("a", "new", ENTER)
    assert classes(made) == [(1, "one"), (3, "third"), (2, "new")]
    assert shown(made, ID) == ["1", "3", "2"]
    assert shown(made, NAME) == ["one", "third", "new"]
    # the digit is a place in the list, the id is what is painted
    made.type("3")
    made.click(9, 9)
    assert made.document.labels.ids[9, 9] == 2
