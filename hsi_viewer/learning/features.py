"""Spectral-spatial features: noise-adjusted components under Gaussian windows of several sizes.

Components are ordered by how far their variance exceeds that of the noise, which differences of
neighbouring pixels show: Green et al., "A transformation for ordering multispectral data in terms
of image quality" (IEEE TGRS 26, 1988). Everything is fitted on a bounded sample of the scene's own
pixels, labelled or not (transductive), so that its cost does not grow with the scene. Pixels that
stray far from all others count for nothing there, and do not spread through the windows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.region import densest, sampled
from hsi_viewer.core.errors import TrainingError
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.core.training import Standardise
from hsi_viewer.learning.noise import noise_covariance, ordered_axes
from hsi_viewer.learning.recipe import FeatureRecipe
from hsi_viewer.learning.robust import Floats, tidy
from hsi_viewer.learning.scaling import Scaling, fit_scaling, standardised
from hsi_viewer.learning.windows import at, averages, reach_of

FloatArray = NDArray[np.float32]
LEADING = 10  # components that tell whether a spectrum is like those of a scene
# Rows of a window that are standardised at once, which bounds the memory and stays in the cache.
# Products of so many rows at least round as those of the whole window do; of single pixels, not.
ROWS = 16


@dataclass(frozen=True)
class Features:
    """A fitted map from stored values to features.

    Attributes
    ----------
    bands : (b,) indices of the bands in use.
    centre, spread : (b,) mean and standard deviation of each band over the sample; of 64 bits
        where the values need it.
    low, high : (b,) standardised values between which nothing strays.
    jump : (b,) how far a standardised value may lie from those of the bands next to it.
    components : (b, c) axes in the standardised bands, each of variance 1 over the sample.
    strength : (c,) standard deviation of each component in units of its noise, falling.
    sigmas : Gaussian windows in pixels, 0 for none.
    scales : (len(sigmas) * c,) what each feature is divided by.
    spectra : (c, b) standardised spectrum of a component of value 1, by least squares; None in
        models that were read from a file, which have no use for it.
    """

    bands: NDArray[np.int64]
    centre: Floats
    spread: Floats
    low: FloatArray
    high: FloatArray
    jump: FloatArray
    components: FloatArray
    strength: FloatArray
    sigmas: tuple[float, ...]
    scales: FloatArray
    spectra: FloatArray | None = None

    @property
    def channels(self) -> int:
        """Number of features of a pixel."""
        return self.scales.size

    @property
    def reach(self) -> int:
        """Pixels that a feature looks away from its own pixel."""
        return reach_of(max(self.sigmas))

    def distance(self, features: FloatArray) -> FloatArray:
        """Squared distance (n,) of pixels from the mean of the scene that this was fitted on.

        In its leading components, each of variance 1 over that scene.

        Parameters
        ----------
        features : (n, channels).
        """
        count = min(LEADING, self.strength.size)  # beyond them are those of wider windows
        leading = features[:, :count] * self.scales[:count]
        result: FloatArray = (leading**2).sum(axis=1)
        return result

    def strays(self, spectra: FloatArray) -> NDArray[np.bool_]:
        """Which tidied spectra (n, bands) are like none of the scene that this was fitted on."""
        return np.asarray(((spectra < self.low) | (spectra > self.high)).any(axis=1))

    @property
    def scaling(self) -> Scaling:
        """How the values are standardised."""
        return Scaling(*(getattr(self, name) for name in Scaling._fields))

    def narrowed(self) -> Features:
        """Those of single pixels alone: the first channels."""
        count = self.strength.size
        return replace(self, sigmas=self.sigmas[:1], scales=self.scales[:count])

    def standardised(
        self, stored: NDArray[Any], is_data: NDArray[np.bool_]
    ) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
        """Standardised values (rows * columns, b) of a window, tidied; the rest as `project`."""
        rows, columns, bands = stored.shape
        values = np.empty((rows * columns, bands), np.float32, _order(stored))
        valid, strays = np.empty((2, rows, columns), bool)
        for some, part, valid[some], strays[some] in self._by_strip(stored, is_data):
            values[some.start * columns : some.stop * columns] = part
        return values, valid, strays

    def project(
        self, stored: NDArray[Any], is_data: NDArray[np.bool_], count: int | None = None
    ) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
        """Components of a window.

        Parameters
        ----------
        stored : (rows, columns, b) values of the bands in use.
        is_data : the same shape; what is no data takes the mean of its band, or a value between
            those of the bands next to it.
        count : leading components wanted, all by default.

        Returns
        -------
        components : (count, rows, columns).
        valid : (rows, columns), True where at least half of the bands have data.
        strays : (rows, columns), True where the spectrum is like none of the scene.
        """
        projected, valid, strays = self.along(stored, is_data, self.components[:, :count])
        return np.moveaxis(projected, 2, 0), valid, strays

    def along(
        self, stored: NDArray[Any], is_data: NDArray[np.bool_], axes: FloatArray
    ) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
        """Products (rows, columns, k) of standardised values with axes (b, k).

        The rest as of `project`. Few of the standardised values are in memory at a time.
        """
        rows, columns, _ = stored.shape
        products = np.empty((rows, columns, axes.shape[1]), np.float32)
        valid, strays = np.empty((2, rows, columns), bool)
        across = torch.from_numpy(axes)
        for some, part, valid[some], strays[some] in self._by_strip(stored, is_data):
            found = (torch.from_numpy(part) @ across).numpy()
            products[some] = found.reshape(-1, *products.shape[1:])
        return products, valid, strays

    def _by_strip(
        self, stored: NDArray[Any], is_data: NDArray[np.bool_]
    ) -> Iterator[tuple[slice, FloatArray, NDArray[np.bool_], NDArray[np.bool_]]]:
        """Some rows after the other: which, and of them what `standardised` returns."""
        for some in strips(len(stored)):
            known, shape = is_data[some], stored[some].shape
            flat = stored[some].reshape(-1, shape[2])
            values = standardised(flat, self.centre, self.spread)
            strays = tidy(values, known.reshape(flat.shape), self.low, self.high, self.jump)
            valid = np.ones(shape[:2], bool)
            if not known.all():
                valid = known.sum(axis=2) * 2 >= shape[2]
            yield some, values, valid, strays.reshape(shape[:2]) & valid

    def smooth(
        self,
        components: FloatArray,
        valid: NDArray[np.bool_],
        strays: NDArray[np.bool_],
        rows: range,
        columns: range,
        token: CancelToken | None = None,
    ) -> FloatArray:
        """Features of the inner part of a window.

        Pixels that stray are averaged with their like and leave the others alone.

        Parameters
        ----------
        components : (c, window rows, window columns), as far as `reach` around the inner part, or
            to the border of the scene, where the window is mirrored.
        valid, strays : (window rows, window columns).
        rows, columns : the inner part; beyond the border of the scene, too.

        Returns
        -------
        (channels, inner rows, inner columns), channels last in memory.
        """
        across = np.ascontiguousarray(np.moveaxis(components, 0, 2))
        asked = self.sigmas, self.scales, token
        known = valid & ~strays
        features = averages(across, None if known.all() else known, (rows, columns), *asked)
        inner = at(strays, rows, columns)
        if inner.any():
            features[inner] = self._of_strays(across, strays, rows, columns, inner, token)
        return np.moveaxis(features, 2, 0)

    def linear(
        self,
        components: FloatArray,
        valid: NDArray[np.bool_],
        strays: NDArray[np.bool_],
        rows: range,
        columns: range,
        weights: FloatArray,
        token: CancelToken | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Features of the first window, and products of all features with weights.

        The same as those of `smooth`, but what is averaged are a few products, not many features:
        averages of products are products of averages.

        Parameters
        ----------
        weights : (channels, k); the rest as of `smooth`.

        Returns
        -------
        first : (inner rows, inner columns, c).
        products : (inner rows, inner columns, k).
        """
        across = np.ascontiguousarray(np.moveaxis(components, 0, 2))
        known, part, count = valid & ~strays, (rows, columns), self.strength.size
        mask = None if known.all() else known
        first = averages(across, mask, part, self.sigmas[:1], self.scales[:count], token)
        products = np.zeros((len(rows), len(columns), weights.shape[1]), np.float32)
        scaled = (weights / self.scales[:, None]).reshape(len(self.sigmas), count, -1)
        own = torch.from_numpy(np.concatenate(scaled, axis=1))
        said = (torch.from_numpy(across).flatten(0, 1) @ own).numpy().reshape(*valid.shape, -1)
        even = np.ones(weights.shape[1], np.float32)
        for sigma, under in zip(self.sigmas, np.split(said, len(scaled), axis=2), strict=True):
            values = np.ascontiguousarray(under)
            products += averages(values, mask, part, (sigma,), even, token)
        inner = at(strays, rows, columns)
        if inner.any():
            features = self._of_strays(across, strays, rows, columns, inner, token)
            first[inner], products[inner] = features[:, :count], features @ weights
        return first, products

    def _of_strays(
        self,
        across: FloatArray,
        strays: NDArray[np.bool_],
        rows: range,
        columns: range,
        inner: NDArray[np.bool_],
        token: CancelToken | None,
    ) -> FloatArray:
        """Features (n, channels) of the strays of an inner part, of which there are some."""
        box = _around(inner)
        part = rows[box[0]], columns[box[1]]
        apart = averages(across, strays, part, self.sigmas, self.scales, token)
        return self._shortened(apart[inner[box]])

    def _shortened(self, features: FloatArray) -> FloatArray:
        """Features (n, channels) of no more than usual length: a network looks at neighbours."""
        usual = np.sqrt((self.strength**2).sum() * len(self.sigmas))
        length = np.sqrt((features**2).sum(axis=1, keepdims=True))
        shortened: FloatArray = features * np.minimum(1, usual / np.maximum(length, 1e-6))
        return shortened


