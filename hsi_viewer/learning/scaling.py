"""Bands in use and how their values are standardised, by what is usual in the scene."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import TrainingError
from hsi_viewer.learning.robust import (
    LARGEST,
    WIDER,
    Floats,
    is_strange,
    tidy,
    usual_jump,
    usual_range,
)

FloatArray = NDArray[np.float32]


def usable_bands(cube: HyperCube, sample: NDArray[Any]) -> NDArray[np.int64]:
    """Bands that are marked good, hold data in half of the sample, and vary.

    Parameters
    ----------
    cube : the scene.
    sample : (rows, columns, bands) stored values.

    Raises
    ------
    TrainingError
        if no band is left.
    """
    is_data = cube.is_data(sample)
    has_any = is_data.any(axis=2)
    enough = is_data.sum(axis=(0, 1)) * 2 > has_any.sum()
    values = np.where(is_data, sample, np.nan).astype(np.float64)
    usable = cube.good_bands & enough
    for band in np.flatnonzero(usable):
        column = values[:, :, band]
        usable[band] = bool(np.nanmax(column) > np.nanmin(column))
    bands = np.flatnonzero(usable).astype(np.int64)
    if bands.size == 0:
        raise TrainingError(
            f"{cube.name}: no band can be used, because all are marked bad, empty or constant. "
            "Mark the good bands of this cube."
        )
    return bands


class Scaling(NamedTuple):
    """How the values of the bands in use are standardised; as of `Features`."""

    centre: Floats
    spread: Floats
    low: FloatArray
    high: FloatArray
    jump: FloatArray


def fit_scaling(cube: HyperCube, sample: NDArray[Any]) -> tuple[Scaling, NDArray[np.float64]]:
    """The scaling, and the standardised values (pixels, b) of the sample that do not stray.

    Parameters
    ----------
    cube : the scene.
    sample : (rows, columns, b) stored values of the bands in use.

    Raises
    ------
    TrainingError
        if there is hardly any data.
    """
    flat = sample.reshape(-1, sample.shape[2])
    is_data = cube.is_data(flat)
    enough = is_data.sum(axis=1) * 2 >= flat.shape[1]
    pixels, is_data = flat[enough].astype(np.float64), is_data[enough]
    if len(pixels) < 2:
        raise TrainingError(f"{cube.name}: the cube holds hardly any data to learn from.")
    unit = _unit_of(pixels[is_data])
    with np.errstate(over="ignore", invalid="ignore"):
        pixels /= unit
        low, high = usual_range(pixels, is_data)
        width = np.where(high > low, high - low, 1.0)
        pixels = (pixels - low) / width
    # Without a range, as of a band that is nearly everywhere the same, nothing strays.
    beyond = np.where(high > low, WIDER, LARGEST)
    jump = np.where(high > low, usual_jump(pixels, is_data), LARGEST)
    kept = ~tidy(pixels, is_data, -beyond, 1 + beyond, jump)
    pixels = pixels[kept] if kept.sum() >= 2 else pixels
    middle, spread = pixels.mean(axis=0), pixels.std(axis=0)
    spread[spread == 0] = 1.0
    pixels = (pixels - middle) / spread
    common = ~is_strange(pixels)
    if not common.all():
        pixels = pixels[common]
        centre_shift, by = pixels.mean(axis=0), pixels.std(axis=0)
        by[by == 0] = 1.0
        pixels = (pixels - centre_shift) / by
        middle, spread = middle + centre_shift * spread, spread * by
    bounds = (-beyond - middle) / spread, (1 + beyond - middle) / spread, jump / spread
    centre, spread = (low + middle * width) * unit, spread * width * unit
    precise = _need_precision(centre, spread)
    centre, spread = (v if precise else v.astype(np.float32) for v in (centre, spread))
    within = (bound.clip(-LARGEST, LARGEST).astype(np.float32) for bound in bounds)
    return Scaling(centre, spread, *within), pixels


def standardised(stored: NDArray[Any], centre: Floats, spread: Floats) -> NDArray[Any]:
    """Values (pixels, b) less the centre, by the spread, as 32-bit numbers."""
    with np.errstate(over="ignore", invalid="ignore"):  # what is no data may be infinite
        values = stored.astype(centre.dtype)
        values -= centre
        values /= spread
        if values.dtype != np.float32:
            values = np.clip(values, -LARGEST, LARGEST).astype(np.float32)
    return values


def _unit_of(values: NDArray[np.float64]) -> float:
    """1, or a power of 2 near values whose squares no number can hold."""
    size = float(np.quantile(np.abs(values[:: max(1, values.size // 4_096)]), 0.9))
    if size == 0 or 1e-100 < size < 1e100:
        return 1.0
    return float(2.0 ** np.clip(np.floor(np.log2(size)), -1020, 1020))


def _need_precision(centre: NDArray[np.float64], spread: NDArray[np.float64]) -> bool:
    """Whether 32-bit numbers cannot hold the values, or not the differences between them."""
    narrow = np.abs(centre) / spread > 1e5
    span = np.maximum(np.abs(centre), spread).max() > LARGEST or spread.min() < 1 / LARGEST
    return bool(narrow.any() or span)
