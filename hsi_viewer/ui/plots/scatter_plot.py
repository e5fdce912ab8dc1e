"""ScatterPlot: density of two channels, points over it, and a lasso."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from msgspec import Struct
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from hsi_viewer.core.display.scatter_density import Density
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.ui.event_errors import reports_errors
from hsi_viewer.ui.plots.axes import plain_axes, refresh_axes
from hsi_viewer.ui.plots.colour_maps import colour_table
from hsi_viewer.ui.theme import current_theme

STEP = 3.0  # screen pixels between two corners of a lasso
POINT = 3.0  # size of a point on the screen


class Points(Struct, frozen=True, eq=False):
    """Pixels of one class or of the selection."""

    name: str
    colour: Colour
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@reports_errors
class ScatterPlot(pg.PlotWidget):
    """Drag with the left button draws a lasso, wheel zooms, middle drag pans, double-click fits.

    Signals
    -------
    lassoed(corners) : (n, 2) x and y of a closed outline.

    Attributes
    ----------
    density : how dense pixels lie, or None.
    points : what is drawn over the density.
    """

    lassoed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, axisItems=plain_axes(), enableMenu=False)
        self.setAccessibleName("Scatter plot")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        item = self.getPlotItem()
        item.hideButtons()
        self._image = pg.ImageItem(axisOrder="row-major")
        item.addItem(self._image)
        self._line = pg.PlotCurveItem()
        self._line.setZValue(30)
        item.addItem(self._line)
        self._spots: list[pg.ScatterPlotItem] = []
        self._corners: list[QPointF] = []
        self.density: Density | None = None
        self.points: tuple[Points, ...] = ()
        self._names = ("", "")
        self.refresh_theme()

    def sizeHint(self) -> QSize:
        """Small, so that a panel with it fits its dock; it grows with the room there is."""
        return QSize(240, 150)

    def refresh_theme(self) -> None:
        """Take the colours of the current theme."""
        theme = current_theme()
        self.setBackground(theme["plot"])
        refresh_axes(self.getPlotItem())
        self._line.setPen(pg.mkPen(theme["accent"], width=1.6))

    def show_density(self, density: Density | None, x_name: str, y_name: str) -> None:
        """Show how dense pixels lie; None clears everything."""
        self.density = density
        self.show_points(())
        self._names = (x_name, y_name)
        self._write_names()
        if density is None:
            self._image.clear()
            return
        self._image.setImage(density_picture(density), autoLevels=False, levels=None)
        (left, right), (low, high) = density.x, density.y
        self._image.setRect(QRectF(left, low, right - left, high - low))
        self.fit()

    def axis_names(self) -> tuple[str, str]:
        """What x and y are."""
        return self._names

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten names that are longer than their axes."""
        super().resizeEvent(event)
        if hasattr(self, "_names"):  # pyqtgraph calls this while it is made
            self._write_names()

    def _write_names(self) -> None:
        metrics, item = self.fontMetrics(), self.getPlotItem()
        rooms = (self.width() - 60, self.height() - 40)  # without the numbers of the other axis
        for side, name, room in zip(("bottom", "left"), self._names, rooms, strict=True):
            axis = item.getAxis(side)
            axis.setLabel(metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(room, 1)))
            axis.resizeEvent()  # pyqtgraph leaves a new label where the old one began

    def show_points(self, points: Sequence[Points]) -> None:
        """Draw the pixels of classes or a selection over the density."""
        item = self.getPlotItem()
        for old in self._spots:
            item.removeItem(old)
        self.points = tuple(points)
        self._spots = []
        for group in points:
            spots = pg.ScatterPlotItem(
                x=group.x,
                y=group.y,
                size=POINT,
                pen=None,
                brush=QColor(*group.colour, 170),
                name=group.name,
            )
            spots.setZValue(10)
            item.addItem(spots)
            self._spots.append(spots)

    def fit(self) -> None:
        """Show all pixels."""
        if self.density is not None:
            (left, right), (low, high) = self.density.x, self.density.y
            area = QRectF(left, low, right - left, high - low)
            self.getPlotItem().getViewBox().setRange(area, padding=0.03)
            self.getPlotItem().disableAutoRange()

    def widget_position(self, x: float, y: float) -> QPointF:
        """Where a point of the plot is drawn in this widget."""
        scene = self.getPlotItem().getViewBox().mapViewToScene(QPointF(x, y))
        return QPointF(self.mapFromScene(scene))

    # the lasso -------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The left button begins a lasso."""
        if event.button() == Qt.MouseButton.LeftButton and self.density is not None:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._corners = [event.position()]
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the mouse."""
        if not self._corners:
            super().mouseMoveEvent(event)
            return
        moved = event.position() - self._corners[-1]
        if moved.manhattanLength() >= STEP:
            self._corners.append(event.position())
            outline = self._outline()
            closed = np.concatenate([outline, outline[:1]])
            self._line.setData(closed[:, 0], closed[:, 1])
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Close the lasso."""
        if not self._corners or event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
            return
        outline = self._outline()
        self.drop_lasso()
        if len(outline) >= 3:
            self.lassoed.emit(outline)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show all pixels again."""
        self.drop_lasso()
        self.fit()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape drops the lasso."""
        if event.key() == Qt.Key.Key_Escape and self._corners:
            self.drop_lasso()
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        """Escape belongs to a lasso that is being drawn."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and self._corners
        ):
            event.accept()
            return True
        return bool(super().event(event))

    def drop_lasso(self) -> None:
        """Remove the unfinished lasso."""
        self._corners = []
        self._line.clear()

    def _outline(self) -> NDArray[np.float64]:
        box, back = self.getPlotItem().getViewBox(), self.viewportTransform().inverted()[0]
        points = [box.mapSceneToView(back.map(p)) for p in self._corners]
        return np.array([(p.x(), p.y()) for p in points], np.float64)


def density_picture(density: Density) -> NDArray[np.uint8]:
    """RGBA (y bins, x bins, 4): brighter is denser, by the logarithm; empty cells transparent."""
    table = colour_table("viridis")
    scaled = np.log1p(density.counts.astype(np.float64))
    top = scaled.max() or 1.0
    picture: NDArray[np.uint8] = table[(scaled / top * 255).astype(np.uint8)]
    picture[density.counts == 0] = 0
    return picture
