"""Tool: what the canvas asks of the active tool, and what a tool answers with."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PySide6.QtCore import Qt

from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.core.labels.classes import Colour

Key = Literal["accept", "back", "delete"]
Segments = tuple[NDArray[np.float64], NDArray[np.float64]]


class Pointer(Struct, frozen=True):
    """Position of the mouse, and the keys that are held.

    Attributes
    ----------
    row, column : in scene coordinates; pixel (r, c) is the square from (r, c) to (r+1, c+1).
    shift, ctrl, alt : modifiers.
    reach : how many scene pixels the mouse can be off (8 screen pixels).
    """

    row: float
    column: float
    shift: bool = False
    ctrl: bool = False
    alt: bool = False
    reach: float = 1.0

    @property
    def pixel(self) -> Pixel:
        """The pixel under the mouse; it may lie outside the scene."""
        return math.floor(self.row), math.floor(self.column)

    @property
    def point(self) -> tuple[float, float]:
        """Row and column."""
        return self.row, self.column


class Preview(Struct, frozen=True, eq=False):
    """Preview of a tool before labels change.

    Attributes
    ----------
    outlines : lines of points (n, 2), rows and columns.
    closed : whether the lines end where they begin.
    mask : (rows, columns) of pixels that would be touched, or None.
    origin : row and column of the mask's upper left pixel.
    colour : of the pixels and of the inside of the lines.
    """

    outlines: tuple[NDArray[np.float64], ...] = ()
    closed: bool = True
    mask: NDArray[np.bool_] | None = None
    origin: Pixel = (0, 0)
    colour: Colour = (255, 255, 255)


class Tool:
    """Base of all tools; each overrides the strokes that it knows.

    The canvas calls these in the thread of the interface. Panning and zooming never arrive
    here. A stroke that changes labels is one step of the history.
    """

    cursor = Qt.CursorShape.CrossCursor
    anywhere = False  # whether a stroke may begin outside the scene

    @property
    def waiting(self) -> bool:
        """Whether a preview waits for Enter or Escape."""
        return False

    def settings_changed(self) -> None:
        """An option of the tool was changed."""

    def press(self, at: Pointer) -> None:
        """The left button went down."""

    def drag(self, at: Pointer) -> None:
        """The mouse moved with the left button down; it may have left the scene."""

    def release(self, at: Pointer) -> None:
        """The left button went up."""

    def hover(self, at: Pointer) -> None:
        """The mouse moved with no button down."""

    def leave(self) -> None:
        """The mouse left the canvas."""

    def double_click(self, _at: Pointer) -> bool:
        """A second press came at once; False where it is a press like any other."""
        return False

    def key(self, _key: Key) -> bool:
        """Enter, Backspace or Delete; False if it means nothing now."""
        return False

    def resize(self, _steps: int) -> bool:
        """Grow or shrink: wheel with Ctrl, keys [ and ]; False if there is no size."""
        return False

    def cancel(self) -> bool:
        """Escape: undo the unfinished stroke; False if there is none."""
        return False

    def footprint(self) -> Segments | None:
        """Ends x, y of segments around the touched pixels, from the hovered pixel's corner."""
        return None

    def preview(self) -> Preview | None:
        """Preview over the scene; the same object again while nothing changed."""
        return None
