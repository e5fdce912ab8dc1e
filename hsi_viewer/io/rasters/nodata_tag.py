"""The no-data value of a GeoTIFF of 64-bit integers, as it is written.

Import lazily: it needs tifffile.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from tifffile import TiffFile

from hsi_viewer.core.cube.nodata import exact_number

NODATA_TAG = 42113  # of GDAL's
# It would write to the terminal what it finds odd in a file.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)


def written_nodata(path: Path, page: int | None) -> float | None:
    """The no-data value in an image of a TIFF file, numbered from 1; None where there is none."""
    try:
        with TiffFile(path, _multifile=False) as file:
            image: Any = file.pages[(page or 1) - 1]
            return exact_number(image.tags[NODATA_TAG].value.strip(" \0"))
    except Exception:  # noqa: BLE001 - of a damaged file anything can come; GDAL has read it
        return None