def strips(rows: int, height: int = ROWS) -> Iterator[slice]:
    """Parts of so many rows that follow one another; the last has `ROWS` at least, if there are."""
    starts = range(0, max(1, rows - ROWS + 1), height)
    for start in starts:
        yield slice(start, start + height if start < starts[-1] else rows)


def _order(stored: NDArray[Any]) -> Literal["C", "F"]:
    """How the values of a window, pixel by pixel, lie in memory: products depend on it."""
    pixel, band = stored[:2].reshape(-1, stored.shape[2]).strides
    return "F" if pixel < band else "C"


def _around(marks: NDArray[np.bool_]) -> tuple[slice, slice]:
    """The smallest part of (rows, columns) that holds all marks, of which there are some."""
    rows, columns = (np.flatnonzero(marks.any(axis=axis)) for axis in (1, 0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


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
            f"{cube.name}: no band is usable, because all are marked bad, empty or constant. Mark "
            "the good bands of this cube."
        )
    return bands


def fit_features(
    cube: HyperCube, recipe: FeatureRecipe, token: CancelToken | None = None
) -> Features:
    """Fit scaling, components and feature scales on a sample of the scene.

    Scaling and covariance come from a regular grid of pixels, noise and scales of the windows from
    the centre of the scene, or the densest part of its region, because they need neighbours.

    Raises
    ------
    TrainingError
        if the cube has no usable band or no data.
    """
    sample = sampled(cube, recipe.sample)
    if token is not None:
        token.check()
    bands = usable_bands(cube, sample)
    scaling, covariance = fit_scaling(cube, sample[:, :, bands])
    middle = cube.read(*densest(cube, int(np.sqrt(recipe.sample))), bands)
    is_data = cube.is_data(middle)
    if token is not None:
        token.check()
    noise = _fit_noise(middle, is_data, scaling) if recipe.noise_adjusted else None
    variances, axes = ordered_axes(covariance, noise)
    kept = min(recipe.components, int((variances > 1e-9 * variances[0]).sum()))
    strength = np.sqrt(variances[:kept])
    axes = axes[:, :kept] / strength
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), np.arange(kept)] < 0, -1.0, 1.0)
    fitted = Features(
        bands,
        *scaling,
        np.ascontiguousarray(axes, np.float32),  # as in files, so that products round alike
        strength.astype(np.float32),
        recipe.sigmas,
        np.ones(kept * len(recipe.sigmas), np.float32),
        (axes.T @ covariance.numpy()).astype(np.float32),
    )
    return _with_scales(fitted, middle, is_data, recipe.emphasis, token)


