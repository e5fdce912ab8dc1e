"""Scaling: each band centred and divided by its spread, both taken without what strays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import TrainingError
from hsi_viewer.learning.robust import (
    LARGEST,
    WIDER,
    Floats,
    tidy,
    usual_jump,
    usual_range,
)


class Scaling(NamedTuple):
    """How the values of the bands in use are standardised; as in `features.Features`."""

    centre: Floats
    spread: Floats
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    jump: NDArray[np.float32]


def fit_scaling(cube: HyperCube, sample: NDArray[Any]) -> tuple[Scaling, Tensor]:
    """The scaling, and the covariance (b, b) of the standardised values that do not stray."""
    flat = sample.reshape(-1, sample.shape[2])
    is_data = cube.is_data(flat)
    enough = is_data.sum(axis=1) * 2 >= flat.shape[1]
    pixels, is_data = flat[enough].astype(np.float64), is_data[enough]
    if len(pixels) < 2:
        raise TrainingError(f"{cube.name}: the cube contains too little data to learn from.")
    low, high = usual_range(pixels, is_data)
    unit = _unit_of(np.maximum(np.abs(low), np.abs(high)))
    low, high = low / unit, high / unit
    with np.errstate(over="ignore", invalid="ignore"):
        pixels /= unit
        width = np.where(high > low, high - low, 1.0)
        pixels = (pixels - low) / width
    # Without a range, as of a band that is nearly everywhere the same, nothing strays.
    beyond = np.where(high > low, WIDER, LARGEST)
    jump = np.where(high > low, usual_jump(pixels, is_data), LARGEST)
    kept = ~tidy(pixels, is_data, -beyond, 1 + beyond, jump)
    pixels = pixels[kept] if kept.sum() >= 2 else pixels
    spread, middle = (
        part.numpy() for part in torch.std_mean(torch.from_numpy(pixels), dim=0, correction=0)
    )
    spread[spread == 0] = 1.0
    pixels = (pixels - middle) / spread
    bounds = (-beyond - middle) / spread, (1 + beyond - middle) / spread, jump / spread
    covariance = torch.from_numpy(pixels).T @ torch.from_numpy(pixels) / len(pixels)
    centre, spread = (low + middle * width) * unit, spread * width * unit
    spread = np.maximum(spread, np.finfo(np.float64).smallest_subnormal)
    precise = _need_precision(centre, spread)
    centre, spread = (v if precise else v.astype(np.float32) for v in (centre, spread))
    within = (bound.clip(-LARGEST, LARGEST).astype(np.float32) for bound in bounds)
    return Scaling(centre, spread, *within), covariance


def _unit_of(size: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 of each band, or a power of 2 near values whose squares no number can hold."""
    is_usual = (size == 0) | ((size > 1e-100) & (size < 1e100))
    exponent = np.floor(np.log2(np.where(is_usual, 1.0, size)))
    return np.asarray(2.0 ** exponent.clip(-1020, 1020))


def _need_precision(centre: NDArray[np.float64], spread: NDArray[np.float64]) -> bool:
    """Whether 32-bit numbers cannot hold the values, or not the differences between them."""
    narrow = np.abs(centre) / spread > 1e5
    span = np.maximum(np.abs(centre), spread).max() > LARGEST or spread.min() < 1 / LARGEST
    return bool(narrow.any() or span)


def standardised(stored: NDArray[Any], centre: Floats, spread: Floats) -> NDArray[Any]:
    """Values (pixels, b) less the centre, by the spread, as 32-bit numbers."""
    with np.errstate(over="ignore", invalid="ignore"):  # what is no data may be infinite
        values = stored.astype(centre.dtype)
        values -= centre
        values /= spread
        if values.dtype != np.float32:
            values = np.clip(values, -LARGEST, LARGEST).astype(np.float32)
    return values
