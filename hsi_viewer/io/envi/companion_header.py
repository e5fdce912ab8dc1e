"""An ENVI header that describes a raster of another format: x.hdr beside x.tif.

ENVI and EnMAP-Box put wavelengths, FWHM, bad bands and names of a GeoTIFF there ("file type =
TIFF"); sizes may be left out.
"""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.envi.described import data_beside
from hsi_viewer.io.envi.fields import describe
from hsi_viewer.io.envi.pairing import OF_GDAL, header_by_name

SIZES = ("lines", "samples", "bands")


def completed(
    known: CubeMetadata, path: Path, shape: tuple[int, int, int], warnings: list[str]
) -> CubeMetadata:
    """Metadata of a raster, completed by the header beside it.

    Parameters
    ----------
    known : the raster's own metadata, which take precedence.
    path : of the raster.
    shape : rows, columns and bands, as it has them.
    warnings : where a header that doesn't fit is added.
    """
    header = header_by_name(path)
    if header is None:
        return known
    try:
        fields, remarks = envi_header.read_header(header)
        is_own = fields.get("file type", "").lower().startswith(OF_GDAL)
        if not is_own and data_beside(header) not in (None, path):
            return known  # it is the header of other data
        sizes = [envi_header.whole(fields, key, header.name, -1) for key in SIZES]
    except FormatError as error:
        warnings.append(f"{header.name} beside the file is not used: {error}")
        return known
    if any(given not in (-1, size) for given, size in zip(sizes, shape, strict=True)):
        if is_own:
            warnings.append(
                f"{header.name} beside the file gives a different size; it is not used."
            )
        return known
    about = describe(fields, shape[2], "", remarks)
    if known.wavelengths is None and about.wavelengths is not None:
        warnings += remarks
    of_bands = replace(about, interleave=None, class_names={}, fields={})
    return known.merged(of_bands)
