"""Whether confidence means what it says: the reliability diagram and its error."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

BINS = 15


class Reliability(Struct, frozen=True, eq=False):
    """Confidence against accuracy, in equal bins of confidence.

    Attributes
    ----------
    edges : (bins + 1,) from 0 to 1.
    counts : (bins,) answers in each bin.
    confidence, accuracy : (bins,) mean confidence and share of right answers; NaN in empty bins.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def error(self) -> float:
        """Expected calibration error, 0..1: the mean gap, weighed by answers; NaN without any.

        Guo et al., "On calibration of modern neural networks" (ICML 2017).
        """
        used = self.counts > 0
        if not used.any():
            return float("nan")
        gaps = np.abs(self.confidence - self.accuracy)[used]
        return float(self.counts[used] @ gaps / self.counts.sum())


def reliability(
    confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_], bins: int = BINS
) -> Reliability:
    """The reliability diagram of answers.

    Parameters
    ----------
    confidence : (n,) probability of the answer, 0..1.
    right : (n,) whether it was right.
    bins : of equal width.
    """
    confidence = np.asarray(confidence, np.float64)
    bin_of = np.clip((confidence * bins).astype(np.int64), 0, bins - 1)
    counts = np.bincount(bin_of, minlength=bins).astype(np.int64)
    sums = (np.bincount(bin_of, w, bins) for w in (confidence, right.astype(np.float64)))
    means = [np.divide(s, counts, out=np.full(bins, np.nan), where=counts > 0) for s in sums]
    return Reliability(np.linspace(0, 1, bins + 1), counts, *means)
