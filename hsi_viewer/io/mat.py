"""MATLAB files (version 5): the cube among the variables."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube import ArraySource, HyperCube
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.wavelengths import to_nm

INTEGERS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
NUMERIC = frozenset(("double", "single", "logical", *INTEGERS))
ROW_NAMES = ("nrow", "nrows", "lines", "rows", "height")
COLUMN_NAMES = ("ncol", "ncols", "cols", "columns", "samples", "width")
WAVELENGTH_NAMES = ("wavelength", "wavelengths", "wl", "lambda", "wavelength_nm", "bands_nm")

Variables = dict[str, tuple[tuple[int, ...], str]]


def variables(path: Path) -> Variables:
    """Names of the variables with shapes and MATLAB classes.

    Raises
    ------
    FileError, FormatError
        if the file cannot be read.
    """
    from scipy.io import whosmat

    try:
        return {name: (tuple(shape), kind) for name, shape, kind in whosmat(path)}
    except OSError as error:
        raise FileError(f"{path} could not be read: {error}.") from error
    except (ValueError, TypeError, KeyError, zlib.error, NotImplementedError) as error:
        raise FormatError(f"{path} is no readable MATLAB file: {error}.") from error


def listing(found: Variables) -> str:
    """Variables with shapes and classes, for a message."""
    texts = [f"{name} ({' x '.join(map(str, s))} {kind})" for name, (s, kind) in found.items()]
    return ", ".join(texts) or "no variable"


def load(path: Path, name: str) -> NDArray[Any]:
    """One variable of a file."""
    from scipy.io import loadmat

    try:
        return np.asarray(loadmat(path, variable_names=[name])[name])
    except (OSError, ValueError, TypeError, KeyError, zlib.error, MemoryError) as error:
        raise FormatError(f'{path}: the variable "{name}" could not be read: {error}.') from error


def open_mat(path: Path, name: str | None = None) -> HyperCube:
    """Open the cube of a MATLAB file; name chooses among several variables."""
    found = variables(path)
    if name is None:
        name = _only_cube(path, found)
    elif name not in found:
        raise FormatError(f'{path} has no variable "{name}"; it holds {listing(found)}.')
    array = load(path, name)
    if array.ndim == 2:
        array = _unfolded(path, name, array, found)
    if array.ndim != 3 or array.dtype.kind not in "biufc":
        raise FormatError(
            f'{path}: "{name}" is {array.shape} {array.dtype}, not a cube of numbers.'
        )
    nm, warnings = _wavelengths(path, found, array.shape[2])
    return HyperCube(
        ArraySource(array),
        name=path.name,
        path=path,
        wavelengths=nm,
        warnings=warnings,
        format_name="MATLAB 5",
    )


def _only_cube(path: Path, found: Variables) -> str:
    numeric = {n: s for n, (s, kind) in found.items() if kind in NUMERIC}
    cubes = [n for n, s in numeric.items() if len(s) == 3]
    matrices = [n for n, s in numeric.items() if len(s) == 2 and _size(path, found, s)]
    best = max([*matrices, *cubes], key=lambda n: np.prod(numeric[n]), default=None)
    if best is None:
        raise FormatError(f"{path} holds no cube (3 axes) but {listing(found)}.")
    return best


def _size(path: Path, found: Variables, shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Rows and columns that sibling variables give for a matrix of bands x pixels."""
    given = []
    for names in (ROW_NAMES, COLUMN_NAMES):
        match = next((n for n, (s, _) in found.items() if n.lower() in names and s == (1, 1)), None)
        if match is None:
            return None
        given.append(int(load(path, match).item()))
    rows, columns = given
    return (rows, columns) if rows * columns in shape and min(shape) > 1 else None


def _unfolded(path: Path, name: str, array: NDArray[Any], found: Variables) -> NDArray[Any]:
    """A matrix bands x pixels, pixels in MATLAB's column-major order, as a cube."""
    size = _size(path, found, array.shape)
    if size is None:
        raise FormatError(
            f'{path}: "{name}" is a matrix {array.shape[0]} x {array.shape[1]}; '
            "the numbers of rows and columns (nRow, nCol) are not in the file."
        )
    rows, columns = size
    if array.shape[0] == rows * columns and array.shape[1] != rows * columns:
        array = array.T
    return np.transpose(array.reshape(array.shape[0], columns, rows), (2, 1, 0))


def _wavelengths(
    path: Path, found: Variables, bands: int
) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    for name, (shape, kind) in found.items():
        if name.lower() in WAVELENGTH_NAMES and kind in NUMERIC and np.prod(shape) == bands:
            nm, guess = to_nm(load(path, name).ravel().astype(np.float64), None)
            return nm, (guess,) if guess else ()
    return None, ()
