"""Mean, covariance and noise covariance of the bands of a scene, window by window."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.cube.blocks import sample_steps
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import DerivedError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort

Floats = NDArray[np.float64]

MAX_PIXELS = 1 << 18  # four digits of a covariance; larger scenes are sampled
WINDOW = 64  # side of the windows that a sample consists of: noise needs neighbours
STRIP_BYTES = 32 << 20  # of double precision values at once
USUAL_PART = 0.9  # a band with data at fewer pixels than this part of the others' is left out


class Moments(Struct, frozen=True):
    """Statistics of the spectra of a scene, in stored values.

    Attributes
    ----------
    bands : (b,) bands that they are of: the good ones that have data.
    count : pixels with data in all of them that were looked at.
    mean : (b,); covariance : (b, b), divided by count.
    noise : (b, b) covariance of the noise, from differences of diagonal neighbours, or None.
    """

    bands: NDArray[np.intp]
    count: int
    mean: Floats
    covariance: Floats
    noise: Floats | None


class _Sums:
    """Sums of vectors and of their products, about a first guess of the mean."""

    def __init__(self, size: int) -> None:
        self.count = 0
        self._shift = np.zeros(size)
        self._sum = np.zeros(size)
        self._products = np.zeros((size, size))

    def add(self, vectors: Floats) -> None:
        """Add vectors (n, size)."""
        if not len(vectors):
            return
        if not self.count:  # far from zero the products would lose the digits that matter
            self._shift = vectors.mean(axis=0)
        moved = vectors - self._shift
        self.count += len(vectors)
        self._sum += moved.sum(axis=0)
        self._products += moved.T @ moved

    def mean(self) -> Floats:
        mean: Floats = self._shift + self._sum / self.count
        return mean

    def covariance(self) -> Floats:
        moved = self._sum / self.count
        covariance: Floats = self._products / self.count - np.outer(moved, moved)
        return covariance


def scene_moments(
    cube: HyperCube,
    token: CancelToken,
    port: ProgressPort,
    title: str,
    *,
    with_noise: bool = False,
) -> Moments:
    """Moments over the whole scene; of a large one over windows spread evenly.

    Raises
    ------
    DerivedError
        if fewer than two pixels have data in all bands.
    TaskCancelledError
        when cancelled.
    """
    bands = usable_bands(cube)
    spectra, differences = _Sums(bands.size), _Sums(bands.size)
    windows = list(_windows(cube, bands.size))
    for done, (rows, columns) in enumerate(windows):
        token.check()
        port.report(Progress(title, done / len(windows)))
        below = min(rows.stop + 1, cube.rows)  # one row more, for the differences
        stored = cube.read(slice(rows.start, below), columns, bands)
        whole: NDArray[np.bool_] = np.all(cube.is_data(stored), axis=2)
        values = stored.astype(np.float64)
        height = rows.stop - rows.start
        spectra.add(values[:height][whole[:height]])
        if with_noise:
            both = whole[:-1, :-1] & whole[1:, 1:]
            differences.add((values[:-1, :-1] - values[1:, 1:])[both])
    if spectra.count < 2 or (with_noise and differences.count < 2):
        raise DerivedError(f"{cube.name} has too few pixels with data in all good bands.")
    # Two neighbours share the signal but not the noise: the variance of their difference is
    # twice that of the noise (Green et al. 1988).
    noise = differences.covariance() / 2 if with_noise else None
    return Moments(bands, spectra.count, spectra.mean(), spectra.covariance(), noise)


def usable_bands(cube: HyperCube) -> NDArray[np.intp]:
    """Good bands (or all, if none is good) without those that lack data at many pixels."""
    chosen = np.flatnonzero(cube.good_bands if cube.good_bands.any() else ~cube.good_bands)
    rows, columns = sample_steps(cube, 24)
    part = cube.is_data(cube.read(rows, columns, chosen)).mean(axis=(0, 1))
    kept: NDArray[np.intp] = chosen[part >= USUAL_PART * part.max()]
    return kept


def _windows(cube: HyperCube, bands: int) -> Iterator[tuple[slice, slice]]:
    """Strips of the whole scene, or windows on a grid of it."""
    if cube.rows * cube.columns <= MAX_PIXELS:
        height = max(1, STRIP_BYTES // (8 * bands * cube.columns))
        for top in range(0, cube.rows, height):
            yield slice(top, min(top + height, cube.rows)), slice(0, cube.columns)
        return
    height, width = min(WINDOW, cube.rows), min(WINDOW, cube.columns)
    number = MAX_PIXELS // (height * width)
    shape = (number * cube.columns * height / (cube.rows * width)) ** 0.5
    across = min(max(round(shape), 2), cube.columns // width)
    down = min(max(number // across, 2), cube.rows // height)
    for top in np.linspace(0, cube.rows - height, down).astype(int).tolist():
        for left in np.linspace(0, cube.columns - width, across).astype(int).tolist():
            yield slice(top, top + height), slice(left, left + width)
