"""PreviewItem: what a tool is about to do, drawn over the scene."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QBrush, QColor, QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from hsi_viewer.core.geometry.shapes import mask_edges
from hsi_viewer.ui.scene.scene_view import cosmetic
from hsi_viewer.ui.tools.tool import Preview

OVER = 1000  # above every layer
FILL, INSIDE = 150, 70  # alpha of touched pixels, and of the inside of a line
MAX_EDGES = 20_000  # beyond it the outline of a mask takes longer to draw than it helps


class PreviewItem:
    """A white line over a black one, and the pixels in the colour of their class.

    Parameters
    ----------
    box : the view box whose coordinates are column and row.
    """

    def __init__(self, box: pg.ViewBox) -> None:
        self._mask = pg.ImageItem(axisOrder="row-major")
        self._shadow, self._line = QGraphicsPathItem(), QGraphicsPathItem()
        self._edge_shadow = pg.PlotCurveItem(connect="pairs", pen=cosmetic("#000000", 3.0))
        self._edge = pg.PlotCurveItem(connect="pairs", pen=cosmetic("#ffffff", 1.2))
        self._shadow.setPen(cosmetic("#000000", 3.0))
        self._line.setPen(cosmetic("#ffffff", 1.5))
        items = (self._mask, self._edge_shadow, self._edge, self._shadow, self._line)
        for z, item in enumerate(items):
            item.setZValue(OVER + z)
            item.setVisible(False)
            box.addItem(item, ignoreBounds=True)
        self._shown: Preview | None = None

    @property
    def shown(self) -> Preview | None:
        """The preview on the screen."""
        return self._shown

    def show(self, preview: Preview | None) -> None:
        """Show a preview in the place of the last one."""
        if preview is self._shown:
            return
        self._shown = preview
        self._show_lines(preview)
        self._show_mask(preview)

    def _show_lines(self, preview: Preview | None) -> None:
        visible = preview is not None and bool(preview.outlines)
        self._shadow.setVisible(visible)
        self._line.setVisible(visible)
        if preview is None or not visible:
            return
        path = QPainterPath()
        for points in preview.outlines:
            path.moveTo(points[0, 1], points[0, 0])
            for row, column in points[1:]:
                path.lineTo(column, row)
            if preview.closed:
                path.closeSubpath()
        self._shadow.setPath(path)
        self._line.setPath(path)
        inside = QBrush(QColor(*preview.colour, INSIDE)) if preview.closed else QBrush()
        self._shadow.setBrush(inside)

    def _show_mask(self, preview: Preview | None) -> None:
        mask = preview.mask if preview is not None else None
        self._mask.setVisible(mask is not None)
        if preview is None or mask is None:
            self._edge.setVisible(False)
            self._edge_shadow.setVisible(False)
            return
        top, left = preview.origin
        table = np.array([[0, 0, 0, 0], [*preview.colour, FILL]], np.uint8)
        self._mask.setImage(table[mask.view(np.uint8)], autoLevels=False, levels=None)
        self._mask.setRect(QRectF(left, top, mask.shape[1], mask.shape[0]))
        x, y = mask_edges(mask)
        outlined = 0 < x.size <= 2 * MAX_EDGES
        for item in (self._edge_shadow, self._edge):
            item.setVisible(outlined)
            if outlined:
                item.setData(x + left, y + top)
