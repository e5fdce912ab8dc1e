"""The panels about labels: regions to jump to, and classes that cannot be told apart."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.gui.hands import Hands, made_cube


@pytest.fixture
def driver(shared):
    return shared


@pytest.fixture
def hands(driver, tmp_path) -> Hands:
    path = tmp_path / "made.npy"
    np.save(path, made_cube())
    driver.open(str(path))
    for _ in range(3):
        driver.trigger("class.add")
    hands = Hands(driver)
    hands.tool("rectangle")
    # Class 1 and 2 in one field, class 3 in another.
    for digit, a, b in (
        (Qt.Key.Key_1, (2, 2), (9, 12)),
        (Qt.Key.Key_1, (20, 2), (21, 3)),
        (Qt.Key.Key_2, (2, 20), (9, 30)),
        (Qt.Key.Key_3, (40, 60), (40, 63)),
    ):
        driver.key(digit)
        hands.drag(a, b)
    return hands


def panels(hands: Hands):
    return next(f for f in hands.driver.window.features if f.key == "label-check")


def test_regions_are_listed_and_jumped_to(hands):
    hands.driver.trigger("labels.regions")
    tree = panels(hands).regions.tree
    hands.driver.qtbot.waitUntil(lambda: tree.topLevelItemCount() == 3)
    first = tree.topLevelItem(0)
    assert [first.text(k) for k in range(3)] == ["Class 1", "92", "2 regions"]
    assert [first.child(k).text(1) for k in range(2)] == ["88", "4"]
    first.setExpanded(True)
    point = tree.visualItemRect(first.child(1)).center()
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=point)
    left, top, width, height = hands.canvas.view_box()
    assert left < 2 < 4 < left + width
    assert top < 20 < 22 < top + height
    assert width * height < 60 * 80
    hands.canvas.fit()
    hands.driver.key(Qt.Key.Key_3)
    hands.drag((50, 60), (51, 63))
    hands.driver.qtbot.waitUntil(lambda: tree.topLevelItem(2).text(2) == "2 regions")
    assert tree.topLevelItem(0).isExpanded()


def test_alike_classes_and_few_pixels_are_warned_of(hands):
    hands.driver.trigger("labels.separability")
    panel = panels(hands).separability
    hands.driver.qtbot.waitUntil(lambda: panel.table.rowCount() == 3)
    assert "“Class 1” and “Class 2” can't be separated" in panel.warnings.text()
    assert "“Class 3” has only 4 labelled pixels" in panel.warnings.text()
    assert panel.table.item(0, 0).text() == "Class 1 – Class 2"
    assert float(panel.table.item(0, 1).text()) < 1
    assert float(panel.table.item(2, 1).text()) > 1.9
    hands.driver.trigger("edit.undo")
    assert "compare again" in panel.state.text()


def test_labelled_classes_are_not_asked_for_before_they_are_compared(driver, tmp_path):
    np.save(tmp_path / "made.npy", made_cube())
    driver.open(str(tmp_path / "made.npy"))
    driver.trigger("panel.separability")
    panel = next(f for f in driver.window.features if f.key == "label-check").separability
    assert panel.state.text() == ""
    QTest.mouseClick(panel.compare, Qt.MouseButton.LeftButton)
    assert panel.state.text() == "Label at least two classes."
