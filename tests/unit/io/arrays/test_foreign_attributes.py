"""Attributes that can't be what their names say are passed over: the cube is as without them."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import zarr

from hsi_viewer.io.opening import open_cube

ROWS, COLUMNS, BANDS = 5, 7, 4
CUBE = (np.arange(ROWS * COLUMNS * BANDS).reshape(ROWS, COLUMNS, BANDS) * 3 + 1).astype("<u2")
X, Y = 600015 + 30.0 * np.arange(COLUMNS), 5199985 - 30.0 * np.arange(ROWS)


def facts(cube):
    place = cube.georeference
    return (
        cube.read().tolist(),
        cube.warnings,
        None if place is None else (place.transform, place.crs_wkt),
        (cube.scale, cube.offset, cube.nodata, cube.default_bands, cube.bands),
        None if cube.wavelengths is None else cube.wavelengths.tolist(),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DIMENSION_LABELS", ["band", "y"]),
        ("DIMENSION_LABELS", ["x", "band", "y", "t"]),
        ("DIMENSION_LABELS", [1, 2, 3]),
        ("DIMENSION_LABELS", h5py.Empty("S3")),
        ("DIMENSION_LIST", [1, 2, 3]),
        ("DIMENSION_LIST", "band y x"),
        ("axistags", "{"),
        ("axistags", '{"axes": [{"name": "c"}, 2]}'),
        ("axistags", '{"axes": 7}'),
        ("axes", "CY"),
        ("axes", "CYXT"),
        ("axes", "CYY"),
        ("axes", "CYQ"),
        ("axes", 5),
        ("dimension_order", b"\xff\xfe\xfd"),
        ("transform", [1.0, 2.0, 3.0]),
        ("transform", [2.0, 2.0, 0.0, 1.0, 1.0, 0.0]),
        ("transform", [1.0, 0.0, np.inf, 0.0, -1.0, 0.0]),
        ("transform", "north up"),
        ("default_bands", [1, 2]),
        ("default_bands", [0, 1, BANDS]),
        ("default_bands", ["red", "green", "blue"]),
        ("hsi_scale", 0.0),
        ("hsi_scale", np.nan),
        ("offset", np.inf),
        ("grid_mapping", "nowhere"),
        ("valid_range", [7.0, 3.0, 1.0]),
    ],
)
def test_of_an_hdf5_array(tmp_path, name, value):
    for file_name in ("with.h5", "without.h5"):
        with h5py.File(tmp_path / file_name, "w") as file:
            file["cube"] = CUBE
            if file_name == "with.h5":
                file["cube"].attrs[name] = value
    assert facts(open_cube(tmp_path / "with.h5")) == facts(open_cube(tmp_path / "without.h5"))


@pytest.mark.parametrize("axes", [[0, 1], [0, 1, 1, 0]])
def test_scales_of_another_number_of_axes(tmp_path, axes):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"] = CUBE
        for name, length in (("band", ROWS), ("y", COLUMNS)):
            file[name] = np.arange(length)
            file[name].make_scale(name)
        lists = np.empty(len(axes), object)
        for k, axis in enumerate(axes):
            lists[k] = np.array([file["by"[axis] if axis else "band"].ref], h5py.ref_dtype)
        kind = h5py.vlen_dtype(h5py.ref_dtype)
        file["cube"].attrs.create("DIMENSION_LIST", lists, dtype=kind)
    np.testing.assert_array_equal(open_cube(tmp_path / "a.h5").read(), CUBE)


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        ("cube", "_ARRAY_DIMENSIONS", ["band", "y"]),
        ("cube", "_ARRAY_DIMENSIONS", [1, 2, 3]),
        ("cube", "_ARRAY_DIMENSIONS", "bxy"),
        ("", "multiscales", [1]),
        ("", "multiscales", [{"axes": [{"type": "space"}], "datasets": [{"path": "cube"}]}]),
        ("", "multiscales", [{"axes": [{"name": "c"}], "datasets": [{"path": "cube"}]}]),
        ("", "multiscales", 7),
        ("", "ome", "0.5"),
    ],
)
@pytest.mark.parametrize("version", [2, 3])
def test_of_a_zarr_store(tmp_path, version, where, name, value):
    for store in ("with.zarr", "without.zarr"):
        group = zarr.create_group(tmp_path / store, zarr_format=version)
        group.create_array("cube", data=CUBE)
        if store == "with.zarr":
            (group[where] if where else group).attrs[name] = value
    assert facts(open_cube(tmp_path / "with.zarr")) == facts(open_cube(tmp_path / "without.zarr"))


def placed(path, across=X, down=Y, **mapping):
    with h5py.File(path, "w") as file:
        file["cube"], file["x"], file["y"] = CUBE, across, down
        file["crs"] = 0
        file["crs"].attrs.update(mapping)
        file["cube"].attrs["grid_mapping"] = "crs"
    return open_cube(path)


@pytest.mark.parametrize(
    "given",
    [
        "six words that are no numbers",
        "600000 30 0 5200000 0",
        "600000 30 0 5200000 0 -30 1",
        "600000 30 0 5200000 0 nan",
        "600000 30 30 5200000 30 30",
        "",
        5.0,
        [600000.0, 30.0, 0.0],
    ],
)
def test_a_transform_of_gdal_that_is_none_leaves_the_word_to_the_axes(tmp_path, given):
    named = placed(tmp_path / "a.nc", GeoTransform=given)
    assert facts(named) == facts(placed(tmp_path / "b.nc"))
    assert named.georeference.transform == (30, 0, 600000, 0, -30, 5200000)


@pytest.mark.parametrize(
    ("whole", "is_part"),
    [
        ("599970 30 0 5200030 0 -30", True),  # cut out of it
        ("600000 15 0 5200000 0 -15", False),  # not by whole pixels
        ("600030 30 0 5200000 0 -30", False),  # before its first
        ("600000 30 1 5200000 1 -30", False),  # which is turned
        ("599990 30 0 5200030 0 -30", False),  # between its pixels
        ("600000 70 0 5200000 0 -70", False),  # finer
    ],
)
def test_axes_count_where_they_are_part_of_the_scene_that_is_placed(tmp_path, whole, is_part):
    found = placed(tmp_path / "a.nc", GeoTransform=whole).georeference.transform
    c, a, b, f, d, e = map(float, whole.split())
    assert found == ((30, 0, 600000, 0, -30, 5200000) if is_part else (a, b, c, d, e, f))
