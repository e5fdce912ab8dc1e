"""From a source that a user named to a cube: identified by content, then by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hsi_viewer.core.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.io import sample
from hsi_viewer.io.container import Reading, open_container
from hsi_viewer.io.identify import (
    MATLAB_5,
    MATLAB_7,
    NUMPY,
    ZIP,
    is_hdf5,
    magic_of,
    split_source,
)

Matches = Callable[[Path, bytes], bool]
Reader = Callable[[Path, Reading], HyperCube]

CUBE_FILTERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ENVI images", ("*.hdr", "*.img", "*.dat", "*.raw", "*.bsq", "*.bil", "*.bip")),
    ("MATLAB files", ("*.mat",)),
    ("NumPy arrays", ("*.npy", "*.npz")),
    ("All files", ("*",)),
)

SUPPORTED = "ENVI (.hdr with its data), MATLAB 5 (.mat) and NumPy (.npy, .npz)"


def open_cube(
    source: str | Path, token: CancelToken | None = None, port: ProgressPort | None = None
) -> HyperCube:
    """Open a cube: values stay on disk until a window is read.

    Parameters
    ----------
    source : path of a file, "file.npz:key", "file.mat:variable" or "sample:indian-pines".
    token : asked between steps.
    port : told what is being done.

    Raises
    ------
    FileError, FormatError
        if it is missing, damaged or no cube.
    """
    if token is not None:
        token.check()
    if port is not None:
        port.report(Progress(f"Opening {source}"))
    cube = _open(source)
    if token is not None:
        token.check()
    return cube


def _open(source: str | Path) -> HyperCube:
    if str(source) == sample.SAMPLE:
        return sample.open_sample()
    path, part = split_source(source)
    magic = magic_of(path)
    for matches, read in READERS:
        if matches(path, magic):
            return read(path, Reading(name=part))
    raise FormatError(f"{path} is no cube that can be read. Supported are {SUPPORTED}.")


def _npy(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.numpy_file import open_npy

    return open_npy(path)


def _npz(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.numpy_file import open_npz

    return open_npz(path, reading)


def _mat5(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.mat import open_mat

    return open_mat(path, reading)


def _mat4(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.mat import open_mat4

    return open_mat4(path, reading)


def _mat7(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.hdf5 import H5File

    return open_container(H5File(path, matlab=True), reading, "MATLAB 7.3")


def _hdf5(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.hdf5 import H5File

    return open_container(H5File(path), reading, "HDF5")


def _envi(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.envi import open_envi

    return open_envi(path)


def _has_header(path: Path) -> bool:
    from hsi_viewer.io.envi import header_of

    return header_of(path) is not None


READERS: tuple[tuple[Matches, Reader], ...] = (
    (lambda path, magic: magic.startswith(NUMPY), _npy),
    (lambda path, magic: magic.startswith(ZIP) and path.suffix.lower() == ".npz", _npz),
    (lambda path, magic: magic.startswith(MATLAB_5), _mat5),
    (lambda path, magic: magic.startswith(MATLAB_7) and is_hdf5(path), _mat7),
    (lambda path, magic: is_hdf5(path), _hdf5),
    (lambda path, magic: _has_header(path), _envi),
    (lambda path, magic: path.suffix.lower() == ".mat", _mat4),
)
