"""ENVI images: a raw file and a text header."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hsi_viewer.core.cube.cube import HyperCube, check_size
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.envi.fields import describe
from hsi_viewer.io.envi.pairing import DATA_SUFFIXES, OF_GDAL, data_files, header_of, named
from hsi_viewer.io.files.byte_reader import GZIP, DeflatedReader, FileReader
from hsi_viewer.io.files.raw_source import ORDERS, RawSource

GZIP_MAGIC = b"\x1f\x8b"
# Kinds of "file type" whose values do not lie in one raw file.
NOT_RAW = ("envi meta", "envi virtual", "hdf", "nitf", "netcdf", "jpeg", "png", "bsb", "mrsid")


@dataclass(frozen=True)
class Layout:
    """How the raw values of an ENVI file lie on disk."""

    rows: int
    columns: int
    bands: int
    dtype: np.dtype[Any]
    interleave: str
    offset: int
    compressed: bool

    @property
    def data_bytes(self) -> int:
        """Bytes of all values, without the offset."""
        return self.rows * self.columns * self.bands * self.dtype.itemsize


def data_beside(header: Path) -> Path | None:
    """The data file of a header; one that has its name, if the header is wrong."""
    try:
        return described(header).data
    except FileError:
        found = next(data_files(header, ""), None)
        return None if found is None else Path(found[0])


def leads_to(header: Path, data: Path, new: Path | None = None) -> bool:
    """Whether data beside a header are what is found for it, whatever else stands there.

    Parameters
    ----------
    header, data : as they are, or will be.
    new : a file that will stand there, too.
    """
    packed = ".gz" if data.name.endswith(".gz") else ""
    suffixes = ("", ".bsq", ".bil", ".bip", *DATA_SUFFIXES)
    names = [header.stem + suffix + gz for gz in {"": "", packed: packed} for suffix in suffixes]
    before = names[: names.index(data.name)] if data.name in names else names
    others = [header.with_name(name) for name in before if name != data.name]
    return not any(other == new or other.is_file() for other in others)


def data_of(header: Path, layout: Layout) -> Path:
    """The data file that belongs to a header.

    Raises
    ------
    FileError
        if there is none.
    """
    needed = 0 if layout.compressed else layout.offset + layout.data_bytes
    fitting = first = None
    for found, size in data_files(header, layout.interleave, layout.offset, needed):
        if size == needed:
            return Path(found)
        if size > needed:
            fitting = fitting or found
        first = first or found
    if first is None:
        stem = header.stem
        raise FileError(
            f"{header}: the data file of this header is not there. Looked for {stem} and "
            f"{stem}.img, .dat, .raw, .{layout.interleave} and others beside it; "
            "put the data file into the same folder."
        )
    return Path(fitting or first)


def layout_of(fields: Mapping[str, str], name: str, warnings: list[str]) -> Layout:
    """Size, type and order of the values.

    Raises
    ------
    FormatError
        if the header does not say it or says what cannot be.
    """
    size = {}
    for key in ("lines", "samples", "bands"):
        size[key] = envi_header.whole(fields, key, name, default=1 if key == "bands" else None)
        if size[key] < 1:
            raise FormatError(f'{name}: "{key} = {size[key]}" must be at least 1.')
    offset = envi_header.whole(fields, "header offset", name, default=0)
    if offset < 0:
        raise FormatError(f'{name}: "header offset = {offset}" must not be negative.')
    dtype = _dtype_of(fields, name, warnings)
    interleave = _interleave_of(fields, name, size["bands"])
    for key in ("major frame offsets", "minor frame offsets"):
        if key in fields and any(p not in ("0", "") for p in envi_header.items(fields[key])):
            raise FormatError(f'{name}: "{key}" other than 0 is not supported.')
    compressed = envi_header.whole(fields, "file compression", name, default=0) != 0
    return Layout(
        size["lines"], size["samples"], size["bands"], dtype, interleave, offset, compressed
    )


def _dtype_of(fields: Mapping[str, str], name: str, warnings: list[str]) -> np.dtype[Any]:
    code = envi_header.whole(fields, "data type", name)
    if code not in envi_header.DTYPES:
        known = ", ".join(str(c) for c in envi_header.DTYPES)
        raise FormatError(f'{name}: "data type = {code}" is none of {known}; correct the header.')
    if not fields.get("byte order"):
        warnings.append("The header gives no byte order; little-endian (0) is assumed.")
    order = envi_header.whole(fields, "byte order", name, default=0)
    if order not in (0, 1):
        raise FormatError(f'{name}: "byte order = {order}" is neither 0 nor 1; correct the header.')
    return np.dtype(envi_header.DTYPES[code]).newbyteorder(">" if order else "<")


def _interleave_of(fields: Mapping[str, str], name: str, bands: int) -> str:
    if "interleave" not in fields and bands == 1:
        return "bsq"
    interleave = envi_header.word(fields.get("interleave", "")).lower()
    if interleave not in ORDERS:
        raise FormatError(
            f'{name}: "interleave = {interleave}" is none of bsq, bil and bip; correct the header.'
        )
    return interleave


def open_source(data: Path, layout: Layout, warnings: list[str]) -> RawSource:
    """The values of a data file, after its size was checked.

    Raises
    ------
    FileError, FormatError
        if it cannot be opened or is shorter than the header says.
    """
    shape = layout.rows, layout.columns, layout.bands
    order = ORDERS[layout.interleave]
    reader = FileReader(data)
    expected, found = layout.offset + layout.data_bytes, reader.first_size
    may_be_packed = layout.compressed or str(data)[-3:].lower() == ".gz"
    if may_be_packed and reader.read_bytes(0, 2) == GZIP_MAGIC:
        check_size(shape, layout.dtype, str(data))
        inflated = DeflatedReader(reader, 0, found, expected, GZIP)
        return RawSource(inflated, shape, layout.dtype, order, layout.offset)
    if found < expected:
        raise FormatError(
            f"{data} is too short: its header says {layout.rows} rows x {layout.columns} columns x "
            f"{layout.bands} bands of {layout.dtype.name} after {layout.offset} bytes, which makes "
            f"{expected} bytes expected, but {found} bytes were found. "
            "Copy the file again or correct the header."
        )
    check_size(shape, layout.dtype, str(data))  # before anybody makes a list of its bands
    if found > expected:
        warnings.append(
            f"The data file has {found} bytes where {layout.rows} rows x {layout.columns} columns "
            f"x {layout.bands} bands of {layout.dtype.name} need {expected}; the rest is not read."
        )
    return RawSource(reader, shape, layout.dtype, order, layout.offset)


class Described(NamedTuple):
    """What a header says, and the file of its values, which is not open yet.

    Without a layout the values lie in a TIFF file.
    """

    fields: Mapping[str, str]
    layout: Layout | None
    data: Path
    warnings: list[str]


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


def described(path: Path, layout: Layout | None = None) -> Described:
    """Read the header of an image and find its data; parameters and errors as of `open_envi`."""
    header = header_of(path)
    fields: dict[str, str] = {}
    warnings: list[str] = []
    if header is not None:
        try:
            fields, warnings = envi_header.read_header(header)
        except envi_header.EsriHeaderError:
            if layout is None:
                raise
    if layout is None:
        if header is None:
            raise FormatError(f"{path}: there is no ENVI header ({path.name}.hdr) beside it.")
        kind = fields.get("file type", "").lower()
        if kind.startswith(OF_GDAL):
            return Described(fields, None, _tiff_of(path, header), warnings)
        _check_kind(kind, header)
        layout = layout_of(fields, header.name, warnings)
        data = path if path != header else data_of(header, layout)
        if kind == "pci" or "read procedures" in fields:
            _check_procedures(fields, header, layout, data, warnings)
        return Described(fields, layout, data, warnings)
    data = path if path != header else data_of(header, layout)
    return Described(fields, layout, data, warnings)


def open_described(found: Described, path: Path) -> HyperCube:
    """Open the image that a header describes; `path` is what the user named."""
    fields, layout, data, warnings = found
    if layout is None:
        from hsi_viewer.io.rasters.geotiff import open_geotiff

        return open_geotiff(data)  # which reads the header beside
    source = open_source(data, layout, warnings)
    about = describe(fields, layout.bands, layout.interleave, data, warnings)
    return HyperCube(source, path=path, **about)


def _check_kind(kind: str, header: Path) -> None:
    """Refuse headers of what is no raw image."""
    if "spectral library" in kind:
        raise FormatError(
            f"{header} is a spectral library, not an image: open a scene first, then the library."
        )
    if kind.startswith(NOT_RAW):
        raise FormatError(
            f'{header}: "file type = {kind}" is no raw image: its values lie in other files. '
            "Open those, or save it as ENVI Standard."
        )


def _check_procedures(
    fields: Mapping[str, str], header: Path, layout: Layout, data: Path, warnings: list[str]
) -> None:
    """Refuse values that only procedures of ENVI can read: lines may be filled up, or lie apart."""
    kind = envi_header.word(fields.get("file type", "")) or "ENVI"
    named = ", ".join(envi_header.items(fields.get("read procedures", "")))
    said = f'"file type = {kind}"' + (f", read procedures {named}" * bool(named))
    size, expected = data.stat().st_size, layout.offset + layout.data_bytes
    if layout.compressed or size != expected:
        raise FormatError(
            f"{header}: {said}: such values are laid out as only ENVI knows ({size} bytes where "
            f"the size in the header makes {expected}). Save the image as ENVI Standard, or "
            "convert it with gdal_translate."
        )
    warnings.append(
        f"The header says {said}; the values are read as raw ones, because their size fits."
    )


def _tiff_of(path: Path, header: Path) -> Path:
    """The TIFF file that a header describes."""
    stem = header.name[: -len(header.suffix)]
    names = stem, f"{stem}.tif", f"{stem}.tiff", f"{stem}.img"
    tiff = path if path != header else named(header.parent, names)
    if tiff is None:
        raise FileError(
            f"{header}: the TIFF file of this header is not there; put it into the same folder."
        )
    return tiff
