"""AVIRIS classic files without a header: .rfl, 16-bit big-endian, pixel by pixel.

Layout after the AVIRIS distribution document (JPL): 614 columns, 224 bands, as Spectral Python's
reader has it; wavelengths from the .spc file that is distributed with the scene.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.files.byte_reader import FileReader
from hsi_viewer.io.files.raw_source import ORDERS, RawSource
from hsi_viewer.io.files.text_file import numbers_of, text_of
from hsi_viewer.io.metadata.wavelengths import to_nm

COLUMNS, BANDS = 614, 224
DTYPE = np.dtype(">i2")
REFLECTANCE_FACTOR = 10000.0


def is_rfl(path: Path) -> bool:
    """Whether the name ends in .rfl and the size is a whole number of AVIRIS lines."""
    line = COLUMNS * BANDS * DTYPE.itemsize
    return path.suffix.lower() == ".rfl" and path.stat().st_size % line == 0


def open_rfl(path: Path) -> HyperCube:
    """Open a .rfl file.

    Raises
    ------
    FormatError
        if it holds no line.
    """
    reader = FileReader(path)
    rows = reader.size // (COLUMNS * BANDS * DTYPE.itemsize)
    if rows < 1:
        raise FormatError(f"{path} is too short for a single AVIRIS line.")
    nm, fwhm = bands_beside(path, BANDS)
    metadata = CubeMetadata(
        wavelengths=nm,
        fwhm=fwhm,
        scale=1.0 / REFLECTANCE_FACTOR,
        format_name="AVIRIS",
        interleave="bip",
    )
    source = RawSource(reader, (rows, COLUMNS, BANDS), DTYPE, ORDERS["bip"])
    warnings = () if nm is not None else ("There is no .spc file with wavelengths beside it.",)
    return HyperCube.described(source, metadata, path.name, path, warnings)


def bands_beside(
    path: Path, bands: int
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Wavelengths and FWHM (nm) of a .spc file of as many bands, named like the image.

    Both are None where there is none.
    """
    stem = path.name.split(".")[0]
    for candidate in sorted(path.parent.glob("*.spc")):
        flight = candidate.name.split(".")[0]
        if not (flight.startswith(stem) or stem.startswith(flight)):
            continue
        try:
            table = numbers_of(text_of(candidate).splitlines(), (0, 1))
        except (ValueError, FileError, IndexError):
            continue
        if len(table) == bands:
            return to_nm(table[:, 0], None)[0], table[:, 1]
    return None, None
