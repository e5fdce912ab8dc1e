"""Prediction: a class map with its confidence, as every layer passes it on."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.cube.region import RegionOfInterest
from hsi_viewer.core.text import short_name


class Prediction(Struct, frozen=True):
    """The result of applying a model to a cube.

    Attributes
    ----------
    class_map : (rows, columns) uint16 class ids, 0 where the cube has no data.
    confidence : (rows, columns) float32, probability of the mapped class, 0 without data.
    class_ids : ids in the order of the last axis of `probabilities`.
    probabilities : (rows, columns, classes) float32, or None where they were not kept.
    disagreement : (rows, columns) float32 0..1, how far the exits disagree, or None.
    source : what made it, e.g. "instant model" or "SDHSI-Net, exits averaged, refined".
    final : False for the early maps that a running training shows.
    outside : share of the pixels with data whose spectra lie outside of the training range, 0..1;
        None where that is not known.
    unclassified : which doubtful pixels were given no class, in words; "" for none.
    region : pixels and bands of the scene that were used, where it wasn't all of them.
    """

    class_map: NDArray[np.uint16]
    confidence: NDArray[np.float32]
    class_ids: tuple[int, ...]
    probabilities: NDArray[np.float32] | None = None
    disagreement: NDArray[np.float32] | None = None
    source: str = ""
    final: bool = True
    outside: float | None = None
    unclassified: str = ""
    region: RegionOfInterest | None = None

    def __repr__(self) -> str:
        rows, columns = self.class_map.shape
        mapped = self.confidence[self.class_map > 0]
        parts = [f"{rows} x {columns}", f"{len(self.class_ids)} classes"]
        if mapped.size:
            parts.append(f"mean confidence {mapped.mean():.2f}")
        if not self.final:
            parts.append("not final")
        return f"<Prediction {', '.join(parts)}: {short_name(self.source) or 'unknown source'}>"
