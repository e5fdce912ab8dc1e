"""Windows of a cube in few components, for the wand and the superpixels; made in workers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.blocks import blocks
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.geometry.pixels import Box, Pixel
from hsi_viewer.core.geometry.shapes import clipped
from hsi_viewer.core.spectra.spectral_window import (
    Segments,
    SpectralBasis,
    SpectralWindow,
    fit_basis,
)

WHOLE_PIXELS = 1_500_000  # scenes up to this size are taken whole: 80 bytes a pixel
REACH = 256  # of the window around a click, in larger ones
MAX_BANDS = 64
SAMPLE_ROWS, SAMPLE_PIXELS = 64, 20_000
COMPACTNESS = 0.2  # most pure superpixels on the sample scene; less tears them, more squares them


def box_for(cube: HyperCube, pixel: Pixel) -> Box:
    """The box that is compared with a pixel: the whole scene where it is small."""
    if cube.rows * cube.columns <= WHOLE_PIXELS:
        return 0, 0, cube.rows, cube.columns
    row, column = (n // REACH * REACH for n in pixel)  # neighbouring clicks share a window
    around = (row - REACH // 2, column - REACH // 2, row + 3 * REACH // 2, column + 3 * REACH // 2)
    return clipped(around, (cube.rows, cube.columns))


def basis_of(cube: HyperCube) -> SpectralBasis:
    """Fit on pixels spread over the scene, at most 64 of its good bands.

    Raises
    ------
    ValueError
        if the scene has hardly any data.
    """
    good = np.flatnonzero(cube.good_bands)
    good = good if good.size else np.arange(cube.bands)
    bands = good[np.unique(np.linspace(0, good.size - 1, min(MAX_BANDS, good.size)).astype(int))]
    rows = np.unique(np.linspace(0, cube.rows - 1, min(SAMPLE_ROWS, cube.rows)).astype(int))
    step = max(1, rows.size * cube.columns // SAMPLE_PIXELS)
    parts = []
    for row in rows.tolist():
        stored = cube.read(slice(row, row + 1), slice(None, None, step), bands)[0]
        whole = cube.is_data(stored).all(axis=1)
        parts.append(stored[whole].astype(np.float64))
    return fit_basis(np.concatenate(parts), bands)


def read_window(cube: HyperCube, basis: SpectralBasis, box: Box) -> SpectralWindow:
    """Reduce the spectra of a box."""
    top, left, bottom, right = box
    shape = (bottom - top, right - left)
    scores = np.zeros((*shape, basis.components.shape[1]), np.float32)
    directions = np.zeros((*shape, basis.directions.shape[1]), np.float32)
    valid = np.zeros(shape, bool)
    for rows, columns in blocks(cube, basis.bands.size, box, limit=8 * 2**20):
        stored = cube.read(rows, columns, basis.bands)
        whole = cube.is_data(stored).all(axis=2)
        values: NDArray[np.float64] = stored.astype(np.float64)
        values[~whole] = basis.mean
        part = (
            slice(rows.start - top, rows.stop - top),
            slice(columns.start - left, columns.stop - left),
        )
        scores[part], directions[part] = basis.reduced(values)
        valid[part] = whole
    return SpectralWindow(box, scores, directions, valid)


def superpixels(window: SpectralWindow, size: int) -> Segments:
    """Cut a window into superpixels of about `size` pixels.

    SLIC: Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods"
    (IEEE Trans. Pattern Anal. Mach. Intell. 34, 2012), over the components.
    """
    from skimage.segmentation import slic  # slow to import

    count = max(1, window.valid.size // size)
    if count == 1:
        return Segments(window.box, np.zeros(window.valid.shape, np.int32))
    found = slic(
        window.scores,
        n_segments=count,
        compactness=COMPACTNESS,
        max_num_iter=5,
        convert2lab=False,
        start_label=0,
        channel_axis=-1,
    )
    _, numbers = np.unique(found, return_inverse=True)
    return Segments(window.box, numbers.reshape(found.shape))
