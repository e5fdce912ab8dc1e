"""BEAM-DIMAP products of SNAP: a .dim file of XML and a .data folder of one ENVI image per band.

Layout after SNAP's own header writer and its help page "The BEAM-DIMAP Data Format". A value is
the stored one times SCALING_FACTOR plus SCALING_OFFSET; NO_DATA_VALUE is a stored value.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube, is_scale
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.envi.described import described
from hsi_viewer.io.envi.layout import Layout, open_source
from hsi_viewer.io.files.composed_sources import ScaledSource, StackSource
from hsi_viewer.io.files.text_file import text_of
from hsi_viewer.io.metadata.crs import crs_of
from hsi_viewer.io.metadata.map_info import georeference
from hsi_viewer.io.metadata.wavelengths import to_nm

MAX_XML_BYTES = 256 << 20
MAX_OPEN, MOST_NAMED = 64, 6
_ENTITIES = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
FLAGS, COMPUTED, SIZE, PLAIN = (
    "flags or classes", "computed by SNAP", "of another size", "without a wavelength",
)  # fmt: skip


class Band(Struct, frozen=True):
    """A band as the XML describes it, and where its values lie."""

    name: str
    wavelength: float
    width: float
    scale: float
    offset: float
    nodata: float | None
    unit: str
    header: Path
    data: Path
    layout: Layout
    remarks: tuple[str, ...]


class BandFile:
    """The image of a band as a CubeSource, opened when it is read and then kept for a while."""

    def __init__(self, band: Band) -> None:
        self._data, self._layout = band.data, band.layout
        self.shape = band.layout.rows, band.layout.columns, 1
        self.dtype: np.dtype[Any] = band.layout.dtype.newbyteorder("=")

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window."""
        try:
            changed = self._data.stat().st_mtime_ns
        except OSError as error:
            raise FileError(f"{self._data} could not be read: {error.strerror}.") from error
        window: NDArray[Any] = _opened(self._data, self._layout, changed).read(rows, columns, bands)
        return window


@lru_cache(MAX_OPEN)
def _opened(data: Path, layout: Layout, changed: int) -> Any:
    """An open image; one that was written again is another."""
    return open_source(data, layout, [])


def open_dimap(path: Path) -> HyperCube:
    """Open a product by its .dim file or its .data folder.

    Raises
    ------
    FileError, FormatError
        if a file is missing or damaged, or no band of the product holds values.
    """
    path = path.with_suffix(".dim") if path.is_dir() else path
    root = _parsed(path)
    left_out: list[tuple[str, str]] = []
    bands = _spectral(_of_one_size(list(_bands(path, root, left_out)), left_out), left_out)
    if not bands:
        reasons = "; ".join(f"{name} is {why}" for name, why in left_out[:MOST_NAMED])
        raise FormatError(f"{path} has no band of values to show{': ' * bool(reasons)}{reasons}.")
    source, fields, warnings = _values(bands)
    warnings += _left_out(left_out)
    warnings += [f"{b.name}: {remark}" for b in bands for remark in b.remarks][:MOST_NAMED]
    georeference = _georeference(root, bands[0], warnings)
    if (term := _text(root, ".//VALID_MASK_TERM")) is not None:
        warnings.append(f'The expression of valid pixels ("{term[:80]}") is not applied.')
    units = dict.fromkeys(band.unit for band in bands if band.unit)
    about = {"product type": _text(root, ".//PRODUCT_TYPE"), "unit": ", ".join(units)}
    return HyperCube(
        source,
        name=path.name,
        path=path,
        format_name="BEAM-DIMAP",
        interleave="bsq",
        band_names=tuple(band.name for band in bands),
        georeference=georeference,
        warnings=tuple(warnings),
        metadata={key: text for key, text in about.items() if text},
        **_wavelengths(root, bands, warnings),
        **fields,
    )


def _parsed(path: Path) -> ET.Element:
    text = text_of(path, MAX_XML_BYTES)
    if _ENTITIES.search(text):
        raise FormatError(f"{path} defines entities, which are not read; save it again in SNAP.")
    try:
        return ET.fromstring(text)  # noqa: S314 - no entities
    except (ET.ParseError, ValueError) as error:
        raise FormatError(f"{path} is damaged: it is not readable XML ({error}).") from error


