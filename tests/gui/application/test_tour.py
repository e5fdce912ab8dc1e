"""The tour: offered once, four callouts on the real widgets, by mouse and keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from hsi_viewer.preferences.settings import Settings, load_settings
from hsi_viewer.ui.widgets.tour import Tour

CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def tour_of(driver) -> Tour | None:
    """The callout that is on the window now."""
    return next((t for t in driver.window.findChildren(Tour) if t.isVisible()), None)


def test_it_is_offered_at_the_first_start_only(driver, make_driver):
    welcome = driver.window.context.welcome
    QTest.mouseClick(welcome.tour_button, Qt.MouseButton.LeftButton)
    assert tour_of(driver).title.text() == "Open a scene"
    QTest.mouseClick(tour_of(driver).skip, Qt.MouseButton.LeftButton)
    assert tour_of(driver) is None
    assert not welcome.tour_button.isVisible()
    assert load_settings().tour_seen
    again = make_driver(load_settings())
    assert not again.window.context.welcome.tour_button.isVisible()
    assert again.window.context.welcome.sample_button.isVisible()
    again.trigger("help.tour")
    assert tour_of(again) is not None


def keys_go_on_and_back_and_end_it(driver, qtbot):
    driver.trigger("help.tour")
    titles = []
    for key in (None, Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Right, Qt.Key.Key_Left):
        if key is not None:
            QTest.keyClick(tour_of(driver), key)
        titles.append(tour_of(driver).title.text())
    assert titles == [
        "Open a scene",
        "Label some pixels",
        "Train",
        "Export the map",
        "Train",
    ]
    QTest.keyClick(tour_of(driver), Qt.Key.Key_Escape)
    assert tour_of(driver) is None


@pytest.mark.parametrize("size", [(1280, 800), (900, 620)])
def test_each_callout_stands_inside_the_window_beside_what_it_tells_of(driver, size):
    driver.window.resize(*size)
    driver.trigger("help.tour")
    targets = ["file.open", "classes", "training", "file.export"]
    for number, name in enumerate(targets, 1):
        tour = tour_of(driver)
        assert tour.count.text() == f"{number} of 4"
        assert driver.window.rect().contains(tour.geometry())
        if name in driver.window.context.docking.docks:
            target = driver.window.context.docking.docks[name]
        else:
            bar = driver.window.menus.tool_bar
            target = bar.widgetForAction(driver.window.commands.action(name))
        assert target.isVisible()
        if name == "classes":  # without a scene, nothing can be done with it
            buttons = driver.window.panel("classes").findChildren(QAbstractButton)
            assert [b.toolTip() for b in buttons if b.isVisible() and b.isEnabled()] == []
        area = QRect(target.mapTo(driver.window, QPoint()), target.size())
        assert tour.marker.geometry().contains(area)
        assert not tour.geometry().intersects(area)
        QTest.mouseClick(tour.next, Qt.MouseButton.LeftButton)
    assert tour_of(driver) is None


def its_keys_start_no_commands(driver):
    driver.trigger("help.tour")
    QTest.keyClick(tour_of(driver), Qt.Key.Key_M, CONTROL_SHIFT)
    assert not driver.window.context.docking.docks["messages"].isVisible()
    QTest.keyClick(tour_of(driver), Qt.Key.Key_Escape)
    driver.window.activateWindow()
    QTest.keyClick(driver.window, Qt.Key.Key_M, CONTROL_SHIFT)
    assert driver.window.context.docking.docks["messages"].isVisible()


def a_second_tour_takes_the_place_of_the_first(driver):
    driver.trigger("help.tour")
    QTest.keyClick(tour_of(driver), Qt.Key.Key_Right)
    driver.trigger("help.tour")
    assert [t.title.text() for t in driver.window.findChildren(Tour) if t.isVisible()] == [
        "Open a scene"
    ]


def test_who_has_seen_it_is_not_asked(make_driver):
    driver = make_driver(Settings(theme="light", tour_seen=True))
    assert not driver.window.context.welcome.tour_button.isVisible()


def test_keys_of_the_tour(driver, qtbot):
    """In one window."""
    keys_go_on_and_back_and_end_it(driver, qtbot)
    its_keys_start_no_commands(driver)
    a_second_tour_takes_the_place_of_the_first(driver)
