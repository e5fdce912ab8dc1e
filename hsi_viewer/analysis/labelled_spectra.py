"""Spectra of the labelled pixels, a bounded number per class, read in a worker."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort

PER_CLASS = 300
RUN = 64  # labelled pixels this near in a row are read at once


def labelled_spectra(
    cube: HyperCube,
    labels: NDArray[np.uint16],
    seed: int = 0,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> dict[int, NDArray[np.float64]]:
    """Physical spectra (n, good bands) by class id, of at most 300 pixels per class.

    Pixels without data in a good band are left out, so a class may have none.

    Parameters
    ----------
    labels : (rows, columns) class ids.
    seed : of the choice of pixels.
    """
    token, port = token or CancelToken(), port or SilentPort()
    rng = np.random.default_rng(seed)
    bands = np.flatnonzero(cube.good_bands)
    bands = bands if bands.size else np.arange(cube.bands)
    flat = np.flatnonzero(labels)
    if not flat.size:
        return {}
    ids = labels.ravel()[flat]
    chosen = []
    for class_id in np.unique(ids):
        where = flat[ids == class_id]
        chosen.append(rng.choice(where, min(PER_CLASS, where.size), replace=False))
    found: dict[int, list[NDArray[np.float64]]] = {int(i): [] for i in np.unique(ids)}
    pixels = np.sort(np.concatenate(chosen))
    rows, columns = np.divmod(pixels, cube.columns)
    starts = np.flatnonzero((np.diff(rows, prepend=-1) != 0) | (np.diff(columns, prepend=0) > RUN))
    for n, (start, stop) in enumerate(zip(starts, [*starts[1:], pixels.size], strict=True)):
        token.check()
        if n % 64 == 0:
            port.report(Progress("Reading labelled spectra", n / max(len(starts), 1)))
        row, first, last = int(rows[start]), int(columns[start]), int(columns[stop - 1])
        stored = cube.read(slice(row, row + 1), slice(first, last + 1), bands)[0]
        stored = stored[columns[start:stop] - first]
        whole = cube.is_data(stored).all(axis=1)
        values = cube.physical(stored)
        for k in np.flatnonzero(whole):
            found[int(labels.flat[pixels[start + k]])].append(values[k])
    return {i: np.array(v).reshape(-1, bands.size) for i, v in found.items()}
