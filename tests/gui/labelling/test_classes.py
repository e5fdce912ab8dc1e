"""The class list: lock, order, merge, split, legends, colours, as a person does it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.labels.classes import PALETTE
from hsi_viewer.ui.widgets.class_panel import LOCK, NAME
from tests.gui.hands import SIZE, Hands, made_cube


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
    driver.window.setFocus()
    return Hands(driver)


def feature(hands: Hands, name: str):
    return hands.driver.window.feature(name)


def ids_of(hands: Hands) -> list[int]:
    return [c.id for c in hands.driver.document.legend]


def test_the_lock_is_clicked_in_the_list_and_outlives_undo(hands):
    panel = hands.driver.window.panel("classes")
    point = panel.table.visualItemRect(panel.table.item(0, LOCK)).center()
    QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=point)
    document = hands.driver.document
    assert document.legend[1].locked
    hands.driver.document.rename_class(1, "Oats")
    hands.driver.trigger("edit.undo")
    assert document.legend[1].name == "Class 1"
    assert document.legend[1].locked
    hands.driver.trigger("class.lock")
    assert [c.locked for c in document.legend] == [False, False, False]


def test_order_changes_but_ids_do_not(hands):
    panel = hands.driver.window.panel("classes")
    assert not panel.table.wordWrap()  # else names are cut at their first hyphen
    hands.driver.key(Qt.Key.Key_3)
    QTest.mouseClick(panel.up_button, Qt.MouseButton.LeftButton)
    assert ids_of(hands) == [1, 3, 2]
    assert panel.selected() == 3
    hands.driver.trigger("class.down")
    hands.driver.trigger("class.down")
    assert ids_of(hands) == [1, 2, 3]
    assert panel.table.item(2, NAME).text() == "Class 3"
    hands.driver.trigger("edit.undo")
    assert ids_of(hands) == [1, 3, 2]


def test_merging_gives_the_labels_to_the_other_class(hands):
    hands.tool("rectangle")
    for digit, corner in ((Qt.Key.Key_1, (2, 2)), (Qt.Key.Key_2, (20, 20))):
        hands.driver.key(digit)
        hands.drag(corner, (corner[0] + 3, corner[1] + 3))
    menu = feature(hands, "classes").merge_menu()
    title, *others = [a for a in menu.actions() if not a.isSeparator()]
    assert title.text() == "Merge “Class 2” into"
    assert not title.isEnabled()
    assert [a.text() for a in others] == ["Class 1", "Class 3"]
    menu.triggered.emit(others[0])
    menu.deleteLater()
    document = hands.driver.document
    assert ids_of(hands) == [1, 3]
    assert document.labels.count(1) == 32
    assert hands.driver.window.context.labelling.active_class == 1
    hands.driver.trigger("edit.undo")
    assert ids_of(hands) == [1, 2, 3]
    assert document.labels.count(2) == 16


def test_a_region_becomes_a_class_and_a_removed_id_is_given_again(hands):
    hands.tool("rectangle")
    hands.driver.key(Qt.Key.Key_1)
    hands.drag((2, 2), (5, 5))
    hands.drag((20, 20), (23, 23))
    hands.tool("select")
    hands.click((21, 21))
    hands.driver.trigger("region.split")
    document = hands.driver.document
    assert document.legend[4].name == "Class 1 (part)"
    assert (document.labels.count(1), document.labels.count(4)) == (16, 16)
    hands.driver.trigger("edit.undo")
    assert (document.labels.count(1), ids_of(hands)) == (32, [1, 2, 3])
    document.remove_class(2)
    hands.driver.trigger("class.add")
    assert ids_of(hands) == [1, 3, 2]


def test_one_pixel_is_not_called_pixels(hands):
    hands.tool("point")
    hands.driver.key(Qt.Key.Key_1)
    hands.click((3, 3))
    hands.driver.trigger("class.remove")
    text = "“Class 1” and its 1 labelled pixel were removed."
    assert hands.driver.window.notices.texts()[-1] == text


def test_a_class_without_labels_stays(hands):
    hands.tool("rectangle")
    hands.driver.key(Qt.Key.Key_2)
    hands.drag((2, 2), (5, 5))
    hands.driver.trigger("class.clear")
    assert hands.driver.document.labels.total == 0
    assert ids_of(hands) == [1, 2, 3]


def test_a_legend_is_saved_and_loaded(hands, tmp_path, monkeypatch):
    document = hands.driver.document
    document.rename_class(2, "Häcksel gelb")
    document.recolour_class(2, (1, 2, 3))
    wanted, start = document.legend.classes, document.history.count
    for suffix in ("csv", "hdr", "qml"):
        path = str(tmp_path / f"mine.{suffix}")
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, p=path: (p, ""))
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, p=path: (p, ""))
        hands.driver.trigger("legend.save")
        document.rename_class(2, "other")
        document.add_class("new")
        document.remove_class(3)
        hands.driver.trigger("legend.load")
        assert set(document.legend.classes) >= set(wanted)
        assert "new" in [c.name for c in document.legend]
        document.history.go_to(start)
    assert document.legend.classes == wanted


def test_colours_are_taken_from_the_palette_again(hands):
    document = hands.driver.document
    document.recolour_class(2, (1, 2, 3))
    hands.driver.trigger("legend.palette")
    assert [c.colour for c in document.legend] == list(PALETTE[:3])
    hands.driver.trigger("edit.undo")
    assert document.legend[2].colour == (1, 2, 3)


def test_a_damaged_legend_is_reported_and_changes_nothing(hands, tmp_path):
    path = tmp_path / "broken.qml"
    path.write_text("<qgis", encoding="utf-8")
    before = hands.driver.document.legend.classes
    feature(hands, "classes").load_legend(path)
    assert "broken.qml" in hands.driver.window.notices.texts()[-1]
    assert hands.driver.document.legend.classes == before
    assert hands.ids.shape == SIZE
