"""Label maps in NetCDF, HDF5 and Zarr lie where the coordinates beside them say."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import rasterio
import scipy.io
import zarr

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.regions.import_export import import_regions

ROWS, COLUMNS = 9, 12
WKT = rasterio.crs.CRS.from_epsg(32633).to_wkt()
IDS = np.zeros((ROWS, COLUMNS), np.int16)
IDS[1:3, 2:5] = 1
IDS[6, 9:] = 2
CENTRES = {"y": 4e6 - 15 - 30.0 * np.arange(ROWS), "x": 5e5 + 15 + 30.0 * np.arange(COLUMNS)}
CUBE = HyperCube.from_array(
    np.zeros((ROWS, COLUMNS, 2), "u1"),
    georeference=Georeference((30.0, 0.0, 5e5, 0.0, -30.0, 4e6), WKT),
)


def write_netcdf_3(path, ids, names, centres):
    with scipy.io.netcdf_file(path, "w") as file:
        for name, values in centres.items():
            file.createDimension(name, values.size)
            file.createVariable(name, "f8", (name,))[:] = values
        file.createVariable("labels", "i2", names)[:] = ids
        file.variables["labels"].grid_mapping = "utm"
        file.createVariable("utm", "i4", ())[...] = 0
        file.variables["utm"].crs_wkt = WKT


def write_netcdf_4(path, ids, names, centres):
    with h5py.File(path, "w") as file:
        data = file.create_dataset("labels", data=ids)
        data.attrs["grid_mapping"] = "utm"
        for name, values in centres.items():
            file[name] = values
            file[name].make_scale(name)
            data.dims[names.index(name)].attach_scale(file[name])
        file["utm"] = 0
        file["utm"].attrs["crs_wkt"] = WKT


def write_zarr(path, ids, names, centres):
    group = zarr.open_group(str(path), mode="w")
    data = group.create_array("labels", data=ids, dimension_names=names)
    data.attrs["grid_mapping"] = "utm"
    for name, values in centres.items():
        group.create_array(name, data=values, dimension_names=(name,))
    group.create_array("utm", shape=(), dtype="i4").attrs["crs_wkt"] = WKT


@pytest.mark.parametrize(
    ("name", "write"), [("a.nc", write_netcdf_3), ("b.nc", write_netcdf_4), ("c.zarr", write_zarr)]
)
def test_labels_lie_where_their_coordinates_say(tmp_path, name, write):
    path = tmp_path / name
    north = {**CENTRES, "y": CENTRES["y"][::-1]}
    part = {"y": CENTRES["y"][1:8], "x": CENTRES["x"][1:]}
    for ids, names, centres in (
        (IDS, ("y", "x"), CENTRES),
        (IDS[::-1], ("y", "x"), north),  # as many programs have latitudes
        (IDS.T, ("x", "y"), CENTRES),
        (IDS[1:8, 1:], ("y", "x"), part),
    ):
        write(path, ids, names, centres)
        np.testing.assert_array_equal(import_regions(path, CUBE).ids, IDS)


@pytest.mark.parametrize(("name", "write"), [("a.nc", write_netcdf_3), ("b.nc", write_netcdf_4)])
def test_a_band_whose_columns_come_first_is_turned(tmp_path, name, write):
    write(tmp_path / name, IDS.T, ("x", "y"), CENTRES)
    cube = open_cube(f"{tmp_path / name}:labels")
    np.testing.assert_array_equal(cube.read()[:, :, 0], IDS)
    assert cube.georeference.transform == CUBE.georeference.transform
