"""SpectralWindow: a part of the scene in few components, in which pixels are compared at once."""

from __future__ import annotations

from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.geometry.connected_regions import component
from hsi_viewer.core.geometry.pixels import Box, Pixel
from hsi_viewer.core.geometry.shapes import Pixels

Measure = Literal["angle", "distance"]
COMPONENTS, DIRECTIONS = 8, 12


class SpectralBasis(Struct, frozen=True):
    """The components that spectra are reduced to.

    Attributes
    ----------
    bands : (b,) the bands that are read.
    mean : (b,) of the sample.
    components : (b, c) principal axes, divided by the root of the total variance.
    directions : (b, k) strongest directions of the spectra themselves, not centred, for angles.
    """

    bands: NDArray[np.intp]
    mean: NDArray[np.float64]
    components: NDArray[np.float64]
    directions: NDArray[np.float64]

    def reduced(self, values: NDArray[np.float64]) -> tuple[NDArray[np.float32], ...]:
        """Scores (..., c) and directions of length one (..., k) of spectra (..., b)."""
        scores = ((values - self.mean) @ self.components).astype(np.float32)
        aims = values @ self.directions
        length = np.linalg.norm(aims, axis=-1, keepdims=True)
        return scores, (aims / np.maximum(length, np.finfo(float).tiny)).astype(np.float32)


def fit_basis(sample: NDArray[np.float64], bands: NDArray[np.intp]) -> SpectralBasis:
    """Fit to spectra (n, b) of some bands.

    Raises
    ------
    ValueError
        if there are fewer than two spectra.
    """
    if len(sample) < 2:
        raise ValueError("The scene has too few pixels with data to compare spectra.")
    mean = sample.mean(axis=0)
    centred = sample - mean
    spread = float(np.sqrt(centred.var(axis=0).sum())) or 1.0
    components = _strongest(centred, COMPONENTS) / spread
    return SpectralBasis(bands, mean, components, _strongest(sample, DIRECTIONS))


def _strongest(spectra: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    _, vectors = np.linalg.eigh(spectra.T @ spectra)
    strongest: NDArray[np.float64] = vectors[:, ::-1][:, :count]
    return strongest


class SpectralWindow(Struct, frozen=True, eq=False):
    """A box of the scene.

    Attributes
    ----------
    box : top, left, bottom, right.
    scores : (rows, columns, c); directions : (rows, columns, k) of length one.
    valid : (rows, columns), False where there is no data.
    """

    box: Box
    scores: NDArray[np.float32]
    directions: NDArray[np.float32]
    valid: NDArray[np.bool_]

    def holds(self, pixel: Pixel) -> bool:
        """Whether a pixel lies in the box."""
        top, left, bottom, right = self.box
        return top <= pixel[0] < bottom and left <= pixel[1] < right

    def spectral_distance(self, pixel: Pixel, measure: Measure) -> NDArray[np.float32]:
        """Distance of each spectrum from that of a pixel; infinite without data.

        Returns
        -------
        (rows, columns) spectral angle in radians (Kruse et al., Remote Sens. Environ. 44, 1993),
        within the strongest directions, or Euclidean distance of the components in units of the
        scene's total standard deviation.
        """
        at = pixel[0] - self.box[0], pixel[1] - self.box[1]
        far: NDArray[np.float32]
        if measure == "angle":
            gap = self.directions - self.directions[at]  # exact for small angles, unlike arccos
            far = 2 * np.arcsin(np.clip(np.sqrt(np.einsum("ijk,ijk->ij", gap, gap)) / 2, 0, 1))
        else:
            gap = self.scores - self.scores[at]
            far = np.sqrt(np.einsum("ijk,ijk->ij", gap, gap))
        return np.where(self.valid, far, np.float32(np.inf))


def flood_selected(
    spectral_distance: NDArray[np.float32], seed: Pixel, tolerance: float, *, connected: bool
) -> NDArray[np.bool_]:
    """Pixels at most a tolerance from the seed, (rows, columns); all, or those connected to it."""
    near: NDArray[np.bool_] = spectral_distance <= tolerance
    return component(near, seed) if connected else near


class Segments:
    """Superpixels of a window: every pixel of the box belongs to one.

    Parameters
    ----------
    box : top, left, bottom, right.
    ids : (rows, columns) number of the superpixel, from 0.
    """

    def __init__(self, box: Box, ids: NDArray[np.integer]) -> None:
        self.box = box
        self._ids = ids.astype(np.int32)
        self._order = np.argsort(self._ids.ravel(), kind="stable")
        self._ends = np.cumsum(np.bincount(self._ids.ravel()))

    def __len__(self) -> int:
        return self._ends.size

    def holds(self, pixel: Pixel) -> bool:
        """Whether a pixel lies in the box."""
        top, left, bottom, right = self.box
        return top <= pixel[0] < bottom and left <= pixel[1] < right

    def number_at(self, pixel: Pixel) -> int:
        """Number of the superpixel of a pixel in the box."""
        return int(self._ids[pixel[0] - self.box[0], pixel[1] - self.box[1]])

    def pixels(self, number: int, columns: int) -> Pixels:
        """Flat indices in a scene with a given number of columns, ascending."""
        start = int(self._ends[number - 1]) if number else 0
        inner = self._order[start : int(self._ends[number])]
        width = self.box[3] - self.box[1]
        rows, own_columns = inner // width + self.box[0], inner % width + self.box[1]
        pixels: Pixels = rows * np.int64(columns) + own_columns
        return pixels
