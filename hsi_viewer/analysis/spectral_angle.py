"""The spectral angle of every pixel of a scene to one spectrum."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.cube.blocks import blocks
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.core.spectra.spectrum import spectral_angle

STEPS = 500  # thresholds, a milliradian apart; beyond half a radian nothing is similar
THRESHOLDS = (np.arange(STEPS + 1) * 0.001).astype(np.float32)


class AngleMap(Struct, frozen=True, eq=False):
    """Spectral angles of a scene.

    Attributes
    ----------
    cube : the scene.
    angles : (rows, columns) float32 radians, NaN where a pixel has no data.
    counts : (STEPS + 1,) pixels within each of THRESHOLDS.
    name : of the reference.
    """

    cube: HyperCube
    angles: NDArray[np.float32]
    counts: NDArray[np.int64]
    name: str

    def within(self, step: int) -> NDArray[np.bool_]:
        """Pixels whose angle is at most THRESHOLDS[step], (rows, columns)."""
        near: NDArray[np.bool_] = self.angles <= THRESHOLDS[step]  # NaN is not
        return near


def angle_map(
    cube: HyperCube,
    reference: NDArray[np.float64],
    name: str,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> AngleMap:
    """Spectral angle (Kruse et al. 1993) of each pixel to a reference, block by block.

    Parameters
    ----------
    reference : (bands,) in physical units, NaN where missing; bad bands are left out.

    Raises
    ------
    HsiError
        if the reference has fewer than two values in the good bands, or only zeros.
    TaskCancelledError
        when the token is cancelled.
    """
    token, port = token or CancelToken(), port or SilentPort()
    used = np.flatnonzero(cube.good_bands & np.isfinite(reference))
    if used.size < 2 or not np.any(reference[used]):
        raise HsiError(
            f"{name} has no values in the good bands of {cube.name}; pick another spectrum."
        )
    angles = np.full((cube.rows, cube.columns), np.nan, np.float32)
    counts = np.zeros(STEPS + 2, np.int64)
    every = used.size == cube.bands
    growth = max(1, 8 // cube.dtype.itemsize)  # they are held as double precision
    for rows, columns in blocks(cube, used.size * growth):
        token.check()
        stored = cube.read(rows, columns, None if every else used)
        values = stored.astype(np.float64)
        there = cube.is_data(stored)
        if not there.all():
            values[~there] = np.nan
        found = spectral_angle(values, reference[used]).astype(np.float32)
        angles[rows, columns] = found
        nearest = np.searchsorted(THRESHOLDS, found[np.isfinite(found)])
        counts += np.bincount(nearest, minlength=STEPS + 2)
        port.report(Progress(f"Spectral angle to {name}", rows.stop / cube.rows))
    return AngleMap(cube, angles, np.cumsum(counts)[: STEPS + 1], name)
