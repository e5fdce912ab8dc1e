"""An ENVI header that describes a raster of another format: x.hdr beside x.tif.

ENVI and EnMAP-Box put wavelengths, FWHM, bad bands and names of a GeoTIFF there ("file type =
TIFF"); sizes may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.envi.described import data_beside
from hsi_viewer.io.envi.fields import describe
from hsi_viewer.io.envi.pairing import OF_GDAL, header_by_name

SIZES = ("lines", "samples", "bands")


def fields_beside(
    path: Path, shape: tuple[int, int, int], known: Mapping[str, Any], warnings: list[str]
) -> dict[str, Any]:
    """Fields of the header beside a raster that the raster itself does not give.

    Parameters
    ----------
    path : of the raster.
    shape : rows, columns and bands, as it has them.
    known : what it says of itself, as keyword arguments of HyperCube; goes first.
    warnings : told of a header that does not fit.
    """
    header = header_by_name(path)
    if header is None:
        return {}
    try:
        fields, said = envi_header.read_header(header)
        is_own = fields.get("file type", "").lower().startswith(OF_GDAL)
        if not is_own and data_beside(header) not in (None, path):
            return {}  # it is the header of other data
        sizes = [envi_header.whole(fields, key, header.name, -1) for key in SIZES]
    except FormatError as error:
        warnings.append(f"{header.name} beside the file is not used: {error}")
        return {}
    if any(given not in (-1, size) for given, size in zip(sizes, shape, strict=True)):
        if is_own:
            warnings.append(
                f"{header.name} beside the file gives a different size; it is not used."
            )
        return {}
    about = describe(fields, shape[2], "", path, said)
    found = {
        key: about[key]
        for key in ("wavelengths", "fwhm", "nodata", "georeference", "default_bands", "band_names")
        if known.get(key) is None and about[key] is not None
    }
    if "wavelengths" in found:
        found["wavelength_units_in_file"] = about["wavelength_units_in_file"]
        warnings += said
    if "good_bands" not in known:
        found["good_bands"] = about["good_bands"]
    if known.get("scale", 1.0) == 1.0 and not known.get("offset"):
        found |= {key: about[key] for key in ("scale", "offset") if key in about}
    return found
