"""ProgressPlot: accuracy with its interval, and change of the map, over the answers."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from hsi_viewer.learning.guidance.progress import Point
from hsi_viewer.ui.plots.axes import WholeAxis, keep_high, plain_axes, refresh_axes
from hsi_viewer.ui.theme import current_theme

HEIGHT = 96  # pixels at least


class ProgressPlot(pg.PlotWidget):
    """Two curves in percent, the accuracy with a band of its 95 % interval."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, axisItems=plain_axes(WholeAxis("bottom")), enableMenu=False)
        self.setAccessibleName("Accuracy and change of the map by the number of answers")
        item = self.getPlotItem()
        item.hideButtons()
        item.setMouseEnabled(False, False)
        item.setLabel("bottom", "Answers")
        item.setYRange(0, 100, padding=0.04)
        item.getAxis("left").setTicks([[(v, f"{v} %") for v in (0, 50, 100)]])
        self._points: tuple[Point, ...] = ()
        self._low, self._high = pg.PlotDataItem(), pg.PlotDataItem()
        self._band = pg.FillBetweenItem(self._low, self._high)
        item.addItem(self._band)
        dots = {"symbol": "o", "symbolSize": 4, "symbolPen": None}
        self.accuracy = item.plot(name="Accuracy, from your labels", **dots)
        self.changed = item.plot(name="Changed since 20 answers before", **dots)
        self.refresh_theme()

    def refresh_theme(self) -> None:
        """Take the colours of the theme."""
        theme = current_theme()
        keep_high(self, HEIGHT)
        self.setBackground(theme["plot"])
        item = self.getPlotItem()
        refresh_axes(item)
        for curve, name in ((self.accuracy, "accent"), (self.changed, "red")):
            curve.setPen(pg.mkPen(theme[name], width=2))
            curve.setSymbolBrush(theme[name])
        shade = QColor(theme["accent"])
        shade.setAlpha(50)
        self._band.setBrush(shade)

    def show_points(self, points: Sequence[Point]) -> None:
        """Draw a series of maps, unless it is drawn."""
        if tuple(points) == self._points:
            return
        self._points = tuple(points)
        for curve, name in (
            (self.accuracy, "accuracy"),
            (self.changed, "changed"),
            (self._low, "low"),
            (self._high, "high"),
        ):
            known = [(p.answers, 100 * v) for p in points if (v := getattr(p, name)) is not None]
            curve.setData([n for n, _ in known], [v for _, v in known])
        most = max((p.answers for p in points), default=0)
        self.getPlotItem().setXRange(0, max(1, most), padding=0.02)
