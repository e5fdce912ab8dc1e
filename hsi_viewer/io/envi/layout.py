"""Layout of the values of a raw image in its file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from hsi_viewer.core.cube.cube import check_size
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.files.byte_reader import GZIP, DeflatedReader, FileReader
from hsi_viewer.io.files.raw_source import ORDERS, RawSource

GZIP_MAGIC = b"\x1f\x8b\x08"


class Layout(Struct, frozen=True):
    """Layout of the raw values of an ENVI file."""

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


def layout_of(fields: Mapping[str, str], name: str, warnings: list[str]) -> Layout:
    """Size, type and order of the values.

    Raises
    ------
    FormatError
        if the header doesn't give it, or gives something impossible.
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
        raise FormatError(
            f'{name}: "data type = {code}" is not one of {known}; correct the header.'
        )
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
            f'{name}: "interleave = {interleave}" must be bsq, bil or bip; correct the header.'
        )
    return interleave


def has_suffix(data: Path) -> bool:
    """Whether a data file is named as gzip names its files."""
    return data.suffix.lower() == ".gz"


def is_packed(reader: FileReader, layout: Layout | None) -> bool:
    """Whether values are compressed, as header, suffix or a size too small for raw ones says."""
    said = has_suffix(reader.path)
    if layout is not None:
        raw = layout.offset + layout.data_bytes
        said = said or layout.compressed or reader.first_size < raw
    return said and reader.read_bytes(0, len(GZIP_MAGIC)) == GZIP_MAGIC


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
    if is_packed(reader, layout):
        if not layout.compressed and not has_suffix(data):
            warnings.append("The data file is compressed (gzip), which its header does not say.")
        check_size(shape, layout.dtype, str(data))
        inflated = DeflatedReader(reader, 0, found, expected, GZIP)
        return RawSource(inflated, shape, layout.dtype, order, layout.offset)
    if found < expected:
        raise FormatError(
            f"{data} is too short: its header gives {layout.rows} rows x {layout.columns} columns "
            f"x {layout.bands} bands of {layout.dtype.name} after {layout.offset} bytes: "
            f"{expected} bytes expected, but {found} bytes were found. Copy the file again or "
            "correct the header."
        )
    check_size(shape, layout.dtype, str(data))  # before anybody makes a list of its bands
    if found > expected:
        warnings.append(
            f"The data file has {found} bytes where {layout.rows} rows x {layout.columns} columns "
            f"x {layout.bands} bands of {layout.dtype.name} need {expected}; extra bytes are "
            "ignored."
        )
    return RawSource(reader, shape, layout.dtype, order, layout.offset)
