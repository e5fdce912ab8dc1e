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
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.envi.described import data_beside
from hsi_viewer.io.envi.layout import Layout, open_source
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
            f"{header} is no ENVI header but an ESRI one, and its data file is not there. Looked "
            f"for {header.stem}.bil, .bip, .bsq, .flt and others beside it."
        )
    fields = {
        key.lower(): value.strip()
        for key, _, value in (line.strip().partition(" ") for line in _lines(text))
    }
    facts = _by_gdal(data)
    warnings: list[str] = []
    layout = _layout(fields, header.name, facts.pop("dtype"), warnings)
    source = open_source(data, layout, warnings)
    nm = _wavelengths(text, layout.bands, warnings)
    return HyperCube(
        source,
        name=data.name,
        path=path,
        format_name="ESRI",
        interleave=layout.interleave,
        wavelengths=nm,
        warnings=tuple(warnings),
        **facts,
    )


def _lines(text: str) -> list[str]:
    return text.replace("\t", " ").splitlines()


def _by_gdal(data: Path) -> dict[str, Any]:
    """Type, nodata and georeference."""
    from rasterio.errors import RasterioError

    from hsi_viewer.io.files.gdal import open_raster
    from hsi_viewer.io.rasters.georeference import georeference_of

    try:
        with open_raster(data, driver="EHdr") as file:
            return {
                "dtype": np.dtype(file.dtypes[0]),
                "nodata": file.nodata,
                "georeference": georeference_of(file),
            }
    except RasterioError as error:
        raise FormatError(f"{data} is not readable by its ESRI header: {error}.") from error


def _layout(
    fields: Mapping[str, str], name: str, dtype: np.dtype[Any], warnings: list[str]
) -> Layout:
    """Size and order of the values."""
    rows, columns = _whole(fields, "nrows", name, 0), _whole(fields, "ncols", name, 0)
    bands, skip = _whole(fields, "nbands", name, 1), _whole(fields, "skipbytes", name, 0)
    bits = _whole(fields, "nbits", name, dtype.itemsize * 8)
    interleave = fields.get("layout", "bil").lower()
    if min(rows, columns, bands) < 1 or skip < 0:
        raise FormatError(f"{name}: an image of {rows} x {columns} x {bands} cannot be.")
    if interleave not in ORDERS:
        raise FormatError(f'{name}: "LAYOUT {interleave}" is none of BIL, BIP and BSQ.')
    if bits != dtype.itemsize * 8:
        raise FormatError(f"{name}: values of {bits} bits are not supported.")
    band_row = columns * dtype.itemsize
    row = band_row * (1 if interleave == "bsq" else bands)
    for key, own in (("bandrowbytes", band_row), ("totalrowbytes", row), ("bandgapbytes", 0)):
        said = _whole(fields, key, name, own)
        if said > own:
            raise FormatError(f"{name}: rows with bytes between them ({key}) are not supported.")
        if said < own:
            warnings.append(f"{key.upper()} {said} of the header is too little; it is not used.")
    big = fields.get("byteorder", "i").lower().startswith("m")
    order = dtype.newbyteorder(">" if big else "<")
    return Layout(rows, columns, bands, order, interleave, skip, False)


def _whole(fields: Mapping[str, str], key: str, name: str, default: int) -> int:
    text = fields.get(key, "") or str(default)
    try:
        return int(text.split()[0])
    except ValueError:
        raise FormatError(f'{name}: "{key.upper()} {text[:40]}" is no whole number.') from None


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
        warnings.append("The wavelengths in the header are not one a band; they are not used.")
        return None
    nm, guess = to_nm(values, None)
    warnings += [guess] if guess else []
    return nm
