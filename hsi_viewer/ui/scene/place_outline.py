"""PlaceOutline: a place of the scene and what an answer about it covers, over a view."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt

from hsi_viewer.core.geometry.shapes import mask_edges
from hsi_viewer.ui.scene.scene_view import SceneView, cosmetic

OVER = 1100  # above the previews of tools
YELLOW = "#ffd60a"


class PlaceOutline:
    """A dashed line around the segment, a yellow one around the pixels that get the label."""

    def __init__(self, view: SceneView) -> None:
        self._around, self._covered = _lines(view, 0), _lines(view, 2)
        self._around[1].setPen(_dashed())
        self.shown = False

    def show(self, segment: NDArray[np.int64], covered: NDArray[np.int64]) -> None:
        """Outline pixels (n, 2), rows and columns; the segment may be empty."""
        self.shown = True
        for lines, pixels in ((self._around, segment), (self._covered, covered)):
            corner, mask = _mask(pixels)
            x, y = mask_edges(mask)
            for line in lines:
                line.setData(x + corner[1], y + corner[0])
                line.setVisible(bool(x.size))

    def hide(self) -> None:
        """Outline nothing."""
        self.shown = False
        for line in (*self._around, *self._covered):
            line.setVisible(False)


def _lines(view: SceneView, height: int) -> tuple[pg.PlotCurveItem, pg.PlotCurveItem]:
    """A line over a dark one."""
    made = []
    for z, pen in enumerate((cosmetic("#000000", 4.0), cosmetic(YELLOW, 2.0))):
        line = pg.PlotCurveItem(connect="pairs", pen=pen)
        line.setZValue(OVER + height + z)
        line.setVisible(False)
        view.add_item(line)
        made.append(line)
    return made[0], made[1]


def _dashed() -> pg.QtGui.QPen:
    pen = cosmetic("#ffffff", 1.5)
    pen.setStyle(Qt.PenStyle.DashLine)
    return pen


def _mask(pixels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The upper left corner of pixels, and a mask of them from there."""
    if not len(pixels):
        return np.zeros(2, np.int64), np.zeros((0, 0), bool)
    corner = pixels.min(axis=0)
    mask = np.zeros(pixels.max(axis=0) - corner + 1, bool)
    mask[tuple((pixels - corner).T)] = True
    return corner, mask
