"""An index of a MATLAB 4 file, which holds matrices one after another.

Format: "MAT-File Format", The MathWorks (R2019a), chapter 2.
"""

from __future__ import annotations

import struct
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.arrays.mat5 import Variable
from hsi_viewer.io.files.byte_reader import FileReader

HEADER_BYTES = 20
MAX_NAME_BYTES = 256
MAX_VARIABLES = 10_000
STORED = {0: ("f8", "double"), 1: ("f4", "single"), 2: ("i4", "int32"), 3: ("i2", "int16"),
          4: ("u2", "uint16"), 5: ("u1", "uint8")}  # fmt: skip


def index(path: Path) -> dict[str, Variable]:
    """Variables of a file by name.

    Raises
    ------
    FileError, FormatError
        if it cannot be read or is not one.
    """
    reader = FileReader(path)
    size = reader.size
    found: dict[str, Variable] = {}
    at = 0
    while at < size and len(found) < MAX_VARIABLES:
        head = reader.read_bytes(at, HEADER_BYTES)
        if len(head) < HEADER_BYTES:
            raise FormatError(f"{path} is not a MATLAB file, or it is truncated at byte {at}.")
        order = "<" if 0 <= struct.unpack_from("<i", head)[0] < 5000 else ">"
        kind, rows, columns, imaginary, name_length = struct.unpack(order + "5i", head)
        big, reserved, stored, matrix = (
            kind // 1000, kind // 100 % 10, kind // 10 % 10, kind % 10,
        )  # fmt: skip
        known = 0 <= kind < 5000 and not reserved and stored in STORED and matrix in (0, 1, 2)
        if not known or min(rows, columns) < 0 or not 1 <= name_length <= MAX_NAME_BYTES or big > 1:
            raise FormatError(f"{path} is not a readable MATLAB file (byte {at}).")
        name = reader.read_bytes(at + HEADER_BYTES, name_length).rstrip(b"\0").decode("latin-1")
        code, label = STORED[stored]
        dtype = np.dtype(code).newbyteorder(">" if order == ">" else "<")
        start = at + HEADER_BYTES + name_length
        length = rows * columns * dtype.itemsize * (2 if imaginary else 1)
        if start + length > size:
            raise FormatError(
                f'{path} is truncated: {length} bytes expected for the variable "{name}", '
                f"{max(0, size - start)} bytes found. Copy the file again."
            )
        plain = matrix == 0
        parts = (dtype, start + rows * columns * dtype.itemsize)
        found[name] = Variable(
            name, (rows, columns), label if plain else "text or sparse", dtype if plain else None,
            reader, start, imaginary=partial(_given, *parts) if imaginary else None,
        )  # fmt: skip
        at = start + length
    return found


def _given(dtype: np.dtype[Any], offset: int) -> tuple[np.dtype[Any], int]:
    return dtype, offset
