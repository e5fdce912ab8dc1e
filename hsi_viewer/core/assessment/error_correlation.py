"""Correlation of the errors of test pixels, within groups and between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.assessment.groups import groups_of

Floats = NDArray[np.float64]

PATCHES, EFFECTIVE = 128, 64.0  # small groups whose errors are compared by distance
BINS, RANGES = 12, 14  # of distance; ranges of the correlation that are tried
SAMPLE = 12  # pixels of a group for its mean distances to others


def error_correlation(
    right: NDArray[np.bool_],
    pixels: NDArray[np.int64],
    groups: NDArray[np.int64],
    columns: int,
    regions: NDArray[np.int64],
) -> Floats:
    """Mean correlation (groups, groups) of the errors of two pixels, one of each group.

    Between groups an exponential fall with the distance is fitted to the errors of small patches;
    within a group it is measured, if that is more. Errors that end with their group, as those of
    a field that is mistaken as a whole, leave nothing between groups.

    Parameters
    ----------
    right : (n,) whether the map is right.
    pixels, groups : (n,) flat index and group of each test pixel.
    columns : of the scene.
    regions : (n,) what `groups_of` keeps whole.
    """
    count = int(groups.max()) + 1
    errors = right - right.mean()
    variance = float(errors.var())
    if variance == 0:
        return np.zeros((count, count))
    positions = np.column_stack(np.divmod(pixels, columns)).astype(np.float64)
    fine = groups_of(pixels, regions, columns, most=PATCHES, least=EFFECTIVE, enough=EFFECTIVE)
    _, patches = np.unique(groups * (fine.max() + 1) + fine, return_inverse=True)
    strength, reach = _fall(errors, positions, groups, patches, variance)
    between = strength * _mean_likeness(positions, groups, count, reach)
    sizes, sums = np.bincount(groups), np.bincount(groups, errors)
    pairs = float((sizes * (sizes - 1.0)).sum())
    within = float(sums @ sums - errors @ errors) / max(pairs, 1.0) / variance
    np.fill_diagonal(between, np.clip(np.maximum(np.diag(between), within), 0.0, 1.0))
    return between


def _fall(
    errors: Floats,
    positions: Floats,
    groups: NDArray[np.int64],
    patches: NDArray[np.int64],
    variance: float,
) -> tuple[float, float]:
    """Correlation at distance 0 and the distance over which it falls to 1/e, between groups.

    The mean of all errors is subtracted, which lowers each product by the same: the fit has that
    constant, too.
    """
    from scipy.optimize import nnls

    sizes = np.bincount(patches).astype(np.float64)
    sums = np.bincount(patches, errors)
    centres = np.column_stack([np.bincount(patches, p) / sizes for p in positions.T])
    group = np.empty(sizes.size, np.int64)
    group[patches] = groups
    i, j = np.triu_indices(sizes.size, 1)
    distances = np.hypot(*(centres[i] - centres[j]).T)
    farthest = float(np.hypot(*np.ptp(positions, axis=0))) / 2
    kept = (group[i] != group[j]) & (distances < farthest)
    if not kept.any():
        return 0.0, 1.0
    i, j, distances = i[kept], j[kept], distances[kept]
    bins = np.minimum((distances / farthest * BINS).astype(np.int64), BINS - 1)
    weights = np.bincount(bins, sizes[i] * sizes[j], BINS)
    used = weights > 0
    products = np.bincount(bins, sums[i] * sums[j], BINS)[used] / weights[used] / variance
    lags = np.bincount(bins, distances * sizes[i] * sizes[j], BINS)[used] / weights[used]
    precision = np.sqrt(np.bincount(bins, minlength=BINS)[used])
    best, least = (0.0, 1.0), np.inf
    for reach in np.geomspace(2.0, max(farthest / 3, 3.0), RANGES):
        curve = np.column_stack([np.exp(-lags / reach), -np.ones_like(lags)])
        found, residual = nnls(curve * precision[:, None], products * precision)
        if residual < least - 1e-12:
            best, least = (min(float(found[0]), 1.0), float(reach)), residual
    return best


def _mean_likeness(
    positions: Floats, groups: NDArray[np.int64], count: int, reach: float
) -> Floats:
    """Mean of exp(-distance / reach) over pairs of different pixels of two groups."""
    rng = np.random.default_rng(0)
    order = rng.permutation(groups.size)
    order = order[np.argsort(groups[order], kind="stable")]
    sizes = np.bincount(groups, minlength=count)
    rank = np.arange(order.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    chosen = order[rank < SAMPLE]
    own = groups[chosen]
    offsets = positions[chosen][:, None] - positions[chosen][None]
    likeness = np.exp(-np.hypot(offsets[..., 0], offsets[..., 1]) / reach)
    member = np.zeros((own.size, count))
    member[np.arange(own.size), own] = 1.0
    taken = member.sum(axis=0)
    sums, pairs = member.T @ likeness @ member, np.outer(taken, taken)
    diagonal = np.diag_indices(count)
    sums[diagonal] -= taken
    pairs[diagonal] -= taken
    return np.divide(sums, pairs, out=np.ones_like(sums), where=pairs > 0)