def _bands(path: Path, root: ET.Element, left_out: list[tuple[str, str]]) -> Iterator[Band]:
    """Bands that have a file of values, in the order of the XML."""
    files = {}
    for element in root.iterfind(".//Data_Access/Data_File"):
        target = element.find("DATA_FILE_PATH")
        href = "" if target is None else target.get("href", "")
        if href.lower().endswith(".hdr"):
            files[_text(element, "BAND_INDEX") or "0"] = href
    if not files:
        raise FormatError(
            f"{path} is not a BEAM-DIMAP product: none of its bands is an ENVI image. "
            "For other DIMAP products, open the image itself."
        )
    for element in root.iterfind(".//Image_Interpretation/Spectral_Band_Info"):
        index = _text(element, "BAND_INDEX") or "0"
        name = _text(element, "BAND_NAME") or f"band {index}"
        if _text(element, "FLAG_CODING_NAME") or _text(element, "INDEX_CODING_NAME"):
            left_out.append((name, FLAGS))
        elif index not in files:
            left_out.append((name, COMPUTED))
        else:
            yield _band(path, element, name, _header(path, files[index]))


def _header(path: Path, href: str) -> Path:
    """The header of a band, in a folder beside the .dim file and nowhere else."""
    *above, name = href.replace("\\", "/").split("/")
    folders = [path.with_suffix(".data")]
    if above and above[-1] not in ("", ".", ".."):  # the .dim file may have been renamed
        folders.append(path.parent / above[-1])
    if any(mark in part for part in (name, *above[-1:]) for mark in ":\0"):
        raise FormatError(f"{path}: {href!r} isn't the name of a band's file.")
    found = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if found is None:
        raise FileError(
            f"{folders[0] / name}, which {path.name} names, is missing; "
            "copy the .data folder next to the .dim file."
        )
    return found


def _band(path: Path, element: ET.Element, name: str, header: Path) -> Band:
    fields, layout, data, remarks = described(header)
    if layout is None or layout.bands != 1:
        raise FormatError(f"{header}: it describes more than one band of raw values.")
    if _text(element, "DATA_TYPE") == "int8":  # for which ENVI has no type
        layout = replace(layout, dtype=np.dtype("i1"))
    open_source(data, layout, remarks)  # raises now what is wrong with it
    used = _text(element, "NO_DATA_VALUE_USED")
    nodata = fields.get("data ignore value") if used is None else None
    if used == "true":
        nodata = _text(element, "NO_DATA_VALUE")
    scale = _number(path, element, "SCALING_FACTOR", 1.0)
    offset = _number(path, element, "SCALING_OFFSET", 0.0)
    if not (is_scale(scale) and math.isfinite(offset)):
        remarks = [*remarks, f"the scale {scale:g} and offset {offset:g} are not applied"]
        scale, offset = 1.0, 0.0
    if _text(element, "LOG10_SCALED") == "true":
        remarks = [*remarks, "the values are logarithms (base 10)"]
    return Band(
        name,
        _number(path, element, "BAND_WAVELEN", 0.0),
        _number(path, element, "BANDWIDTH", 0.0),
        scale,
        offset,
        None if nodata is None else _float(path, "NO_DATA_VALUE", nodata),
        _text(element, "PHYSICAL_UNIT") or "",
        header,
        data,
        layout,
        tuple(remarks),
    )


def _of_one_size(bands: list[Band], left_out: list[tuple[str, str]]) -> list[Band]:
    """The bands of the commonest size; of several, that with the most pixels."""
    if not bands:
        return bands
    found = Counter(_size(band) for band in bands)
    size = max(found, key=lambda size: (found[size], size))
    left_out += [(band.name, SIZE) for band in bands if _size(band) != size]
    return [band for band in bands if _size(band) == size]


def _size(band: Band) -> tuple[int, int]:
    return band.layout.rows, band.layout.columns


def _spectral(bands: list[Band], left_out: list[tuple[str, str]]) -> list[Band]:
    """The bands that have a wavelength; all of them, if none has."""
    if not any(map(_is_spectral, bands)):
        return bands
    left_out += [(band.name, PLAIN) for band in bands if not _is_spectral(band)]
    return [band for band in bands if _is_spectral(band)]


