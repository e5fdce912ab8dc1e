"""ENVI images: a raw file and a text header."""

from __future__ import annotations

from pathlib import Path

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.envi.described import Described, described
from hsi_viewer.io.envi.fields import describe
from hsi_viewer.io.envi.layout import Layout, open_source
from hsi_viewer.io.envi.pairing import header_of


def open_envi(path: Path, layout: Layout | None = None) -> HyperCube:
    """Open an ENVI image by its header or by its data file.

    Parameters
    ----------
    path : header or data file.
    layout : overrules what the header says, or takes the place of a missing header.

    Raises
    ------
    FileError, FormatError
        if a file is missing, short, or not what the header says.
    """
    try:
        return open_described(described(path, layout), path)
    except envi_header.EsriHeaderError as esri:
        from hsi_viewer.io.raw.esri import open_esri

        return open_esri(path, header_of(path) or path, esri.text)


def open_described(found: Described, path: Path) -> HyperCube:
    """Open the image that a header describes; `path` is what the user named."""
    fields, layout, data, warnings = found
    if layout is None:
        from hsi_viewer.io.rasters.geotiff import open_geotiff

        return open_geotiff(data)  # which reads the header beside
    source = open_source(data, layout, warnings)
    about = describe(fields, layout.bands, layout.interleave, warnings)
    name = data.name.removesuffix(".gz")
    return HyperCube.described(source, about, name, path, warnings)
