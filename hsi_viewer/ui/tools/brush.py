"""BrushTool: paints the active class along the way of the mouse, or erases."""

from __future__ import annotations

import numpy as np

from hsi_viewer.core.geometry.brush import disc_outline, disc_path
from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.core.geometry.shapes import Pixels, mask_edges, rectangle, square_path
from hsi_viewer.ui.tools.stroke_tool import StrokeTool
from hsi_viewer.ui.tools.tool import Pointer, Segments, Tool
from hsi_viewer.ui.tools.tool_context import ToolContext

MAX_SIZE = 101
ONE_PIXEL = np.ones((1, 1), bool)


class BrushTool(StrokeTool):
    """A round or square brush of odd size; Shift and a click join the last stroke by a line.

    Parameters
    ----------
    context : what it works on.
    erase : whether it removes labels.
    """

    def __init__(self, context: ToolContext, *, erase: bool = False) -> None:
        self._context, self._erase = context, erase
        self._last: Pixel | None = None

    def press(self, at: Pointer) -> None:
        """Begin a stroke."""
        self._stroke = self._context.begin(erase=self._erase)
        if not at.shift:
            self._last = None
        self.drag(at)

    def drag(self, at: Pointer) -> None:
        """Paint from the last position to this one."""
        document = self._context.document
        if self._stroke is not None and document is not None:
            start = self._last if self._last is not None else at.pixel
            self._stroke.paint(self._path(start, at.pixel, document.labels.shape))
            self._last = at.pixel

    def cancel(self) -> bool:
        """Take the unfinished stroke back; the next one is joined to none."""
        self._last = None
        return super().cancel()

    def resize(self, steps: int) -> bool:
        """Widen the brush by a ring a step."""
        resize_brush(self._context, steps)
        return True

    def footprint(self) -> Segments:
        """Edges of the pixels under the brush."""
        size = self._context.settings.brush_size
        if self._context.settings.brush_square:
            return square_outline(size)
        return disc_outline(size)

    def _path(self, start: Pixel, end: Pixel, shape: tuple[int, int]) -> Pixels:
        draw = square_path if self._context.settings.brush_square else disc_path
        return draw(start, end, self._context.settings.brush_size, shape)


class PointTool(Tool):
    """Labels the one pixel that is clicked."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context

    def press(self, at: Pointer) -> None:
        """Label the pixel."""
        stroke, document = self._context.begin(), self._context.document
        if stroke is not None and document is not None:
            stroke.paint(rectangle(at.pixel, at.pixel, document.labels.shape))
            stroke.finish()

    def footprint(self) -> Segments:
        """Edges of one pixel."""
        return square_outline(1)


def resize_brush(context: ToolContext, steps: int) -> None:
    """Widen the brush, which lines are drawn with, too, by a ring a step."""
    size = context.settings.brush_size + 2 * steps
    context.settings.brush_size = min(max(size, 1), MAX_SIZE)
    context.option_changed()


def square_outline(size: int) -> Segments:
    """Edges of a square brush, from the upper left corner of its middle pixel."""
    x, y = mask_edges(ONE_PIXEL)
    reach = size // 2
    return x * size - reach, y * size - reach