def _is_spectral(band: Band) -> bool:
    return math.isfinite(band.wavelength) and band.wavelength > 0


def _left_out(left_out: list[tuple[str, str]]) -> list[str]:
    """A sentence about the bands that are not shown."""
    if not left_out:
        return []
    groups = []
    for why in dict.fromkeys(why for _, why in left_out):
        names = [name for name, reason in left_out if reason == why]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        groups.append(f"{why} ({', '.join(names[:MOST_NAMED])}{more})")
    return [f"Bands left out: {'; '.join(groups)}."]


def _values(bands: list[Band]) -> tuple[Any, dict[str, Any], list[str]]:
    """Values of the bands, their scale and the remarks on both."""
    sources: list[Any] = [BandFile(band) for band in bands]
    first, warnings = bands[0], []
    types = dict.fromkeys(source.dtype.name for source in sources)
    if len(types) > 1:
        dtype = np.result_type(*(source.dtype for source in sources))
        warnings.append(f"Bands of different types ({', '.join(types)}) are read as {dtype}.")
    if all(_is_alike(first, band) for band in bands):
        fields = {"scale": first.scale, "offset": first.offset, "nodata": first.nodata}
        return StackSource(sources, [(k, 0) for k in range(len(bands))]), fields, warnings
    scaled = [
        ScaledSource(source, band.scale, band.offset, band.nodata)
        for source, band in zip(sources, bands, strict=True)
    ]
    stack = StackSource(scaled, [(k, 0) for k in range(len(bands))])
    warnings.append("Scale, offset or no-data value differ from band to band; they are applied.")
    return stack, {}, warnings


def _is_alike(one: Band, other: Band) -> bool:
    """Whether two bands have the same scale, offset and no-data value."""
    a, b = ((band.scale, band.offset, repr(band.nodata)) for band in (one, other))
    return a == b


def _wavelengths(root: ET.Element, bands: list[Band], warnings: list[str]) -> dict[str, Any]:
    unit = _text(root, ".//WAVELEN_UNIT") or "nm"
    nm = np.array([band.wavelength for band in bands])
    width = np.array([band.width for band in bands])
    if not all(map(_is_spectral, bands)):
        return {}
    found, guess = to_nm(nm, unit)
    warnings += [guess] if guess else []
    fields: dict[str, Any] = {"wavelengths": found, "wavelength_units_in_file": unit}
    if (width > 0).all() and np.isfinite(width).all():
        fields["fwhm"] = width * (found / nm)
    return fields


def _georeference(root: ET.Element, band: Band, warnings: list[str]) -> Georeference | None:
    """The place that the XML gives, or else the header of the first band."""
    fields = described(band.header).fields
    rows, columns = (_text(root, f".//Raster_Dimensions/{key}") for key in ("NROWS", "NCOLS"))
    is_whole = (rows, columns) == (str(band.layout.rows), str(band.layout.columns))
    by_header = georeference(
        fields.get("map info"),
        fields.get("coordinate system string"),
        fields.get("projection info"),
    )
    try:
        a, d, b, e, c, f = map(
            float, (_text(root, ".//Geoposition/IMAGE_TO_MODEL_TRANSFORM") or "").split(",")
        )
    except ValueError:
        transform = None
    else:
        finite = all(map(math.isfinite, (a, b, c, d, e, f)))
        transform = (a, b, c, d, e, f) if finite and is_whole else None
    crs = crs_of(_text(root, ".//Coordinate_Reference_System/WKT"))
    if transform is not None and crs is not None:
        return Georeference(transform=transform, crs_wkt=str(crs.to_wkt()))
    if by_header is None and root.find(".//Tie_Point_Grids/Tie_Point_Grid_Info") is not None:
        warnings.append(
            "The product is placed on the map by tie points, which are not used; reproject it in "
            "SNAP for a map."
        )
    return by_header


def _text(element: ET.Element, tag: str) -> str | None:
    text = (element.findtext(tag) or "").strip()
    return text or None


def _number(path: Path, element: ET.Element, tag: str, default: float) -> float:
    text = _text(element, tag)
    return default if text is None else _float(path, tag, text)


def _float(path: Path, tag: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise FormatError(f'{path} is damaged: {tag} is "{text[:40]}", not a number.') from None
