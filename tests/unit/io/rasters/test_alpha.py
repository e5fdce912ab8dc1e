"""Alpha channels of rasters: no band of the cube, and no data where they are 0."""

from __future__ import annotations

import numpy as np
import pytest
from rasterio.enums import ColorInterp

from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.io.files.gdal import open_raster
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube

ROWS, COLUMNS = 12, 9
RNG = np.random.default_rng(3)
EMPTY = np.zeros((ROWS, COLUMNS), bool)
EMPTY[:4] = True


def write(path, values, at=None, alpha=None, driver="GTiff", tags=(), **profile):
    """Write (bands, rows, columns), with an alpha channel at an index."""
    if at is not None:
        values = np.insert(values, at, alpha, axis=0).astype(values.dtype)
    size = {"count": len(values), "height": ROWS, "width": COLUMNS, "dtype": values.dtype}
    with open_raster(path, "w", driver=driver, **size, **profile) as file:
        if at is not None and driver == "GTiff":
            marks = [ColorInterp.gray] + [ColorInterp.undefined] * (len(values) - 1)
            marks[at] = ColorInterp.alpha
            file.colorinterp = marks
        file.write(values)
        for band, (key, value) in tags:
            file.update_tags(band, **{key: value})
    return path


def numbers(bands, dtype="u2"):
    return RNG.integers(1, 200, (bands, ROWS, COLUMNS)).astype(dtype)


@pytest.mark.parametrize("interleave", ["pixel", "band"])
@pytest.mark.parametrize(("dtype", "opaque"), [("u1", 255), ("u2", 65535), ("u2", 255), ("f4", 1)])
@pytest.mark.parametrize("at", [10, 3])
def test_an_alpha_channel_is_no_band(tmp_path, dtype, opaque, at, interleave):
    values = numbers(10, dtype)
    alpha = np.where(EMPTY, 0, opaque)
    cube = open_cube(write(tmp_path / "a.tif", values, at, alpha, interleave=interleave))
    assert cube.bands == 10
    assert cube.warnings == (
        f"Band {at + 1} is an alpha channel: it is left out, and pixels where it is 0 have no "
        "data.",
    )
    read = cube.read()
    assert not cube.is_data(read)[EMPTY].any()
    assert cube.is_data(read)[~EMPTY].all()
    np.testing.assert_array_equal(read[~EMPTY], values.transpose(1, 2, 0)[~EMPTY])
    np.testing.assert_array_equal(
        cube.read(slice(1, 11, 3), slice(None, None, 2)), read[1:11:3, ::2]
    )
    np.testing.assert_array_equal(cube.read(bands=[9, 0]), read[:, :, [9, 0]])
    assert examined(cube).warnings == cube.warnings


def test_a_nodata_value_marks_the_pixels_where_there_is_one(tmp_path):
    values = numbers(5, "i2")
    path = write(tmp_path / "a.tif", values, 5, np.where(EMPTY, 0, 255), nodata=-5)
    cube = open_cube(path)
    assert (cube.dtype, cube.nodata) == (np.dtype("i2"), -5)
    assert (cube.read()[EMPTY] == -5).all()
    np.testing.assert_array_equal(cube.read()[~EMPTY], values.transpose(1, 2, 0)[~EMPTY])


def test_tags_of_the_bands_are_those_without_the_alpha_channel(tmp_path):
    tags = [(band, ("wavelength", str(300 + 100 * band))) for band in (1, 2, 4)]
    path = write(tmp_path / "a.tif", numbers(3), 2, np.full((ROWS, COLUMNS), 255), tags=tags)
    np.testing.assert_array_equal(open_cube(path).wavelengths, [400, 500, 700])


@pytest.mark.parametrize("named", [True, False])
def test_a_fourth_band_of_bytes_that_is_only_called_alpha_stays(tmp_path, named):
    """GDAL calls it so by itself where a picture of four bands of bytes is written."""
    values = numbers(4, "u1")
    tags = []
    if named:
        values[3] = 255
        tags = [(4, ("wavelength", "860"))]
    path = write(tmp_path / "a.tif", values, tags=tags)
    with open_raster(path, driver="GTiff") as file:
        assert file.colorinterp[3] == ColorInterp.alpha
    cube = open_cube(path)
    np.testing.assert_array_equal(cube.read(), values.transpose(1, 2, 0))
    warning = (
        "Band 4 is marked as an alpha channel but its values are not those of one; it is kept as "
        "a band."
    )
    assert warning in cube.warnings


@pytest.mark.parametrize(("top", "bits"), [(1, {"nbits": 1}), (1, {}), (255, {})])
def test_a_fourth_mask_is_not_taken_for_an_alpha_channel(tmp_path, top, bits):
    masks = numbers(4, "u1") % 2 * np.uint8(top)
    cube = open_cube(write(tmp_path / "a.tif", masks, photometric="RGB", alpha="YES", **bits))
    np.testing.assert_array_equal(cube.read(), masks.transpose(1, 2, 0))
    assert cube.is_data(cube.read()).all()


@pytest.mark.parametrize("bands", [1, 3])
def test_a_picture_with_an_alpha_channel(tmp_path, bands):
    values = numbers(bands, "u1")
    path = write(tmp_path / "a.png", values, bands, np.where(EMPTY, 0, 255), driver="PNG")
    cube = open_cube(path)
    assert cube.bands == bands
    assert np.isnan(cube.read()[EMPTY]).all()
    np.testing.assert_array_equal(cube.read()[~EMPTY], values.transpose(1, 2, 0)[~EMPTY])


def test_labels_with_an_alpha_channel(tmp_path):
    ids = RNG.integers(1, 4, (1, ROWS, COLUMNS)).astype("u1")
    path = write(tmp_path / "a.tif", ids, 1, np.where(EMPTY, 0, 255))
    np.testing.assert_array_equal(read_labels(path).ids, np.where(EMPTY, 0, ids[0]))


def test_a_folder_of_pictures_with_alpha_channels(tmp_path):
    values = [numbers(1, "u1") for _ in range(3)]
    for k, band in enumerate(values):
        write(tmp_path / f"b{k}.png", band, 1, np.where(EMPTY, 0, 255), driver="PNG")
    cube = open_cube(tmp_path)
    expected = np.concatenate(values).transpose(1, 2, 0)
    np.testing.assert_array_equal(cube.read()[~EMPTY], expected[~EMPTY])
    assert np.isnan(cube.read()[EMPTY]).all()
