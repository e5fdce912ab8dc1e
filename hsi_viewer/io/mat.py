"""MATLAB files: version 5 by our own index, version 7.3 as HDF5, version 4 by scipy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube import ArraySource, CubeSource, HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io import mat5
from hsi_viewer.io.container import ArrayChoice, Reading, open_container
from hsi_viewer.io.raw_source import RawSource


class MatlabFile:
    """A MATLAB 5 file as a `container.Container`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._variables = mat5.index(path)
        self.arrays: Mapping[str, ArrayChoice] = {
            name: ArrayChoice(name, v.shape, v.kind)
            for name, v in self._variables.items()
            if v.dtype is not None
        }
        self.others = tuple(
            f"{v.name} ({' x '.join(map(str, v.shape))} {v.kind})"
            for v in self._variables.values()
            if v.dtype is None
        )

    def values(self, name: str) -> NDArray[Any]:
        """All values of a variable, in MATLAB's shape."""
        shape = self.arrays[name].shape
        folded = (shape[0], shape[1] if len(shape) > 1 else 1, int(np.prod(shape[2:], dtype=int)))
        source = self._source(name, folded, (2, 1, 0))
        rows, columns = slice(0, folded[0], 1), slice(0, folded[1], 1)
        return source.read(rows, columns, None).reshape(shape, order="F")

    def source(self, name: str, axes: tuple[int, int, int]) -> CubeSource:
        """A 3-D variable (or a matrix as one band)."""
        shape = (*self.arrays[name].shape, 1)
        # MATLAB's last axis is the slowest on disk; each is one of rows, columns, bands.
        order = (axes.index(2), axes.index(1), axes.index(0))
        return self._source(name, (shape[axes[0]], shape[axes[1]], shape[axes[2]]), order)

    def unfolded(self, name: str, rows: int, columns: int, pixel_axis: int) -> CubeSource:
        """A matrix bands x pixels or pixels x bands, pixels down the columns of the scene."""
        bands = self.arrays[name].shape[1 - pixel_axis]
        order = (1, 0, 2) if pixel_axis == 1 else (2, 1, 0)
        return self._source(name, (rows, columns, bands), order)

    def _source(
        self, name: str, shape: tuple[int, int, int], order: tuple[int, int, int]
    ) -> RawSource:
        variable = self._variables[name]
        if variable.reader is None or variable.dtype is None or min(shape) < 1:
            raise FormatError(f'{self.path}: "{name}" ({variable.kind}) holds no numbers.')
        return RawSource(variable.reader, shape, variable.dtype, order, variable.offset)


def open_mat(path: Path, reading: Reading) -> HyperCube:
    """Open the cube of a MATLAB 5 file."""
    return open_container(MatlabFile(path), reading, "MATLAB 5")


def open_mat4(path: Path, reading: Reading) -> HyperCube:
    """Open a variable of a MATLAB 4 file, which holds matrices only."""
    return open_container(_Matlab4File(path), reading, "MATLAB 4")


class _Matlab4File:
    """A MATLAB 4 file, read whole: such files are small."""

    def __init__(self, path: Path) -> None:
        from scipy.io import loadmat

        self.path = path
        try:
            found = loadmat(path, appendmat=False)
        except Exception as error:  # scipy raises what its parser stumbles over
            raise FormatError(f"{path} is no readable MATLAB file: {error}.") from error
        self._found = {n: np.asarray(v) for n, v in found.items() if not n.startswith("__")}
        self.arrays: Mapping[str, ArrayChoice] = {
            n: ArrayChoice(n, v.shape, v.dtype.name)
            for n, v in self._found.items()
            if v.dtype.kind in "biuf"
        }
        self.others = tuple(n for n in self._found if n not in self.arrays)

    def values(self, name: str) -> NDArray[Any]:
        """All values."""
        return self._found[name]

    def source(self, name: str, axes: tuple[int, int, int]) -> CubeSource:
        """A matrix as one band."""
        return ArraySource(np.atleast_3d(self._found[name]).transpose(axes))

    def unfolded(self, name: str, rows: int, columns: int, pixel_axis: int) -> CubeSource:
        """A matrix of spectra as a scene."""
        matrix = self._found[name] if pixel_axis == 1 else self._found[name].T
        return ArraySource(matrix.reshape(len(matrix), columns, rows).transpose(2, 1, 0))
