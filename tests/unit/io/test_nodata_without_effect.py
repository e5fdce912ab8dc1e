"""A declared no-data value that the type of the values cannot have is said and marks nothing."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import zarr
from tifffile import imwrite

from hsi_viewer.io.info import cube_info
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.sidecars import sidecar
from hsi_viewer.io.writers.cube_writer import write_cube

CUBE = np.random.default_rng(0).integers(100, 5000, (6, 7, 9)).astype("u2")
CUBE[0, 0] = 55537  # what -9999 becomes in 16 bits without a sign
SAID = "The no-data value {} has no effect: values of type uint16 are never {}."


def envi(folder, nodata):
    (folder / "a.img").write_bytes(CUBE.tobytes())
    header = "ENVI\nsamples = 7\nlines = 6\nbands = 9\ndata type = 12\ninterleave = bip\n"
    (folder / "a.hdr").write_text(f"{header}byte order = 0\ndata ignore value = {nodata}\n")
    return folder / "a.hdr"


def tiff(folder, nodata):
    tag = (42113, "s", 0, str(nodata), True)
    path = folder / "a.tif"
    imwrite(path, CUBE, photometric="minisblack", planarconfig="contig", extratags=[tag])
    return path


def hdf5(folder, nodata):
    with h5py.File(folder / "a.h5", "w") as file:
        file["cube"] = CUBE
        file["cube"].attrs["_FillValue"] = nodata
    return folder / "a.h5"


def scaled_hdf5(folder, nodata):
    path = hdf5(folder, nodata)
    with h5py.File(path, "a") as file:
        file["cube"].attrs.update({"scale_factor": 1.0, "add_offset": 1e-9})
    return path


def zarr_store(folder, nodata):
    path = folder / "a.zarr"
    array = zarr.open_group(str(path), mode="w").create_array("a", shape=CUBE.shape, dtype="u2")
    array[:] = CUBE
    array.attrs["nodata"] = str(nodata)
    return path


@pytest.mark.parametrize("written", [envi, tiff, hdf5, scaled_hdf5, zarr_store])
@pytest.mark.parametrize("nodata", [-9999.0, 65536.0, np.nan])
def test_it_is_said_once_in_every_format(tmp_path, written, nodata):
    path = written(tmp_path, nodata)
    cube, text = open_cube(path), f"{nodata:g}".replace("nan", "NaN")
    np.testing.assert_allclose(cube.read(), CUBE)
    assert cube.is_data(cube.read()).all()
    assert cube_info(path)["warnings"].count(SAID.format(text, text)) == 1


def test_a_value_that_is_given_instead_takes_it_back(tmp_path):
    path = envi(tmp_path, -9999)
    sidecar.edited(path, nodata=55537)
    cube = open_cube(path)
    assert (cube.nodata, cube.warnings) == (55537, ())
    assert not cube.is_data(cube.read())[0, 0].any()
    sidecar.edited(path, nodata=-1)
    assert open_cube(path).warnings == (SAID.format(-1, -1),)


def test_a_copy_as_geotiff_does_without_it(tmp_path):
    write_cube(open_cube(envi(tmp_path, -9999)), tmp_path / "copy.tif")
    copy = open_cube(tmp_path / "copy.tif")
    assert (copy.nodata, copy.warnings) == (None, ())
