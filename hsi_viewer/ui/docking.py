"""Docking: the panels around the image — where they are first, remembered, reset."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Literal, cast

from msgspec import Struct
from PySide6.QtCore import QByteArray, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QTabBar,
    QToolBar,
    QWidget,
)
from shiboken6 import isValid

from hsi_viewer.preferences.settings import Settings
from hsi_viewer.ui.arrangements import LABEL, Arrangement
from hsi_viewer.ui.dock_sizes import DockSizes
from hsi_viewer.ui.dock_tabs import DockTabs
from hsi_viewer.ui.rest_timer import RestTimer
from hsi_viewer.ui.turns import Turns
from hsi_viewer.ui.widgets.rolling_area import RollingArea

if TYPE_CHECKING:
    from collections.abc import Callable

LAYOUT_VERSION = 2  # 1: docks were named by their titles
AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}
FEATURES = (
    QDockWidget.DockWidgetFeature.DockWidgetClosable
    | QDockWidget.DockWidgetFeature.DockWidgetMovable
    | QDockWidget.DockWidgetFeature.DockWidgetFloatable
)


class Panel(Struct, frozen=True):
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
    icon : name of the icon that shows and hides it.
    always : whether it is of use without a scene.
    """

    key: str
    title: str
    make: Callable[[], QWidget]
    area: Literal["left", "right", "bottom"]
    beside: str = ""
    shown: bool = False
    fill: Callable[[], object] = lambda: None
    at_once: bool = False
    icon: str = "puzzle-outline"
    always: bool = False


