"""SceneFeatures: the features of one cube, tile by tile, kept in memory while they are small."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import probe_bands, shared_values, usual_of
from hsi_viewer.core.cube.nodata import SuspectedFill, is_nodata
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.features import Features, FloatArray
from hsi_viewer.learning.windows import mirrored

TILE = 160  # pixels a side: bounds the memory of inference
MARGIN = 3  # pixels around features that are kept, mirrored in advance: the network's radius
USUAL = 0.999  # share of the training scene's pixels that count as within its range
SAMPLED_TILES = 9  # that show the range, at most
KEEP_BYTES = 400_000_000

Window = tuple[slice, slice]


def tiles(rows: int, columns: int, side: int = TILE) -> Iterator[Window]:
    """Windows that cover a scene without overlap, row by row."""
    for top in range(0, rows, side):
        for left in range(0, columns, side):
            yield slice(top, min(top + side, rows)), slice(left, min(left + side, columns))


def _picked(values: FloatArray, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> FloatArray:
    """Rows and columns of (channels, rows, columns); a view where nothing is mirrored."""
    values = np.moveaxis(values, 0, 2)  # as it lies in memory
    for axis, index in ((0, rows), (1, columns)):
        first, last = int(index[0]), int(index[-1])
        if last - first + 1 == index.size and int(index.min()) == first:
            values = values[first : last + 1] if axis == 0 else values[:, first : last + 1]
        else:
            values = values.take(index, axis=axis)
    return np.moveaxis(values, 2, 0)


class SceneFeatures:
    """Features of a cube by window, mirrored beyond its borders.

    Parameters
    ----------
    cube : the scene.
    features : fitted on this scene or another.
    token : checked while features are computed.
    origin : the cube that `cube` was made of, if it was.
    keep : whether features are kept while they are small; without, each window is computed.

    Attributes
    ----------
    found : pixels by fill value that only looking at all of a large scene has shown; complete
        once the guide was asked for.
    strays : (rows, columns) pixels like none of the scene, as `Features.project` says; likewise.
    """

    def __init__(
        self,
        cube: HyperCube,
        features: Features,
        token: CancelToken | None = None,
        *,
        origin: HyperCube | None = None,
        keep: bool = True,
    ) -> None:
        self.cube = cube
        self.origin = origin or cube
        self.features = features
        self.found: dict[float, int] = {}
        self._probes = probe_bands(cube, np.arange(features.bands.size))
        self._usual = usual_of(cube, features.bands[self._probes])
        self._kept: tuple[FloatArray, NDArray[np.bool_]] | None = None
        if keep and cube.rows * cube.columns * features.channels * 4 <= KEEP_BYTES:
            self._kept = self._compute_all(token)
        self._guide: tuple[FloatArray, NDArray[np.bool_]] | None = None
        self.strays = np.zeros((0, 0), bool)

    def window(
        self, rows: slice, columns: slice, margin: int = 0, token: CancelToken | None = None
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Features of a window and of a margin around it.

        Returns
        -------
        features : (channels, rows + 2 margin, columns + 2 margin), to be read only.
        valid : (rows, columns), True where the cube has data.
        """
        r = mirrored(np.arange(rows.start - margin, rows.stop + margin), self.cube.rows)
        c = mirrored(np.arange(columns.start - margin, columns.stop + margin), self.cube.columns)
        if self._kept is not None:
            values, valid = self._kept
            if margin <= MARGIN:
                near, far = MARGIN - margin, MARGIN + margin
                part = values[:, rows.start + near : rows.stop + far]
                return part[:, :, columns.start + near : columns.stop + far], valid[rows, columns]
            return _picked(values, r + MARGIN, c + MARGIN), valid[rows, columns]
        top, left = int(r.min()), int(c.min())
        values, valid = self._compute(
            slice(top, int(r.max()) + 1), slice(left, int(c.max()) + 1), token
        )
        inner = valid[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]
        return _picked(values, r - top, c - left), inner

    def usual_distance(self, token: CancelToken | None = None) -> float:
        """Squared distance from the mean that most pixels stay within; see `Features.distance`."""
        rows, columns = self.cube.rows, self.cube.columns
        windows = list(tiles(rows, columns))
        seen = []
        for r, c in windows[:: -(-len(windows) // SAMPLED_TILES)]:
            values, valid = self.window(r, c, 0, token)
            seen.append(self.features.distance(values[:, valid].T))
        return float(np.quantile(np.concatenate(seen), USUAL)) if sum(map(len, seen)) else np.inf

    def narrowed(self) -> SceneFeatures:
        """The same scene, seen pixel by pixel, where wide windows would have to be computed."""
        if self._kept is not None:
            return self
        narrow = SceneFeatures(self.cube, self.features.narrowed(), origin=self.origin, keep=False)
        narrow._guide, narrow.found, narrow.strays = self._guide, self.found, self.strays
        return narrow

    def patches(
        self, pixels: NDArray[np.int64], radius: int, token: CancelToken | None = None
    ) -> FloatArray:
        """Square windows around pixels, (n, channels, 2 radius + 1, 2 radius + 1).

        Parameters
        ----------
        pixels : (n,) flat indices in row-major order.
        """
        side = 2 * radius + 1
        out = np.empty((pixels.size, side, side, self.features.channels), np.float32)
        out = np.moveaxis(out, 3, 1)  # channels last in memory, as the network reads them
        row, column = np.divmod(pixels, self.cube.columns)
        for rows, columns in tiles(self.cube.rows, self.cube.columns):
            inside = np.flatnonzero(
                (row >= rows.start)
                & (row < rows.stop)
                & (column >= columns.start)
                & (column < columns.stop)
            )
            if inside.size == 0:
                continue
            values, _ = self.window(rows, columns, radius, token)
            for i in inside:
                if token is not None:
                    token.check()
                r, c = row[i] - rows.start, column[i] - columns.start
                out[i] = values[:, r : r + side, c : c + side]
        return out

    def found_sentences(self) -> list[str]:
        """A sentence for each value that looking at all of the scene has shown to be a fill."""
        return [SuspectedFill(value, count).sentence for value, count in self.found.items()]

    def spectra(self, rows: slice, columns: slice) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Standardised values of a window as `Features.standardised`, and where there is data.

        Returns
        -------
        values : (rows * columns, bands in use).
        valid : (rows, columns).
        """
        values, valid, _ = self.features.standardised(*self._read(rows, columns))
        return values, valid

    def spectra_at(self, pixels: NDArray[np.int64], token: CancelToken | None = None) -> FloatArray:
        """Standardised values (n, bands in use) of pixels (n,), flat indices in row-major order."""
        out = np.empty((pixels.size, self.features.bands.size), np.float32)
        row, column = np.divmod(pixels, self.cube.columns)
        for r, c in tiles(self.cube.rows, self.cube.columns):
            inside = (row >= r.start) & (row < r.stop) & (column >= c.start) & (column < c.stop)
            if inside.any():
                if token is not None:
                    token.check()
                values, _ = self.spectra(r, c)
                width = c.stop - c.start
                out[inside] = values[(row[inside] - r.start) * width + column[inside] - c.start]
        return out

    def guide(
        self, count: int, token: CancelToken | None = None
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Leading components of the whole scene and where it has data.

        Returns
        -------
        components : (count, rows, columns), not smoothed, in units of their noise.
        valid : (rows, columns).
        """
        count = min(count, self.features.components.shape[1])
        if self._guide is not None and self._guide[0].shape[0] == count:
            return self._guide
        rows, columns = self.cube.rows, self.cube.columns
        out = np.empty((count, rows, columns), np.float32)
        valid, strays = np.empty((rows, columns), bool), np.empty((rows, columns), bool)
        for r, c in tiles(rows, columns):
            if token is not None:
                token.check()
            stored, is_data = self._read(r, c, counted=True)
            out[:, r, c], valid[r, c], strays[r, c] = self.features.project(stored, is_data, count)
        out *= self.features.strength[:count, None, None]
        self._guide, self.strays = (out, valid), strays
        return self._guide

    def _read(
        self, rows: slice, columns: slice, *, counted: bool = False
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Stored values of the bands in use, and where they are data; fill values are not."""
        stored = self.cube.read(rows, columns, self.features.bands)
        is_data = self.cube.is_data(stored)
        if self._usual is not None:
            probes = stored[:, :, self._probes], is_data[:, :, self._probes]
            for value, count, _ in shared_values(*probes, self._usual):
                is_data &= ~is_nodata(stored, value)
                if counted:
                    self.found[value] = self.found.get(value, 0) + count
        return stored, is_data

    def _compute(
        self, rows: slice, columns: slice, token: CancelToken | None
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        reach, cube = self.features.reach, self.cube
        top, left = max(0, rows.start - reach), max(0, columns.start - reach)
        wide = slice(top, min(cube.rows, rows.stop + reach))
        broad = slice(left, min(cube.columns, columns.stop + reach))
        components, valid, strays = self.features.project(*self._read(wide, broad))
        inner = (
            slice(rows.start - top, rows.stop - top),
            slice(columns.start - left, columns.stop - left),
        )
        return self.features.smooth(components, valid, strays, *inner, token), valid[inner]

    def _compute_all(self, token: CancelToken | None) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Features of the whole scene and a margin, (channels, ...), channels last in memory."""
        rows, columns = self.cube.rows, self.cube.columns
        valid = np.empty((rows, columns), bool)
        wide = (rows + 2 * MARGIN, columns + 2 * MARGIN, self.features.channels)
        values = np.empty(wide, np.float32)
        inner = values[MARGIN : MARGIN + rows, MARGIN : MARGIN + columns]
        for r, c in tiles(rows, columns):
            features, valid[r, c] = self._compute(r, c, token)
            inner[r, c] = np.moveaxis(features, 0, 2)
        outside = np.arange(-MARGIN, 0), np.arange(MARGIN)
        for row in np.concatenate([outside[0], rows + outside[1]]):
            values[row + MARGIN] = values[mirrored(row, rows) + MARGIN]
        for column in np.concatenate([outside[0], columns + outside[1]]):
            values[:, column + MARGIN] = values[:, mirrored(column, columns) + MARGIN]
        return np.moveaxis(values, 2, 0), valid
