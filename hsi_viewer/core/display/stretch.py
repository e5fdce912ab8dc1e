"""Contrast: limits taken from the whole scene, then bytes for the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

LEAST, MOST = (float(v) for v in (np.finfo(np.float32).tiny, np.finfo(np.float32).max))


@dataclass(frozen=True)
class Limits:
    """Stored values that become black and white in one band."""

    low: float
    high: float


class Curve(Struct, frozen=True):
    """A rising curve from stored values to brightness, straight between its knots.

    Attributes
    ----------
    knots : two or more rising stored values.
    levels : brightness 0..1 at each knot; what lies outside takes that of the nearest knot.
    """

    knots: tuple[float, ...]
    levels: tuple[float, ...]


Transfer = Limits | Curve


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
        (0, 1) if nothing is valid; never of zero width. One positive value is drawn in middle
        grey, for black looks like no data.
    """
    kept = values[valid]
    if kept.size == 0:
        return Limits(0.0, 1.0)
    a, b = (float(v) for v in np.percentile(kept, (low, high)))
    if b <= a:
        a, b = float(kept.min()), float(kept.max())
    if b <= a and a > 0:
        return Limits(0.0, 2.0 * a)
    if b <= a:
        b = a + max(1.0, abs(a))  # of a great number, one more is the same number
    return Limits(a, b)


def to_bytes(values: NDArray[Any], transfer: Transfer) -> NDArray[np.uint8]:
    """Stretch to 0..255, clipped; what is not a number becomes 0."""
    if isinstance(transfer, Curve):
        levels = np.interp(values, transfer.knots, transfer.levels)
        drawn: NDArray[np.uint8] = np.rint(np.nan_to_num(levels) * 255.0).astype(np.uint8)
        return drawn
    limits = transfer
    width = limits.high - limits.low
    within = LEAST < width < MOST and abs(limits.low) < MOST
    with np.errstate(over="ignore", invalid="ignore"):  # fill values at the end of the range
        if within:
            scaled = (values.astype(np.float32) - limits.low) * (255.0 / width)
        else:
            scaled = (values.astype(np.float64) - limits.low) / width * 255.0
    scaled = np.nan_to_num(scaled, nan=0.0, posinf=255.0, neginf=0.0)
    pixels: NDArray[np.uint8] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return pixels


def composite(
    stored: NDArray[Any],
    valid: NDArray[np.bool_],
    transfers: tuple[Transfer, ...],
    colours: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """False-colour picture, (rows, columns, 4) RGBA; pixels without data are transparent.

    Parameters
    ----------
    stored : (rows, columns, 3) stored values; or (rows, columns, 1) of a single band.
    valid : the same shape, True where there is data.
    transfers : one per channel.
    colours : (256, 3) table for a single band; grey by default.
    """
    picture = np.empty((*stored.shape[:2], 4), np.uint8)
    if stored.shape[2] == 1:
        levels = to_bytes(stored[:, :, 0], transfers[0])
        picture[:, :, :3] = levels[:, :, None] if colours is None else colours[levels]
    else:
        for channel in range(3):
            picture[:, :, channel] = to_bytes(stored[:, :, channel], transfers[channel])
    picture[:, :, 3] = np.where(valid.any(axis=2), 255, 0)
    return picture
