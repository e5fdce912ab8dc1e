"""HDF5 files of any kind: products, MATLAB 7.3, plain arrays.

Import this module lazily: its readers need h5py.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.io.arrays.band_variables import open_arrays
from hsi_viewer.io.arrays.cf import with_georeference
from hsi_viewer.io.arrays.container import check_planes
from hsi_viewer.io.arrays.find_cube import open_container
from hsi_viewer.io.files import probe
from hsi_viewer.io.files.identify import MATLAB_7, magic_of
from hsi_viewer.io.files.reading import Reading
from hsi_viewer.io.metadata.map_info import georeference

if TYPE_CHECKING:
    from hsi_viewer.io.arrays.hdf5 import H5File


def open_any(path: Path, name: str | None) -> HyperCube:
    """The cube of an HDF5 file of any kind, without what lies beside it."""
    matlab = magic_of(path).startswith(MATLAB_7)
    return (open_matlab if matlab else open_hdf5)(path, Reading(name=name))


def open_matlab(path: Path, reading: Reading) -> HyperCube:
    """The cube of a MATLAB 7.3 file."""
    return open_container(_h5_file(path, reading, matlab=True), reading, "MATLAB 7.3")


def open_hdf5(path: Path, reading: Reading) -> HyperCube:
    """The cube of a product in HDF5 or NetCDF-4, or of any other file of arrays."""
    from hsi_viewer.io.products.hdf5_products import open_product

    container = _h5_file(path, reading, matlab=False)
    # of a file that refers to others, nothing is read but what is asked for
    whole = container.is_whole and reading == Reading()
    product = open_product(container) if whole else None
    if product is not None:
        return product
    if reading.name is None:
        check_planes(container)
    cube = with_georeference(open_arrays(container, reading, "HDF5"), container)
    map_info = container.text("map info", "map_info", "Map_Info")
    if cube.georeference is not None or map_info is None:
        return cube

    return replace(cube, georeference=georeference(map_info, None, None))


def _h5_file(path: Path, reading: Reading, *, matlab: bool) -> H5File:
    probe.start()  # it imports h5py at the same time as this process
    from hsi_viewer.io.arrays.hdf5 import H5File

    return H5File(path, matlab, reading.name, reading.token)
