"""Spectral-spatial features: principal components under Gaussian windows of several sizes.

Everything is fitted on a bounded sample of the scene's own pixels, labelled or not
(transductive), so that its cost does not grow with the scene.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from hsi_viewer.core.cube import HyperCube
from hsi_viewer.core.errors import TrainingError
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.recipe import FeatureRecipe

FloatArray = NDArray[np.float32]
CHUNK = 25  # components smoothed between two looks at the token
TRUNCATE = 3.0  # Gaussian windows end at this many standard deviations


@dataclass(frozen=True)
class Features:
    """A fitted map from stored values to features.

    Attributes
    ----------
    bands : (b,) indices of the bands in use.
    centre, spread : (b,) mean and standard deviation of each band over the sample.
    components : (b, c) whitened principal axes of the standardised bands.
    sigmas : Gaussian windows in pixels, 0 for none.
    scales : (len(sigmas) * c,) what each feature is divided by.
    """

    bands: NDArray[np.int64]
    centre: FloatArray
    spread: FloatArray
    components: FloatArray
    sigmas: tuple[float, ...]
    scales: FloatArray

    @property
    def channels(self) -> int:
        """Number of features of a pixel."""
        return self.scales.size

    @property
    def component_spread(self) -> FloatArray:
        """Standard deviation of each principal component before whitening, (c,)."""
        norms: FloatArray = 1.0 / np.linalg.norm(self.components, axis=0)
        return norms

    @property
    def reach(self) -> int:
        """Pixels that a feature looks away from its own pixel."""
        return int(np.ceil(TRUNCATE * max(self.sigmas)))

    def project(
        self, stored: NDArray[Any], is_data: NDArray[np.bool_]
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Principal components of a window.

        Parameters
        ----------
        stored : (rows, columns, b) values of the bands in use.
        is_data : the same shape; what is no data takes the mean of its band.

        Returns
        -------
        components : (c, rows, columns).
        valid : (rows, columns), True where at least half of the bands have data.
        """
        rows, columns, bands = stored.shape
        values = stored.astype(np.float32).reshape(-1, bands)
        values -= self.centre
        values /= self.spread
        if not is_data.all():
            values[~is_data.reshape(-1, bands)] = 0.0
        valid = is_data.sum(axis=2) * 2 >= bands
        projected = (self.components.T @ values.T).reshape(-1, rows, columns)
        return projected, valid

    def smooth(
        self,
        components: FloatArray,
        valid: NDArray[np.bool_],
        rows: slice,
        columns: slice,
        token: CancelToken | None = None,
    ) -> FloatArray:
        """Features of the inner part of a window.

        Parameters
        ----------
        components : (c, window rows, window columns), as far as `reach` around the inner part, or
            to the border of the scene, where the window is mirrored.
        valid : (window rows, window columns).
        rows, columns : the inner part.

        Returns
        -------
        (channels, inner rows, inner columns).
        """
        count = components.shape[0]
        inner = (rows.stop - rows.start, columns.stop - columns.start)
        out = np.empty((len(self.sigmas), count, *inner), np.float32)
        mask = None if valid.all() else valid.astype(np.float32)
        source = components if mask is None else components * mask
        for s, sigma in enumerate(self.sigmas):
            down = window_matrix(valid.shape[0], rows, sigma)
            across = window_matrix(valid.shape[1], columns, sigma).T
            for c in range(0, count, CHUNK):
                if token is not None:
                    token.check()
                np.matmul(down @ source[c : c + CHUNK], across, out=out[s, c : c + CHUNK])
            if mask is not None:
                out[s] /= np.maximum(down @ mask @ across, 1e-6)
        features = out.reshape(self.channels, *inner)
        features /= self.scales[:, None, None]
        return features


def window_matrix(size: int, inner: slice, sigma: float) -> FloatArray:
    """Gaussian window along an axis as a matrix, (inner, size); the axis is mirrored at its ends.

    A product of matrices is five times faster here than a loop over the taps of the window.
    """
    reach = int(np.ceil(TRUNCATE * sigma))
    offsets = np.arange(-reach, reach + 1)
    taps = np.exp(-0.5 * (offsets / max(sigma, 1e-6)) ** 2)
    centre = np.arange(inner.start, inner.stop)
    matrix = np.zeros((centre.size, size))
    where = mirrored(centre[:, None] + offsets, size)
    np.add.at(matrix, (np.arange(centre.size)[:, None], where), taps / taps.sum())
    return matrix.astype(np.float32)


def mirrored(index: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Indices into an axis that is mirrored at both ends, as often as needed."""
    index = index % (2 * size)
    return np.where(index < size, index, 2 * size - 1 - index)


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


def fit_features(
    cube: HyperCube, recipe: FeatureRecipe, token: CancelToken | None = None
) -> Features:
    """Fit scaling, principal components and feature scales on a sample of the scene.

    Raises
    ------
    TrainingError
        if the cube has no usable band or no data.
    """
    step = max(1, int(np.ceil(np.sqrt(cube.rows * cube.columns / recipe.sample))))
    sample = cube.read(slice(0, None, step), slice(0, None, step))
    if token is not None:
        token.check()
    bands = usable_bands(cube, sample)
    sample = sample[:, :, bands]
    is_data = cube.is_data(sample)
    pixels = sample[is_data.all(axis=2)].astype(np.float64)
    if len(pixels) < 2:
        raise TrainingError(f"{cube.name}: the cube holds hardly any data to learn from.")
    centre, spread = pixels.mean(axis=0), pixels.std(axis=0)
    spread[spread == 0] = 1.0
    pixels = (pixels - centre) / spread
    variances, axes = eigh(pixels.T @ pixels / len(pixels))
    kept = min(recipe.components, int((variances > 1e-9 * variances[-1]).sum()))
    order = np.argsort(variances)[::-1][:kept]
    axes = axes[:, order] / np.sqrt(variances[order])
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), np.arange(kept)] < 0, -1.0, 1.0)
    fitted = Features(
        bands,
        centre.astype(np.float32),
        spread.astype(np.float32),
        axes.astype(np.float32),
        recipe.sigmas,
        np.ones(kept * len(recipe.sigmas), np.float32),
    )
    return _with_scales(fitted, cube, recipe, token)


def _with_scales(
    fitted: Features, cube: HyperCube, recipe: FeatureRecipe, token: CancelToken | None
) -> Features:
    """The features with the standard deviation of each measured on a central window."""
    side = int(np.sqrt(recipe.sample))
    rows, columns = (_central(n, side) for n in (cube.rows, cube.columns))
    stored = cube.read(rows, columns, fitted.bands)
    components, valid = fitted.project(stored, cube.is_data(stored))
    if not valid.any():
        return fitted
    inner = slice(0, valid.shape[0]), slice(0, valid.shape[1])
    smoothed = fitted.smooth(components, valid, *inner, token)
    scales = smoothed[:, valid].std(axis=1)
    scales[scales < 1e-6] = 1.0
    scales /= np.tile(fitted.component_spread, len(fitted.sigmas)) ** recipe.emphasis
    return Features(
        fitted.bands,
        fitted.centre,
        fitted.spread,
        fitted.components,
        fitted.sigmas,
        scales.astype(np.float32),
    )


def _central(size: int, side: int) -> slice:
    start = max(0, (size - side) // 2)
    return slice(start, min(size, start + side))
