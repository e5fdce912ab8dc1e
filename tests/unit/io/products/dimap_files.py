"""Small BEAM-DIMAP products, as SNAP writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CODES = {"u1": 1, "i1": 1, "i2": 2, "i4": 3, "f4": 4, "f8": 5, "u2": 12, "u4": 13}


def band(name: str, values: NDArray[Any] | None, **about: Any) -> dict[str, Any]:
    """A band to write; without values, one that SNAP computes."""
    return {"name": name, "values": values, **about}


def write_product(
    path: Path,
    bands: list[dict[str, Any]],
    crs: str | None = None,
    transform: tuple[float, ...] | None = None,
    tie_points: bool = False,
    map_info: str | None = None,
    wavelength_unit: str | None = None,
) -> Path:
    """Write a product of single-band ENVI images, big-endian, and its XML.

    Parameters
    ----------
    transform : in the order of Java: x scale, y shear, x shear, y scale, x, y.
    """
    folder = path.with_suffix(".data")
    folder.mkdir(parents=True)
    rows, columns = next(b["values"].shape for b in bands if b["values"] is not None)
    files, infos = "", ""
    for index, about in enumerate(bands):
        if about["values"] is not None:
            _write_image(folder / f"{about['name']}.img", about["values"], map_info)
            files += (
                f'<Data_File><DATA_FILE_PATH href="{folder.name}/{about["name"]}.hdr" />'
                f"<BAND_INDEX>{index}</BAND_INDEX></Data_File>\n"
            )
        infos += _info(index, about, wavelength_unit)
    geocoding = ""
    if crs is not None:
        geocoding += f"<Coordinate_Reference_System><WKT>{crs}</WKT></Coordinate_Reference_System>"
    if transform is not None:
        numbers = ",".join(map(str, transform))
        geocoding += f"<Geoposition><IMAGE_TO_MODEL_TRANSFORM>{numbers}</IMAGE_TO_MODEL_TRANSFORM>"
        geocoding += "</Geoposition>"
    if tie_points:
        geocoding += "<Tie_Point_Grids><NUM_TIE_POINT_GRIDS>1</NUM_TIE_POINT_GRIDS>"
        geocoding += "<Tie_Point_Grid_Info /></Tie_Point_Grids>"
    path.write_text(
        f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<Dimap_Document name="{path.name}">
<Metadata_Id><METADATA_FORMAT version="2.12.1">DIMAP</METADATA_FORMAT>
<METADATA_PROFILE>BEAM-DATAMODEL-V1</METADATA_PROFILE></Metadata_Id>
<Production><PRODUCT_TYPE>TEST_L2</PRODUCT_TYPE></Production>
<!-- a remark -->{geocoding}
<Raster_Dimensions><NCOLS>{columns}</NCOLS><NROWS>{rows}</NROWS></Raster_Dimensions>
<Data_Access><DATA_FILE_FORMAT>ENVI</DATA_FILE_FORMAT>
{files}</Data_Access>
<Image_Interpretation>
{infos}</Image_Interpretation>
</Dimap_Document>
""",
        encoding="latin-1",
    )
    return path


def _write_image(path: Path, values: NDArray[Any], map_info: str | None) -> None:
    path.write_bytes(values.astype(values.dtype.newbyteorder(">")).tobytes())
    code = CODES[values.dtype.str[1:]]
    rows, columns = values.shape
    path.with_suffix(".hdr").write_text(
        f"ENVI\nsamples = {columns}\nlines = {rows}\nbands = 1\nheader offset = 0\n"
        f"file type = ENVI Standard\ndata type = {code}\ninterleave = bsq\nbyte order = 1\n"
        + (f"map info = {map_info}\n" if map_info else "")
    )


def _info(index: int, about: dict[str, Any], wavelength_unit: str | None) -> str:
    values = about["values"]
    dtype = "float32" if values is None else np.dtype(values.dtype).name
    nodata = about.get("nodata")
    fields = {
        "BAND_INDEX": index,
        "BAND_DESCRIPTION": "",
        "BAND_NAME": about["name"],
        "DATA_TYPE": dtype,
        "PHYSICAL_UNIT": about.get("unit"),
        "SOLAR_FLUX": 0.0,
        "BAND_WAVELEN": float(about.get("wavelength", 0)),
        "WAVELEN_UNIT": wavelength_unit,
        "BANDWIDTH": float(about.get("width", 0)),
        "FLAG_CODING_NAME": about.get("flags"),
        "INDEX_CODING_NAME": about.get("index_coding"),
        "SCALING_FACTOR": float(about.get("scale", 1)),
        "SCALING_OFFSET": float(about.get("offset", 0)),
        "LOG10_SCALED": str(bool(about.get("log10"))).lower(),
        "NO_DATA_VALUE_USED": str(nodata is not None).lower(),
        "NO_DATA_VALUE": float(nodata or 0),
        "VALID_MASK_TERM": about.get("valid"),
        "VIRTUAL_BAND": None if values is not None else "true",
    }
    inside = "".join(f"<{key}>{text}</{key}>" for key, text in fields.items() if text is not None)
    return f"<Spectral_Band_Info>{inside}</Spectral_Band_Info>\n"
