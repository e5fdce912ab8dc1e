"""Files that change, and drives that go away, while they are read: an error, never other values."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import rasterio
from scipy.io import netcdf_file, savemat

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.libraries.spectral_library import read_library
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.regions.import_export import import_regions
from hsi_viewer.io.regions.region_file import read_mask

VALUES = np.random.default_rng(0).integers(1, 250, (40, 30, 3)).astype("u1")


def write_raster(path: Path, driver: str) -> None:
    place = rasterio.Affine(1, 0, 0, 0, -1, 3)
    size = {"height": 40, "width": 30, "count": 3, "dtype": "uint8"}
    with rasterio.open(path, "w", driver=driver, transform=place, **size) as file:
        file.write(VALUES.transpose(2, 0, 1))


def write_netcdf(path: Path) -> None:
    with netcdf_file(str(path), "w") as file:
        for name, length in zip("yxb", VALUES.shape, strict=True):
            file.createDimension(name, length)
        file.createVariable("cube", "i1", tuple("yxb"))[:] = VALUES.astype("i1")


def write_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("cube", data=VALUES, chunks=(10, 10, 3), compression="gzip")


WRITERS = {
    "a.npy": lambda path: np.save(path, VALUES),
    "a.npz": lambda path: np.savez_compressed(path, cube=VALUES),
    "a.mat": lambda path: savemat(path, {"cube": VALUES}),
    "a.h5": write_hdf5,
    "a.nc": write_netcdf,
    "a.tif": lambda path: write_raster(path, "GTiff"),
    "a.png": lambda path: write_raster(path, "PNG"),
    "a.img": lambda path: write_raster(path, "HFA"),
}


def tiff_of(path: Path, values: np.ndarray) -> None:
    form = {"count": 6, "height": 60, "width": 40, "dtype": "float64", "compress": "deflate"}
    place = rasterio.Affine(1, 0, 0, 0, -1, 3)
    with rasterio.open(path, "w", driver="GTiff", transform=place, **form) as file:
        file.write(values.transpose(2, 0, 1))


def chunks_of(path: Path, values: np.ndarray) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("cube", data=values, chunks=(5, 10, 3), compression="gzip")


COMPRESSED = {
    "a.npz": lambda path, values: np.savez_compressed(path, cube=values),
    "a.mat": lambda path, values: savemat(path, {"cube": values}, do_compression=True),
    "a.h5": chunks_of,
    "a.tif": tiff_of,
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("kept", [0, 3])
def test_a_file_that_becomes_shorter_is_told(tmp_path, name, kept):
    path = tmp_path / name
    WRITERS[name](path)
    cube = open_cube(path)
    os.truncate(path, path.stat().st_size * kept // 10)
    with pytest.raises(FileError, match=r"became shorter while it was open|is too short"):
        cube.read()


@pytest.mark.parametrize("name", ["a.npz", "a.mat", "a.h5", "a.tif"])
def test_a_compressed_file_that_is_written_again_in_place_is_told(tmp_path, name):
    path = tmp_path / name
    noise = np.random.default_rng(1).random((60, 40, 6))
    COMPRESSED[name](path, noise.round(5))
    cube = open_cube(path)
    COMPRESSED[name](tmp_path / f"other {name}", noise)  # which takes more bytes
    path.write_bytes((tmp_path / f"other {name}").read_bytes())
    with pytest.raises(FileError, match=r"The file has changed since it was opened; open it again"):
        cube.read()


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_whose_name_another_takes_is_read_to_its_end(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path)
    cube = open_cube(path)
    (tmp_path / "new").write_bytes(b"other")
    (tmp_path / "new").replace(path)
    np.testing.assert_array_equal(cube.read().view("u1"), VALUES)


def test_a_picture_that_was_cut_off_is_refused(tmp_path):
    path = tmp_path / "a.png"
    write_raster(path, "PNG")
    os.truncate(path, path.stat().st_size * 6 // 10)
    with pytest.raises(FileError, match=r"a\.png could not be read: .*damaged"):
        open_cube(path).read()


@pytest.mark.parametrize(
    "read",
    [
        open_cube,
        read_labels,
        read_library,
        lambda path: import_regions(path, HyperCube.from_array(VALUES)),
        lambda path: read_mask(path, HyperCube.from_array(VALUES)),
    ],
)
def test_a_drive_that_answers_nothing_any_more_is_told(tmp_path, monkeypatch, read):
    path = tmp_path / "a.npy"
    np.save(path, VALUES[:, :, 0])
    asked = os.stat

    def refuse(name, *args, **options):
        if isinstance(name, str | os.PathLike) and Path(name).suffix == ".hdr":
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(name))
        return asked(name, *args, **options)

    monkeypatch.setattr(os, "stat", refuse)
    with pytest.raises(FileError, match=r"hdr could not be read: Input/output error\. Check that"):
        read(path)


def test_a_drive_that_goes_while_a_file_is_open_is_told(tmp_path, monkeypatch):
    for name in (names := ("a.npy", "a.npz", "a.h5")):
        WRITERS[name](tmp_path / name)
    cubes = [open_cube(tmp_path / name) for name in names]
    of_drive = {(tmp_path / name).stat().st_ino for name in names}

    def refusing(real):
        def call(descriptor, *args):
            if real_fstat(descriptor).st_ino in of_drive:
                raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
            return real(descriptor, *args)

        return call

    real_fstat = os.fstat
    for name in ("fstat", "preadv"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
    for cube in cubes:
        with pytest.raises(FileError, match=r"could not be read: Stale file handle\. Check that"):
            cube.read()
