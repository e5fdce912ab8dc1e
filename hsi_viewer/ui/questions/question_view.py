"""QuestionView: the place that is asked about, on the canvas and in the close-up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.display.layers import IMAGE
from hsi_viewer.ui.scene.place_outline import PlaceOutline

if TYPE_CHECKING:
    from hsi_viewer.session.document.document import Document
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.questions.question_panel import QuestionPanel

AROUND = 72.0  # pixels across what is shown of the scene around a place, at least


class QuestionView:
    """Flies to places and outlines them.

    Parameters
    ----------
    context : whose canvas and layers are used.
    panel : with the close-up and the plot.
    """

    def __init__(self, context: Context, panel: QuestionPanel) -> None:
        self._context, self._panel = context, panel
        panel.close_up.show_layers(context.viewing.tiles)
        panel.close_up.show_only([IMAGE])
        self._outlines = [PlaceOutline(context.canvas), PlaceOutline(panel.close_up)]

    @property
    def document(self) -> Document | None:
        """The open document."""
        return self._context.workspace.document

    def show_scene(self) -> None:
        """Make place for the open scene."""
        document = self.document
        if document is not None:
            self._panel.close_up.show_scene(*document.labels.shape)
            self._panel.plot.show_cube(document.cube)

    def outline(self, segment: NDArray[np.int64], covered: NDArray[np.int64]) -> None:
        """Outline pixels (n, 2) around a place, and those that an answer covers; mark no other."""
        self._context.canvas.show_marks(False)
        for outline in self._outlines:
            outline.show(segment, covered)

    def outline_nothing(self) -> None:
        """Remove the outlines, and show what was marked before."""
        if self._outlines[0].shown:  # else others may point a place out
            self._context.canvas.show_marks(True)
        for outline in self._outlines:
            outline.hide()

    def fly_to(self, middle: tuple[float, float], around: float, close: float) -> None:
        """Show a place in the middle of canvas and close-up.

        Parameters
        ----------
        middle : row and column, at the upper left corner of the first pixel 0, 0.
        around, close : pixels across what canvas and close-up show.
        """
        document = self.document
        if document is not None:
            shape = document.labels.shape
            self._context.canvas.set_view_box(square_around(middle, around, shape))
            self._panel.close_up.set_view_box(square_around(middle, close, shape))


def square_around(
    middle: tuple[float, float], side: float, shape: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Left, top, width and height of a square, inside the scene or around it; none is larger.

    Parameters
    ----------
    middle : row and column.
    shape : rows and columns of the scene.
    """
    side = min(side, float(max(shape)))
    top, left = (
        min(max(at - side / 2, 0.0), size - side) if side < size else (size - side) / 2
        for at, size in zip(middle, shape, strict=True)
    )
    return left, top, side, side
