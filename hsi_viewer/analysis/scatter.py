"""Scatter plots of a scene: values of two channels, and what a lasso holds of the whole scene."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.cube.blocks import blocks, sample_steps
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.derived.derived_images import component_image
from hsi_viewer.core.display.scatter_density import Density, density, inside
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort

Floats = NDArray[np.float64]
SAMPLE_SIDE = 1024  # a scene of more pixels than this squared is thinned
MAX_SHOWN = 20_000  # pixels of a class or selection that are drawn one by one


class Channel(Struct, frozen=True):
    """Quantity on an axis, counted from 0: a band, or a component of an image."""

    kind: Literal["band", "pca", "mnf"]
    index: int


class ScatterAxes(Struct, frozen=True, eq=False):
    """Two channels of a cube, and the images of components that they are taken from."""

    cube: HyperCube
    x: Channel
    y: Channel
    images: tuple[tuple[str, HyperCube], ...] = ()

    def values(self, rows: slice, columns: slice) -> tuple[Floats, Floats]:
        """Physical values of both channels in a window, (rows, columns) each, NaN without data."""
        return self._read(self.x, rows, columns), self._read(self.y, rows, columns)

    def windows(self) -> Iterator[tuple[slice, slice]]:
        """Blocks of the scene that are small as double precision, components included."""
        parts = self.cube.bands if self.images else 2
        return blocks(self.cube, parts * max(1, 8 // self.cube.dtype.itemsize))

    def _read(self, channel: Channel, rows: slice, columns: slice) -> Floats:
        cube = dict(self.images).get(channel.kind, self.cube)
        stored = cube.read(rows, columns, [channel.index])[:, :, 0]
        values = cube.physical(stored)
        values[~cube.is_data(stored)] = np.nan
        return values


class ScatterResult(Struct, frozen=True, eq=False):
    """A density plot, the axes that it was made of, and that every step-th pixel was counted."""

    axes: ScatterAxes
    density: Density
    step: int


def scatter(
    cube: HyperCube,
    x: Channel,
    y: Channel,
    images: tuple[tuple[str, HyperCube], ...] = (),
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> ScatterResult:
    """Density of two channels; scenes of more than about a million pixels are thinned evenly.

    Parameters
    ----------
    images : component images that were made before, by kind; missing ones are made.

    Raises
    ------
    DerivedError
        if components cannot be fitted.
    TaskCancelledError
        when the token is cancelled.
    """
    token, port = token or CancelToken(), port or SilentPort()
    known = dict(images)
    for channel in (x, y):
        if channel.kind != "band" and channel.kind not in known:
            known[channel.kind] = component_image(cube, channel.kind, token, port)
    axes = ScatterAxes(cube, x, y, tuple(known.items()))
    rows, columns = sample_steps(cube, SAMPLE_SIDE)
    parts: tuple[list[Floats], list[Floats]] = ([], [])
    for r, c in axes.windows():
        token.check()
        thinned = (_thinned(r, rows.step), _thinned(c, columns.step))
        for part, found in zip(parts, axes.values(*thinned), strict=True):
            part.append(found.ravel())
        port.report(Progress("Counting pixels for the scatter plot", r.stop / cube.rows))
    counted = density(np.concatenate(parts[0]), np.concatenate(parts[1]))
    return ScatterResult(axes, counted, max(rows.step, columns.step))


def pixels_inside(
    axes: ScatterAxes,
    corners: Floats,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> NDArray[np.bool_]:
    """Pixels of the whole scene whose values lie in a polygon of the plot, (rows, columns)."""
    token, port = token or CancelToken(), port or SilentPort()
    mask = np.zeros((axes.cube.rows, axes.cube.columns), bool)
    for rows, columns in axes.windows():
        token.check()
        mask[rows, columns] = inside(*axes.values(rows, columns), corners)
        port.report(Progress("Selecting pixels", rows.stop / axes.cube.rows))
    return mask


def values_at(axes: ScatterAxes, pixels: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Values of both channels at pixels (flat indices, ascending), evenly thinned to MAX_SHOWN."""
    if pixels.size > MAX_SHOWN:
        pixels = pixels[np.linspace(0, pixels.size - 1, MAX_SHOWN).astype(np.int64)]
    rows, columns = np.divmod(pixels, axes.cube.columns)
    x, y = np.empty(pixels.size), np.empty(pixels.size)
    for r, c in axes.windows():
        there = np.arange(*np.searchsorted(rows, [r.start, r.stop]))
        there = there[(columns[there] >= c.start) & (columns[there] < c.stop)]
        if there.size:
            box = (_span(rows[there]), _span(columns[there]))
            values = axes.values(*box)
            at = (rows[there] - box[0].start, columns[there] - box[1].start)
            x[there], y[there] = values[0][at], values[1][at]
    return x, y


def _thinned(part: slice, step: int) -> slice:
    """Every step-th of the whole scene in a part of it."""
    return slice(-(-part.start // step) * step, part.stop, step)


def _span(indices: NDArray[np.int64]) -> slice:
    return slice(int(indices.min()), int(indices.max()) + 1)