def scaled(features: Features, scaling: Scaling | Standardise, cube: HyperCube) -> Features:
    """The same features of values that are standardised otherwise.

    Parameters
    ----------
    features : as they were fitted.
    scaling : what to standardise by; "training" for what they were fitted on, "scene" for a cube.
    cube : of the same bands.

    Raises
    ------
    TrainingError
        if the cube holds too little data.
    """
    if scaling == "training":
        return features
    if scaling == "scene":
        sample = sampled(cube, FeatureRecipe().sample, features.bands)
        scaling, _ = fit_scaling(cube, sample)
    return replace(features, **scaling._asdict())


def _fit_noise(stored: NDArray[Any], is_data: NDArray[np.bool_], scaling: Scaling) -> Tensor | None:
    """Covariance of the noise of standardised values, from neighbours that do not stray."""
    rows, columns, bands = stored.shape
    values = standardised(stored.reshape(-1, bands), scaling.centre, scaling.spread)
    strays = tidy(values, is_data.reshape(-1, bands), *scaling[2:])
    even = values.reshape(rows, columns, bands)
    valid = is_data.sum(axis=2) * 2 >= bands
    whole = np.asarray(is_data.all(axis=2))
    valid = whole if whole.sum() * 2 > valid.sum() else valid
    valid &= ~strays.reshape(rows, columns)
    return noise_covariance(even, valid)


def _with_scales(
    fitted: Features,
    stored: NDArray[Any],
    is_data: NDArray[np.bool_],
    emphasis: float,
    token: CancelToken | None,
) -> Features:
    """The features with the standard deviation of each measured on a window."""
    components, valid, strays = fitted.project(stored, is_data)
    usual = valid & ~strays
    usual = usual if usual.any() else valid
    if not usual.any():
        return fitted
    inner = range(valid.shape[0]), range(valid.shape[1])
    smoothed = fitted.smooth(components, valid, strays, *inner, token)
    # numpy's, because torch's takes ten times as long across rows.
    scales = np.moveaxis(smoothed, 0, 2)[usual].std(axis=0)
    scales[scales < 1e-6] = 1.0
    scales /= np.tile(fitted.strength, len(fitted.sigmas)) ** emphasis
    return replace(fitted, scales=scales.astype(np.float32))
