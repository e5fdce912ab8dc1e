"""NumPy arrays: .npy and the members of .npz, read window by window."""

from __future__ import annotations

import io
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import ArraySource, CubeSource, HyperCube
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.quiet import quiet
from hsi_viewer.core.text import shortened
from hsi_viewer.io.arrays.container import is_usable, squeezed
from hsi_viewer.io.arrays.find_cube import open_container
from hsi_viewer.io.files.archive import opened_archive
from hsi_viewer.io.files.byte_reader import DeflatedReader, FileReader
from hsi_viewer.io.files.raw_source import RawSource
from hsi_viewer.io.files.reading import ArrayChoice, ChoiceNeededError, Reading

PACKED_OTHERWISE = "compressed in a way that NumPy does not use; save it with numpy.savez"
STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
DEFLATE = -zlib.MAX_WBITS
# What NumPy's and the standard library's parsers raise on damaged headers, besides ValueError.
PARSER_ERRORS = (
    SyntaxError, TypeError, EOFError, KeyError, OverflowError, MemoryError, RecursionError,
    tokenize.TokenError, zlib.error, struct.error,
)  # fmt: skip
# What comes of a damaged archive and of the arrays in it; zipfile has RuntimeError for members that
# are encrypted or packed in a way that it does not know.
ARCHIVE_ERRORS = (OSError, ValueError, RuntimeError, zipfile.BadZipFile, *PARSER_ERRORS)
# NumPy itself takes no header of more than 10,000 characters.
HEADER_BYTES = 1 << 16
# The headers of this many arrays are unpacked to show what an archive contains.
MOST_ARRAYS = 1 << 12
MOST_QUOTED = 200  # characters of what zipfile says
ZIP_MAGIC = b"PK\x03\x04"


def read_npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, Fortran order, type and length of the header of an open .npy file.

    Raises
    ------
    ValueError
        if it is not one.
    """
    try:
        # a header in an archive can claim to be 4 GB long, at no cost to the archive
        head = io.BytesIO(file.read(HEADER_BYTES))
        version = npy.read_magic(head)
        if version not in ((1, 0), (2, 0), (3, 0)):
            raise ValueError(f"version {version} is unknown")
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        with quiet(UserWarning, "Reading `.npy`"):  # Python 2 wrote it
            shape, fortran, dtype = read(head)
    except PARSER_ERRORS as error:
        raise ValueError(f"its header is damaged ({error})") from error
    if any(type(n) is not int or n < 0 for n in shape):  # True is an int, too
        raise ValueError(f"its shape is {shape}")
    return shape, fortran, dtype, head.tell()


def npy_layout(path: Path) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, Fortran order, type and data offset of a .npy file.

    Raises
    ------
    FileError, FormatError
        if it cannot be read, is not an .npy file or holds Python objects.
    """
    try:
        with path.open("rb") as file:
            shape, fortran, dtype, offset = read_npy_header(file)
    except OSError as error:
        raise FileError(f"{path} could not be read: {error.strerror}.") from error
    except ValueError as error:
        raise FormatError(f"{path} is not a readable .npy file: {error}.") from error
    if dtype.hasobject or dtype.kind not in "biufc":
        raise FormatError(f"{path} contains {dtype} values; a cube or label map contains numbers.")
    return shape, fortran, dtype, offset


def source_of(path: Path, axes: tuple[int, int, int] = (0, 1, 2)) -> CubeSource:
    """Lazy source of a 3-D (or 2-D, one band) .npy file; axes are of rows, columns, bands."""
    shape, fortran, dtype, offset = npy_layout(path)
    shape = squeezed(shape)
    if len(shape) == 2:
        shape = (*shape, 1)
    if 0 in shape:
        raise FormatError(f"{path} contains an empty array of shape {shape}.")
    if len(shape) != 3 or min(shape) < 1:
        raise FormatError(
            f"{path} contains an array of shape {shape}; a cube has 3 axes: rows, columns, bands."
        )
    reader = FileReader(path)
    expected = offset + math.prod(shape) * dtype.itemsize
    if reader.size < expected:
        raise FormatError(
            f"{path} is too short: {expected} bytes expected, {reader.size} bytes found. "
            "Copy the file again."
        )
    stored = (2, 1, 0) if fortran else (0, 1, 2)
    order = (axes.index(stored[0]), axes.index(stored[1]), axes.index(stored[2]))
    chosen = (shape[axes[0]], shape[axes[1]], shape[axes[2]])
    return RawSource(reader, chosen, dtype, order, offset)


