"""Images with an ESRI header: .bil, .bip, .bsq or .flt beside .hdr.

Type, nodata and georeference (.prj, world file) are GDAL's word; the values are read like ENVI's.
Layout after "BIL, BIP, and BSQ raster files", ArcGIS documentation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.envi.described import data_beside
from hsi_viewer.io.envi.layout import Layout, open_source
from hsi_viewer.io.files.identify import check_beside
from hsi_viewer.io.files.raw_source import ORDERS
from hsi_viewer.io.metadata.wavelengths import to_nm

_WAVELENGTHS = re.compile(r"^WAVELENGTHS\s+(.*?)^WAVELENGTHS_END", re.MULTILINE | re.DOTALL)


def open_esri(path: Path, header: Path, text: str) -> HyperCube:
    """Open an image by its ESRI header or by its data.

    Parameters
    ----------
    path : of the header or of the data.
    header : its path.
    text : of the header.

    Raises
    ------
    FileError, FormatError
        if the data are missing or not what the header says.
    """
    data = path if path != header else data_beside(header)
    if data is None:
        raise FileError(
            f"{header} is an ESRI header, not an ENVI one, and its data file is missing. Looked "
            f"for {header.stem}.bil, .bip, .bsq, .flt and others beside it."
        )
    fields = {
        key.lower(): value.strip()
        for key, _, value in (line.strip().partition(" ") for line in _lines(text))
    }
    dtype, metadata = _by_gdal(data)
    warnings: list[str] = []
    layout = _layout(fields, header.name, dtype, warnings)
    source = open_source(data, layout, warnings)
    nm = _wavelengths(text, layout.bands, warnings)
    metadata = replace(metadata, wavelengths=nm, interleave=layout.interleave)
    return HyperCube.described(source, metadata, data.name, path, warnings)


def _lines(text: str) -> list[str]:
    return text.replace("\t", " ").splitlines()


def _by_gdal(data: Path) -> tuple[np.dtype[Any], CubeMetadata]:
    """Type of the values, nodata and georeference."""
    from hsi_viewer.io.files.gdal import RASTER_ERRORS, open_raster
    from hsi_viewer.io.rasters.georeference import georeference_of

    check_beside(data)
    try:
        with open_raster(data, driver="EHdr") as file:
            return np.dtype(file.dtypes[0]), CubeMetadata(
                nodata=file.nodata, georeference=georeference_of(file), format_name="ESRI"
            )
    except RASTER_ERRORS as error:
        raise FormatError(f"{data} does not match its ESRI header: {error}.") from error


def _layout(
    fields: Mapping[str, str], name: str, dtype: np.dtype[Any], warnings: list[str]
) -> Layout:
    """Size and order of the values."""
    rows, columns = _whole(fields, "nrows", name, 0), _whole(fields, "ncols", name, 0)
    bands, skip = _whole(fields, "nbands", name, 1), _whole(fields, "skipbytes", name, 0)
    bits = _whole(fields, "nbits", name, dtype.itemsize * 8)
    interleave = fields.get("layout", "bil").lower()
    if min(rows, columns, bands) < 1 or skip < 0:
        raise FormatError(f"{name}: an image of {rows} x {columns} x {bands} is impossible.")
    if interleave not in ORDERS:
        raise FormatError(f'{name}: "LAYOUT {interleave}" is not BIL, BIP or BSQ.')
    if bits != dtype.itemsize * 8:
        raise FormatError(f"{name}: values of {bits} bits are not supported.")
    band_row = columns * dtype.itemsize
    row = band_row * (1 if interleave == "bsq" else bands)
    for key, own in (("bandrowbytes", band_row), ("totalrowbytes", row), ("bandgapbytes", 0)):
        given = _whole(fields, key, name, own)
        if given > own:
            raise FormatError(f"{name}: rows with bytes between them ({key}) are not supported.")
        if given < own:
            warnings.append(f"{key.upper()} {given} in the header is too small; it is not used.")
    big = fields.get("byteorder", "i").lower().startswith("m")
    order = dtype.newbyteorder(">" if big else "<")
    return Layout(rows, columns, bands, order, interleave, skip, False)


def _whole(fields: Mapping[str, str], key: str, name: str, default: int) -> int:
    text = fields.get(key, "") or str(default)
    try:
        return int(text.split()[0])
    except ValueError:
        raise FormatError(f'{name}: "{key.upper()} {text[:40]}" is not a whole number.') from None


def _wavelengths(text: str, bands: int, warnings: list[str]) -> NDArray[np.float64] | None:
    """Numbers between WAVELENGTHS and WAVELENGTHS_END, which camera programs write."""
    match = _WAVELENGTHS.search(text)
    if match is None:
        return None
    try:
        values = np.array([float(v) for v in match[1].split()])
    except ValueError:
        values = np.empty(0)
    if values.size != bands:
        warnings.append(
            "The header does not give one wavelength per band; its wavelengths are not used."
        )
        return None
    nm, guess = to_nm(values, None)
    warnings += [guess] if guess else []
    return nm
