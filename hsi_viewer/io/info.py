"""Facts about a file as one object, for `hsi-viewer info --json`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.errors import HsiError
from hsi_viewer.io.envi.described import data_beside
from hsi_viewer.io.envi.fields import describe
from hsi_viewer.io.envi.header import read_header
from hsi_viewer.io.envi.layout import layout_of
from hsi_viewer.io.envi.pairing import header_of
from hsi_viewer.io.files.byte_reader import TooLongError, unpacking_at_most
from hsi_viewer.io.files.identify import SELF_DESCRIBED, magic_of, split_source
from hsi_viewer.io.files.timed_source import TimedSource
from hsi_viewer.io.header_doctor.diagnose import CONVINCING, diagnose, is_noise
from hsi_viewer.io.libraries.spectral_library import read_library
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.registry import is_identified

# To examine the values of a file takes at most about so long, and so much that is unpacked.
MOST_SECONDS, MOST_UNPACKED = 4.0, 512 << 20
NOT_EXAMINED = (
    "The values were not examined for fill values: it would take long, because they are "
    "compressed or stored in large blocks."
)


def cube_info(source: str | Path) -> dict[str, Any]:
    """Facts about a cube, in values that JSON can hold.

    Returns
    -------
    dict
        format, rows, columns, bands, dtype, interleave, wavelength_nm, wavelength_units_in_file,
        good_bands, nodata, scale, crs, transform, warnings.

    Raises
    ------
    FileError, FormatError
        if it cannot be opened.
    """
    *_, facts = _facts(source)
    return facts


def steps(source: str, *, diagnose: bool) -> Iterator[dict[str, Any]]:
    """What `info` prints, as it becomes known: each step is a part, or a better one, of the whole.

    Parameters
    ----------
    source : as of `open_cube`.
    diagnose : whether the header doctor looks at it, too.

    Returns
    -------
    Objects of "facts" (see `cube_info`), "error" (its name in `core.errors`, its text) and
    "diagnosis".
    """
    try:
        for facts in _facts(source):
            yield {"facts": facts}
    except HsiError as error:
        shared = next(c for c in type(error).__mro__ if c.__module__ == HsiError.__module__)
        yield {"error": [shared.__name__, str(error)]}
    if diagnose:
        yield {"diagnosis": diagnosis(source)}


def _facts(source: str | Path) -> Iterator[dict[str, Any]]:
    """The facts of `cube_info`: what the description of a cube tells, then what its values do."""
    library = _library_of(source)
    if library is not None:
        yield library_info(*library)
        return
    cube = open_cube(source)
    yield _described(cube, (*_of_description(cube), NOT_EXAMINED))
    if not cube.in_memory:
        cube = replace(cube, source=TimedSource(cube.source, MOST_SECONDS))
    with unpacking_at_most(MOST_UNPACKED):
        cube = _examined(cube)
        yield _described(cube, cube_warnings(real_valued(cube)))


def _described(cube: HyperCube, warnings: Iterable[str]) -> dict[str, Any]:
    georeference = cube.georeference or Georeference()
    return {
        "format": cube.format_name,
        "rows": cube.rows,
        "columns": cube.columns,
        "bands": cube.bands,
        "dtype": cube.dtype.name,
        "interleave": cube.interleave,
        "wavelength_nm": _range(cube),
        "wavelength_units_in_file": cube.wavelength_units_in_file,
        "good_bands": int(np.count_nonzero(cube.good_bands)),
        "nodata": _number(cube.nodata),
        "scale": _number(cube.scale),
        "crs": crs_text(georeference.crs_wkt),
        "transform": None
        if georeference.transform is None
        else [_number(v) for v in georeference.transform],
        "warnings": [*warnings],
    }


def cube_warnings(cube: HyperCube) -> list[str]:
    """Warnings about a cube, the same for every command."""
    return [*_of_description(cube), *_noise_warning(cube)]


def _of_description(cube: HyperCube) -> list[str]:
    georeference = cube.georeference or Georeference()
    return [
        *cube.warnings,
        *_georeference_warning(georeference, crs_text(georeference.crs_wkt)),
        *_offset_warning(cube),
    ]


def _examined(cube: HyperCube) -> HyperCube:
    """The cube with warnings of its fill values, where its values can be read in short time."""
    try:
        return examined(cube)
    except TooLongError:
        return replace(cube, warnings=(*cube.warnings, NOT_EXAMINED))
    except HsiError as error:
        return replace(cube, warnings=(*cube.warnings, f"Not all values can be read: {error}"))


def _library_of(source: str | Path) -> tuple[Path, dict[str, str]] | None:
    """The path and header of an ENVI spectral library; None of anything else."""
    path, part = split_source(source)
    if part is not None or not os.path.isfile(path):  # noqa: PTH113 - of any text
        return None
    header = header_of(path)
    try:
        fields = {} if header is None else read_header(header)[0]
    except HsiError:
        return None  # the reader of cubes says what is wrong with it
    return (path, fields) if "spectral library" in fields.get("file type", "").lower() else None


def library_info(path: Path, fields: dict[str, str]) -> dict[str, Any]:
    """Facts about an ENVI spectral library in the same words: its spectra are rows of one pixel.

    Raises
    ------
    FileError, FormatError
        if it is damaged.
    """
    library = read_library(path)
    dtype = layout_of(fields, path.name, []).dtype
    bands = library.spectra.shape[1]
    about = describe(fields, bands, "", [])
    nm, good = library.wavelengths, about.good_bands
    return {
        "format": "ENVI spectral library",
        "rows": len(library),
        "columns": 1,
        "bands": bands,
        "dtype": dtype.name,
        "interleave": None,
        "wavelength_nm": None if nm is None else [float(nm[0]), float(nm[-1])],
        "wavelength_units_in_file": about.wavelength_units_in_file,
        "good_bands": bands if good is None else int(np.count_nonzero(good)),
        "nodata": _number(about.nodata),
        "scale": _number(about.scale),
        "crs": None,
        "transform": None,
        "warnings": [
            "This is a spectral library, not an image; open it beside a scene with "
            "Spectra > Open a spectral library.",
            *library.warnings,
        ],
    }


def _range(cube: HyperCube) -> list[float] | None:
    if cube.wavelengths is None or not np.isfinite(cube.wavelengths[[0, -1]]).all():
        return None
    return [float(cube.wavelengths[0]), float(cube.wavelengths[-1])]


def _number(value: float | None) -> float | str | None:
    """A number as JSON has it: not-a-number and infinity as text."""
    return value if value is None or np.isfinite(value) else str(value)


def crs_text(wkt: str | None) -> str | None:
    """Return "EPSG:n" where there is one, else the well-known text; None if it is not one."""
    if not wkt:
        return None
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    try:
        code = CRS.from_wkt(wkt).to_epsg()
    except CRSError:
        return None
    return wkt if code is None else f"EPSG:{code}"


def _offset_warning(cube: HyperCube) -> list[str]:
    if not cube.offset:
        return []
    return [f"Physical value = stored value times {cube.scale:g} plus {cube.offset:g}."]


def _georeference_warning(georeference: Georeference, crs: str | None) -> list[str]:
    if not georeference.crs_wkt or crs is not None:
        return []
    return [f"The coordinate system could not be interpreted: {georeference.crs_wkt[:60]}"]


def _noise_warning(cube: HyperCube) -> list[str]:
    try:
        noise = is_noise(cube)
    except TooLongError:
        noise = False
    if not noise:
        return []
    return ["The image looks like noise: the header may not match the data."]


def diagnosis(source: str | Path) -> str | None:
    """The header doctor's report on a raw file, or None where there is nothing to report."""
    path, _ = split_source(source)
    try:
        data = data_beside(path) if path.suffix.lower() == ".hdr" else path
        if not path.is_file() or (data and magic_of(data).startswith(SELF_DESCRIBED)):
            return None  # values that are not raw ones
        if _library_of(source) or (header_of(path) is None and is_identified(path)):
            return None
        found = diagnose(path)
    except (HsiError, OSError):
        return None
    if found.header is None and (not found.readings or found.readings[0].score < CONVINCING):
        return None  # any file can be read as numbers; this one makes no picture
    return found.text() if found.problem else None
