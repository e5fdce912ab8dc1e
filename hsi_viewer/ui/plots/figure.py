"""Figures: a plot or a view of the scene with its legend, as an image or as SVG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext

import pyqtgraph as pg
from msgspec import Struct
from PySide6.QtCore import QBuffer, QIODevice, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QImage,
    QPainter,
    QPalette,
)
from PySide6.QtWidgets import QGraphicsView

from hsi_viewer.core.display.colour_bar import ColourBar
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.ui.cut_names import fitted
from hsi_viewer.ui.plots.painted_bar import bar_size, paint_bar
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot
from hsi_viewer.ui.plots.svg_lines import plain_lines

MARGIN, SWATCH, GAP = 12.0, 12.0, 8.0
MAX_NAME = 260.0  # wider names are cut
LEAST_SCENE = QSize(260, 130)  # room for a scale bar and an arrow to the north


def _part(view: QGraphicsView, scene: QRect) -> QRect:
    """What of a view belongs in a figure: not the empty margins around a scene."""
    whole: QRect = view.viewport().rect()
    if scene.isEmpty():
        return whole
    part = QRect(scene.topLeft(), scene.size().expandedTo(LEAST_SCENE))
    part.moveCenter(scene.center())
    return part & whole


class LegendEntry(Struct, frozen=True):
    """A colour and what it stands for; a line where `line`, else an area."""

    name: str
    colour: Colour
    line: bool = False


class Figure:
    """The contents of a view with a title above and a legend on its right.

    Parameters
    ----------
    view : drawn as it is on the screen, in its theme.
    title : above the view; "" for none.
    legend : entries from top to bottom.
    bar : what the colours of numbers mean, below the entries.
    marks : draws over the view, in the rectangle that it gets, such as a scale bar.
    scene : the part of the view that shows the scene, beside which little is drawn; None for all.
    """

    def __init__(
        self,
        view: QGraphicsView,
        title: str = "",
        legend: Sequence[LegendEntry] = (),
        bar: ColourBar | None = None,
        marks: Callable[[QPainter, QRectF], None] | None = None,
        scene: QRect | None = None,
    ) -> None:
        self._view, self._title, self._legend = view, title, tuple(legend)
        self._bar, self._marks = bar, marks
        self._font = QFont(view.font())
        metrics = QFontMetricsF(self._font)
        self._line = max(metrics.height(), SWATCH) + 5.0
        names = [min(metrics.horizontalAdvance(e.name), MAX_NAME) for e in self._legend]
        self._legend_width = SWATCH + GAP + max(names) + 2 * MARGIN if names else 0.0
        needed = len(self._legend) * self._line + 2 * MARGIN
        if bar is not None:
            room = bar_size(bar, QFontMetrics(self._font))
            self._legend_width = max(self._legend_width, room.width() + 2 * MARGIN)
            needed += room.height() + (GAP if names else 0.0)
        self._head = self._line + MARGIN if title else 0.0
        self._part = _part(view, scene or QRect())
        shown = self._part.size()
        height = max(float(shown.height()), needed)
        self.size = QSize(round(shown.width() + self._legend_width), round(self._head + height))

    def image(self, scale: float = 2.0) -> QImage:
        """The figure in pixels, scale times as fine as the screen."""
        image = QImage(self.size * scale, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        painter.scale(scale, scale)
        self._paint(painter)
        painter.end()
        dots = round(96 * scale / 0.0254)
        image.setDotsPerMeterX(dots)  # set before, it would enlarge the text once more
        image.setDotsPerMeterY(dots)
        return image

    def svg(self) -> bytes:
        """The figure as scalable vector graphics; rasters in it stay rasters."""
        from PySide6.QtSvg import QSvgGenerator  # needed here only

        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setResolution(self._view.logicalDpiX())  # text as large as on the screen
        generator.setSize(self.size)
        generator.setViewBox(QRectF(0, 0, self.size.width(), self.size.height()))
        generator.setTitle(self._title or self._view.accessibleName())
        painter = QPainter(generator)
        self._paint(painter)
        painter.end()
        return plain_lines(bytes(buffer.data().data()), self._plot_area())

    def _plot_area(self) -> QRectF:
        """Where curves may be: between the axes of a plot, else in all of the view."""
        view = self._view
        area = QRectF(self._part).translated(-self._part.topLeft())
        if isinstance(view, pg.PlotWidget):
            box = view.getPlotItem().getViewBox()
            area = view.viewportTransform().mapRect(box.sceneBoundingRect())
        return area.translated(0.0, self._head)

    def _paint(self, painter: QPainter) -> None:
        view, palette = self._view, self._view.palette()
        whole = QRectF(0, 0, self.size.width(), self.size.height())
        painter.fillRect(whole, palette.color(QPalette.ColorRole.Base))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        ink = palette.color(QPalette.ColorRole.Text)
        shown = self._part
        target = QRectF(0, self._head, shown.width(), shown.height())
        painter.save()
        painter.setClipRect(target)
        painter.fillRect(target, view.backgroundBrush())
        with view.without_live() if isinstance(view, SpectrumPlot) else nullcontext():
            view.render(painter, target, shown)
        if self._marks is not None:
            self._marks(painter, target)
        painter.restore()
        if self._title:
            bold = QFont(self._font)
            bold.setBold(True)
            painter.setFont(bold)
            painter.setPen(ink)
            box = QRectF(MARGIN, 0, whole.width() - 2 * MARGIN, self._head)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self._title)
            painter.setFont(self._font)
        self._paint_legend(painter, ink, float(shown.width()) + MARGIN)

    def _paint_legend(self, painter: QPainter, ink: QColor, left: float) -> None:
        names = fitted([e.name for e in self._legend], QFontMetrics(self._font), round(MAX_NAME))
        for k, entry in enumerate(self._legend):
            top = self._head + MARGIN + k * self._line
            height = 3.0 if entry.line else SWATCH
            middle = top + self._line / 2
            painter.fillRect(
                QRectF(left, middle - height / 2, SWATCH, height), QColor(*entry.colour)
            )
            painter.setPen(ink)
            box = QRectF(left + SWATCH + GAP, top, MAX_NAME + 4, self._line)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, names[k])
        if self._bar is not None:
            listed = len(self._legend) * self._line + (GAP if self._legend else 0.0)
            corner = QPointF(left, self._head + MARGIN + listed)
            painter.setPen(ink)
            paint_bar(painter, self._bar, corner, self._legend_width - 2 * MARGIN)
