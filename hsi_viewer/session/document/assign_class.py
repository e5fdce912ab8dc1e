"""Labels for many pixels at once, as one step of the history."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.labels.classes import UNCLASSIFIED
from hsi_viewer.core.labels.paint_mode import Paint
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.label_load import (
    Base,
    LabelLoad,
    base_of,
    carry_out,
    plan_paint,
)


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
    load = plan_assigning(document, base_of(document), pixels, class_id, keep=keep)
    carry_out(document, load)
    return load.prepared.edit.pixels.size


def plan_assigning(
    document: Document, base: Base, pixels: NDArray[np.int64], class_id: int, *, keep: bool
) -> LabelLoad:
    """Work out what `label_pixels` does; in a worker."""
    only = frozenset({UNCLASSIFIED}) if keep else None
    locked = frozenset(c.id for c in base.classes if c.locked)
    return plan_paint(document, base, Paint(class_id, only, locked), pixels)
