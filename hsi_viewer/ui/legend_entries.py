"""What the colours of a class map, of labels and of a region mean, as legends list it."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from msgspec import Struct

from hsi_viewer.core.display.layers import CLASS_MAP, GROUND_TRUTH, LABELS, OUTSIDE
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.session.document.document import Document

DIMMED = (70, 70, 76)  # what lies outside the region of interest
UNCLASSIFIED = (150, 150, 150)  # such pixels show the grey image
ALWAYS = math.inf  # pixels of what is listed in any case
COUNTED = 250  # rows and columns, at most, of which pixels are counted


class Entry(Struct, frozen=True):
    """A colour and what it stands for.

    Attributes
    ----------
    pixels : about how many have it; of many entries, those of most pixels are listed.
    """

    name: str
    colour: Colour
    pixels: float = ALWAYS


def legend_entries(document: Document, shown: Collection[str]) -> list[Entry]:
    """The entries of layers that are seen, in the order of the classes."""
    prediction, seen = document.prediction, document.legend
    present: set[int] = set()
    counts = np.zeros(1)
    if LABELS in shown:
        present.update(document.labels.present())
    if CLASS_MAP in shown and prediction is not None:
        present.update(prediction.class_ids)
        counts = _counts(prediction.class_map)
    if GROUND_TRUTH in shown and document.truth is not None:
        present.update(document.truth_ids)
        counts, seen = _counts(document.truth), document.truth_legend
    entries = [
        Entry(c.name, c.colour, float(counts[c.id]) if c.id < counts.size else 0.0)
        for c in seen
        if c.id in present and c.visible
    ]
    if CLASS_MAP in shown and prediction is not None and prediction.unclassified:
        entries.append(Entry(f"Unclassified: {prediction.unclassified}", UNCLASSIFIED))
    if OUTSIDE in shown:
        entries.append(Entry(OUTSIDE, DIMMED))
    return entries


def _counts(ids: np.typing.NDArray[np.uint16]) -> np.typing.NDArray[np.float64]:
    """About how many pixels each class id has; of a large map, every n-th is looked at."""
    steps = [max(1, side // COUNTED) for side in ids.shape]
    return np.bincount(ids[:: steps[0], :: steps[1]].ravel()).astype(np.float64)
