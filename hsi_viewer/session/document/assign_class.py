"""Labels for many pixels at once, as one step of the history."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.labels.paint_mode import PaintMode, paint_for
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.stroke import Stroke


def label_pixels(
    document: Document, pixels: NDArray[np.int64], class_id: int, *, keep: bool
) -> int:
    """Assign pixels to a class; labels of locked classes always stay.

    Parameters
    ----------
    pixels : flat indices in row-major order, ascending.
    keep : whether pixels that have a label keep it.

    Returns
    -------
    Number of pixels whose label changed.
    """
    mode = PaintMode.UNLABELLED if keep else PaintMode.REPLACE
    paint = paint_for(mode, class_id, document.legend)
    if paint is None:
        return 0
    before = document.labels.count(class_id)
    stroke = Stroke(document, paint)
    stroke.paint(pixels)
    stroke.finish()
    return document.labels.count(class_id) - before
