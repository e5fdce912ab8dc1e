"""DockSizes: the image gets at least half of the window, the panels what their text needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from hsi_viewer.ui.arrangements import LABEL, Arrangement
from hsi_viewer.ui.rest_timer import RestTimer
from hsi_viewer.ui.widgets.rolling_area import RollingArea

COLUMN_LETTERS = 46  # width of the panels at the right
COLUMN_SHARES = (0.18, 0.4)  # of the window's width at least, and at most
IMAGE_SHARE = 0.51  # of the window's area at least, where the panels can do with the rest
STRIP_LINES = 8.5  # least height of the panels below the image
GOOD_LINES = 10.0  # the same, where the image can't have half of the window in any case
ATTEMPTS = 3  # Qt gives docks with tabs a little more or less than it is asked for
STRIP_SHARE = 0.24  # of the window's height at most
FIRST_SIZE = QSize(1280, 800)  # at 100 % text
FRAME = QSize(8, 36)  # what the desktop puts around a window; it is known once it is shown


def first_size(available: QSize, text_percent: int) -> QSize:
    """Size of a window that was never open: what the text wants, and no more than the screen has.

    Parameters
    ----------
    available : of the screen, without the bars of the desktop.
    """
    wanted = FIRST_SIZE * max(1.0, text_percent / 100)
    return wanted.boundedTo(available - FRAME)


class DockSizes(QObject):
    """Fits the docks of an arrangement to the window until the user moves their borders.

    Attributes
    ----------
    arrangement : that the docks are fitted for, or None.
    rows_height : height of the rows of controls above the image.
    make_room_soon : lets panels that are cut have what those beside them can do without.
    """

    def __init__(self, window: QMainWindow, docks: Mapping[str, QDockWidget]) -> None:
        super().__init__(window)
        self._window, self._docks = window, docks
        self.arrangement: Arrangement | None = None
        self.rows_height: Callable[[], int] = lambda: 0
        self.make_room_soon = RestTimer(0, self._make_room, self)  # once all is laid out
        window.installEventFilter(self)

    def take(self, arrangement: Arrangement) -> None:
        """Fit the docks of this arrangement from now on."""
        self.arrangement = arrangement
        self.fit()

    def leave(self) -> None:
        """Leave the docks as they are from now on."""
        self.arrangement = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's size; a border that the user takes hold of stays where it is put."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.FontChange):
            self.fit()
        elif self._takes_hold(event):
            self.leave()
        return False

    def _takes_hold(self, event: QEvent) -> bool:
        """Whether the user presses on a border between docks."""
        if not isinstance(event, QMouseEvent) or event.type() != QEvent.Type.MouseButtonPress:
            return False
        return self._window.isSeparator(event.position().toPoint())

    def fit(self) -> None:
        """Give each its part of the window as it is now."""
        chosen, window = self.arrangement, self._window
        if chosen is None:
            return
        heights = chosen.heights or (100,) * len(chosen.column)
        fronts = [(self._front(group), h) for group, h in zip(chosen.column, heights, strict=True)]
        column = [dock for dock, _ in fronts if dock is not None]
        letters = COLUMN_LETTERS * window.fontMetrics().averageCharWidth()
        least, most = (round(share * window.width()) for share in COLUMN_SHARES)
        width = min(max(letters, least), most)
        if column:
            window.resizeDocks(column, [width] * len(column), Qt.Orientation.Horizontal)
            shares = [window.height() * h // 100 for dock, h in fronts if dock is not None]
            window.resizeDocks(column, shares, Qt.Orientation.Vertical)
        self._lay_out()
        strip = self._front(chosen.strip)
        if strip is not None:
            window.resizeDocks([strip], [self._strip_height(strip)], Qt.Orientation.Vertical)
            self._lay_out()
        self.make_room_soon.start()

    @Slot()
    def _make_room(self) -> None:
        """Let panels that are cut have what those above and below can do without, not the image."""
        if self.arrangement is None:
            return  # the user has put the borders where they are
        for dock in [d for d in self._docks.values() if _in_view(d)]:
            for _ in range(ATTEMPTS):
                if not self._make_room_for(dock):
                    break
                self._lay_out()

    def _make_room_for(self, dock: QDockWidget) -> bool:
        """Take what a panel lacks from its neighbours; False if they have no more."""
        lacking, place = -_spare(dock), self._window.dockWidgetArea(dock)
        column = [d for d in self._docks.values() if d is not dock and _in_view(d)]
        column = [d for d in column if self._window.dockWidgetArea(d) == place]
        heights = [dock.height()]
        for other in column:
            given = max(0, min(lacking, _spare(other))) if other.x() == dock.x() else 0
            heights[0] += given
            heights.append(other.height() - given)
            lacking -= given
        if heights[0] == dock.height():
            return False
        self._window.resizeDocks([dock, *column], heights, Qt.Orientation.Vertical)
        return True

    def _strip_height(self, strip: QDockWidget) -> int:
        """What the image doesn't need for its share of the window, within limits."""
        window, centre = self._window, self._window.centralWidget()
        if centre is None:
            return strip.height()
        share = (self.arrangement or LABEL).strip_share
        if share:
            return round(share * window.height())
        line, most = window.fontMetrics().lineSpacing(), round(STRIP_SHARE * window.height())
        least = round(STRIP_LINES * line)
        if self._beside_image(0.5, centre, strip) < least:
            return max(least, min(round(GOOD_LINES * line), most))
        return max(least, min(self._beside_image(IMAGE_SHARE, centre, strip), most))

    def _beside_image(self, share: float, centre: QWidget, strip: QDockWidget) -> int:
        """Height that is left for the strip where the image has a share of the window's area."""
        area = share * self._window.width() * self._window.height()
        image = round(area / max(1, centre.width())) + self.rows_height()
        return centre.height() + strip.height() - image

    def _front(self, group: tuple[str, ...]) -> QDockWidget | None:
        """The open dock of a group, if it is where the arrangement put it."""
        docks = (self._docks[key] for key in group if key in self._docks)
        return next((d for d in docks if not (d.isHidden() or d.isFloating())), None)

    def _lay_out(self) -> None:
        layout = self._window.layout()
        if layout is not None:
            layout.activate()


def _in_view(dock: QDockWidget) -> bool:
    """Whether a dock is at its place in the window and in front of its tabs."""
    return not (dock.isFloating() or dock.visibleRegion().isEmpty())


def _spare(dock: QDockWidget) -> int:
    """Height that the contents of a dock can do without; what they lack is negative."""
    area = dock.widget()
    return area.spare() if isinstance(area, RollingArea) else 0
