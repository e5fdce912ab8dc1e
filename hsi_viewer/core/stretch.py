"""Contrast: limits taken from the whole scene, then bytes for the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube import HyperCube

SAMPLE_SIDE = 512


@dataclass(frozen=True)
class Limits:
    """Stored values that become black and white in one band."""

    low: float
    high: float


def sample_steps(cube: HyperCube, side: int = SAMPLE_SIDE) -> tuple[slice, slice]:
    """Strided slices over the whole scene with at most about side x side pixels."""
    return (
        slice(0, cube.rows, max(1, cube.rows // side)),
        slice(0, cube.columns, max(1, cube.columns // side)),
    )


def percentile_limits(
    values: NDArray[Any], valid: NDArray[np.bool_], low: float = 2.0, high: float = 98.0
) -> Limits:
    """Percentile limits of one band over its valid values.

    Parameters
    ----------
    values, valid : arrays of one shape.
    low, high : percentiles, 0..100.

    Returns
    -------
    Limits
        (0, 1) if nothing is valid; never of zero width.
    """
    kept = values[valid]
    if kept.size == 0:
        return Limits(0.0, 1.0)
    a, b = (float(v) for v in np.percentile(kept, (low, high)))
    if b <= a:
        a, b = float(kept.min()), float(kept.max())
    if b <= a:
        b = a + max(1.0, abs(a))  # of a great number, one more is the same number
    return Limits(a, b)


def scene_limits(
    cube: HyperCube, bands: tuple[int, ...], low: float = 2.0, high: float = 98.0
) -> tuple[Limits, ...]:
    """Percentile limits of each band over a sample of the whole scene."""
    rows, columns = sample_steps(cube)
    sample = cube.read(rows, columns, bands)
    valid = cube.is_data(sample)
    return tuple(
        percentile_limits(sample[:, :, i], valid[:, :, i], low, high) for i in range(len(bands))
    )


def to_bytes(values: NDArray[Any], limits: Limits) -> NDArray[np.uint8]:
    """Linear stretch to 0..255, clipped; what is not finite becomes 0."""
    with np.errstate(over="ignore"):  # fill values at the end of the range
        scaled = (values.astype(np.float32) - limits.low) * (255.0 / (limits.high - limits.low))
    scaled = np.nan_to_num(scaled, nan=0.0, posinf=255.0, neginf=0.0)
    pixels: NDArray[np.uint8] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return pixels


def composite(
    stored: NDArray[Any], valid: NDArray[np.bool_], limits: tuple[Limits, ...]
) -> NDArray[np.uint8]:
    """False-colour picture, (rows, columns, 4) RGBA; pixels without data are transparent.

    Parameters
    ----------
    stored : (rows, columns, 3) stored values.
    valid : the same shape, True where there is data.
    limits : one per channel.
    """
    picture = np.empty((*stored.shape[:2], 4), np.uint8)
    for channel in range(3):
        picture[:, :, channel] = to_bytes(stored[:, :, channel], limits[channel])
    picture[:, :, 3] = np.where(valid.any(axis=2), 255, 0)
    return picture
