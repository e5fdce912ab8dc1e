"""Panels are shown, hidden, floated, gone through by keys, remembered and reset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QGraphicsView,
    QLabel,
    QLineEdit,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QToolButton,
    QWidget,
)

from hsi_viewer.preferences.settings import load_settings
from hsi_viewer.ui.dock_sizes import FRAME, first_size
from hsi_viewer.ui.dock_tabs import PADDING
from hsi_viewer.ui.features.training.result import STEPS
from tests.gui.hands import made_cube

ICON_ONLY = Qt.ToolButtonStyle.ToolButtonIconOnly
OLD = Path(__file__).parents[2] / "data" / "settings" / "v1.json"


@pytest.fixture
def opened(make_driver, tmp_path):
    """Makes windows with a small scene open."""
    np.save(tmp_path / "made.npy", made_cube())

    def make(settings=None):
        made = make_driver(settings)
        made.open(str(tmp_path / "made.npy"))
        return made

    return make


def arrangement(driver) -> dict[str, tuple]:
    """Where each panel is."""
    window = driver.window
    return {
        title: (dock.isHidden(), dock.isFloating(), window.dockWidgetArea(dock))
        for title, dock in window.context.docking.docks.items()
    }


def test_a_panel_behind_a_tab_comes_to_the_front(opened):
    driver = opened()
    accuracy = driver.window.context.docking.docks["accuracy"]
    assert accuracy.visibleRegion().isEmpty()
    icon = driver.window.context.tool_bar.widgetForAction(
        driver.window.commands.action("panel.accuracy")
    )
    driver.click_on(icon)  # it was open, behind Training
    driver.qtbot.waitUntil(lambda: not accuracy.visibleRegion().isEmpty())
    driver.qtbot.waitUntil(icon.isChecked)
    driver.click_on(icon)  # it is seen: collapsed to its icon
    assert accuracy.isHidden()
    driver.qtbot.waitUntil(lambda: not icon.isChecked())
    driver.click_on(icon)
    driver.qtbot.waitUntil(lambda: not accuracy.visibleRegion().isEmpty())


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
    again.open("sample:indian-pines")
    assert {"history", "messages"} <= again.window.context.docking.panels.keys()
    assert not {"contrast", "scatter-plot"} & again.window.context.docking.panels.keys()


def test_every_panel_takes_another_theme(driver, monkeypatch):
    docking, told = driver.window.context.docking, []
    for key in docking.docks:
        panel = docking.panel(key)
        if hasattr(panel, "refresh_theme"):
            monkeypatch.setattr(panel, "refresh_theme", lambda key=key: told.append(key))
    driver.window.set_theme("dark")
    monkeypatch.undo()
    driver.window.set_theme("light")
    themed = [k for k, panel in docking.panels.items() if hasattr(panel, "refresh_theme")]
    assert sorted(told) == sorted(themed)
    assert {"scenes", "guide", "runs", "contrast", "messages"} <= set(told)


def test_what_cannot_be_done_says_why(opened):
    driver = opened()
    docking, silent = driver.window.context.docking, []
    for key in docking.docks:
        panel = docking.panel(key)
        for control in panel.findChildren(QAbstractButton):
            tips = control.toolTip(), "" if panel.isEnabled() else panel.toolTip()
            if not control.isEnabled() and not any(tips) and control.isVisibleTo(panel):
                silent.append((key, control.text()))
    assert silent == []
    add, up = (getattr(docking.panel("classes"), f"{name}_button") for name in ("add", "up"))
    assert up.toolTip() == "Choose a class in the list"
    undo = docking.panel("label-errors").buttons["undo"]
    assert undo.toolTip() == "There is nothing to undo"
    driver.click_on(add)
    driver.type("one", Qt.Key.Key_Return)
    driver.click_on(add)
    driver.type("two", Qt.Key.Key_Return)
    assert (up.isEnabled(), up.toolTip()) == (True, "Move the class up")
    assert undo.isEnabled()


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


def test_the_arrangement_is_remembered_and_can_be_reset(opened):
    driver = opened()
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
    again = opened(load_settings())
    assert arrangement(again) == changed
    again.trigger("view.reset")
    assert arrangement(again) == first


def test_settings_of_the_version_that_named_panels_by_their_titles(opened):
    """The arrangement and the keys of panels are what the user had made of them."""
    driver = opened(load_settings(OLD))
    docks = driver.window.context.docking.docks
    assert docks["classes"].isHidden()
    assert not docks["spectral-angle"].isHidden()
    assert driver.window.dockWidgetArea(docks["training"]) == Qt.DockWidgetArea.BottomDockWidgetArea
    keys = driver.window.commands.keys
    assert (keys("panel.spectral-angle"), keys("view.map")) == ("F9", "F7")
    driver.window.may_leave = lambda: True
    driver.window.close()
    assert load_settings().shortcuts == {"panel.spectral-angle": ["F9"], "view.map": ["F7"]}
    again = opened(load_settings())
    assert again.window.context.docking.docks["classes"].isHidden()


def test_no_tab_bar_is_left_over(opened):
    """Each visible tab bar is that of panels that stand right above it; none lies on another."""
    driver = opened()
    driver.trigger("panel.history")
    driver.window.may_leave = lambda: True
    driver.window.close()
    again = opened(load_settings())
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


def share_of_the_image(window) -> float:
    image = window.context.canvas.size()
    return image.width() * image.height() / (window.width() * window.height())


def test_the_image_has_half_of_the_window_and_no_text_is_cut(sample, qapp):
    """At the sizes of common screens, in any order, with text of 100 and of 150 %."""
    window, docks = sample.window, sample.window.context.docking.docks
    assert window.size().toTuple() == (1280, 800)
    assert share_of_the_image(window) >= 0.5
    f6_goes_through_all_open_panels_and_back_to_the_image(sample)
    for size in ((1920, 1080), (1366, 768), (1024, 700), (1440, 900), (1280, 800)):
        window.resize(*size)
        QApplication.processEvents()
        assert window.size().toTuple() == size
        assert share_of_the_image(window) >= (0.5 if size[0] >= 1280 else 0.4), size
        nothing_is_cut(window)
    spectrum = docks["spectrum"]
    assert spectrum.y() > window.context.canvas.y()
    assert sample.window.context.plot.height() >= 100
    assert sample.window.context.plot.width() >= 600
    no_panel_cuts_its_text(window)
    assert share_of_the_image(window) >= 0.5  # many open panels take no room from the image
    sample.trigger("view.reset")
    set_text(window, 150)
    assert spectrum.fontMetrics().height() > 18
    for size in ((1280, 800), (1024, 700), (1920, 1080)):
        window.resize(*size)
        QApplication.processEvents()
        assert window.size().toTuple() == size  # it does not outgrow the screen
        nothing_is_cut(window)
    the_card_grows_with_the_text(window)
    a_small_window_has_a_plot_and_leads_to_a_large_one(sample)
    window.resize(1280, 800)
    sample.trigger("view.reset")
    no_panel_cuts_its_text(window)
    set_text(window, 100)


def the_card_grows_with_the_text(window) -> None:
    card = window.feature("result").card
    card.show_map("2 classes mapped", "")
    card.show_steps(STEPS)
    QApplication.processEvents()
    assert [b.text() for b in card.buttons if b.width() < b.sizeHint().width()] == []
    card.hide()


def a_small_window_has_a_plot_and_leads_to_a_large_one(sample) -> None:
    window, plot = sample.window, sample.window.context.plot
    panel = window.panel("spectrum")
    window.resize(900, 600)
    QApplication.processEvents()
    assert plot.width() >= 240
    assert plot.height() >= 140
    assert panel.plot.width() > panel.curves.width()
    # what the bars have no room for is behind a sign that is seen
    hidden = [b for b in window.findChildren(QToolButton, "qt_toolbar_ext_button") if b.isVisible()]
    assert hidden
    for button in hidden:
        image = button.grab().toImage()
        ground = image.pixel(0, 0)
        spots = np.ndindex(image.width(), image.height())
        assert sum(image.pixel(x, y) != ground for x, y in spots) > 12
        assert button.accessibleName() == "More"
    # the choices that made room are behind the button of the options
    assert panel.options.isAncestorOf(panel.view)
    assert panel.options.isAncestorOf(panel.unit)
    panel.unit.setCurrentIndex(panel.unit.findData("um"))
    assert plot.unit == "um"
    panel.unit.setCurrentIndex(panel.unit.findData("nm"))
    # numbers of the axis don't touch, though the text is large
    axis, width = plot.getPlotItem().getAxis("bottom"), plot.getPlotItem().getViewBox().width()
    (step, _), *_ = axis.tickSpacing(400.0, 2500.0, width)
    assert step / 2100 * width > plot.fontMetrics().horizontalAdvance("2000")
    low = plot.height()
    sample.click_on(panel.enlarge)
    QApplication.processEvents()
    assert plot.height() > low
    sample.trigger("view.reset")
    window.resize(1920, 1080)
    QApplication.processEvents()
    assert panel.head.isAncestorOf(panel.view)
    assert panel.head.isVisible()
    assert not panel.options.isAncestorOf(panel.unit)


def no_panel_cuts_its_text(window) -> None:
    """Every panel in front once, at the width of its dock: none is rolled sideways or cut."""
    cut = []
    for key, dock in window.context.docking.docks.items():
        window.context.docking.show(key)
        for _ in range(3):
            QApplication.processEvents()
        cut += [f"{key}: {found}" for found in cut_texts(dock.widget())]
    assert cut == []
    for bar in window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
        titles_are_whole(bar)


def cut_texts(area) -> list[str]:
    """Areas that are rolled sideways, and controls narrower than what is written on them."""
    found = []
    for part in (area, *area.findChildren(QAbstractScrollArea)):
        rolled = part.horizontalScrollBar().maximum() > 0
        if part.isVisible() and rolled and not isinstance(part, QGraphicsView):
            found.append(f"{type(part).__name__} {part.accessibleName()} is rolled sideways")
    for part in (w for w in area.findChildren(QWidget) if w.isVisible()):
        lacking = lacking_room(part)
        if lacking > 0:
            found.append(f"{type(part).__name__} {written_on(part)!r} lacks {lacking} pixels")
    return found


def written_on(part) -> str:
    if isinstance(part, QComboBox):
        return part.currentText()
    plain = isinstance(part, QLabel) and not part.wordWrap()
    named = isinstance(part, QAbstractButton | QAbstractSpinBox)
    return part.text() if plain or named else ""


def lacking_room(part) -> int:
    """Pixels that are missing for the text of a control; 0 or less where all of it is seen."""
    text, style = written_on(part), part.style()
    if not text:
        return 0
    if isinstance(part, QComboBox):
        option = QStyleOptionComboBox()
        part.initStyleOption(option)
        field = style.subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, part
        )
        return part.fontMetrics().horizontalAdvance(text) - field.width()
    if isinstance(part, QAbstractSpinBox):
        line = part.findChild(QLineEdit)
        return part.fontMetrics().horizontalAdvance(text) - line.width()
    if isinstance(part, QToolButton) and part.toolButtonStyle() == ICON_ONLY:
        return 0
    return part.minimumSizeHint().width() - part.width()


def set_text(window, percent: int) -> None:
    window.workspace.settings.text_percent = percent
    window.set_theme("light")
    QApplication.processEvents()


def nothing_is_cut(window) -> None:
    """Bars, open panels and the status bar lie inside the window, and tabs have all their room."""
    inside = window.rect()
    bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    shown = [b for b in bars if b.isVisible() and inside.intersects(b.geometry())]
    for bar in shown:
        assert bar.tabRect(bar.count() - 1).right() <= bar.width()  # none has scrolled out of sight
        assert inside.contains(bar.geometry())
    docks = [d for d in window.context.docking.docks.values() if d.isVisible()]
    for part in (*docks, window.statusBar(), window.context.tool_bar, window.menuBar()):
        if not part.visibleRegion().isEmpty():
            assert inside.contains(part.geometry()), part
    for dock in docks:  # no panel is rolled sideways
        if not dock.visibleRegion().isEmpty():
            assert not dock.widget().horizontalScrollBar().isVisible(), dock.objectName()
    buttons = window.context.tool_bar.findChildren(QToolButton)
    icons = [b for b in buttons if b.objectName() == "panel-icon"]
    assert len(icons) == len(window.context.docking.docks)
    assert all(b.isVisible() for b in icons)


def test_the_first_window_fits_the_screen(driver):
    assert first_size(QSize(2560, 1400), 100) == QSize(1280, 800)
    assert first_size(QSize(2560, 1400), 75) == QSize(1280, 800)  # of a large text
    assert first_size(QSize(2560, 1400), 150) == QSize(1920, 1200)
    for screen in (QSize(1280, 800), QSize(1024, 740), QSize(1366, 728)):
        for percent in (100, 150):
            size = first_size(screen, percent)
            assert size.boundedTo(screen - FRAME) == size
            assert size.expandedTo(driver.window.minimumSizeHint()) == size


def test_a_border_that_the_user_moved_stays(opened):
    driver = opened()
    window, spectrum = driver.window, driver.window.context.docking.docks["spectrum"]
    border = QPoint(window.width() // 2, spectrum.y() - 3)
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    for kind, up, button, held in (
        (QEvent.Type.MouseButtonPress, 0, left, left),
        (QEvent.Type.MouseMove, 80, none, left),
        (QEvent.Type.MouseButtonRelease, 80, left, none),
    ):
        at = QPointF(border - QPoint(0, up))
        event = QMouseEvent(
            kind, at, window.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(window, event)
        QApplication.processEvents()
    driver.qtbot.waitUntil(lambda: spectrum.height() > 180)
    moved = spectrum.height()
    window.resize(1300, 860)
    QApplication.processEvents()
    assert spectrum.height() == moved
    driver.trigger("view.reset")
    assert spectrum.height() < moved


def test_a_panel_that_is_cut_takes_what_its_neighbour_can_do_without(opened):
    driver = opened()
    docking = driver.window.context.docking

    def rolls(key: str) -> int:
        return docking.docks[key].widget().verticalScrollBar().maximum()

    driver.trigger("panel.clean-map")
    driver.qtbot.waitUntil(lambda: docking.is_seen("clean-map") and rolls("clean-map") == 0)
    docking.show("reference")
    share, image = docking.docks["classes"].height(), driver.canvas.height()
    docking.panels["reference"].show_active(True)  # the question needs more than the invitation
    driver.qtbot.waitUntil(lambda: docking.docks["classes"].height() < share)
    assert rolls("reference") == rolls("classes") == 0
    assert driver.canvas.height() == image
    docking.show("messages")
    driver.qtbot.waitUntil(lambda: docking.is_seen("messages"))
    assert rolls("messages") == 0  # a strip has the controls beside the list


def right_tabs(window) -> QTabBar:
    """The tabs of the panels that share a dock with Training."""
    bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return next(b for b in bars if "Training" in [b.tabText(n) for n in range(b.count())])


def test_tabs_are_whole_words_or_icons_and_none_moves_by_a_click(opened):
    driver = opened()
    window = driver.window
    driver.trigger("view.reset")
    driver.qtbot.waitUntil(lambda: not right_tabs(window).property("crowded"))
    for key in ("runs", "guide", "why"):
        driver.trigger(f"panel.{key}")
    driver.qtbot.waitUntil(lambda: bool(right_tabs(window).property("crowded")))
    QApplication.processEvents()
    bar = right_tabs(window)
    names, places = titles(bar), [bar.tabRect(n) for n in range(bar.count())]
    assert len(names) == 5
    assert places[-1].right() <= bar.width()
    titles_are_whole(bar)
    for number in range(5):
        driver.click_on(bar, places[number].center())
        QApplication.processEvents()
        assert bar.currentIndex() == number
        assert [bar.tabRect(n) for n in range(5)] == places
    assert titles(bar) == names
    window.resizeDocks([window.context.docking.docks["why"]], [500], Qt.Orientation.Horizontal)
    driver.qtbot.waitUntil(lambda: not right_tabs(window).property("crowded"))
    titles_are_whole(right_tabs(window))


def titles(bar: QTabBar) -> list[str]:
    return [bar.tabText(n) for n in range(bar.count())]


def titles_are_whole(bar: QTabBar) -> None:
    """Each tab shows its whole title, or an icon whose tooltip is the title."""
    for number, title in enumerate(titles(bar)):
        if bar.property("crowded"):
            assert not bar.tabIcon(number).isNull()
            assert bar.tabToolTip(number) == title
        else:
            assert bar.tabIcon(number).isNull()
            needed = bar.fontMetrics().horizontalAdvance(title) + PADDING
            assert bar.tabRect(number).width() >= needed
