"""Docking: the panels around the image — where they are first, remembered, reset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from PySide6.QtCore import QByteArray, QEvent, QObject, QSize, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFrame,
    QMainWindow,
    QScrollArea,
    QTabBar,
    QWidget,
)

from hsi_viewer.preferences.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

LAYOUT_VERSION = 2  # 1: docks were named by their titles
AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}
MAX_LETTERS = 42  # a panel that needs more is rolled sideways
MIN_LINES = 6
FRONT = ("display", "training")  # in front of their tabs at the first start


@dataclass(frozen=True)
class Panel:
    """A dock and what will be in it.

    Attributes
    ----------
    key : of the dock; it never changes, since saved layouts name it.
    title : of the dock, and its name in View › Panels.
    make : makes what is in it, when it is first seen or asked for.
    area : where it docks first.
    beside : key of the dock that it is a tab of at first, or "".
    shown : whether it is open at the first start.
    fill : called once it is in its dock, to show there what is so by now.
    at_once : whether it is made with its dock.
    """

    key: str
    title: str
    make: Callable[[], QWidget]
    area: Literal["left", "right", "bottom"]
    beside: str = ""
    shown: bool = False
    fill: Callable[[], object] = lambda: None
    at_once: bool = False


class _Rolling(QScrollArea):
    """Lets a panel be smaller than its contents: many fit beside a large image.

    The panel gets all the room there is, and rolls below its least size. (A resizable
    QScrollArea rolls below the preferred height as soon as some text wraps.)
    """

    def __init__(self) -> None:
        super().__init__()
        self._panel = QWidget(self)  # until there is a panel
        self._panel.hide()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def take(self, panel: QWidget) -> None:
        """Hold a panel."""
        self._panel.deleteLater()
        self._panel = panel
        self.setWidget(panel)
        self.updateGeometry()
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """All of its width, if that is not much, and some lines."""
        metrics = self.fontMetrics()
        width = self._panel.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(
            min(width, MAX_LETTERS * metrics.averageCharWidth()), MIN_LINES * metrics.height()
        )

    def sizeHint(self) -> QSize:
        """All of the panel."""
        return self._panel.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the panel the new room."""
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow contents that need more or less room than before."""
        if event.type() == QEvent.Type.LayoutRequest and watched is self._panel:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        room, least = self.maximumViewportSize(), self._panel.minimumSizeHint()
        width = max(room.width(), least.width())
        if self._height(width) > room.height():
            width = max(room.width() - self.verticalScrollBar().sizeHint().width(), least.width())
        self._panel.resize(width, max(room.height(), self._height(width)))

    def _height(self, width: int) -> int:
        layout = self._panel.layout()
        if layout is not None and layout.hasHeightForWidth():
            return layout.minimumHeightForWidth(width)
        return self._panel.minimumSizeHint().height()


class Docking(QObject):
    """Makes the docks of a window and keeps their arrangement.

    Attributes
    ----------
    docks : by key, in the order they were added.
    panels : what is in the docks that were seen or asked for, by key.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.docks: dict[str, QDockWidget] = {}
        self.panels: dict[str, QWidget] = {}
        self._waiting: dict[str, Panel] = {}
        self._first_state = QByteArray()
        self._first_shown: list[QDockWidget] = []
        self._last_tab: dict[str, str] = {}  # of the tabs beside a panel
        window.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
        )
        window.setCorner(Qt.Corner.BottomLeftCorner, AREAS["left"])
        window.setCorner(Qt.Corner.BottomRightCorner, AREAS["right"])

    def add(self, panel: Panel) -> QDockWidget:
        """Make the dock of a panel, as a tab beside another where one is named."""
        key, beside = panel.key, panel.beside
        dock = QDockWidget(panel.title, self._window)
        dock.setObjectName(key)
        dock.setWidget(_Rolling())
        self.docks[key], self._waiting[key] = dock, panel
        if panel.at_once:
            self.panel(key)
        if beside:
            self._window.tabifyDockWidget(self.docks[self._last_tab.get(beside, beside)], dock)
            self._last_tab[beside] = key
        else:
            self._window.addDockWidget(AREAS[panel.area], dock)
        self._lay_out()
        dock.setVisible(panel.shown)
        self._lay_out()
        dock.visibilityChanged.connect(self._on_visibility)
        return dock

    def panel(self, key: str) -> QWidget:
        """The panel of a dock, made now if it has not been shown yet."""
        if key in self._waiting:
            waiting = self._waiting.pop(key)
            self.panels[key] = waiting.make()
            cast("_Rolling", self.docks[key].widget()).take(self.panels[key])
            waiting.fill()
        return self.panels[key]

    def finish(self) -> None:
        """Set the sizes of the docks once all are added, and remember the default layout."""
        self._first_shown = [d for d in self.docks.values() if not d.isHidden()]
        self._lay_out()
        self._arrange()
        self._lay_out()
        self._first_state = self._window.saveState(LAYOUT_VERSION)

    @Slot()
    def reset(self) -> None:
        """Put every dock back where it was at the first start."""
        self._take_up(self._first_state)
        for dock in self._first_shown:
            dock.show()
        self._arrange()

    def show(self, key: str) -> QDockWidget:
        """Show a panel in front of its tabs."""
        self.panel(key)
        dock = self.docks[key]
        dock.show()
        dock.raise_()
        return dock

    def bring(self, key: str) -> None:
        """Show a panel in front of its tabs and give it the focus."""
        dock = self.show(key)
        stop = next((w for w in _stops(dock) if w.isVisibleTo(dock)), None)
        if stop is not None:
            stop.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def toggle(self, key: str, _checked: bool = True) -> None:
        """Bring a panel that is closed, close one that is open."""
        if self.docks[key].isHidden():
            self.bring(key)
        else:
            self.docks[key].close()

    def go_on(self, step: int) -> None:
        """Give the focus to the next open panel, or the one before; the image is one of them."""
        open_now = [t for t, d in self.docks.items() if not d.visibleRegion().isEmpty()]
        stops = [*open_now, ""]
        focus = QApplication.focusWidget()
        here = next((t for t in open_now if self.docks[t].isAncestorOf(focus)), "") if focus else ""
        there = stops[(stops.index(here) + step) % len(stops)]
        centre = self._window.centralWidget()
        if there:
            self.bring(there)
        elif centre is not None:
            centre.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def save(self, settings: Settings) -> None:
        """Remember the arrangement."""
        settings.window_geometry = _text(self._window.saveGeometry())
        settings.window_state = _text(self._window.saveState(LAYOUT_VERSION))

    def restore(self, settings: Settings) -> None:
        """Restore the last arrangement, if there is one."""
        if settings.window_geometry:
            self._window.restoreGeometry(QByteArray.fromBase64(settings.window_geometry.encode()))
        if settings.window_state:
            state = QByteArray.fromBase64(settings.window_state.encode())
            if not self._take_up(state):
                self._take_up_titles(state)

    def _lay_out(self) -> None:
        """Lay out at once: a window that is not shown keeps the tab bars of each step else."""
        layout = self._window.layout()
        if layout is not None:
            layout.activate()

    def _take_up_titles(self, state: QByteArray) -> None:
        """Restore an arrangement of version 1, in which docks were named by their titles."""
        for dock in self.docks.values():
            dock.setObjectName(dock.windowTitle())
        self._take_up(state, 1)
        for key, dock in self.docks.items():
            dock.setObjectName(key)

    def _take_up(self, state: QByteArray, version: int = LAYOUT_VERSION) -> bool:
        """Restore an arrangement; Qt 6.11 leaves the tab bars of the one before on the window."""
        before = [b for b in self._tab_bars() if not b.isHidden()]
        taken = self._window.restoreState(state, version)
        if taken:
            for bar in before:
                bar.hide()
        return taken

    def _tab_bars(self) -> list[QTabBar]:
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        return self._window.findChildren(QTabBar, options=direct)

    @Slot(bool)
    def _on_visibility(self, visible: bool) -> None:
        dock = self.sender()
        if visible and isinstance(dock, QDockWidget):
            self.panel(next(k for k, d in self.docks.items() if d is dock))
        self._spell_out()

    def _spell_out(self) -> None:
        """Write out the titles of tabs: many are rolled through rather than cut to a letter."""
        for bar in self._tab_bars():
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            bar.setUsesScrollButtons(True)

    def _arrange(self) -> None:
        docks, resize = self.docks, self._window.resizeDocks
        for key in FRONT:
            docks[key].raise_()
        horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        resize([docks["display"], docks["classes"]], [300, 320], horizontal)
        resize([docks["display"], docks["spectrum"]], [335, 340], vertical)
        resize([docks["classes"], docks["training"]], [330, 330], vertical)


def _stops(dock: QDockWidget) -> list[QWidget]:
    """Controls of a panel that Tab stops at."""
    tab = Qt.FocusPolicy.TabFocus
    return [w for w in dock.findChildren(QWidget) if w.isEnabled() and w.focusPolicy() & tab]


def _text(data: QByteArray) -> str:
    return bytes(data.toBase64().data()).decode("ascii")
