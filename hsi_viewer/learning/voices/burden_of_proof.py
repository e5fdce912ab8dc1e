"""The burden of proof: what held-out labels must show for the walker that the weights ask for.

The louder the surroundings, the likelier the walker helps, and the less a few labels can tell
against it: a label that is held out is missing as a seed, too, so they do it wrong where fields are
large. In between it must not be seen to lose; where single pixels speak, it must be seen to gain.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.voices.pool import Strength

# What is tried where the weights ask for this, and the standard errors that it must gain.
TRIED: dict[Strength, tuple[Strength, float]] = {
    "none": ("weak", 1.0),
    "weak": ("weak", 0.0),
    "full": ("full", -2.0),
}
UNSEEN = 4  # changes added to a loss's standard error: few changes make it too small
WEAKER: dict[Strength, Strength] = {"full": "weak", "weak": "none", "none": "none"}


def holds(
    asked: Strength,
    answers: Iterable[tuple[FloatArray, FloatArray]],
    targets: NDArray[np.int64],
) -> bool:
    """Whether what is tried for the strength that weights ask for is borne out.

    Parameters
    ----------
    answers : probabilities (n, classes) before the walker and after it, NaN for labels that were
        not asked, for each way of holding labels out.
    targets : (n,) class indices.
    """
    changes: list[NDArray[np.int64]] = []
    for raw, refined in answers:
        told = np.isfinite(refined[:, 0])
        before, after = (
            (a[told].argmax(axis=1) == targets[told]).astype(np.int64) for a in (raw, refined)
        )
        changes.append(after - before)
    change = np.concatenate(changes)
    gained, changed, errors = int(change.sum()), np.count_nonzero(change), TRIED[asked][1]
    if errors > 0:
        return bool(gained > errors * np.sqrt(changed))
    return bool(gained >= errors * np.sqrt(changed + UNSEEN))


def kept(asked: Strength, known: Strength) -> Strength:
    """The strength after a stroke, when weights ask for one and labels have borne out another."""
    if asked == "none":
        return "none" if known == "none" else "weak"
    return min(asked, known, key=list(TRIED).index)
