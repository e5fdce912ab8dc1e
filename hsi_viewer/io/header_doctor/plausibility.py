"""Plausibility of a way to read a raw file.

A reading is judged by three things that hold for true ones: neighbours are similar along rows,
columns and the spectrum; the picture is about as rough along rows as along columns; and from one
band to the next most pixels change the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource

WINDOW = 24
POSITIONS = (0.5, 0.2, 0.8)
# Magnitudes beyond these are not a measurement; they come of reading other types as floats.
TINY, HUGE = 1e-12, 1e12
# The bits of usual float32 values are whole numbers beyond this.
HUGE_INTEGER = float(1 << 28)


@dataclass(frozen=True)
class Verdict:
    """Plausibility of a reading in three numbers, each about 0..1.

    Attributes
    ----------
    smoothness : mean over the axes of 1 - 3 E|u - v|, u and v ranks (0..1) of neighbours;
        independent uniform u and v have E|u - v| = 1/3. Ranks make it blind to the scale.
    isotropy : ratio of the roughness along rows and along columns.
    coherence : share of the change from band to band that all pixels have in common.
    """

    smoothness: float
    isotropy: float
    coherence: float

    @property
    def score(self) -> float:
        """All three in one number, 1 at best."""
        return self.smoothness * (0.3 + self.isotropy) * (0.3 + self.coherence) / 1.69


BLANK = Verdict(0.0, 0.0, 0.0)


def judge(source: CubeSource) -> Verdict | None:
    """Judge a reading by windows of it; None if nothing is in them."""
    dtype = source.dtype
    huge = HUGE_INTEGER if dtype.kind in "iu" and dtype.itemsize > 2 else HUGE
    judged = (_judged(window, huge) for window in _windows(source))
    found = [(v.smoothness, v.isotropy, v.coherence) for v in judged if v is not None]
    return Verdict(*(float(v) for v in np.mean(found, axis=0))) if found else None


def is_even(source: CubeSource) -> bool:
    """Whether a reading has few values, all of which may be measurements or no data."""
    windows = list(_windows(source))
    usual = all((np.abs(w) < HUGE).all() for w in windows)
    return usual and all(_ranks(w) is None for w in windows)


def _judged(window: NDArray[np.float64], huge: float) -> Verdict | None:
    """Judge one window, (rows, columns, bands); None where it is all of a piece."""
    size = np.abs(window)
    likely = (size < huge) & ((size > TINY) | (size == 0))
    values = np.where(likely, window, 0.0)
    ranks = _ranks(values)
    if ranks is None:
        return None
    rough = {
        axis: float(np.abs(np.diff(ranks, axis=axis)).mean())
        for axis in range(3)
        if ranks.shape[axis] > 1
    }
    smoothness = float(np.mean([1.0 - 3.0 * r for r in rough.values()])) if rough else 0.0
    isotropy = 0.7  # of a scene of one row or column nothing is known; a usual value
    if 0 in rough and 1 in rough:
        isotropy = float(np.exp(-abs(np.log((rough[0] + 0.01) / (rough[1] + 0.01)))))
    coherence = 0.5
    if 2 in rough and rough[2] > 0:
        common = np.abs(np.diff(ranks, axis=2).mean(axis=(0, 1))).mean()
        coherence = float(common / rough[2])
    return Verdict(float(likely.mean()) * smoothness, isotropy, coherence)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Ranks among the distinct values, 0..1; None for fewer than three of them."""
    order = np.argsort(values, axis=None)
    ascending = values.ravel()[order]
    ranks = np.zeros(values.size)
    ranks[order[1:]] = np.cumsum(ascending[1:] != ascending[:-1])
    last = ranks[order[-1]]
    return ranks.reshape(values.shape) / last if last >= 2 else None


def _windows(source: CubeSource) -> Iterator[NDArray[np.float64]]:
    rows, columns, bands = source.shape
    for position in POSITIONS:
        r, c, b = (int(position * max(0, n - WINDOW)) for n in (rows, columns, bands))
        stored = source.read(
            slice(r, min(rows, r + WINDOW), 1),
            slice(c, min(columns, c + WINDOW), 1),
            np.arange(b, min(bands, b + WINDOW)),
        )
        with np.errstate(all="ignore"):
            yield np.real(stored).astype(np.float64)
