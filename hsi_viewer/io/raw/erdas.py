"""ERDAS 7.x images: .lan and .gis, a 128-byte header and values line by line.

Layout after the ERDAS 7.4 field guide; AVIRIS scenes come with a .spc file of wavelengths. Spectral
Python's reader is not used: it takes 8-bit values for signed ones and does not know .gis.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.files.byte_reader import FileReader
from hsi_viewer.io.files.raw_source import ORDERS, RawSource
from hsi_viewer.io.raw.aviris import bands_beside

HEADER_BYTES = 128
DTYPES: dict[int, np.dtype[Any]] = {0: np.dtype("u1"), 2: np.dtype("<i2")}


def open_erdas(path: Path) -> HyperCube:
    """Open a .lan or .gis file.

    Raises
    ------
    FormatError
        if it is short, packed in 4 bits or impossible.
    """
    reader = FileReader(path)
    head = reader.read_bytes(0, HEADER_BYTES)
    if len(head) < HEADER_BYTES:
        raise FormatError(f"{path} is too short for an ERDAS header: {len(head)} of 128 bytes.")
    packing, bands = struct.unpack_from("<hh", head, 6)
    kind = "<ff" if head.startswith(b"HEADER") else "<ii"
    columns, rows = (int(v) if abs(v) < 1e9 else 0 for v in struct.unpack_from(kind, head, 16))
    if packing not in DTYPES:
        raise FormatError(f"{path}: values of 4 bits (packing {packing}) are not supported.")
    if min(rows, columns, bands) < 1:
        raise FormatError(f"{path}: its header gives {rows} x {columns} x {bands}, which is empty.")
    dtype = DTYPES[packing]
    expected = HEADER_BYTES + rows * columns * bands * dtype.itemsize
    if reader.size < expected:
        raise FormatError(
            f"{path} is too short: {rows} rows x {columns} columns x {bands} bands: {expected} "
            f"bytes expected, but {reader.size} bytes were found. Copy the file again."
        )
    nm, fwhm = bands_beside(path, bands) if bands > 1 else (None, None)
    source = RawSource(reader, (rows, columns, bands), dtype, ORDERS["bil"], HEADER_BYTES)
    metadata = CubeMetadata(
        wavelengths=nm,
        fwhm=fwhm,
        georeference=_georeference(head),
        format_name="ERDAS",
        interleave="bil",
    )
    return HyperCube.described(source, metadata, path.name, path)


def _georeference(head: bytes) -> Georeference | None:
    """Position of the upper left pixel's centre and cell size, where they are given."""
    x, y, dx, dy = (float(v) for v in struct.unpack_from("<ffff", head, 112))
    if not all(np.isfinite((x, y, dx, dy))) or dx <= 0 or dy <= 0:
        return None
    return Georeference((dx, 0.0, x - dx / 2, 0.0, -dy, y + dy / 2))
