"""Layers of the window as files: values, colours and classes, with their place."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.display.rasters import RgbaRaster
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.jobs.export_layers import (
    LayerImage,
    colour_cube,
    planned_files,
    value_cube,
    write_layer,
)

PLACE = Georeference((2.0, 0, 5e5, 0, -2.0, 5.1e6), CRS.from_epsg(32633).to_wkt())
SCENE = HyperCube.from_array(np.zeros((4, 5, 3), np.float32), georeference=PLACE)
PICTURE = np.random.default_rng(0).integers(0, 256, (4, 5, 4), dtype=np.uint8)


def test_values_are_a_cube_with_the_place_of_the_scene():
    values = np.arange(20, dtype=np.float32).reshape(4, 5)
    values[0, 0] = np.nan
    one = value_cube(values, ["NDVI"], SCENE, "Index")
    assert (one.name, one.band_names, one.georeference) == ("Index", ("NDVI",), PLACE)
    assert np.isnan(one.nodata)
    np.testing.assert_array_equal(one.read()[:, :, 0], values)
    two = value_cube(np.ones((4, 5, 2), np.int16), ["a", "b"], SCENE, "Two")
    assert (two.bands, two.nodata) == (2, None)


def test_colours_are_a_cube_of_four_bands_drawn_when_they_are_read():
    cube = colour_cube(RgbaRaster(PICTURE), SCENE, "Seen")
    assert (cube.rows, cube.columns, cube.bands, cube.dtype) == (4, 5, 4, np.uint8)
    assert cube.band_names == ("red", "green", "blue", "alpha")
    assert (cube.default_bands, cube.name, cube.georeference) == ((0, 1, 2), "Seen", PLACE)
    np.testing.assert_array_equal(cube.read(), PICTURE)
    window = slice(1, 4, 2), slice(0, 5, 3)
    np.testing.assert_array_equal(cube.read(*window), PICTURE[window])
    np.testing.assert_array_equal(cube.read(bands=[3, 1]), PICTURE[:, :, [3, 1]])


@pytest.mark.parametrize("name", ["layer.tif", "layer.hdr"])
def test_a_layer_is_read_again_as_it_was(tmp_path, name):
    path = tmp_path / name
    files = write_layer(
        LayerImage("Seen", colour_cube(RgbaRaster(PICTURE), SCENE, "Seen")), path, SCENE
    )
    assert set(files) <= set(planned_files(path))
    np.testing.assert_array_equal(open_cube(path).read(), PICTURE)
    legend = ClassLegend([LabelClass(2, "Corn", (250, 1, 2))])
    ids = np.full((4, 5), 2, np.uint16)
    again = tmp_path / f"ids{path.suffix}"
    files = write_layer(LayerImage("Classes", ids, legend), again, SCENE)
    assert sorted(files) == sorted(tmp_path.glob("ids*"))
    assert set(files) <= set(planned_files(again))
    back = read_labels(again)
    np.testing.assert_array_equal(back.ids, ids)
    assert (back.names, back.colours) == ({2: "Corn"}, {2: (250, 1, 2)})
    with rasterio.open(tmp_path / ("ids.tif" if name == "layer.tif" else "ids.img")) as file:
        assert tuple(file.transform)[:6] == PLACE.transform
    with pytest.raises(ValueError, match="need a legend"):
        write_layer(LayerImage("Classes", ids), tmp_path / "x.tif", SCENE)


def test_bands_of_a_layer_are_written_one_after_the_other(tmp_path):
    cube = colour_cube(RgbaRaster(PICTURE), SCENE, "Seen")
    write_layer(LayerImage("Seen", cube), tmp_path / "a.hdr", SCENE)
    assert "interleave = bsq" in (tmp_path / "a.hdr").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("a.tif", {"a.tif", "a.qml", "a.tif.aux.xml"}),
        ("a.hdr", {"a.hdr", "a.img", "a.qml"}),
        ("a.HDR", {"a.HDR", "a.img", "a.qml"}),
    ],
)
def test_which_files_may_be_written(tmp_path, name, files):
    assert {path.name for path in planned_files(tmp_path / name)} == files


def test_the_scene_itself_is_never_replaced(tmp_path):
    write_cube(SCENE, tmp_path / "scene.hdr")
    scene = open_cube(tmp_path / "scene.hdr")
    layer = LayerImage("Seen", colour_cube(RgbaRaster(PICTURE), SCENE, "Seen"))
    with pytest.raises(ExportError, match="is the open scene"):
        write_layer(layer, tmp_path / "scene.hdr", scene)
