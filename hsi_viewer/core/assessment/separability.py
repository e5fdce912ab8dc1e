"""Separability of classes by their spectra."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEW_PIXELS = 10
POOR_JM, FAIR_JM = 1.0, 1.9  # ENVI's guide: below 1 merge the classes, above 1.9 all is well
MAX_COMPONENTS, PIXELS_A_COMPONENT = 10, 3


class PairSeparability(Struct, frozen=True):
    """Two classes.

    Attributes
    ----------
    first, second : class ids.
    jeffries_matusita : 0 (alike) to 2 (apart).
    angle : between the mean spectra, in radians.
    """

    first: int
    second: int
    jeffries_matusita: float
    angle: float

    @property
    def verdict(self) -> str:
        """In words."""
        if self.jeffries_matusita < POOR_JM:
            return "not separable"
        return "partly separable" if self.jeffries_matusita < FAIR_JM else "separable"


class SeparabilityReport(Struct, frozen=True):
    """All pairs of the labelled classes, the least separable first.

    Attributes
    ----------
    pairs : every two classes once.
    counts : labelled pixels with data by class id.
    few : ids of classes with too few pixels for their spread to be known.
    """

    pairs: tuple[PairSeparability, ...]
    counts: Mapping[int, int]
    few: tuple[int, ...]


def separability(spectra: Mapping[int, Floats]) -> SeparabilityReport:
    """Compare every two classes.

    The distance is Jeffries and Matusita's, 2 (1 - exp(-B)) with the Bhattacharyya distance B of
    two normal distributions (Richards, "Remote Sensing Digital Image Analysis", ch. 10), over the
    strongest components of the labelled spectra. Few pixels make a covariance singular and
    classes seem apart that are not: each is shrunk towards the mean of all classes by
    k / (k + n - 1), k components and n pixels, and that mean towards a sphere by the same rule;
    there is one component for three pixels, at most ten.

    Parameters
    ----------
    spectra : (n, bands) physical spectra without NaN by class id.
    """
    held = {i: s for i, s in spectra.items() if len(s)}
    counts = {i: len(s) for i, s in held.items()}
    few = tuple(i for i, n in counts.items() if n < FEW_PIXELS)
    if len(held) < 2:
        return SeparabilityReport((), counts, few)
    reduced = _components(held)
    means = {i: x.mean(axis=0) for i, x in reduced.items()}
    covariances = _covariances(reduced, means)
    ids = list(held)
    pairs = [
        PairSeparability(
            a,
            b,
            2 * (1 - math.exp(-_bhattacharyya(means[a], means[b], covariances[a], covariances[b]))),
            _angle(held[a].mean(axis=0), held[b].mean(axis=0)),
        )
        for n, a in enumerate(ids)
        for b in ids[n + 1 :]
    ]
    return SeparabilityReport(tuple(sorted(pairs, key=_worst_first)), counts, few)


def _worst_first(pair: PairSeparability) -> tuple[float, float]:
    return pair.jeffries_matusita, pair.angle


def _components(spectra: Mapping[int, Floats]) -> dict[int, Floats]:
    """Strongest components of all spectra together, each of variance 1, by class."""
    everything = np.concatenate(list(spectra.values()))
    centre = everything.mean(axis=0)
    _, strengths, axes = np.linalg.svd(everything - centre, full_matrices=False)
    count = min(MAX_COMPONENTS, max(1, (len(everything) - len(spectra)) // PIXELS_A_COMPONENT))
    kept = [k for k in range(min(count, strengths.size)) if strengths[k] > 1e-9 * strengths[0]]
    if not kept:  # all spectra are the same
        return {i: np.zeros((len(s), 1)) for i, s in spectra.items()}
    scale = strengths[kept] / math.sqrt(len(everything))
    return {i: (s - centre) @ axes[kept].T / scale for i, s in spectra.items()}


def _covariances(reduced: Mapping[int, Floats], means: Mapping[int, Floats]) -> dict[int, Floats]:
    size = next(iter(means.values())).size
    centred = {i: x - means[i] for i, x in reduced.items()}
    scatter = sum((x.T @ x for x in centred.values()), np.zeros((size, size)))
    freedom = sum(len(x) - 1 for x in reduced.values())
    common = scatter / freedom if freedom > 0 else np.eye(size)
    level = max(float(np.trace(common)) / size, 1e-6)
    round_share = max(size / (size + freedom), 1e-6)
    common = (1 - round_share) * common + round_share * level * np.eye(size)
    shrunk = {}
    for class_id, x in centred.items():
        own = len(x) - 1
        weight = size / (size + own)
        covariance = x.T @ x / own if own else common
        shrunk[class_id] = weight * common + (1 - weight) * covariance
    return shrunk


def _bhattacharyya(mean_a: Floats, mean_b: Floats, a: Floats, b: Floats) -> float:
    middle, gap = (a + b) / 2, mean_a - mean_b
    logs = [np.linalg.slogdet(m)[1] for m in (middle, a, b)]
    distance = gap @ np.linalg.solve(middle, gap) / 8 + (logs[0] - (logs[1] + logs[2]) / 2) / 2
    return max(float(distance), 0.0)


def _angle(a: Floats, b: Floats) -> float:
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return math.acos(min(max(float(a @ b) / lengths, -1.0), 1.0)) if lengths else 0.0
