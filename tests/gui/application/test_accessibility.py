"""Who cannot see the screen, or cannot use a mouse, can still use every control.

The names are those that the accessibility interface of Qt hands to a screen reader.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDockWidget,
    QFormLayout,
    QHeaderView,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QSplitter,
    QTabBar,
    QTextEdit,
    QToolBar,
    QWidget,
)

import hsi_viewer.ui
from hsi_viewer.core.assessment.accuracy import score
from hsi_viewer.core.assessment.reliability import reliability
from hsi_viewer.core.guide import guide_folder, read_guide
from hsi_viewer.io.files.reading import ArrayChoice
from hsi_viewer.io.header_doctor.diagnose import diagnose
from hsi_viewer.ui.features.exporting.layer_list import LayerChoice
from hsi_viewer.ui.widgets.figure_dialog import ViewChoice
from hsi_viewer.ui.wrapped_label import WrappedLabel

LABEL, FIELD = QFormLayout.ItemRole.LabelRole, QFormLayout.ItemRole.FieldRole


def is_inner(widget: QWidget) -> bool:
    """Whether a widget is a part of a control that has the name."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QAbstractSpinBox | QComboBox):
            return True
        if isinstance(parent, QAbstractScrollArea) and parent.viewport() is widget:
            return True
        parent = parent.parentWidget()
    return widget.objectName().startswith("qt_") or isinstance(widget, QTabBar | QSplitter)


def described(widget: QWidget) -> str:
    """What a widget is and where it stands, for the message of a test."""
    parents = []
    parent = widget.parentWidget()
    while parent is not None:
        parents.append(parent.windowTitle() or parent.objectName() or type(parent).__name__)
        parent = parent.parentWidget()
    return f"{type(widget).__name__} in {' < '.join(parents[:3])}"


def nameless(root: QWidget) -> list[str]:
    """Controls below a widget that can have the focus, but tell no name."""
    found = []
    for widget in root.findChildren(QWidget):
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or is_inner(widget):
            continue
        interface = QAccessible.queryAccessibleInterface(widget)
        if interface is None or not interface.text(QAccessible.Text.Name).strip():
            found.append(described(widget))
    return found


def keepers_of_tab(root: QWidget) -> list[str]:
    """Lists and texts below a widget that Tab would not leave before their last cell."""
    lists = [x for x in root.findChildren(QAbstractItemView) if x.tabKeyNavigation()]
    kinds = (QTextEdit, QPlainTextEdit)
    texts = [x for kind in kinds for x in root.findChildren(kind) if not x.isReadOnly()]
    return [described(x) for x in (*lists, *(x for x in texts if not x.tabChangesFocus()))]


def unwrapped(root: QWidget) -> list[str]:
    """Texts below a widget that may be wrapped between a number and its unit."""
    labels = [x for x in root.findChildren(QLabel) if x.wordWrap()]
    return [described(x) for x in labels if not isinstance(x, WrappedLabel)]


def all_dialogs() -> dict[str, type[QDialog]]:
    """Every dialog class of the user interface by its name."""
    for module in pkgutil.walk_packages(hsi_viewer.ui.__path__, "hsi_viewer.ui."):
        importlib.import_module(module.name)
    found, waiting = {}, [QDialog]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            if kind.__module__.startswith("hsi_viewer."):
                found[kind.__name__] = kind
            waiting.append(kind)
    return found


def make_diagnosis(folder):
    """A raw file with a header that asks for more than there is."""
    (folder / "cube.dat").write_bytes(np.arange(8 * 6 * 4, dtype=np.int16).tobytes())
    header = "ENVI\nsamples = 6\nlines = 9\nbands = 4\ndata type = 2\ninterleave = bsq\n"
    (folder / "cube.hdr").write_text(header + "byte order = 0\n")
    return diagnose(folder / "cube.hdr")


