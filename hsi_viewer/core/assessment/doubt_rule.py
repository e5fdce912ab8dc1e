"""DoubtRule: which pixels of a map are left unclassified because it is doubtful there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.assessment.uncertainty import unclassified_where
from hsi_viewer.core.prediction import Prediction

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class DoubtRule:
    """Which pixels of a map are left unclassified.

    Attributes
    ----------
    confidence : least confidence that a pixel needs, 0..1; 0 for any.
    applicable : whether pixels outside of the area of applicability are left, too.
    """

    confidence: float = 0.0
    applicable: bool = False

    @property
    def anything(self) -> bool:
        """Whether it leaves any pixel out at all."""
        return self.confidence > 0 or self.applicable

    def __str__(self) -> str:
        parts = [f"confidence below {100 * self.confidence:g} %"] if self.confidence > 0 else []
        parts += ["outside the area of applicability"] if self.applicable else []
        return " or ".join(parts)

    def doubtful(self, prediction: Prediction, outside: Mask | None) -> Mask:
        """Pixels (rows, columns) of a map that it leaves out.

        Confidence is compared as runs keep it, to three digits, so that a map that was read again
        loses the same pixels.

        Parameters
        ----------
        prediction : the map.
        outside : (rows, columns), True outside of the area of applicability; None where the rule
            doesn't ask for it.
        """
        out: Mask = prediction.confidence < _least_kept(self.confidence)
        if self.applicable and outside is not None:
            out = out | outside
        out &= prediction.class_map > 0
        return out

    def applied(self, prediction: Prediction, outside: Mask | None) -> Prediction:
        """The map with class 0 and confidence 0 there; arguments as of `doubtful`."""
        doubtful = self.doubtful(prediction, outside)
        return replace(
            prediction,
            class_map=unclassified_where(prediction.class_map, doubtful),
            confidence=np.where(doubtful, np.float32(0), prediction.confidence),
            source=f"{prediction.source}, doubtful pixels unclassified",
            unclassified=" or ".join(filter(None, (prediction.unclassified, str(self)))),
        )


def _least_kept(confidence: float) -> np.float32:
    """The least value that isn't below a confidence once it was rounded as runs keep it."""
    wanted = np.float32(confidence)
    above = np.float16(wanted)
    if np.float32(above) < wanted:
        above = np.nextafter(above, np.float16(2))
    below = np.nextafter(above, np.float16(0))
    middle = (np.float32(above) + np.float32(below)) / np.float32(2)
    return middle if np.float16(middle) >= above else np.nextafter(middle, np.float32(2))
