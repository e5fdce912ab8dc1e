"""Spectral space: components of a pixel as coordinates whose distances are those of spectra.

The features weigh each component by how far it stands out from the noise of neighbouring pixels.
That suits large fields, where neighbours differ by noise alone. Where pixels are sharp, neighbours
differ by what is looked for; there, plain distances between standardised spectra tell more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.learning.features import Features, FloatArray


def spectral_space(features: Features, dimensions: int | None = None) -> NDArray[np.float64]:
    """Projection (c, d) of the features of a pixel's own window, the first c channels.

    Euclidean distances between projected pixels are those between standardised spectra, free of
    what the components leave out.

    Parameters
    ----------
    features : fitted on a scene in this session.
    dimensions : that hold most of the variance, at most; all by default.
    """
    if features.spectra is None:
        raise ValueError("Features that were read from a file have no spectra.")
    spectra = features.spectra.astype(np.float64)
    variances, axes = np.linalg.eigh(spectra @ spectra.T)
    kept = slice(None, None, -1) if dimensions is None else slice(None, -dimensions - 1, -1)
    scaled = axes[:, kept] * np.sqrt(np.maximum(variances[kept], 0.0))
    projection: NDArray[np.float64] = features.scales[: len(spectra), None] * scaled
    return projection


def projected(features: FloatArray, projection: FloatArray) -> FloatArray:
    """Coordinates (n, d) of features (n, channels)."""
    return features[:, : len(projection)] @ projection
