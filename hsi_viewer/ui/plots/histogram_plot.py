"""HistogramPlot: histograms of the shown bands, and the two limits of one, which can be dragged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from hsi_viewer.core.display.contrast import Histogram
from hsi_viewer.core.display.stretch import Limits
from hsi_viewer.ui.event_errors import reports_errors
from hsi_viewer.ui.plots.axes import plain_axes, refresh_axes
from hsi_viewer.ui.theme import current_theme

CHANNELS = ("red", "green", "blue")


@reports_errors
class HistogramPlot(pg.PlotWidget):
    """Shows histograms; heights are square roots of counts, so that few values are seen too.

    Signals
    -------
    dragged(low, high) : the user drags a limit; in physical values.
    dropped() : the limit was let go.
    """

    dragged = Signal(float, float)
    dropped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, axisItems=plain_axes(), enableMenu=False)
        self.setAccessibleName("Histogram")
        self.setToolTip("Drag the two lines to set the black and white points")
        item = self.getPlotItem()
        item.hideButtons()
        item.hideAxis("left")
        item.setMouseEnabled(x=False, y=False)
        item.disableAutoRange()
        self._curves: list[pg.PlotDataItem] = []
        self.region = pg.LinearRegionItem(movable=True, swapMode="block")
        self.region.setZValue(10)
        self.region.hide()
        self.region.sigRegionChanged.connect(self._on_region)
        self.region.sigRegionChangeFinished.connect(self._on_finished)
        item.addItem(self.region)
        self._silent = False
        self._shown: tuple[tuple[Histogram, ...], float, int] = ((), 1.0, 0)
        self.refresh_theme()

    def refresh_theme(self) -> None:
        """Take the colours of the current theme."""
        theme = current_theme()
        self.setBackground(theme["plot"])
        refresh_axes(self.getPlotItem())
        for line in self.region.lines:
            line.setPen(pg.mkPen(theme["text"], width=1.6))
            line.setHoverPen(pg.mkPen(theme["accent"], width=3))
        shade = QColor(theme["accent"])
        shade.setAlpha(28)
        self.region.setBrush(shade)
        self.region.setHoverBrush(shade)
        self._draw()

    def show_histograms(
        self, histograms: Sequence[Histogram], scale: float, channel: int, limits: Limits
    ) -> None:
        """Show one histogram, or three in red, green and blue.

        Parameters
        ----------
        scale : stored value * scale = physical value, which the axis shows.
        channel : whose limits can be dragged.
        limits : of that channel, in stored values.
        """
        found = tuple(histograms)
        if found != self._shown[0] or (scale, channel) != self._shown[1:]:
            self._shown = (found, scale, channel)
            self._draw()
        low, high = limits.low * scale, limits.high * scale
        if found:
            self._fit(min(h.low for h in found) * scale, max(h.high for h in found) * scale)
        self._silent = True
        self.region.setRegion((low, high))
        self._silent = False
        self.region.setVisible(bool(found))

    def shown(self) -> list[tuple[str, NDArray[np.float64], NDArray[np.int64]]]:
        """Name, edges (n + 1,) in physical values and counts (n,) of each histogram."""
        histograms, scale, _ = self._shown
        names = CHANNELS if len(histograms) > 1 else ("grey",)
        return [(n, _edges(h, scale), h.counts) for n, h in zip(names, histograms, strict=False)]

    def _draw(self) -> None:
        item, theme = self.getPlotItem(), current_theme()
        for curve in self._curves:
            item.removeItem(curve)
        self._curves = []
        histograms, scale, channel = self._shown
        for i, histogram in enumerate(histograms):
            name = CHANNELS[i] if len(histograms) > 1 else "muted"
            colour, fill = QColor(theme[name]), QColor(theme[name])
            fill.setAlpha(90 if i == channel else 28)
            edges = _edges(histogram, scale)
            heights = np.sqrt(histogram.counts / max(1, int(histogram.counts.max())))
            curve = pg.PlotDataItem(
                edges,
                heights,
                stepMode="center",
                fillLevel=0,
                brush=fill,
                pen=pg.mkPen(colour, width=1.4 if i == channel else 0.8),
            )
            item.addItem(curve)
            self._curves.append(curve)

    def _fit(self, low: float, high: float) -> None:
        item = self.getPlotItem()
        item.setXRange(low, high, padding=0.02)
        item.setYRange(0.0, 1.05, padding=0)

    @Slot()
    def _on_region(self) -> None:
        if not self._silent:
            low, high = self.region.getRegion()
            if high > low:
                self.dragged.emit(float(low), float(high))

    @Slot()
    def _on_finished(self) -> None:
        if not self._silent:
            self.dropped.emit()

    def keyPressEvent(self, event: object) -> None:
        """Leave all keys to the window: limits are typed in the fields below."""
        event.ignore()  # type: ignore[attr-defined]


def _edges(histogram: Histogram, scale: float) -> NDArray[np.float64]:
    return np.linspace(histogram.low, histogram.high, histogram.counts.size + 1) * scale
