"""How loud wide windows are before any evidence: by the map of single pixels.

Where neighbours are mapped alike, single pixels can be relied on, and wide windows would only blur
their map. Where it is scattered they cannot, and wide windows help if there is something as wide as
they are. Noise hides fields, but what agreement of neighbours it leaves lasts as far as they reach;
of a scene of small things nothing is left there.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.survey import Window

UNEVEN, EVEN = 0.6, 0.85  # share of neighbours that are mapped alike
LOUD, QUIET = 0.5, 0.05  # weight of the surroundings where few are, and where most are
AWAY = range(6, 11)  # pixels that wide windows reach over
FADED, LASTING = 0.04, 0.09  # part of neighbours' agreement that is left there: too little, enough
LOOKED_AT = 100  # pixels a side of the part of the scene that is mapped for it
SEEN = 2.0  # standard errors by which neighbours agree more than by chance

Ids = NDArray[np.intp]
Mask = NDArray[np.bool_]


def weight_around(even: float, left: float) -> float:
    """Weight of the surroundings before labels are held out.

    Parameters
    ----------
    even : see `evenness`.
    left : see `agreement_left`.
    """
    loud = np.interp(even, (UNEVEN, EVEN), (LOUD, QUIET))
    return float(np.interp(left, (FADED, LASTING), (QUIET, loud)))


def part_around(pixels: NDArray[np.int64], shape: tuple[int, int]) -> Window:
    """Rows and columns around the label that lies nearest to the middle of all labels.

    Parameters
    ----------
    pixels : (n,) flat indices of the labels.
    shape : rows and columns of the scene.
    """
    at = np.column_stack(np.divmod(pixels, shape[1]))
    middle = at[((at - at.mean(axis=0)) ** 2).sum(axis=1).argmin()]
    top, left = (
        max(0, min(int(place) - LOOKED_AT // 2, size - LOOKED_AT))
        for place, size in zip(middle, shape, strict=True)
    )
    return slice(top, min(shape[0], top + LOOKED_AT)), slice(left, min(shape[1], left + LOOKED_AT))


def evenness(probabilities: FloatArray, valid: Mask) -> float:
    """Share of neighbouring pixels that have the same class, 0..1; 1 where there are none.

    Parameters
    ----------
    probabilities : (rows, columns, classes).
    valid : (rows, columns) where there is data.
    """
    alike, pairs = _alike(probabilities.argmax(axis=2), valid, (1,))
    return alike / pairs if pairs else 1.0


def agreement_left(probabilities: FloatArray, valid: Mask) -> float:
    """How much of the agreement of neighbours is left 6 to 10 pixels away, up to 1.

    Agreement is the kappa of pairs of pixels along rows and columns, how much more often than by
    chance they have the same class (with its standard error if there is none: Cohen, Educational
    and Psychological Measurement 20, 1960, 37-46). 0 where neighbours don't agree, or nothing lies
    so far apart. Parameters as of `evenness`.
    """
    said = probabilities.argmax(axis=2)
    counts = np.bincount(said[valid])
    chance = float(((counts / max(1, counts.sum())) ** 2).sum())
    (near, near_pairs), (away, away_pairs) = (_alike(said, valid, s) for s in ((1,), AWAY))
    if not away_pairs:
        return 0.0
    agreement = near / near_pairs - chance
    if agreement <= SEEN * np.sqrt(chance * (1 - chance) / near_pairs):
        return 0.0
    return float(min(1.0, (away / away_pairs - chance) / agreement))


def _alike(said: Ids, valid: Mask, apart: Iterable[int]) -> tuple[int, int]:
    """Pairs of pixels of the same class, and all pairs with data."""
    alike = pairs = 0
    for step, turned in product(apart, (False, True)):
        values, known = (said.T, valid.T) if turned else (said, valid)
        both = known[step:] & known[:-step]
        alike += int((both & (values[step:] == values[:-step])).sum())
        pairs += int(both.sum())
    return alike, pairs