class NpzFile:
    """An .npz file as a `container.Container`; its arrays are read out of the archive lazily."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = FileReader(path)
        self._layouts: dict[str, tuple[zipfile.ZipInfo, bool, np.dtype[Any], int]] = {}
        arrays: dict[str, ArrayChoice] = {}
        others: list[str] = []
        try:
            with opened_archive(path, MOST_ARRAYS) as archive:
                for info in archive.infolist():
                    name = info.filename.removesuffix(".npy")
                    if name == info.filename:
                        others.append(name)
                        continue
                    if info.compress_type not in (STORED, DEFLATED):
                        others.append(f"{name} ({PACKED_OTHERWISE})")
                        continue
                    with archive.open(info) as file:
                        shape, fortran, dtype, offset = read_npy_header(file)
                    if is_usable(dtype, shape):
                        arrays[name] = ArrayChoice(name, squeezed(shape), dtype.name)
                        self._layouts[name] = info, fortran, dtype, offset
                    else:
                        others.append(f"{name} ({' x '.join(map(str, shape))} {dtype})")
        except OSError as error:
            raise FileError(f"{path} could not be read: {error.strerror}.") from error
        except ARCHIVE_ERRORS as error:
            reason = shortened(str(error), MOST_QUOTED)  # it may quote a directory of kilobytes
            raise FormatError(
                f"{path} is not a readable .npz file: {reason}. Copy it again."
            ) from error
        self.arrays: Mapping[str, ArrayChoice] = arrays
        self.others = tuple(others)

    def values(self, name: str) -> NDArray[Any]:
        """All values of an array."""
        shape = self.arrays[name].shape
        if len(shape) > 3:
            raise FormatError(f"{self.path}: {self.arrays[name]} has more than three axes.")
        rows, columns, bands = (*shape, 1, 1, 1)[:3]
        source = self._raw(name, (rows, columns, bands), (0, 1, 2))
        return source.read(slice(0, rows, 1), slice(0, columns, 1), None).reshape(shape)

    def source(self, name: str, axes: tuple[int, int, int]) -> CubeSource:
        """An array of 3 axes (or a matrix as one band)."""
        return self._raw(name, (*self.arrays[name].shape, 1), axes)

    def unfolded(self, name: str, rows: int, columns: int, pixel_axis: int) -> CubeSource:
        """A matrix of spectra as a scene, its pixels down the columns as MATLAB has them."""
        matrix = self.values(name) if pixel_axis == 1 else self.values(name).T
        return ArraySource(matrix.reshape(len(matrix), columns, rows).transpose(2, 1, 0))

    def _raw(self, name: str, shape: tuple[int, ...], axes: tuple[int, int, int]) -> RawSource:
        info, fortran, dtype, offset = self._layouts[name]
        chosen = shape[axes[0]], shape[axes[1]], shape[axes[2]]
        stored = (2, 1, 0) if fortran else (0, 1, 2)
        order = (axes.index(stored[0]), axes.index(stored[1]), axes.index(stored[2]))
        total = offset + math.prod(chosen) * dtype.itemsize
        if min(chosen) < 1 or info.file_size < total:
            raise FormatError(
                f'{self.path}: the array "{name}" is empty or truncated: {total} bytes expected, '
                f"{info.file_size} bytes found."
            )
        start = self._start_of(info)
        if info.compress_type == STORED:
            return RawSource(self._reader, chosen, dtype, order, start + offset)
        packed = DeflatedReader(self._reader, start, info.compress_size, total, DEFLATE)
        return RawSource(packed, chosen, dtype, order, offset)

    def _start_of(self, info: zipfile.ZipInfo) -> int:
        """Position of a member's data, after its local header (APPNOTE.TXT, 4.3.7)."""
        head = self._reader.read_bytes(info.header_offset, 30)
        if len(head) < 30 or head[:4] != ZIP_MAGIC:
            raise FormatError(f"{self.path} is damaged: {info.filename} is not where it should be.")
        name_length, extra_length = struct.unpack_from("<HH", head, 26)
        return int(info.header_offset + 30 + name_length + extra_length)


def open_npy(path: Path, reading: Reading) -> HyperCube:
    """Open a .npy file."""
    source = source_of(path, reading.axes or (0, 1, 2))
    if reading.ask:
        choice = ArrayChoice("array", source.shape, source.dtype.name)
        raise ChoiceNeededError(f"{path} contains {choice}.", (choice,))
    return HyperCube.described(source, CubeMetadata(format_name="NumPy"), path.name, path)


def open_npz(path: Path, reading: Reading) -> HyperCube:
    """Open the cube of an .npz file."""
    return open_container(NpzFile(path), reading, "NumPy")
