"""Panels are shown, hidden, floated, gone through by keys, remembered and reset."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabBar

from hsi_viewer.preferences.settings import load_settings

OLD = Path(__file__).parents[2] / "data" / "settings" / "v1.json"


def arrangement(driver) -> dict[str, tuple]:
    """Where each panel is."""
    window = driver.window
    return {
        title: (dock.isHidden(), dock.isFloating(), window.dockWidgetArea(dock))
        for title, dock in window.context.docking.docks.items()
    }


def test_a_panel_behind_a_tab_comes_to_the_front(driver):
    accuracy = driver.window.context.docking.docks["accuracy"]
    assert accuracy.visibleRegion().isEmpty()
    driver.trigger("panel.accuracy")  # it was open, behind Training: closed now
    assert accuracy.isHidden()
    driver.trigger("panel.accuracy")
    driver.qtbot.waitUntil(lambda: not accuracy.visibleRegion().isEmpty())
    assert driver.window.commands.action("panel.accuracy").isChecked()


def test_a_panel_is_made_when_it_is_first_seen(driver, make_driver):
    """Each of the three ways to see it; what was told before stands in it."""
    window, docking = driver.window, driver.window.context.docking
    covered, closed = ("contrast",), ("history", "messages", "scatter-plot", "spectral-angle")
    assert not {*covered, *closed} & docking.panels.keys()
    assert {"display", "spectrum", "classes", "training"} <= docking.panels.keys()
    window.workspace.notify("Told before anybody looked.")
    driver.trigger("panel.messages")
    page = docking.panels["messages"]
    assert page.isVisible()
    assert [e.text for e in page.entries()] == ["Told before anybody looked."]
    driver.open("sample:indian-pines")
    assert "contrast" not in docking.panels
    bar, n = next(
        (b, k)
        for b in window.findChildren(QTabBar)
        for k in range(b.count())
        if b.tabText(k) == "Contrast"
    )
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(n).center())
    driver.qtbot.waitUntil(lambda: "contrast" in docking.panels)
    contrast = docking.panels["contrast"]
    driver.qtbot.waitUntil(contrast.isVisible)
    assert float(contrast.low.text()) > 0
    driver.trigger("edit.history")
    window.may_leave = lambda: True
    window.close()
    again = make_driver(load_settings())
    assert {"contrast", "history", "messages"} <= again.window.context.docking.panels.keys()
    assert "scatter-plot" not in again.window.context.docking.panels


def f6_goes_through_all_open_panels_and_back_to_the_image(sample):
    window = sample.window
    window.activateWindow()
    sample.qtbot.waitUntil(window.isActiveWindow)
    window.context.canvas.setFocus()
    shown = [t for t, d in window.context.docking.docks.items() if not d.visibleRegion().isEmpty()]
    reached = []
    for _ in range(len(shown) + 1):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_F6)
        focus = QApplication.focusWidget()
        reached.append(
            next((t for t in shown if window.context.docking.docks[t].isAncestorOf(focus)), "image")
        )
    assert reached == [*shown, "image"]
    assert window.context.canvas.hasFocus()
    QTest.keyClick(window.context.canvas, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert window.context.docking.docks[shown[-1]].isAncestorOf(QApplication.focusWidget())


def test_the_arrangement_is_remembered_and_can_be_reset(driver, make_driver):
    first = arrangement(driver)
    window = driver.window
    window.context.docking.docks["spectrum"].setFloating(True)
    window.context.docking.docks["classes"].close()
    window.addDockWidget(
        Qt.DockWidgetArea.BottomDockWidgetArea, window.context.docking.docks["training"]
    )
    changed = arrangement(driver)
    window.may_leave = lambda: True
    window.close()
    again = make_driver(load_settings())
    assert arrangement(again) == changed
    again.trigger("view.reset")
    assert arrangement(again) == first


def test_settings_of_the_version_that_named_panels_by_their_titles(make_driver):
    """The arrangement and the keys of panels are what the user had made of them."""
    driver = make_driver(load_settings(OLD))
    docks = driver.window.context.docking.docks
    assert docks["classes"].isHidden()
    assert not docks["spectral-angle"].isHidden()
    assert driver.window.dockWidgetArea(docks["training"]) == Qt.DockWidgetArea.BottomDockWidgetArea
    keys = driver.window.commands.keys
    assert (keys("panel.spectral-angle"), keys("view.map")) == ("F9", "F7")
    driver.window.may_leave = lambda: True
    driver.window.close()
    assert load_settings().shortcuts == {"panel.spectral-angle": ["F9"], "view.map": ["F7"]}
    again = make_driver(load_settings())
    assert again.window.context.docking.docks["classes"].isHidden()


def test_no_tab_bar_is_left_over(driver, make_driver):
    """Each visible tab bar is that of panels that stand right above it; none lies on another."""
    driver.trigger("panel.history")
    driver.window.may_leave = lambda: True
    driver.window.close()
    again = make_driver(load_settings())
    again.trigger("panel.notes")
    for arranged in (again, again):
        QApplication.processEvents()
        assert stray_tab_bars(arranged.window) == []
        again.trigger("view.reset")


def stray_tab_bars(window) -> list[str]:
    """Tab bars inside the window that belong to no group of panels, or lie on another."""
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    bars = [b for b in window.findChildren(QTabBar, options=direct) if b.isVisible()]
    bars = [b for b in bars if window.rect().intersects(b.geometry())]
    stray = []
    for bar in bars:
        titles = {bar.tabText(n) for n in range(bar.count())}
        docks = window.context.docking.docks.values()
        front = [d for d in docks if d.windowTitle() in titles and d.isVisible()]
        fronts = [d.geometry() for d in front if not d.visibleRegion().isEmpty()]
        fits = any(g.left() == bar.x() and abs(g.bottom() - bar.y()) < 8 for g in fronts)
        alone = sum(b.geometry().intersects(bar.geometry()) for b in bars) == 1
        if not (fits and alone):
            stray.append(f"{sorted(titles)} at {bar.geometry().getRect()}")
    return stray


def the_scene_stays_large_at_the_first_start(sample):
    """At 1280 x 800 the image has half of the window's width and most of its height."""
    window = sample.window
    assert window.size().toTuple() == (1280, 800)
    assert window.context.canvas.width() >= 600
    assert window.context.canvas.height() >= 560


def test_panels_of_one_window(sample):
    """In one window."""
    the_scene_stays_large_at_the_first_start(sample)
    f6_goes_through_all_open_panels_and_back_to_the_image(sample)
