"""SceneFeatures: the features of one cube, tile by tile, kept in memory while they are small."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import probe_bands, shared_values, usual_of
from hsi_viewer.core.cube.nodata import SuspectedFill, is_nodata
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.features import Features, FloatArray
from hsi_viewer.learning.windows import at, mirrored

TILE = 160  # pixels a side: bounds the memory of inference
MARGIN = 3  # pixels around features that are kept, mirrored in advance: the network's radius
SAMPLED, SAMPLED_TILES = 4_000, 9  # pixels that stand for a scene, and tiles they are in, at most
KEEP_BYTES = 400_000_000

SURVEY_TILE = 240  # pixels a side of what is computed at once where few features are kept

Window = tuple[slice, slice]


@dataclass(frozen=True)
class Survey:
    """What looking at every pixel of a scene gives.

    Attributes
    ----------
    guide : (count, rows, columns) components.
    valid, strays : (rows, columns).
    strength : (count, 1, 1) of the components.
    """

    guide: FloatArray
    valid: NDArray[np.bool_]
    strays: NDArray[np.bool_]
    strength: FloatArray

    def keep(
        self,
        rows: slice,
        columns: slice,
        components: FloatArray,
        valid: NDArray[np.bool_],
        strays: NDArray[np.bool_],
    ) -> None:
        """Take what `Features.project` gives of a part of the scene."""
        leading = components[: len(self.guide)]
        np.multiply(leading, self.strength, out=self.guide[:, rows, columns])
        self.valid[rows, columns], self.strays[rows, columns] = valid, strays


def tiles(rows: int, columns: int, side: int = TILE) -> Iterator[Window]:
    """Windows that cover a scene without overlap, row by row."""
    for top in range(0, rows, side):
        for left in range(0, columns, side):
            yield slice(top, min(top + side, rows)), slice(left, min(left + side, columns))


def moved(part: slice, by: int) -> slice:
    """A range of rows or columns, so many further on."""
    return slice(part.start + by, part.stop + by)


def halves(
    some: NDArray[np.int64], row: NDArray[np.int64], column: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """Pixels cut in the middle of their longer extent; one part where they are one pixel."""
    along = row if np.ptp(row) >= np.ptp(column) else column
    low = 2 * along <= int(along.min()) + int(along.max())
    return [part for part in (some[low], some[~low]) if part.size]


def _around(places: range, reach: int, size: int) -> slice:
    """The part of an axis that windows around places of the mirrored axis see."""
    first, last = places[0] - reach, places[-1] + reach
    start, stop = max(0, first), min(size, last + 1)
    if first < 0:
        stop = max(stop, min(size, -first))
    if last >= size:
        start = min(start, max(0, 2 * size - 1 - last))
    return slice(start, stop)


def _within(part: tuple[range, range] | Window, rows: slice, columns: slice) -> tuple[range, range]:
    """The same places, counted from the start of a window that holds them."""
    r, c = part
    return (
        range(r.start - rows.start, r.stop - rows.start, r.step or 1),
        range(c.start - columns.start, c.stop - columns.start, c.step or 1),
    )


def _sliced(part: tuple[range, range]) -> Window:
    return slice(part[0].start, part[0].stop), slice(part[1].start, part[1].stop)


def _extent(row: NDArray[np.int64], column: NDArray[np.int64]) -> tuple[int, int]:
    return int(np.ptp(row)) + 1, int(np.ptp(column)) + 1


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
        self._sample: FloatArray | None = None
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
        r = range(rows.start - margin, rows.stop + margin)
        c = range(columns.start - margin, columns.stop + margin)
        if self._kept is not None:
            values, valid = self._kept
            if margin <= MARGIN:
                near, far = MARGIN - margin, MARGIN + margin
                part = values[:, rows.start + near : rows.stop + far]
                return part[:, :, columns.start + near : columns.stop + far], valid[rows, columns]
            inner = np.moveaxis(values, 0, 2)[MARGIN:-MARGIN, MARGIN:-MARGIN]
            return np.moveaxis(at(inner, r, c), 2, 0), valid[rows, columns]
        values, valid = self._compute(r, c, token)
        return values, valid[margin : len(r) - margin, margin : len(c) - margin]

    @property
    def is_kept(self) -> bool:
        """Whether all features are at hand; otherwise each window is computed when asked for."""
        return self._kept is not None

    @property
    def is_surveyed(self) -> bool:
        """Whether every pixel has been looked at."""
        return self._guide is not None

    def sample(self, token: CancelToken | None = None) -> FloatArray:
        """Features (n, channels) of some thousand pixels with data, evenly over the scene."""
        if self._sample is None:
            windows = list(tiles(self.cube.rows, self.cube.columns))
            windows = windows[:: -(-len(windows) // SAMPLED_TILES)]
            seen = []
            for r, c in windows:
                values, valid = self.window(r, c, 0, token)
                inside = np.flatnonzero(valid)
                step = max(1, inside.size * len(windows) // SAMPLED)
                row, column = np.divmod(inside[step // 2 :: step], valid.shape[1])
                seen.append(np.ascontiguousarray(values[:, row, column].T))
            self._sample = np.concatenate(seen)
        return self._sample

    def narrowed(self) -> SceneFeatures:
        """The same scene, seen pixel by pixel, where wide windows would have to be computed."""
        if self.is_kept or len(self.features.sigmas) == 1:
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
        for some in self._together(row, column, radius):
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

    def _together(
        self, row: NDArray[np.int64], column: NDArray[np.int64], radius: int
    ) -> Iterator[NDArray[np.int64]]:
        """Pixels whose windows are computed together, because they lie close to one another."""
        around = 2 * (self.features.reach + radius)
        groups = [np.arange(row.size)] if row.size else []
        if self.is_kept:
            yield from groups
            return
        while groups:
            some = groups.pop()
            parts = halves(some, row[some], column[some])
            sizes = [_extent(row[i], column[i]) for i in (some, *parts)]
            whole, *apart = ((h + around) * (w + around) for h, w in sizes)
            if len(parts) == 2 and (max(sizes[0]) > TILE or sum(apart) < whole):
                groups += parts
            else:
                yield some

    def found_sentences(self) -> list[str]:
        """A sentence for each value that looking at all of the scene has shown to be a fill."""
        return [fill.sentence for fill in self.found_fills()]

    def found_fills(self) -> tuple[SuspectedFill, ...]:
        """Values that looking at all of the scene has shown to be fills."""
        return tuple(SuspectedFill(value, count) for value, count in self.found.items())

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
        if self._guide is None or self._guide[0].shape[0] != count:
            survey = self._survey(count)
            for r, c in tiles(self.cube.rows, self.cube.columns):
                if token is not None:
                    token.check()
                survey.keep(r, c, *self.features.project(*self._read(r, c, counted=(r, c)), count))
            self._guide, self.strays = (survey.guide, survey.valid), survey.strays
        return self._guide

    def guide_at(
        self, rows: slice, columns: slice, count: int
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """The guide of a window alone, (count, rows, columns), and where it has data."""
        components, valid, _ = self.features.project(*self._read(rows, columns), count)
        return components * self.features.strength[:count, None, None], valid

    def with_cube(self, cube: HyperCube) -> SceneFeatures:
        """The same features of the same scene, read by way of another cube; none are kept."""
        other = copy(self)
        other.cube, other._kept = cube, None
        return other

    def surveyed(self, step: int, count: int, token: CancelToken | None = None) -> FloatArray:
        """Features (channels, ...) of every step-th row and column; the guide on the way.

        Parameters
        ----------
        count : components of the guide, which later is there at once.
        """
        rows, columns, reach = self.cube.rows, self.cube.columns, self.features.reach
        survey = self._survey(min(count, self.features.components.shape[1]))
        shape = (-(-rows // step), -(-columns // step), self.features.channels)
        out = np.empty(shape, np.float32)
        for r, c in tiles(rows, columns, SURVEY_TILE):
            if token is not None:
                token.check()
            wide = _around(range(r.start, r.stop), reach, rows)
            broad = _around(range(c.start, c.stop), reach, columns)
            found = self.features.project(*self._read(wide, broad, counted=(r, c)))
            inner = _sliced(_within((r, c), wide, broad))
            components, valid, strays = found
            survey.keep(r, c, components[:, *inner], valid[inner], strays[inner])
            down, across = -(-r.start // step), -(-c.start // step)
            nodes = range(down * step, r.stop, step), range(across * step, c.stop, step)
            if not nodes[0] or not nodes[1]:
                continue
            part = self.features.smooth(*found, *_within(nodes, wide, broad), token)
            out[down : down + part.shape[1], across : across + part.shape[2]] = np.moveaxis(
                part, 0, 2
            )
        self._guide, self.strays = (survey.guide, survey.valid), survey.strays
        known = out[survey.valid[::step, ::step]]
        self._sample = known[:: max(1, len(known) // SAMPLED)].copy()
        return np.moveaxis(out, 2, 0)

    def _survey(self, count: int) -> Survey:
        self.found.clear()
        shape, strength = (self.cube.rows, self.cube.columns), self.features.strength[:count]
        return Survey(
            np.empty((count, *shape), np.float32),
            np.empty(shape, bool),
            np.empty(shape, bool),
            strength[:, None, None],
        )

    def _read(
        self, rows: slice, columns: slice, *, counted: Window | None = None
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Stored values of the bands in use, and where they are data; fill values are not.

        Those in the counted part of the scene are noted.
        """
        stored = self.cube.read(rows, columns, self.features.bands)
        is_data = self.cube.is_data(stored)
        if self._usual is not None:
            probes = stored[:, :, self._probes], is_data[:, :, self._probes]
            for value, _, _ in shared_values(*probes, self._usual):
                is_data &= ~is_nodata(stored, value)
            if counted is not None:
                inner = _sliced(_within(counted, rows, columns))
                part = probes[0][inner], probes[1][inner]
                for value, count, _ in shared_values(*part, self._usual):
                    self.found[value] = self.found.get(value, 0) + count
        return stored, is_data

    def _compute(
        self, rows: range, columns: range, token: CancelToken | None
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Features (channels, ...) at places of the mirrored scene, and where there is data."""
        reach = self.features.reach
        wide, broad = (
            _around(rows, reach, self.cube.rows),
            _around(columns, reach, self.cube.columns),
        )
        components, valid, strays = self.features.project(*self._read(wide, broad))
        inner = _within((rows, columns), wide, broad)
        return self.features.smooth(components, valid, strays, *inner, token), at(valid, *inner)

    def _compute_all(self, token: CancelToken | None) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Features of the whole scene and a margin, (channels, ...), channels last in memory."""
        rows, columns = self.cube.rows, self.cube.columns
        valid = np.empty((rows, columns), bool)
        wide = (rows + 2 * MARGIN, columns + 2 * MARGIN, self.features.channels)
        values = np.empty(wide, np.float32)
        inner = values[MARGIN : MARGIN + rows, MARGIN : MARGIN + columns]
        for r, c in tiles(rows, columns):
            places = range(r.start, r.stop), range(c.start, c.stop)
            features, valid[r, c] = self._compute(*places, token)
            inner[r, c] = np.moveaxis(features, 0, 2)
        outside = np.arange(-MARGIN, 0), np.arange(MARGIN)
        for row in np.concatenate([outside[0], rows + outside[1]]):
            values[row + MARGIN] = values[mirrored(row, rows) + MARGIN]
        for column in np.concatenate([outside[0], columns + outside[1]]):
            values[:, column + MARGIN] = values[:, mirrored(column, columns) + MARGIN]
        return np.moveaxis(values, 2, 0), valid
