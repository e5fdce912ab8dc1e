"""SceneFeatures: the features of one cube, tile by tile, kept in memory while they are small."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import replace
from math import prod, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import probe_bands, shared_values, usual_of
from hsi_viewer.core.cube.nodata import SuspectedFill, is_nodata
from hsi_viewer.core.cube.thinned import ThinnedSource
from hsi_viewer.core.progress import CancelToken, ProgressPort, SilentPort, counted
from hsi_viewer.learning.features import ROWS, Features, FloatArray, strips
from hsi_viewer.learning.scene_windows import (
    Linear,
    Projected,
    Standardised,
    moved,
    seen_by,
    sliced,
    together,
    within,
)
from hsi_viewer.learning.survey import TILE, Survey, Window, tiles, tiles_inside
from hsi_viewer.learning.windows import at, mirrored

MARGIN = 3  # pixels around features that are kept, mirrored in advance: the network's radius
SAMPLED, SAMPLED_TILES = 4_000, 9  # pixels that stand for a scene, and tiles they are in, at most
ENOUGH = 500  # of them; where a grid meets fewer with data, all places are looked at
SAMPLED_SIDE = 40  # of such a tile, where features are not kept
READ_BYTES = 128_000_000  # of a window of which few components are wanted, read at once
AROUND_LABELS = 16  # pixels that a window of its own costs as much as
KEEP_BYTES = 400_000_000
COMPUTING, COMPARING = "Computing features", "Comparing neighbouring pixels"


class SceneFeatures:
    """Features of a cube by window, mirrored beyond its borders.

    Parameters
    ----------
    cube : the scene.
    features : fitted on this scene or another.
    token : checked while features are computed.
    origin : the cube that `cube` was made of, if it was.
    keep : whether features are kept while they are small; without, each window is computed.
    port : takes `Progress` while features are computed that are kept.

    Attributes
    ----------
    survey : what tiles that were computed have shown, from the moment on that a guide is wanted.
    """

    def __init__(
        self,
        cube: HyperCube,
        features: Features,
        token: CancelToken | None = None,
        *,
        origin: HyperCube | None = None,
        keep: bool = True,
        port: ProgressPort | None = None,
    ) -> None:
        self.cube = cube
        self.origin = origin or cube
        self.features = features
        self.survey: Survey | None = None
        self._probes = probe_bands(cube, np.arange(features.bands.size))
        self._usual = usual_of(cube, features.bands[self._probes])
        self._kept: tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]] | None = None
        if keep and cube.rows * cube.columns * features.channels * 4 <= KEEP_BYTES:
            self._kept = self._compute_all(token, port or SilentPort())
        self._sample: FloatArray | None = None
        self._sampled = np.zeros(0, np.int64)
        self._sampled_spectra: FloatArray | None = None

    def window(
        self, rows: slice, columns: slice, margin: int = 0, token: CancelToken | None = None
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Features of a window and of a margin around it.

        Returns
        -------
        features : (channels, rows + 2 margin, columns + 2 margin), to be read only.
        valid : (rows, columns), True where the cube has data.
        """
        values, valid, _ = self.seen(rows, columns, margin, token)
        return values, valid

    def seen(
        self, rows: slice, columns: slice, margin: int = 0, token: CancelToken | None = None
    ) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
        """As `window`, and (rows, columns) where the spectrum is like none of the scene."""
        r = range(rows.start - margin, rows.stop + margin)
        c = range(columns.start - margin, columns.stop + margin)
        if self._kept is not None:
            values, valid, strays = self._kept
            own = valid[rows, columns], strays[rows, columns]
            if margin <= MARGIN:
                near, far = MARGIN - margin, MARGIN + margin
                part = values[:, rows.start + near : rows.stop + far]
                return part[:, :, columns.start + near : columns.stop + far], *own
            inner = np.moveaxis(values, 0, 2)[MARGIN:-MARGIN, MARGIN:-MARGIN]
            return np.moveaxis(at(inner, r, c), 2, 0), *own
        found, _ = self._projected(r, c, tile=(rows, columns))
        values = self.features.smooth(*found, token)
        down, across = slice(margin, len(r) - margin), slice(margin, len(c) - margin)
        return values, found.inner[down, across], found.inner_strays[down, across]

    @property
    def is_kept(self) -> bool:
        """Whether all features are at hand; otherwise each window is computed when asked for."""
        return self._kept is not None

    def sample(self, token: CancelToken | None = None) -> FloatArray:
        """Features (n, channels) of some thousand pixels with data, evenly over the scene."""
        if self._sample is None:
            side = TILE if self.is_kept else SAMPLED_SIDE
            windows = tiles_inside(self.cube, side)
            windows = windows[:: -(-len(windows) // (SAMPLED_TILES * (TILE // side)))]
            seen = []
            if not self.is_kept:
                seen = [self._sparsely_in(window, len(windows), token) for window in windows]
            if sum(len(features) for features, _ in seen) < ENOUGH:
                seen = [self._some_of(window, len(windows), token) for window in windows]
            self._sample, self._sampled = (np.concatenate(each) for each in zip(*seen, strict=True))
        return self._sample

    def _some_of(
        self, window: Window, count: int, token: CancelToken | None
    ) -> tuple[FloatArray, NDArray[np.int64]]:
        """Features (n, channels) of a share of a window, one of so many, and its pixels (n,)."""
        values, valid = self.window(*window, 0, token)
        inside = np.flatnonzero(valid)
        step = max(1, inside.size * count // SAMPLED)
        row, column = np.divmod(inside[step // 2 :: step], valid.shape[1])
        features = np.ascontiguousarray(values[:, row, column].T)
        return features, self._flat(row + window[0].start, column + window[1].start)

    def _sparsely_in(
        self, window: Window, count: int, token: CancelToken | None
    ) -> tuple[FloatArray, NDArray[np.int64]]:
        """The same of a grid of pixels in the window: no others need be computed."""
        sizes = [s.stop - s.start for s in window]
        step = max(1, round(sqrt(prod(sizes) * count / SAMPLED)))
        rows, columns = (
            range(s.start + min(step, size) // 2, s.stop, step)
            for s, size in zip(window, sizes, strict=True)
        )
        found, _ = self._projected(rows, columns, tile=None)
        features = np.moveaxis(self.features.smooth(*found, token), 0, 2)
        row, column = np.nonzero(found.inner)
        return features[row, column], self._flat(np.array(rows)[row], np.array(columns)[column])

    def _flat(self, row: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.int64]:
        return row * self.cube.columns + column

    def sampled_spectra(self, token: CancelToken | None = None) -> FloatArray:
        """Spectra (n, bands) of the pixels of `sample`."""
        if self._sampled_spectra is None:
            self.sample(token)
            self._sampled_spectra = self.spectra_at(self._sampled, token)
        return self._sampled_spectra

    def narrowed(self) -> SceneFeatures:
        """The same scene, seen pixel by pixel, where wide windows would have to be computed."""
        if self.is_kept or len(self.features.sigmas) == 1:
            return self
        narrow = SceneFeatures(self.cube, self.features.narrowed(), origin=self.origin, keep=False)
        narrow.survey = self.survey
        return narrow

    def patches(
        self,
        pixels: NDArray[np.int64],
        radius: int,
        token: CancelToken | None = None,
        port: ProgressPort | None = None,
    ) -> FloatArray:
        """Square windows around pixels, (n, channels, 2 radius + 1, 2 radius + 1).

        Parameters
        ----------
        pixels : (n,) flat indices in row-major order.
        port : takes `Progress` where windows are computed.
        """
        side = 2 * radius + 1
        out = np.empty((pixels.size, side, side, self.features.channels), np.float32)
        out = np.moveaxis(out, 3, 1)  # channels last in memory, as the network reads them
        row, column = np.divmod(pixels, self.cube.columns)
        groups = [np.arange(row.size)] if row.size else []
        if not self.is_kept:
            groups = list(together(row, column, 2 * (self.features.reach + radius)))
        told = SilentPort() if port is None or self.is_kept else port
        for some in counted(groups, COMPUTING, told):
            if token is not None:
                token.check()
            top, left = int(row[some].min()), int(column[some].min())
            rows = slice(top, int(row[some].max()) + 1)
            columns = slice(left, int(column[some].max()) + 1)
            values, _ = self.window(rows, columns, radius, token)
            for i in some:
                r, c = row[i] - top, column[i] - left
                out[i] = values[:, r : r + side, c : c + side]
        return out

    def looked_at(
        self, pixels: NDArray[np.int64], token: CancelToken | None = None
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which of some pixels (n,) have data, and which of them are like none of the scene."""
        valid, strays = np.ones(pixels.size, bool), np.zeros(pixels.size, bool)
        for some, window, at_them in self._around(pixels, token):
            _, has_data, stray = self.features.standardised(*self._read(*window))
            valid[some], strays[some] = has_data[at_them], stray[at_them]
        return valid, strays

    def _around(
        self, pixels: NDArray[np.int64], token: CancelToken | None
    ) -> Iterator[tuple[NDArray[np.int64], Window, tuple[NDArray[np.int64], NDArray[np.int64]]]]:
        """Pixels that are read together, the window that holds them, and where they are in it."""
        row, column = np.divmod(pixels, self.cube.columns)
        for some in together(row, column, AROUND_LABELS):
            if token is not None:
                token.check()
            top, left = int(row[some].min()), int(column[some].min())
            window = slice(top, int(row[some].max()) + 1), slice(left, int(column[some].max()) + 1)
            yield some, window, (row[some] - top, column[some] - left)

    def found_sentences(self) -> list[str]:
        """A sentence for each value that looking at all of the scene has shown to be a fill."""
        return [fill.sentence for fill in self.found_fills()]

    def found_fills(self) -> tuple[SuspectedFill, ...]:
        """Values that looking at all of the scene has shown to be fills."""
        found = {} if self.survey is None else self.survey.found
        return tuple(SuspectedFill(value, count) for value, count in found.items())

    def spectra(self, rows: slice, columns: slice) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Standardised values of a window as `Features.standardised`, and where there is data.

        Returns
        -------
        values : (rows * columns, bands in use).
        valid : (rows, columns).
        """
        values, valid, _ = self.features.standardised(*self._read(rows, columns))
        return values, valid

    def standardised_around(self, rows: range, columns: range) -> Standardised:
        """What features of places of the mirrored scene are made of."""
        reach = self.features.reach
        wide = seen_by(rows, reach, self.cube.rows)
        broad = seen_by(columns, reach, self.cube.columns)
        values, valid, strays = self.features.standardised(*self._read(wide, broad))
        inner = within((rows, columns), wide, broad)
        return Standardised(values.reshape(*valid.shape, -1), valid, strays, *inner)

    @property
    def widths(self) -> tuple[int, int]:
        """Numbers of a pixel: of its features, and of its spectrum."""
        return self.features.channels, self.features.bands.size

    def spectra_at(self, pixels: NDArray[np.int64], token: CancelToken | None = None) -> FloatArray:
        """Standardised values (n, bands in use) of pixels (n,), flat indices in row-major order."""
        out = np.empty((pixels.size, self.features.bands.size), np.float32)
        for some, window, at_them in self._around(pixels, token):
            values, valid = self.spectra(*window)
            out[some] = values.reshape(*valid.shape, -1)[at_them]
        return out

    def linear(
        self,
        rows: range | slice,
        columns: range | slice,
        weights: FloatArray,
        axes: FloatArray,
        token: CancelToken | None = None,
    ) -> Linear:
        """What linear voices need to know of a part, without computing all of its features.

        Parameters
        ----------
        rows, columns : a window, or every n-th row and column of one.
        weights : (channels, k) that all features are multiplied by.
        axes : (bands in use, m) that standardised spectra are multiplied by.
        """
        r = rows if isinstance(rows, range) else range(rows.start, rows.stop)
        c = columns if isinstance(columns, range) else range(columns.start, columns.stop)
        found, spectral = self._projected(r, c, tile=sliced((r, c)), axes=axes)
        first, products = self.features.linear(*found, weights, token)
        return Linear(first, products, spectral, found.inner, found.inner_strays)

    def guide(
        self, count: int, token: CancelToken | None = None, port: ProgressPort | None = None
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Leading components of the whole scene and where it has data.

        Returns
        -------
        components : (count, rows, columns), not smoothed, in units of their noise.
        valid : (rows, columns).
        """
        survey = self.surveyed(count)
        for tile in counted(survey.unseen, COMPARING, port or SilentPort()):
            if token is not None:
                token.check()
            self.look_at(tile)
        return survey.guide, survey.valid

    def guide_at(
        self, rows: slice, columns: slice, count: int
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """The guide of a window alone, (count, rows, columns), and where it has data.

        A large window is read some rows at a time: its values may not fit into the memory.
        """
        bands, (height, width) = self.features.bands, (p.stop - p.start for p in (rows, columns))
        at_once = READ_BYTES // (width * bands.size * self.cube.dtype.itemsize) // ROWS * ROWS
        parts = list(strips(height, max(ROWS, at_once)))
        fills = None
        if len(parts) > 1 and self._usual is not None:  # what one part shows holds of all
            fills = self._shared(self.cube.read(rows, columns, bands[self._probes]))
        strength = self.features.strength[:count, None, None]
        guide = np.empty((strength.size, height, width), np.float32)
        valid = np.empty((height, width), bool)
        for part in parts:
            found, valid[part], _ = self.features.project(
                *self._read(moved(part, rows.start), columns, fills), count
            )
            np.multiply(found, strength, out=guide[:, part])
        return guide, valid

    def with_cube(self, cube: HyperCube) -> SceneFeatures:
        """The same features of the same scene, read by way of another cube; none are kept."""
        other = copy(self)
        other.cube, other._kept = cube, None
        return other

    def surveyed(self, count: int) -> Survey:
        """The survey of so many components, which what is computed from now on adds to."""
        count = min(count, self.features.components.shape[1])
        if self.survey is None or len(self.survey.guide) != count:
            shape = self.cube.rows, self.cube.columns
            self.survey = Survey(*shape, self.features.strength[:count])
        return self.survey

    def look_at(self, tile: Window) -> None:
        """Add a tile to the survey, unless it is there."""
        if self.survey is not None and self.survey.lacks(*tile):
            stored, is_data = self._read(*tile)
            found = self.features.project(stored, is_data, len(self.survey.guide))
            self.survey.keep(tile, *found, self._fills(stored))

    def thinned(self, step: int) -> SceneFeatures:
        """Every step-th row and column as a scene of its own, its windows as wide on the ground."""
        sigmas = tuple(sigma / step for sigma in self.features.sigmas)
        inside = None if self.cube.inside is None else self.cube.inside[::step, ::step]
        cube = replace(self.cube, source=ThinnedSource(self.cube.source, step), inside=inside)
        thin = SceneFeatures(cube, replace(self.features, sigmas=sigmas), keep=False)
        thin._probes, thin._usual = self._probes, self._usual
        return thin

    def _read(
        self, rows: slice, columns: slice, fills: Iterable[float] | None = None
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Stored values of the bands in use, and where they are data; fill values are not."""
        stored = self.cube.read(rows, columns, self.features.bands)
        is_data = self.cube.is_data(stored)
        for value in self._fills(stored) if fills is None else fills:
            is_data &= ~is_nodata(stored, value)
        return stored, is_data

    def _fills(self, stored: NDArray[Any]) -> dict[float, int]:
        """Pixels by fill value that only looking at all of a large scene shows."""
        return {} if self._usual is None else self._shared(stored[:, :, self._probes])

    def _shared(self, probes: NDArray[Any]) -> dict[float, int]:
        found = shared_values(probes, self.cube.is_data(probes), self._usual)
        return {value: count for value, count, _ in found}

    def _projected(
        self, rows: range, columns: range, *, tile: Window | None, axes: FloatArray | None = None
    ) -> tuple[Projected, FloatArray]:
        """What `Features.smooth` is given for places of the mirrored scene.

        If they hold a tile that the survey lacks, it is added; None adds none. The second are the
        products (rows, columns, m) of the standardised spectra there with axes (bands in use, m).
        """
        reach = self.features.reach
        wide, broad = (
            seen_by(rows, reach, self.cube.rows),
            seen_by(columns, reach, self.cube.columns),
        )
        stored, is_data = self._read(wide, broad)
        own = self.features.components
        asked = own if axes is None else np.concatenate([own, axes], axis=1)
        found, valid, strays = self.features.along(stored, is_data, asked)
        components = np.moveaxis(found[:, :, : own.shape[1]], 2, 0)
        if tile is not None and self.survey is not None and self.survey.lacks(*tile):
            part = sliced(within(tile, wide, broad))
            seen = components[:, *part], valid[part], strays[part]
            self.survey.keep(tile, *seen, self._fills(stored[part]))
        inner = within((rows, columns), wide, broad)
        products = at(found[:, :, own.shape[1] :], *inner)
        return Projected(components, valid, strays, *inner), products

    def _compute_all(
        self, token: CancelToken | None, port: ProgressPort
    ) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
        """What `seen` gives of the whole scene; features (channels, ...) with a margin.

        Channels are last in memory.
        """
        rows, columns = self.cube.rows, self.cube.columns
        valid, strays = np.empty((2, rows, columns), bool)
        wide = (rows + 2 * MARGIN, columns + 2 * MARGIN, self.features.channels)
        values = np.empty(wide, np.float32)
        inner = values[MARGIN : MARGIN + rows, MARGIN : MARGIN + columns]
        for r, c in counted(list(tiles(rows, columns)), COMPUTING, port):
            places = range(r.start, r.stop), range(c.start, c.stop)
            found, _ = self._projected(*places, tile=(r, c))
            features = self.features.smooth(*found, token)
            valid[r, c], strays[r, c] = found.inner, found.inner_strays
            inner[r, c] = np.moveaxis(features, 0, 2)
        outside = np.arange(-MARGIN, 0), np.arange(MARGIN)
        for row in np.concatenate([outside[0], rows + outside[1]]):
            values[row + MARGIN] = values[mirrored(row, rows) + MARGIN]
        for column in np.concatenate([outside[0], columns + outside[1]]):
            values[:, column + MARGIN] = values[:, mirrored(column, columns) + MARGIN]
        return np.moveaxis(values, 2, 0), valid, strays
