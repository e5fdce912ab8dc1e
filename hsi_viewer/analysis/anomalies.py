"""Anomalies: how far each spectrum is from the background of the scene (RX)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from spectral import GaussianStats, rx

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.derived.derived_images import CHUNK_VALUES, derived, held
from hsi_viewer.core.derived.moments import Moments, scene_moments
from hsi_viewer.core.errors import DerivedError
from hsi_viewer.core.progress import CancelToken, ProgressPort

TITLE = "Anomalies (RX)"
LEAST = 1e-9  # of the mean variance, added to each band: bands may be sums of others


class AnomalySource:
    """Scores of the spectra of a cube, as single precision; NaN where a band has no data.

    Parameters
    ----------
    cube : the scene.
    background : moments of its spectra.
    """

    dtype: np.dtype[Any] = np.dtype(np.float32)

    def __init__(self, cube: HyperCube, background: Moments) -> None:
        self._cube, self._bands = cube, background.bands
        size = len(background.bands)
        level = LEAST * float(np.trace(background.covariance)) / size
        covariance = background.covariance + max(level, np.finfo(float).tiny) * np.eye(size)
        self._background = GaussianStats(background.mean, covariance, background.count)
        self.shape = (cube.rows, cube.columns, 1)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Scores of a window."""
        lines = range(rows.start, rows.stop, rows.step)
        width = len(range(columns.start, columns.stop, columns.step))
        found = np.empty((len(lines), width, 1), np.float32)
        height = max(1, CHUNK_VALUES // max(1, width * self._bands.size))
        for top in range(0, len(lines), height):
            part = lines[top : top + height]
            stored = self._cube.read(slice(part[0], part[-1] + 1, rows.step), columns, self._bands)
            scores = rx(stored.astype(np.float64), background=self._background)
            scores[~self._cube.is_data(stored).all(axis=2)] = np.nan
            found[top : top + height, :, 0] = scores
        return found if bands is None else found[:, :, bands]


def anomaly_image(cube: HyperCube, token: CancelToken, port: ProgressPort) -> HyperCube:
    """Squared Mahalanobis distance of each spectrum from the mean, (rows, columns, 1).

    The RX detector of Reed and Yu (1990, IEEE Trans. Acoust. Speech Signal Process. 38, 1760-1770),
    with the whole scene as background.

    Raises
    ------
    DerivedError
        if the scene has fewer than two bands or pixels with data.
    TaskCancelledError
        when cancelled.
    """
    if cube.bands < 2:
        raise DerivedError(f"{cube.name} has one band: anomalies need two or more.")
    background = scene_moments(cube, token, port, f"{TITLE}: reading the spectra")
    image = derived(cube, TITLE, AnomalySource(cube, background), (TITLE,))
    return held(image, token, port, f"{TITLE}: computing the image")
