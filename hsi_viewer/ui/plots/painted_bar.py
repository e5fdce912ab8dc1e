"""A colour bar, painted: over the image, in panels and in figures."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QFontMetrics, QImage, QPainter

from hsi_viewer.core.display.colour_bar import ColourBar

BAR_WIDTH, BAR_HEIGHT, GAP = 150, 12, 6


def bar_size(bar: ColourBar, metrics: QFontMetrics) -> QSize:
    """Room for a colour bar with its title and both its ends."""
    ends = sum(metrics.horizontalAdvance(bar.text(value)) for value in (bar.low, bar.high))
    width = max(BAR_WIDTH, ends + 2 * GAP, metrics.horizontalAdvance(bar.title))
    return QSize(width, 2 * (metrics.height() + 2) + BAR_HEIGHT)


def paint_bar(painter: QPainter, bar: ColourBar, corner: QPointF, width: float) -> None:
    """Draw a colour bar with its title and both its ends, in the pen and font of the painter.

    Parameters
    ----------
    corner : the upper left one.
    """
    metrics, left, top = painter.fontMetrics(), corner.x(), corner.y()
    line = metrics.height() + 2
    painter.drawText(QPointF(left, top + metrics.ascent()), bar.title)
    colours = bar.colours[:, :3].copy()
    image = QImage(colours.data, len(colours), 1, 3 * len(colours), QImage.Format.Format_RGB888)
    painter.drawImage(QRectF(left, top + line, width, BAR_HEIGHT), image)
    base = top + line + BAR_HEIGHT + metrics.ascent() + 1
    painter.drawText(QPointF(left, base), bar.text(bar.low))
    high = bar.text(bar.high)
    painter.drawText(QPointF(left + width - metrics.horizontalAdvance(high), base), high)
