"""BrushTool: paints the active class, or erases."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt

from hsi_viewer.core.footprint import Pixel, disc_outline, disc_path
from hsi_viewer.session.document import Document
from hsi_viewer.session.stroke import Stroke

MAX_SIZE = 101


class BrushTool:
    """A round brush of odd diameter; a click labels the pixels under it.

    Parameters
    ----------
    document : gives the open document, or None.
    class_id : gives the id to paint, 0 to erase, or None when no class is chosen.
    size : gives the diameter in pixels.
    """

    cursor = Qt.CursorShape.CrossCursor

    def __init__(
        self,
        document: Callable[[], Document | None],
        class_id: Callable[[], int | None],
        size: Callable[[], int],
    ) -> None:
        self._document, self._class_id, self._size = document, class_id, size
        self._stroke: Stroke | None = None
        self._last: Pixel = (0, 0)

    def press(self, pixel: Pixel) -> None:
        """Begin a stroke."""
        document, class_id = self._document(), self._class_id()
        if document is None or class_id is None:
            return
        self._stroke = Stroke(document, class_id)
        self._last = pixel
        self.drag(pixel)

    def drag(self, pixel: Pixel) -> None:
        """Paint from the last position to this one."""
        document = self._document()
        if self._stroke is not None and document is not None:
            self._stroke.paint(disc_path(self._last, pixel, self._size(), document.labels.shape))
            self._last = pixel

    def release(self) -> None:
        """End the stroke: one step of the history."""
        if self._stroke is not None:
            self._stroke.finish()
            self._stroke = None

    def cancel(self) -> None:
        """Take the unfinished stroke back."""
        if self._stroke is not None:
            self._stroke.cancel()
            self._stroke = None

    def outline(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Edges of the pixels under the brush."""
        return disc_outline(self._size())
