"""The dark reference that HySpex cameras keep in the header of each .hyspex file.

The layout is that of the maker's own reading script (Norsk Elektro Optikk, read_hyspex_header):
fixed fields up to byte 2181, then wavelengths, quantum efficiency, response and background.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import FileError
from hsi_viewer.io.files.identify import open_plain

MARK = b"HYSPEX"
_SIZES, _EXPOSURE, _PRESENT, _FIXED = 1961, 1977, 2009, 2181


class HySpexHeader(NamedTuple):
    """What is needed of the header of a .hyspex file.

    Attributes
    ----------
    exposure : integration time in microseconds.
    background : (columns, bands) counts with a closed shutter; None where none was taken.
    """

    exposure: float
    background: NDArray[np.float64] | None


def read_hyspex(path: Path, columns: int, bands: int) -> HySpexHeader | None:
    """The header of a .hyspex file; None of other files, and of one of another size.

    Parameters
    ----------
    columns, bands : as the ENVI header beside it gives them.

    Raises
    ------
    FileError
        if it cannot be read.
    """
    try:
        with open_plain(path) as file:
            fixed = file.read(_FIXED)
            if len(fixed) < _FIXED or not fixed.startswith(MARK):
                return None
            if struct.unpack_from("<2I", fixed, _SIZES) != (bands, columns):
                return None
            exposure = float(struct.unpack_from("<I", fixed, _EXPOSURE)[0])
            if not struct.unpack_from("<I", fixed, _PRESENT)[0]:
                return HySpexHeader(exposure, None)
            start, size = _FIXED + 8 * bands * (2 + columns), 8 * bands * columns
            if os.fstat(file.fileno()).st_size < start + size:
                return HySpexHeader(exposure, None)
            file.seek(start)
            raw = file.read(size)
    except OSError as error:
        raise FileError(f"{path} could not be read: {error.strerror}.") from error
    background = np.frombuffer(raw, "<f8").reshape(bands, columns).T
    return HySpexHeader(exposure, background if np.isfinite(background).all() else None)
