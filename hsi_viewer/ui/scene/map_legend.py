"""MapLegend: classes or a colour bar over a view, which can be moved."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QWidget

from hsi_viewer.core.display.colour_bar import ColourBar
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.ui.cut_names import fitted
from hsi_viewer.ui.event_errors import reports_errors
from hsi_viewer.ui.legend_entries import Entry
from hsi_viewer.ui.plots.painted_bar import bar_size, paint_bar
from hsi_viewer.ui.theme import current_theme

LEAST_WIDTH = 120  # pixels that a name may always take
MARGIN, PADDING, GAP = 8, 8, 6
MOST_CLASSES = 24
MOST_WIDTH = 0.25  # of the view that a name may take
MOST_HEIGHT = 2 / 3  # of the view: the overview lies below
TIP = "Drag to move the legend"


@reports_errors
class MapLegend(QWidget):
    """Lies in a corner of a viewport until it is dragged elsewhere.

    Parameters
    ----------
    place : in parts of the room, from the left and from the top; by default the upper right.
    """

    def __init__(self, viewport: QWidget, place: tuple[float, float] = (1.0, 0.0)) -> None:
        super().__init__(viewport)
        self._view = viewport
        self.entries: tuple[Entry, ...] = ()
        self.bar: ColourBar | None = None
        self._place = place
        self._grip: QPoint | None = None
        self._wanted = True
        self.setAccessibleName("Legend")
        self.setToolTip(TIP)
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        viewport.installEventFilter(self)
        self.hide()

    def show_classes(self, entries: Sequence[Entry]) -> None:
        """List classes and their colours, the largest of many; none hides the legend."""
        self._show(tuple(entries), None)

    def show_bar(self, bar: ColourBar | None) -> None:
        """Show what colours mean; None hides the legend."""
        self._show((), bar)

    def set_wanted(self, wanted: bool) -> None:
        """Show the legend where there is one, or never."""
        self._wanted = wanted
        self._settle()

    def _show(self, entries: tuple[Entry, ...], bar: ColourBar | None) -> None:
        self.entries, self.bar = entries, bar
        self._settle()
        self.update()

    def sizeHint(self) -> QSize:
        """As large as what is in it."""
        metrics = self.fontMetrics()
        line = metrics.height() + 2
        if self.bar is not None:
            needed = bar_size(self.bar, metrics)
            return QSize(needed.width() + 2 * PADDING, needed.height() + 2 * PADDING)
        lines = self._lines()
        width = max((metrics.horizontalAdvance(text) for text, _ in lines), default=0)
        return QSize(width + line + GAP + 2 * PADDING, len(lines) * line + 2 * PADDING)

    def _lines(self) -> list[tuple[str, Colour | None]]:
        listed = self._listed()
        width = max(LEAST_WIDTH, round(MOST_WIDTH * self._view.width()))
        names = fitted([entry.name for entry in listed], self.fontMetrics(), width)
        lines: list[tuple[str, Colour | None]] = [
            (name, entry.colour) for name, entry in zip(names, listed, strict=True)
        ]
        more = len(self.entries) - len(listed)
        return [*lines, (f"and {more} more", None)] if more else lines

    def _listed(self) -> list[Entry]:
        """The entries that there is room for: of many, those of most pixels."""
        line = self.fontMetrics().height() + 2
        height = round(MOST_HEIGHT * self._view.height())
        most = min(MOST_CLASSES, max(2, (height - 2 * (MARGIN + PADDING)) // line))
        if len(self.entries) <= most:
            return list(self.entries)
        by_size = sorted(range(len(self.entries)), key=lambda n: -self.entries[n].pixels)
        return [self.entries[n] for n in sorted(by_size[: most - 1])]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep its relative place in the view."""
        if event.type() == QEvent.Type.Resize and watched is self._view:
            self._settle()
        return False

    def changeEvent(self, event: QEvent) -> None:
        """Take more room for larger text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._settle()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw on a plate that lets the picture be guessed."""
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plate = QColor(theme["panel"])
        plate.setAlpha(225)
        painter.setPen(QColor(theme["border"]))
        painter.setBrush(plate)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        if self.bar is not None:
            self._paint_bar(painter, self.bar)
        else:
            self._paint_classes(painter)
        painter.end()

    def _paint_classes(self, painter: QPainter) -> None:
        metrics, text = self.fontMetrics(), QColor(current_theme()["text"])
        line = metrics.height() + 2
        for number, (name, colour) in enumerate(self._lines()):
            top = PADDING + number * line
            if colour is not None:
                side = line - 6
                painter.setPen(QColor(*colour).darker(140))
                painter.setBrush(QColor(*colour))
                painter.drawRoundedRect(QRectF(PADDING + 0.5, top + 3.5, side, side), 3, 3)
            painter.setPen(text)
            painter.drawText(QPointF(PADDING + line + GAP - 2, top + metrics.ascent() + 1), name)

    def _paint_bar(self, painter: QPainter, bar: ColourBar) -> None:
        painter.setPen(QColor(current_theme()["text"]))
        paint_bar(painter, bar, QPointF(PADDING, PADDING), self.width() - 2 * PADDING)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of it."""
        self._grip = event.position().toPoint()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag it."""
        if self._grip is not None:
            at = self.mapToParent(event.position().toPoint()) - self._grip
            across, down = self._room()
            self._place = (
                min(max((at.x() - MARGIN) / max(1, across), 0.0), 1.0),
                min(max((at.y() - MARGIN) / max(1, down), 0.0), 1.0),
            )
            self._settle()
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._grip = None
        event.accept()

    def _room(self) -> tuple[int, int]:
        size = self.sizeHint()
        free = self._view.size() - size
        return free.width() - 2 * MARGIN, free.height() - 2 * MARGIN

    def _settle(self) -> None:
        shown = self._wanted and bool(self.entries or self.bar)
        self.setVisible(shown)
        if shown:
            listed = zip(self._listed(), self._lines(), strict=False)
            cut = [entry.name for entry, (short, _) in listed if entry.name != short]
            self.setToolTip("\n".join((*cut, TIP)))
            across, down = (max(0, room) for room in self._room())
            self.setGeometry(
                MARGIN + round(self._place[0] * across),
                MARGIN + round(self._place[1] * down),
                self.sizeHint().width(),
                self.sizeHint().height(),
            )
            self.raise_()
