"""ENVI images: a raw file and a text header."""

from __future__ import annotations

from pathlib import Path

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.envi.described import Described, described
from hsi_viewer.io.envi.fields import describe
from hsi_viewer.io.envi.layout import Layout, open_source
from hsi_viewer.io.envi.pairing import unpacked_name


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
    return open_described(described(path, layout), path)


def open_described(found: Described, path: Path) -> HyperCube:
    """Open the raw image that a header describes; `path` is what the user named.

    Raises
    ------
    FileError, FormatError
        if its values lie in a file of another format, or cannot be read.
    """
    fields, layout, data, warnings = found
    if layout is None:
        raise FormatError(f"{path}: the values that its header describes lie in {data}; open that.")
    source = open_source(data, layout, warnings)
    about = describe(fields, layout.bands, layout.interleave, warnings)
    name = unpacked_name(data.name)
    return HyperCube.described(source, about, name, path, warnings)
