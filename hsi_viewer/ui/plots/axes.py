"""The axes of all plots: their numbers are those of the data, their colours those of the theme."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication, QWidget

from hsi_viewer.ui.theme import current_theme, text_scale

GAP = 8  # pixels between the numbers of an axis


class PlainAxis(pg.AxisItem):
    """An axis that never multiplies its numbers.

    pyqtgraph writes 400 for 0.4, with the factor beside a label that may have no room, even where
    this was disabled, as soon as its range is asked for again.
    """

    def updateAutoSIPrefix(self) -> None:
        """Leave the scale at 1; the numbers are drawn again, as pyqtgraph does here, too."""
        self.picture = None
        self.update()

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Distances and offsets of the ticks, the widest first: their numbers never touch."""
        levels: list[tuple[float, float]] = super().tickSpacing(low, high, size)
        if high <= low:
            return levels
        metrics, step = QFontMetricsF(QApplication.font()), levels[0][0]
        while step < high - low:
            needed = metrics.height()
            if self.orientation in ("bottom", "top"):
                ends = self.tickStrings([low // step * step, high // step * step], 1, step)
                needed = max(map(metrics.horizontalAdvance, ends)) + GAP
            if step / (high - low) * size >= needed:
                break
            step *= 2
        return [(step, 0.0), *levels] if step > levels[0][0] else levels

    def refresh_theme(self) -> None:
        """Take the colours of the current theme, and the size of its text."""
        theme = current_theme()
        self.label.setFont(QApplication.font())
        self.setPen(theme["border"])
        self.setTextPen(theme["muted"])


class WholeAxis(PlainAxis):
    """An axis of counts: its ticks are whole numbers, while `whole` is True."""

    whole = True

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Distances and offsets of the ticks, the widest first."""
        levels: list[tuple[float, float]] = super().tickSpacing(low, high, size)
        if not self.whole:
            return levels
        return [level for level in levels if level[0] >= 1] or [(1.0, 0.0)]


def plain_axes(bottom: PlainAxis | None = None) -> dict[str, PlainAxis]:
    """Axes for the `axisItems` of a plot."""
    return {"left": PlainAxis("left"), "bottom": bottom or PlainAxis("bottom")}


def keep_high(plot: QWidget, pixels: int) -> None:
    """Give a plot so much height at least, in pixels at text of 100 %; its axes grow with it."""
    plot.setMinimumHeight(round(pixels * text_scale()))


def refresh_axes(plot: pg.PlotItem) -> None:
    """Give the axes of a plot, made by `plain_axes`, the current theme."""
    for side in ("left", "bottom"):
        plot.getAxis(side).refresh_theme()
