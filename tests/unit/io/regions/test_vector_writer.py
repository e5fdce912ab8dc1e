"""Vector files are whole or not there, also on a full disk, and by a suffix in capitals."""

from __future__ import annotations

import os
from contextlib import contextmanager

import numpy as np
import pyogrio
import pytest
import shapely
from rasterio.crs import CRS

from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.io.regions.grid import Grid
from hsi_viewer.io.regions.vector_writer import class_fields, write_features

LEGEND = ClassLegend([LabelClass(1, "a long name for a class", (1, 2, 3))])
GRID = Grid.of(400, 400, None)
COUNT = 90


def write(path) -> tuple[str, ...]:
    squares = [shapely.box(4 * n, n, 4 * n + 3, n + 2) for n in range(COUNT)]
    return write_features(path, squares, class_fields([1] * COUNT, LEGEND), GRID)


@contextmanager
def room_for(size: int):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit of the size of files")
@pytest.mark.parametrize("name", ["a.gpkg", "a.shp", "a.geojson"])
def test_a_full_disk_is_an_error_and_leaves_what_stood_there(tmp_path, name):
    path = tmp_path / "out" / name
    path.parent.mkdir()
    write(path)
    before = {p.name: p.read_bytes() for p in path.parent.iterdir()}
    sizes = sorted({len(data) for data in before.values()}, reverse=True)[:2]
    limits = {s - d for s in sizes for d in (2, 100, s // 5, s // 2)}
    if name == "a.gpkg":  # SQLite reserves room at its end
        limits = {s // 2 for s in sizes}
    for limit in limits:
        with room_for(limit), pytest.raises(ExportError, match="free some space"):
            write(path)
        assert {p.name: p.read_bytes() for p in path.parent.iterdir()} == before


@pytest.mark.parametrize("name", ["A.SHP", "A.GPKG", "A.GeoJSON"])
def test_a_suffix_in_capitals_is_written_too(tmp_path, name):
    write(tmp_path / name)
    (found,) = [p for p in tmp_path.iterdir() if p.suffix.lower() == f".{name[2:].lower()}"]
    assert pyogrio.read_info(found)["features"] == COUNT


def test_a_map_without_a_coordinate_system_is_said_to_have_none(tmp_path):
    placed = Grid(10, 10, (2.0, 0.0, 0.0, 0.0, -2.0, 0.0), None)
    square = [shapely.box(0, -2, 2, 0)]
    fields = {"class_id": np.array([1], np.int32)}
    for name in ("a.geojson", "a.gpkg"):
        (note,) = write_features(tmp_path / name, square, fields, placed)
        assert "no coordinate system" in note
        assert ("longitude" in note) == (name == "a.geojson")


UTM = CRS.from_epsg(32633).to_wkt()


@pytest.mark.parametrize("name", ["a.geojson", "a.gpkg", "a.shp"])
def test_columns_and_rows_are_in_no_system(tmp_path, name):
    """A scene may give a system and no place, as one whose map info is damaged."""
    square = [shapely.box(1, 2, 3, 4)]
    fields = {"class_id": np.array([1], np.int32)}
    (note,) = write_features(tmp_path / name, square, fields, Grid(10, 10, None, UTM))
    assert "x is the column, y the row" in note
    meta, _, wkb, _ = pyogrio.raw.read(tmp_path / name)
    assert shapely.from_wkb(wkb)[0].bounds == (1, 2, 3, 4)
    assert name == "a.geojson" or meta["crs"] is None  # GeoJSON has one by its definition


def test_a_place_without_a_longitude_is_not_written_as_geojson(tmp_path):
    far = Grid(10, 10, (1.0, 0.0, 1e300, 0.0, -1.0, 0.0), CRS.from_epsg(3857).to_wkt())
    square = [shapely.box(1e300, 0, 2e300, 1)]
    fields = {"class_id": np.array([1], np.int32)}
    with pytest.raises(ExportError, match=r"no longitude and latitude. Choose \.gpkg"):
        write_features(tmp_path / "a.geojson", square, fields, far)
    assert not (tmp_path / "a.geojson").exists()
    write_features(tmp_path / "a.gpkg", square, fields, far)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("endings", [(".geojson",), (".gpkg",), (".shp", ".shx", ".dbf")])
def test_names_that_gdal_cannot_write(tmp_path, endings):
    placed = Grid(10, 10, (2.0, 0.0, 0.0, 0.0, -2.0, 0.0), UTM)
    fields = {"class_id": np.array([1], np.int32)}
    for name in ("two\nlines", "a\tb", "a;b", "#", "-a", ".a", "a\\b", "a'b\"c", "\udcff", "Ä水"):
        for _ in range(2):
            write_features(
                tmp_path / f"{name}{endings[0]}", [shapely.box(0, -2, 2, 0)], fields, placed
            )
        for ending in endings:
            copied = tmp_path / f"copy{ending}"
            copied.write_bytes((tmp_path / f"{name}{ending}").read_bytes())
        assert pyogrio.read_info(tmp_path / f"copy{endings[0]}")["features"] == 1
