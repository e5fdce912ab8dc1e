"""Regions of interest from files: polygons by place, and rasters of which nonzero counts."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import FileError, FormatError, LabelError
from hsi_viewer.core.inputs import region_of
from hsi_viewer.io.metadata.crs import crs_of
from hsi_viewer.io.regions.region_file import read_mask

TRANSFORM = (30.0, 0.0, 400_000.0, 0.0, -30.0, 5_800_000.0)


def plain() -> HyperCube:
    return HyperCube.from_array(np.ones((10, 12, 3), np.uint8), name="plain")


def placed() -> HyperCube:
    place = Georeference(TRANSFORM, crs_of("EPSG:32633").to_wkt())
    return HyperCube.from_array(np.ones((10, 12, 3), np.uint8), name="placed", georeference=place)


def square(left: float, top: float, side: float) -> list:
    right, low = left + side, top - side
    return [[[left, top], [right, top], [right, low], [left, low], [left, top]]]


def geojson(path, *geometries, **more):
    features = [
        {"type": "Feature", "properties": {"class": 0, "id": -3}, "geometry": g} for g in geometries
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **more}))
    return path


def test_polygons_are_laid_by_place_and_their_attributes_do_not_matter(tmp_path):
    crs = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}}
    first = {"type": "Polygon", "coordinates": square(400_030, 5_799_970, 60)}
    second = {"type": "MultiPolygon", "coordinates": [square(400_300, 5_799_760, 30)]}
    point = {"type": "Point", "coordinates": [400_200.0, 5_799_900.0]}
    path = geojson(tmp_path / "field.geojson", first, second, point, **crs)
    wanted = np.zeros((10, 12), bool)
    wanted[1:3, 1:3] = wanted[8, 10] = True
    assert np.array_equal(read_mask(path, placed()), wanted)
    with pytest.raises(LabelError, match="no georeference"):
        read_mask(path, plain())


def test_polygons_of_longitude_and_latitude_find_the_scene(tmp_path):
    from hsi_viewer.io.metadata.crs import transformed

    x, y = np.array([400_030.0, 400_150.0]), np.array([5_799_970.0, 5_799_850.0])
    lon, lat = transformed(crs_of("EPSG:32633"), crs_of("EPSG:4326"), x, y)
    ring = [[lon[0], lat[0]], [lon[1], lat[0]], [lon[1], lat[1]], [lon[0], lat[1]]]
    path = geojson(tmp_path / "a.geojson", {"type": "Polygon", "coordinates": [[*ring, ring[0]]]})
    found = read_mask(path, placed())
    assert 12 <= found.sum() <= 20
    assert found[2, 2]


def test_polygons_in_pixels_lie_on_a_scene_without_place(tmp_path):
    path = geojson(tmp_path / "a.geojson", {"type": "Polygon", "coordinates": square(2, 5, 3)})
    found = read_mask(path, plain())
    assert found.sum() == 9
    assert found[2:5, 2:5].all()


def test_points_are_not_a_region(tmp_path):
    path = geojson(tmp_path / "a.geojson", {"type": "Point", "coordinates": [3.0, 3.0]})
    with pytest.raises(FormatError, match="no polygon"):
        read_mask(path, plain())


@pytest.mark.parametrize("dtype", ["uint8", "bool", "int16", "float32", "uint16"])
def test_nonzero_of_a_raster_marks_a_pixel(tmp_path, dtype):
    mask = np.zeros((10, 12), dtype)
    mask[2:5, 3:9] = 1 if dtype == "bool" else 200
    np.save(tmp_path / "mask.npy", mask)
    assert np.array_equal(read_mask(tmp_path / "mask.npy", plain()), mask != 0)
    region = region_of(plain(), mask=tmp_path / "mask.npy")
    assert np.array_equal(region.inside, mask == 0)
    both = region_of(plain(), np.arange(120).reshape(10, 12) < 48, tmp_path / "mask.npy")
    assert both.inside.sum() == 48 - 12


def test_a_raster_of_another_grid_is_laid_by_place(tmp_path):
    path = tmp_path / "clouds.tif"
    coarse = np.zeros((5, 6), np.uint8)
    coarse[1, 2] = 255
    with rasterio.open(
        path, "w", "GTiff", 6, 5, 1, "EPSG:32633", Affine(60, 0, 400_000, 0, -60, 5_800_000),
        "uint8", nodata=0,
    ) as file:  # fmt: skip
        file.write(coarse, 1)
    found = read_mask(path, placed())
    assert found.sum() == 4
    assert found[2:4, 4:6].all()
    with pytest.raises(LabelError, match=r"clouds.tif is 5 x 6 pixels, the scene is 10 x 12"):
        read_mask(path, plain())


def test_what_is_no_mask_of_the_scene_is_refused_with_its_name(tmp_path):
    np.save(tmp_path / "zeros.npy", np.zeros((10, 12), np.uint8))
    with pytest.raises(LabelError, match=r"zeros.npy marks no pixel of plain"):
        read_mask(tmp_path / "zeros.npy", plain())
    np.save(tmp_path / "share.npy", np.full((10, 12), 0.4))
    with pytest.raises(LabelError, match=r"share.npy isn't a mask of whole numbers"):
        read_mask(tmp_path / "share.npy", plain())
    with pytest.raises(FileError):
        read_mask(tmp_path / "absent.geojson", plain())
    with pytest.raises(LabelError, match="The mask is 3 x 3"):
        region_of(plain(), np.ones((3, 3)))