class Docking(QObject):
    """Makes the docks of a window and keeps their arrangement.

    Signals
    -------
    changed() : a panel came to the front, or went.

    Attributes
    ----------
    docks : by key, in the order they were added.
    icons : names of their icons, by key.
    panels : what is in the docks that were seen or asked for, by key.
    sizes : what the image and the docks get of the window.
    """

    changed = Signal()

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.docks: dict[str, QDockWidget] = {}
        self.icons: dict[str, str] = {}
        self._signs: dict[str, str] = {}  # the same, by title
        self._tabs = DockTabs(self, self._signs)
        self.panels: dict[str, QWidget] = {}
        self.sizes = DockSizes(window, self.docks)
        self._waiting: dict[str, Panel] = {}
        self._added: dict[str, Panel] = {}
        self._default_state = ""
        self._before = ""  # all panels were closed
        self._restored = ""  # of the last window
        self._resumed = ""  # the first scene came
        self._turns = Turns(self)  # what is left to do then
        self._in_front: set[str] = set()
        self._moving = False  # many docks open and close at once
        self._soon = RestTimer(0, self.changed, self)
        window.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
        )
        window.setCorner(Qt.Corner.BottomLeftCorner, AREAS["left"])
        window.setCorner(Qt.Corner.BottomRightCorner, AREAS["right"])

    def add(self, panel: Panel) -> QDockWidget:
        """Make the dock of a panel; `arrange` puts it somewhere."""
        key = panel.key
        dock = QDockWidget(panel.title, self._window)
        dock.setObjectName(key)
        area = RollingArea()
        area.outgrown.connect(self.sizes.make_room_soon.start)
        dock.setWidget(area)
        self.docks[key], self._waiting[key], self.icons[key] = dock, panel, panel.icon
        self._signs[panel.title] = panel.icon
        self._added[key] = panel
        if panel.at_once:
            self.panel(key)
        dock.hide()
        dock.dockLocationChanged.connect(self._on_location)
        dock.visibilityChanged.connect(self._on_visibility)
        return dock

    def panel(self, key: str) -> QWidget:
        """The panel of a dock, made now if it has not been shown yet."""
        if key in self._waiting:
            waiting = self._waiting.pop(key)
            self.panels[key] = waiting.make()
            cast("RollingArea", self.docks[key].widget()).take(self.panels[key])
            waiting.fill()
        return self.panels[key]

    def finish(self) -> None:
        """Arrange the docks once all are added, and remember that as the default."""
        self.reset()
        self._default_state = self.state()

    @Slot()
    def reset(self) -> None:
        """Put every dock where it was at the first start."""
        self.arrange(LABEL)
        for key, panel in self._added.items():
            if panel.shown and self.docks[key].isHidden() and key not in _keys(LABEL):
                self.docks[key].show()
        self.sizes.take(LABEL)

    def arrange(self, chosen: Arrangement) -> None:
        """Open the panels of an arrangement where it has them; the others are closed."""
        with self._fitting_once():
            self._open(chosen)
        self.sizes.take(chosen)

    def _open(self, chosen: Arrangement) -> None:
        before = [b for b in self._tab_bars() if not b.isHidden()]
        for dock in self.docks.values():
            dock.setFloating(False)
            self._window.removeDockWidget(dock)
        group_of = self._place(chosen)
        for key in self.docks:
            if key not in group_of:
                self._put_away(key, group_of)
        self._lay_out()
        for group in dict.fromkeys((*chosen.column, chosen.strip)):
            known = [key for key in group if key in self.docks]
            for key in known:
                self.docks[key].show()
            if known:
                self.panel(known[0])
                self.docks[known[0]].raise_()
        for bar in before:  # Qt 6.11 leaves those of the arrangement before on the window
            bar.hide()

    def _place(self, chosen: Arrangement) -> dict[str, list[str]]:
        """Dock the panels of an arrangement; each key with the group that it is a tab of."""
        group_of: dict[str, list[str]] = {}
        groups = [*((AREAS["right"], g) for g in chosen.column), (AREAS["bottom"], chosen.strip)]
        for area, wanted in groups:
            group = [key for key in wanted if key in self.docks]
            for number, key in enumerate(group):
                if number:
                    self._window.tabifyDockWidget(self.docks[group[number - 1]], self.docks[key])
                else:
                    self._window.addDockWidget(area, self.docks[key])
                group_of[key] = group
            self._lay_out()
        return group_of

    def _put_away(self, key: str, group_of: dict[str, list[str]]) -> None:
        """Dock a closed panel where it will open: with the panel that it belongs to."""
        panel, dock = self._added[key], self.docks[key]
        beside = panel.beside
        while beside and beside not in group_of:
            beside = self._added[beside].beside
        area = AREAS[panel.area]
        there = [k for k in group_of if self._window.dockWidgetArea(self.docks[k]) == area]
        with_it = beside or next(iter(reversed(there)), "")
        if with_it:
            group = group_of[with_it]
            self._window.tabifyDockWidget(self.docks[group[-1]], dock)
            group.append(key)
        else:
            self._window.addDockWidget(area, dock)
            group = [key]
        group_of[key] = group
        self._lay_out()
        dock.hide()
        self._lay_out()

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
        """Bring a panel that isn't seen, collapse one that is to its icon."""
        if self.is_seen(key):
            self.docks[key].close()
        else:
            self.bring(key)

    def is_of_use(self, key: str) -> bool:
        """Whether there is a scene, or the panel is of use without."""
        return not self._resumed or self._added[key].always

    def is_seen(self, key: str) -> bool:
        """Whether a panel is open, and in front of its tabs."""
        return key in self._in_front

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

    def wait(self) -> None:
        """Close every panel until there is a scene; `resume` opens them again."""
        self._resumed = self._restored or self.state()
        self._close_all()
        for bar in self._window.findChildren(QToolBar):
            bar.setVisible(bar.orientation() == Qt.Orientation.Horizontal)

    @Slot()
    def resume(self) -> None:
        """Put the panels where they were before `wait`; those that were opened since stay.

        What is in the docks is laid out in later turns of the event loop, once they have their
        size: all at once would block the interface for too long.
        """
        if self._resumed:
            arrangement, state = self.sizes.arrangement, self._resumed
            opened = [key for key, dock in self.docks.items() if not dock.isHidden()]
            self._resumed = ""
            held = [self.panels[key] for key in self.panels if key not in opened]
            for panel in held:
                panel.hide()
            self.bring_state(state)
            self._turns.begin(
                partial(self._fit_again, arrangement),
                *(panel.show for panel in held),
                *(partial(self.show, key) for key in opened),
            )

    def _fit_again(self, arrangement: Arrangement | None) -> None:
        if arrangement is not None:
            self.sizes.take(arrangement)

    @property
    def done(self) -> bool:
        """Whether every panel is where it will be."""
        return self._turns.done

    @property
    def collapsed(self) -> bool:
        """Whether every panel is an icon."""
        return all(dock.isHidden() for dock in self.docks.values())

    def collapse(self, collapsed: bool) -> None:
        """Close every panel, or open again those that were closed so."""
        if collapsed:
            self._before = self.state()
            self._close_all()
        elif not (self._before and self.bring_state(self._before)):
            self.reset()

    def _close_all(self) -> None:
        with self._fitting_once():
            for dock in self.docks.values():
                dock.hide()

    def state(self) -> str:
        """Where the panels are now, as text."""
        return _text(self._window.saveState(LAYOUT_VERSION))

    def bring_state(self, state: str) -> bool:
        """Put the panels where they were; False if the text doesn't say where."""
        return self.take_up(QByteArray.fromBase64(state.encode()))

    def save(self, settings: Settings) -> None:
        """Remember the arrangement, if it isn't that of the first start."""
        self._turns.finish()
        state = self._resumed or self.state()
        settings.window_geometry = _text(self._window.saveGeometry())
        settings.window_state = "" if state == self._default_state else state

    def restore(self, settings: Settings) -> None:
        """Restore the last arrangement, if there is one."""
        if settings.window_geometry:
            self._window.restoreGeometry(QByteArray.fromBase64(settings.window_geometry.encode()))
        if settings.window_state:
            state = QByteArray.fromBase64(settings.window_state.encode())
            if self.take_up(state):
                self._restored = settings.window_state
            else:
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
        self.take_up(state, 1)
        for key, dock in self.docks.items():
            dock.setObjectName(key)

    def take_up(self, state: QByteArray, version: int = LAYOUT_VERSION) -> bool:
        """Restore an arrangement; Qt 6.11 leaves the tab bars of the one before on the window."""
        before = [b for b in self._tab_bars() if not b.isHidden()]
        with self._fitting_once():
            taken = self._window.restoreState(state, version)
        if taken:
            self.sizes.leave()
            for bar in before:
                bar.hide()
        return taken

    def _tab_bars(self) -> list[QTabBar]:
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        return self._window.findChildren(QTabBar, options=direct)

    @Slot(bool)
    def _on_visibility(self, visible: bool) -> None:
        if not isValid(self._window):  # it is being deleted, and its docks are told
            return
        key = next((k for k, d in self.docks.items() if d is self.sender()), "")
        if visible and key:
            self.panel(key)
            self._in_front.add(key)
            self.sizes.make_room_soon.start()
        else:
            self._in_front.discard(key)
        if not self._moving:
            self._fit_tabs()
        self._soon.start()

    def _fit_tabs(self) -> None:
        for bar in self._tab_bars():
            self._tabs.fit(bar)

    @contextmanager
    def _fitting_once(self) -> Iterator[None]:
        """While many docks open and close: the tabs are fitted at the end alone."""
        self._moving = True
        try:
            yield
        finally:
            self._moving = False
        self._fit_tabs()

    @Slot(Qt.DockWidgetArea)
    def _on_location(self, area: Qt.DockWidgetArea) -> None:
        """A title beside a strip leaves it all of its height."""
        dock = self.sender()
        if isinstance(dock, QDockWidget):
            upright = QDockWidget.DockWidgetFeature.DockWidgetVerticalTitleBar
            dock.setFeatures(FEATURES | upright if area == AREAS["bottom"] else FEATURES)


def _keys(arrangement: Arrangement) -> tuple[str, ...]:
    """The panels of an arrangement."""
    return tuple(key for group in (*arrangement.column, arrangement.strip) for key in group)


def _stops(dock: QDockWidget) -> list[QWidget]:
    """Controls of a panel that Tab stops at."""
    tab = Qt.FocusPolicy.TabFocus
    return [w for w in dock.findChildren(QWidget) if w.isEnabled() and w.focusPolicy() & tab]


def _text(data: QByteArray) -> str:
    return bytes(data.toBase64().data()).decode("ascii")
