"""NumPy arrays: .npy read window by window, .npz by the name of an array."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from hsi_viewer.core.cube import ArraySource, CubeSource, HyperCube
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.byte_reader import FileReader
from hsi_viewer.io.raw_source import RawSource


def npy_layout(path: Path) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, Fortran order, type and data offset of a .npy file.

    Raises
    ------
    FileError, FormatError
        if it cannot be read, is no .npy file or holds Python objects.
    """
    try:
        with path.open("rb") as file:
            version = npy.read_magic(file)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, fortran, dtype = read(file)
            offset = file.tell()
    except OSError as error:
        raise FileError(f"{path} could not be read: {error.strerror}.") from error
    except ValueError as error:
        raise FormatError(f"{path} is no readable .npy file: {error}.") from error
    if dtype.hasobject or dtype.kind not in "biufc":
        raise FormatError(f"{path} holds {dtype} values; a cube or label map holds numbers.")
    return shape, fortran, dtype, offset


def source_of(path: Path) -> CubeSource:
    """Lazy source of a 3-D (or 2-D, one band) .npy file."""
    shape, fortran, dtype, offset = npy_layout(path)
    if len(shape) == 2:
        shape = (*shape, 1)
    if len(shape) != 3 or min(shape) < 1:
        raise FormatError(
            f"{path} holds an array of shape {shape}; a cube has 3 axes: rows, columns, bands."
        )
    reader = FileReader(path)
    expected = offset + int(np.prod(shape, dtype=object)) * dtype.itemsize
    if reader.size < expected:
        raise FormatError(
            f"{path} is too short: {expected} bytes expected, {reader.size} bytes found. "
            "Copy the file again."
        )
    order = (2, 1, 0) if fortran else (0, 1, 2)
    return RawSource(reader, (shape[0], shape[1], shape[2]), dtype, order, offset)


def arrays_in(path: Path) -> dict[str, tuple[tuple[int, ...], str]]:
    """Names of the arrays of an .npz file with shapes and types."""
    found = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if not member.endswith(".npy"):
                    continue
                with archive.open(member) as file:
                    version = npy.read_magic(file)
                    one = version == (1, 0)
                    read = npy.read_array_header_1_0 if one else npy.read_array_header_2_0
                    shape, _, dtype = read(file)
                    found[member.removesuffix(".npy")] = (shape, str(dtype))
    except OSError as error:
        raise FileError(f"{path} could not be read: {error.strerror}.") from error
    except (ValueError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise FormatError(f"{path} is no readable .npz file: {error}.") from error
    return found


def load_npz(path: Path, key: str) -> NDArray[Any]:
    """One array of an .npz file.

    Raises
    ------
    FormatError
        if it is not there or holds Python objects.
    """
    found = arrays_in(path)
    if key not in found:
        raise FormatError(f'{path} has no array "{key}"; it holds {listing(found)}.')
    try:
        with np.load(path, allow_pickle=False) as archive:
            array: NDArray[Any] = archive[key]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, MemoryError) as error:
        raise FormatError(f'{path}: the array "{key}" could not be read: {error}.') from error
    return array


def listing(found: dict[str, tuple[tuple[int, ...], str]]) -> str:
    """Names with shapes and types, for a message."""
    if not found:
        return "nothing"
    return ", ".join(
        f"{k} ({' x '.join(map(str, s)) or 'scalar'} {t})" for k, (s, t) in found.items()
    )


def open_npy(path: Path) -> HyperCube:
    """Open a .npy file."""
    return HyperCube(source_of(path), name=path.name, path=path, format_name="NumPy")


def open_npz(path: Path, key: str | None = None) -> HyperCube:
    """Open an array of an .npz file; without a key, its only 3-D array."""
    found = arrays_in(path)
    if key is None:
        cubes = [k for k, (shape, _) in found.items() if len(shape) == 3]
        if len(cubes) != 1:
            raise FormatError(
                f"{path} holds {listing(found)}; "
                + ("no array has 3 axes." if not cubes else f"say which: {path.name}:{cubes[0]}.")
            )
        key = cubes[0]
    array = load_npz(path, key)
    if array.ndim != 3 or array.dtype.kind not in "biufc":
        raise FormatError(f'{path}: "{key}" is {array.shape} {array.dtype}, not a cube of numbers.')
    nm = None
    for name, (shape, _) in found.items():
        if name.lower() in ("wavelengths", "wavelength") and shape == (array.shape[2],):
            nm = load_npz(path, name).astype(np.float64)
    return HyperCube(
        ArraySource(array),
        name=f"{path.name}:{key}",
        path=path,
        wavelengths=nm,
        format_name="NumPy",
    )