REPORT = score(np.ones((4, 4), np.uint16), np.eye(4, dtype=np.uint16))
DIALOGS: dict[str, Callable] = {
    "ArrangementDialog": lambda w, k, _: k(["Mine"], w),
    "ApplyDialog": lambda w, k, folder: k(w, folder),
    "AreasDialog": lambda w, k, _: k(w),
    "ArrayDialog": lambda w, k, _: k("x.mat", (ArrayChoice("a", (3, 4, 5), "f4"),), w),
    "BandsDialog": lambda w, k, _: k(w.workspace.document.cube, "", w),
    "CommandPalette": lambda w, k, _: k(w.commands, w),
    "ConfusionDialog": lambda w, k, _: k(REPORT, str, w),
    "DoctorDialog": lambda w, k, folder: k(
        (found := make_diagnosis(folder)), [np.zeros((8, 8, 3), np.uint8)] * len(found.readings), w
    ),
    "DoubtDialog": lambda w, k, _: k([("margin", "Margin", "What it means.")], w),
    "DrawDialog": lambda w, k, folder: k("", str(folder), w, has_truth=True),
    "ExportDialog": lambda w, k, folder: k(str(folder), False, w, "made", (1, 3)),
    "FigureDialog": lambda w, k, _: k(
        [ViewChoice("Scene"), ViewChoice("Spectrum", is_plot=True)], 0, "Scene", w
    ),
    "LayersDialog": lambda w, k, folder: k(
        [LayerChoice("Class map", "ids", lambda: None)], str(folder), "x", w, georeferenced=False
    ),
    "HelpWindow": lambda w, k, _: k(read_guide(), guide_folder(), w),
    "MetadataDialog": lambda w, k, _: k(w.workspace.document.cube, w),
    "OpenDialog": lambda w, k, folder: k(w, "Open", str(folder), "All files (*)"),
    "PolygonsDialog": lambda w, k, _: k(w),
    "PreferencesDialog": lambda w, k, _: k(w.workspace.settings, w),
    "PresetEditor": lambda w, k, _: k((), None, w),
    "ReliabilityDialog": lambda w, k, _: k(
        reliability(np.array([0.6, 0.9]), np.array([True, False])), "labels", w
    ),
    "SessionList": lambda w, k, _: k("Unsaved work", "About it.", [], ("Recover",), w),
    "SampleDialog": lambda w, k, _: k(w),
    "ShortcutPage": lambda w, k, _: k(w.commands, w),
    "TextDialog": lambda w, k, _: k("About", "Text", w),
    "WrappedBox": lambda w, k, _: k(QMessageBox.Icon.Question, w),
}


@pytest.fixture
def small(driver, tmp_path):
    """The window with a small cube open, and every panel shown."""
    np.save(tmp_path / "cube.npy", np.random.default_rng(0).random((20, 30, 8), np.float32))
    driver.open(str(tmp_path / "cube.npy"))
    for title, dock in driver.window.context.docking.docks.items():
        dock.show()
        driver.window.panel(title)
    return driver


def every_control_of_the_window_and_its_panels_has_a_name(small):
    window = small.window
    assert [*nameless(window), *keepers_of_tab(window), *unwrapped(window)] == []


def test_every_dialog_is_looked_at():
    assert set(DIALOGS) == set(all_dialogs())


def every_control_of_every_dialog_has_a_name(small, tmp_path):
    kinds = all_dialogs()
    missing = {}
    for name, make in DIALOGS.items():
        with showing_no_window():
            dialog = make(small.window, kinds[name], tmp_path)
        assert dialog.windowTitle(), name
        missing[name] = [
            *nameless(dialog),
            *untidy(dialog),
            *keepers_of_tab(dialog),
            *unwrapped(dialog),
        ]
        dialog.deleteLater()
        del dialog
    assert {name: found for name, found in missing.items() if found} == {}


class WindowsShown(QObject):
    """Notes windows that come up, if only for a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def eventFilter(self, watched, event) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.found.append(repr(watched))
        return False


@contextmanager
def showing_no_window() -> Iterator[None]:
    """Fail if a part is shown before it has a parent: as a window, which takes the keyboard."""
    shown = WindowsShown()
    QApplication.instance().installEventFilter(shown)
    try:
        yield
    finally:
        QApplication.instance().removeEventFilter(shown)
    assert shown.found == []


def untidy(dialog) -> list[str]:
    """Stock icons on its buttons, labels that aren't level with their fields, cut headings."""
    dialog.show()
    QApplication.processEvents()
    buttons = [b for box in dialog.findChildren(QDialogButtonBox) for b in box.buttons()]
    found = [f"{b.text()} has an icon" for b in buttons if not b.icon().isNull()]
    for form in dialog.findChildren(QFormLayout):
        for row in range(form.rowCount()):
            label, field = (form.itemAt(row, role) for role in (LABEL, FIELD))
            if label is None or field is None or not label.widget().isVisible():
                continue
            box = field.geometry()
            off = abs(label.geometry().center().y() - box.center().y())
            if box.height() < 2 * label.geometry().height() and off > 2:
                found.append(f"{label.widget().text()} is {off} pixels off its field")
    for header in (h for h in dialog.findChildren(QHeaderView) if h.isVisible()):
        sections = range(header.count() if header.orientation() == Qt.Orientation.Horizontal else 0)
        titles = [str(header.model().headerData(s, header.orientation()) or "") for s in sections]
        metrics = header.fontMetrics()
        found += [
            f"{title} is cut"
            for s, title in enumerate(titles)
            if 0 < header.sectionSize(s) < metrics.horizontalAdvance(title)
        ]
    return found


