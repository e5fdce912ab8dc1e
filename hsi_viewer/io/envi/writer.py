"""ENVI images, out: a raw file and its header, which appear together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import UNCLASSIFIED_NAME, Colour
from hsi_viewer.core.strips import strips
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.envi.described import data_beside, header_finds_data
from hsi_viewer.io.metadata.map_info import map_info_of


def pair_of(path: Path, suffix: str = ".img") -> tuple[Path, Path]:
    """Header and data file of a target x.hdr, x.img or x.img.hdr.

    The header is x.img.hdr where x.hdr would lead to another file beside, and, unless x.hdr is
    asked for, where that belongs to other data, which it goes on to lead to, or x.img.hdr is there.

    Parameters
    ----------
    path : target.
    suffix : of the data.

    Raises
    ------
    ExportError
        if the path is a header that belongs to other data, or such a one would lead to the new.
    """
    is_header = path.suffix.lower() == ".hdr"
    data = path.with_suffix("" if is_header and path.stem.lower().endswith(suffix) else suffix)
    long, short = _headers_of(data)
    described = data_beside(short) if short.is_file() else None
    if described not in (None, data) and (
        path == short or not header_finds_data(short, described, data)
    ):
        raise ExportError(
            f"{short} is the header of {described.name} and would be overwritten; choose another "
            "name."
        )
    if path == long or (path != short and (long.exists() or described not in (None, data))):
        return long, data
    return short if header_finds_data(short, data) else long, data


def _headers_of(data: Path) -> tuple[Path, Path]:
    return data.with_name(f"{data.name}.hdr"), data.with_suffix(".hdr")


@contextmanager
def replacing_pair(header: Path, data: Path, *beside: Path) -> Iterator[tuple[Path, ...]]:
    """`replacing` for header, data and others, in this order; an error names the data.

    A second header of the old data goes, too.
    """
    others = [h for h in _headers_of(data) if h != header and h.is_file()]
    old = [h for h in others if data_beside(h) == data]
    with replacing(data, *beside, header) as (new_data, *new_beside, new_header):
        yield new_header, new_data, *new_beside
    for other in old:
        with suppress(OSError):
            other.unlink(missing_ok=True)


def georeference_fields(georeference: Georeference | None) -> dict[str, str]:
    """The three header fields of a georeference; what came from an ENVI header goes verbatim."""
    if georeference is None:
        return {}
    map_info = georeference.map_info
    if map_info is None and georeference.transform is not None:
        map_info = map_info_of(georeference.transform, georeference.crs_wkt)
    system = georeference.coordinate_system
    if system is None and georeference.map_info is None and georeference.crs_wkt:
        system = f"{{{_esri_wkt(georeference.crs_wkt)}}}"
    fields = {
        "map info": map_info,
        "projection info": georeference.projection_info,
        "coordinate system string": system,
    }
    return {key: value for key, value in fields.items() if value}


def _esri_wkt(wkt: str) -> str:
    from rasterio.crs import CRS
    from rasterio.enums import WktVersion
    from rasterio.errors import CRSError

    try:
        # empty for what the old notation cannot express, such as rotated poles
        return str(CRS.from_wkt(wkt).to_wkt(version=WktVersion.WKT1_ESRI)) or wkt
    except CRSError:
        return wkt


def layout_fields(
    shape: tuple[int, int, int], dtype: np.dtype[Any], interleave: str
) -> dict[str, str]:
    """Header fields of the layout: little-endian, no offset.

    Raises
    ------
    ExportError
        if ENVI has no such data type.
    """
    code = envi_header.CODES.get(dtype.newbyteorder("="))
    if code is None:
        raise ExportError(f"ENVI has no data type for {dtype.name}; convert the values first.")
    return {
        "samples": str(shape[1]),
        "lines": str(shape[0]),
        "bands": str(shape[2]),
        "header offset": "0",
        "data type": str(code),
        "interleave": interleave,
        "byte order": "0",
    }


def class_fields(
    names: Mapping[int, str], colours: Mapping[int, Colour], largest: int
) -> dict[str, str]:
    """Header fields of a classification; gaps between ids are named "(unused n)".

    Parameters
    ----------
    names, colours : by class id; colours without that of 0, which is black.
    largest : largest id in the file.
    """
    last = max([largest, *names], default=0)
    entries = [envi_header.clean_name(names.get(0) or UNCLASSIFIED_NAME)]
    flat = [0, 0, 0]
    for class_id in range(1, last + 1):
        entries.append(envi_header.clean_name(names.get(class_id, f"(unused {class_id})")))
        flat.extend(colours.get(class_id, (0, 0, 0)))
    return {
        "classes": str(last + 1),
        "class names": envi_header.braced(entries),
        "class lookup": envi_header.braced([str(v) for v in flat]),
    }


def write_image(
    header: Path,
    data: Path,
    values: NDArray[Any],
    fields: Mapping[str, str],
    description: str,
    beside: Mapping[Path, str] | None = None,
) -> None:
    """Write one band, (rows, columns), strip by strip, and its header.

    Parameters
    ----------
    beside : texts of other files of the same folder, which appear together with the image.

    Raises
    ------
    ExportError
        if they cannot be written; the old pair, if any, is unchanged.
    """
    layout = layout_fields((*values.shape[:2], 1), values.dtype, "bsq")
    text = envi_header.format_header(
        {"description": f"{{{envi_header.clean_name(description)}}}", **layout, **fields}
    )
    texts = dict(beside or {})
    with replacing_pair(header, data, *texts) as (new_header, new_data, *others):
        little = values.dtype.newbyteorder("<")
        with new_data.open("wb") as file:
            for _, part in strips(values):
                file.write(np.ascontiguousarray(part, little).data)
        new_header.write_text(text, encoding="utf-8")
        for other, content in zip(others, texts.values(), strict=True):
            other.write_text(content, encoding="utf-8")
