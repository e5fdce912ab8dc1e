"""Images that a header beside them describes: ENVI's own, ESRI's, and TIFF files with a header."""

from __future__ import annotations

from pathlib import Path

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.io.envi import image as envi_image
from hsi_viewer.io.envi.described import Described, described
from hsi_viewer.io.envi.header import EsriHeaderError
from hsi_viewer.io.envi.pairing import header_of


def open_with_header(path: Path) -> HyperCube:
    """Open an image by its header or by its data file.

    Raises
    ------
    FileError, FormatError
        if a file is missing, short, or not what the header says.
    """
    try:
        found = described(path)
    except EsriHeaderError as esri:
        from hsi_viewer.io.raw.esri import open_esri

        return open_esri(path, header_of(path) or path, esri.text)
    return open_described(found, path)


def open_described(found: Described, path: Path) -> HyperCube:
    """Open the image that a header describes; `path` is what the user named."""
    if found.layout is None:
        from hsi_viewer.io.rasters.geotiff import open_geotiff

        return open_geotiff(found.data)  # which reads the header beside
    return envi_image.open_described(found, path)
