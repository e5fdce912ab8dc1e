"""What may be given in place of a cube and its labels: arrays, paths, xarray."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeAlias

from numpy.typing import ArrayLike

from hsi_viewer.core import readers
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.imported_labels import ImportedLabels

# An xarray.DataArray is array-like.
CubeLike: TypeAlias = HyperCube | ArrayLike | str | os.PathLike[str]
LabelsLike: TypeAlias = ArrayLike | ImportedLabels | str | os.PathLike[str]


def as_cube(cube: CubeLike) -> HyperCube:
    """The cube that was given as itself, as an array, a path or an xarray.DataArray.

    Parameters
    ----------
    cube : an array has the axes rows, columns, bands; what is masked in it is no data. A path
        is anything that `hsi_viewer.open_cube` opens.

    Raises
    ------
    FileError, FormatError
        if a file cannot be opened, or an array cannot be a cube.
    """
    if isinstance(cube, HyperCube):
        return cube
    if isinstance(cube, (str, os.PathLike)):
        return readers.open_cube(_path(cube))
    if _is_xarray(cube):
        return HyperCube.from_xarray(cube)
    return HyperCube.from_array(cube)


def as_labels(labels: LabelsLike, cube: HyperCube) -> ArrayLike:
    """Labels as an array, or as what NumPy makes one of, from themselves or a path.

    Parameters
    ----------
    labels : (rows, columns) class ids, what `hsi_viewer.read_labels` gives, or a path that it
        reads: a label image, regions, shapes or a table of pixels.
    cube : the scene that they lie on.

    Raises
    ------
    FileError, FormatError, LabelError
        if a file cannot be read or does not fit the cube.
    """
    if isinstance(labels, (str, os.PathLike)):
        return readers.import_labels(_path(labels), cube)
    return labels


def _path(source: str | os.PathLike[str]) -> str | Path:
    return source if isinstance(source, str) else Path(source)


def _is_xarray(value: Any) -> bool:
    return type(value).__module__.split(".")[0] == "xarray"
