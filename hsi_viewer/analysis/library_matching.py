"""Spectral libraries beside a scene: read, resampled to its bands, compared with its spectra."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.spectra.library_match import Match, compare
from hsi_viewer.core.spectra.resampling import band_widths
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary
from hsi_viewer.io.libraries.spectral_library import read_library

Floats = NDArray[np.float64]
HIGHEST_REFLECTANCE = 2.0  # glints and snow reach more than 1
SAMPLE = 8  # rows and columns whose values are looked at, at least


class LoadedLibrary(Struct, frozen=True, eq=False):
    """A library as its file gives it, and as the sensor of a cube would have measured it.

    Attributes
    ----------
    on_sensor : the same spectra on the bands of the cube, NaN where the library has nothing.
    doubt : a sentence where the cube and the library seem to measure different things, or "".
    """

    library: SpectralLibrary
    cube: HyperCube
    on_sensor: SpectralLibrary
    doubt: str = ""


class MatchRequest(Struct, frozen=True, eq=False):
    """A spectrum to compare with libraries on the same bands; bad bands are NaN already."""

    spectrum: Floats
    name: str
    libraries: tuple[LoadedLibrary, ...]
    wavelengths: Floats


class Matches(Struct, frozen=True, eq=False):
    """Matches of each library, in the order of its spectra."""

    request: MatchRequest
    found: tuple[tuple[Match, ...], ...]


def load_library(path: Path, cube: HyperCube) -> LoadedLibrary:
    """Read a library and bring it to the bands of a cube.

    Raises
    ------
    FileError, FormatError
        if it cannot be read or does not reach the bands of the cube.
    """
    return fitted(read_library(path), cube)


def fitted(library: SpectralLibrary, cube: HyperCube) -> LoadedLibrary:
    """A library on the bands of a cube: Gaussian bands of the cube's widths, or as wide as apart.

    Raises
    ------
    FormatError
        if wavelengths are missing and the numbers of bands differ, or nothing overlaps.
    """
    if cube.wavelengths is None or library.wavelengths is None:
        if library.spectra.shape[1] != cube.bands:
            lacking = cube.name if cube.wavelengths is None else library.name
            raise FormatError(
                f"{lacking} has no wavelengths, and {library.name} has {library.spectra.shape[1]} "
                f"channels for the {cube.bands} bands of {cube.name}: give the wavelengths in the "
                "header, or choose a library for this sensor."
            )
        return LoadedLibrary(library, cube, library, unlike_values(library, cube))
    widths = band_widths(cube.wavelengths)
    if cube.fwhm is not None:
        known = np.isfinite(cube.fwhm) & (cube.fwhm > 0)
        widths = np.where(known, cube.fwhm, widths)
    on_sensor = library.resampled(cube.wavelengths, widths)
    if not np.isfinite(on_sensor.spectra).any():
        low, high = np.nanmin(library.wavelengths), np.nanmax(library.wavelengths)
        raise FormatError(
            f"{library.name} covers {low:.0f} to {high:.0f} nm, none of the bands of {cube.name}; "
            "choose another library, or check the units of the wavelengths."
        )
    return LoadedLibrary(library, cube, on_sensor, unlike_values(library, cube))


def unlike_values(library: SpectralLibrary, cube: HyperCube) -> str:
    """A warning where a library is of reflectance, and the cube does not seem to be; else "".

    An angle does not depend on brightness, but radiance has the shape of the sunlight and the
    atmosphere. The unit that the file gives decides; without one, the range of some values.
    """
    if not np.nanmax(library.spectra) <= HIGHEST_REFLECTANCE:
        return ""
    advice = "Ranks and angles mean little then."
    units = " ".join(v for k, v in cube.metadata.items() if "unit" in k.lower()).lower()
    if "radiance" in units:
        return f"{cube.name} is radiance, {library.name} reflectance. {advice}"
    if "reflectance" in units:
        return ""
    rows, columns = (slice(0, n, max(1, n // SAMPLE)) for n in cube.shape[:2])
    stored = cube.read(rows, columns)[:, :, cube.good_bands]
    values = np.where(cube.is_data(stored), cube.physical(stored), np.nan)
    known = values[np.isfinite(values)]
    if not known.size or np.percentile(known, 95) <= HIGHEST_REFLECTANCE:
        return ""
    return (
        f"The values of {cube.name} look like radiance or digital numbers (about "
        f"{np.median(known):,.4g}), those of {library.name} like reflectance (0 to 1). {advice} If "
        f"{cube.name} is reflectance, give its scale in the metadata."
    )


def match(request: MatchRequest) -> Matches:
    """Compare a spectrum with every spectrum of the libraries."""
    return Matches(
        request,
        tuple(
            tuple(compare(request.spectrum, loaded.on_sensor.spectra, request.wavelengths))
            for loaded in request.libraries
        ),
    )


def match_request(
    spectrum: Floats, name: str, cube: HyperCube, libraries: tuple[LoadedLibrary, ...]
) -> MatchRequest:
    """The request to compare a spectrum of a cube, its bad bands left out."""
    x = cube.wavelengths
    if x is None:
        x = np.arange(1, cube.bands + 1, dtype=np.float64)
    return MatchRequest(np.where(cube.good_bands, spectrum, np.nan), name, libraries, x)