def every_command_has_words_and_stands_in_the_palette(small):
    table = small.window.commands
    for command in table.commands:
        assert command.words.strip()
        assert table.action(command.id).toolTip().strip()


def every_panel_is_reached_by_tab(small):
    """From any control, Tab comes to every panel in front in the end, and stops only in view."""
    window = small.window
    window.activateWindow()
    small.qtbot.waitUntil(window.isActiveWindow)
    panels = {
        dock.windowTitle()
        for dock in window.findChildren(QDockWidget)
        if not dock.visibleRegion().isEmpty() and not dock.isFloating() and is_tabbable(dock)
    }
    window.context.canvas.setFocus()
    reached, start = set(), None
    for _ in range(400):
        window.focusNextChild()
        focus = QApplication.focusWidget()
        if focus is start:
            break
        start = start or focus
        assert is_in_view(focus), (focus, focus.accessibleName())
        widget = focus
        while widget is not None and not isinstance(widget, QDockWidget | QToolBar):
            widget = widget.parentWidget()
        if isinstance(widget, QDockWidget):
            reached.add(widget.windowTitle())
    assert panels - reached == set()


def is_in_view(control: QWidget) -> bool:
    """Whether a control lies in its window, and not behind another panel."""
    window = control.window()
    place = QRect(control.mapTo(window, QPoint()), control.size())
    return window.rect().intersects(place)


def is_tabbable(dock: QDockWidget) -> bool:
    """Whether the front panel holds a control that Tab stops at now."""
    return any(
        w.isVisible() and w.isEnabled() and w.focusPolicy() & Qt.FocusPolicy.TabFocus
        for w in dock.findChildren(QWidget)
    )


def test_tab_walks_through_an_empty_window(driver):
    """Round and round, both ways; the first button has the focus from the start."""
    window, welcome = driver.window, driver.window.context.welcome
    window.activateWindow()
    driver.qtbot.waitUntil(window.isActiveWindow)
    assert QApplication.focusWidget() is welcome.open_button
    buttons = [welcome.open_button, welcome.folder_button, welcome.sample_button]
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
        stops = []
        for _ in range(12):
            driver.type(key)
            stops.append(QApplication.focusWidget())
        assert all(is_in_view(stop) for stop in stops), stops
        assert all(stops.count(button) >= 2 for button in buttons)


def labelling_needs_no_mouse_but_to_paint(small):
    """A class is made, named and chosen, and the tool changed, by keys alone."""
    window = small.window
    window.activateWindow()
    small.qtbot.waitUntil(window.isActiveWindow)
    window.context.canvas.setFocus()
    QTest.keyClick(window.context.canvas, Qt.Key.Key_A)
    QTest.keyClicks(QApplication.focusWidget(), "Water")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    small.qtbot.waitUntil(lambda: [c.name for c in small.document.legend] == ["Water"])
    window.context.canvas.setFocus()
    QTest.keyClick(window.context.canvas, Qt.Key.Key_E)
    assert window.context.labelling.tool == "eraser"
    QTest.keyClick(window.context.canvas, Qt.Key.Key_1)
    QTest.keyClick(window.context.canvas, Qt.Key.Key_B)
    assert window.context.labelling.tool == "brush"
    window.panel("classes").table.setFocus()
    small.type(Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is window.panel("classes").add_button


def test_every_control_is_named_and_reached(small, tmp_path):
    """In one window."""
    every_control_of_the_window_and_its_panels_has_a_name(small)
    every_command_has_words_and_stands_in_the_palette(small)
    every_panel_is_reached_by_tab(small)
    labelling_needs_no_mouse_but_to_paint(small)
    every_control_of_every_dialog_has_a_name(small, tmp_path)
