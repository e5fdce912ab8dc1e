"""Stroke: what a tool paints between press and release, one step of the history."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.labels.history import LabelChange, Step
from hsi_viewer.core.labels.label_edit import LabelEdit, joined
from hsi_viewer.core.labels.paint_mode import Paint
from hsi_viewer.session.document.document import Document


class Stroke:
    """Paints at once and remembers, so that the whole stroke is undone together.

    Where something else changes labels or classes meanwhile, what was painted until then becomes a
    step before it, because undo and the journal need steps in order.

    Parameters
    ----------
    document : whose labels are painted.
    paint : what pixels get and which take it, or simply a class id (0 erases).
    """

    def __init__(self, document: Document, paint: Paint | int) -> None:
        self._document = document
        self._paint = Paint(paint) if isinstance(paint, int) else paint
        self._edits: list[LabelEdit] = []
        document.history.start_stroke()
        document.history.stroke_started.connect(self._push)

    def paint(self, pixels: NDArray[np.int64]) -> None:
        """Label pixels (flat indices, ascending)."""
        labels = self._document.labels
        if self._paint.choosy:
            pixels = pixels[self._paint.takes(labels.ids.ravel()[pixels])]
        edit = labels.edit_for(pixels, self._paint.class_id)
        if edit.pixels.size:
            labels.apply(edit)
            self._edits.append(edit)

    def finish(self) -> None:
        """End the stroke: it becomes one step, unless it changed nothing."""
        self._let_go()
        self._push()

    def _let_go(self) -> None:
        self._document.history.stroke_started.disconnect(self._push, missing_ok=True)

    def _push(self) -> None:
        if not self._edits:
            return
        edit = joined(self._edits)  # a painted pixel has its class already, and is left alone
        self._edits = []
        title = self._paint.title(edit.pixels.size)
        self._document.history.push(Step(title, (LabelChange(self._document.labels, edit),)))

    def cancel(self) -> None:
        """Undo what the stroke painted since the last step."""
        self._let_go()
        for edit in reversed(self._edits):
            self._document.labels.apply(edit.reverse)
        self._edits = []
