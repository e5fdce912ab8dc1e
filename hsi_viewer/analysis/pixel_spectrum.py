"""Spectra of single pixels, as a worker reads them from a file."""

from __future__ import annotations

from collections.abc import Hashable
from typing import cast

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube


class SpectrumRequest(Struct, frozen=True, eq=False):
    """A pixel whose spectrum is wanted, and its values in a derived image if one is shown."""

    cube: HyperCube
    row: int
    column: int
    image: HyperCube | None = None


class PixelSpectrum(Struct, frozen=True, eq=False):
    """The requested spectrum, NaN without data.

    Attributes
    ----------
    values : (bands,) physical spectrum.
    shown : values of the derived image, or None without one.
    """

    request: SpectrumRequest
    values: NDArray[np.float64]
    shown: NDArray[np.float64] | None = None


def read_pixel(request: Hashable) -> PixelSpectrum:
    """Read the spectrum of a `SpectrumRequest`."""
    wanted = cast("SpectrumRequest", request)
    row, column, image = wanted.row, wanted.column, wanted.image
    shown = None if image is None else image.spectrum(row, column)
    return PixelSpectrum(wanted, wanted.cube.spectrum(row, column), shown)
