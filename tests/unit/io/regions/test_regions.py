"""Regions that other programs' libraries wrote come in, and what is written comes back."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace

import h5py
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
import spectral.io.envi as spectral_envi
from rasterio.transform import Affine
from rasterio.warp import transform_geom

from hsi_viewer.analysis.geographic import degrees
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError, FileError, FormatError, LabelError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.labels.label_file import LabelFile
from hsi_viewer.core.labels.placement import PlacementNeededError
from hsi_viewer.io.files.gdal_vector import write_layer
from hsi_viewer.io.metadata.crs import crs_of, transformed
from hsi_viewer.io.metadata.map_info import georeference
from hsi_viewer.io.regions.grid import Grid
from hsi_viewer.io.regions.import_export import export_regions, import_regions
from hsi_viewer.io.regions.raster import place_raster

ROWS, COLUMNS = 30, 40
UTM = rasterio.crs.CRS.from_epsg(32632)
PLAIN = Affine(10, 0, 600000, 0, -10, 5200000)
ROTATED = PLAIN @ Affine.rotation(30)
LEGEND = ClassLegend(
    [LabelClass(1, "Corn", (230, 159, 0)), LabelClass(3, "Woods, old", (0, 114, 178))]
)


def cube_at(transform=PLAIN, crs=UTM, rows=ROWS, columns=COLUMNS):
    reference = None
    if transform is not None:
        reference = Georeference(tuple(transform)[:6], crs.to_wkt() if crs else None)
    return HyperCube.from_array(np.zeros((rows, columns, 2), "u1"), georeference=reference)


def labelled():
    ids = np.zeros((ROWS, COLUMNS), np.uint16)
    ids[2:9, 3:12] = 1
    ids[4, 5] = 0  # a hole
    ids[20:28, 30:40] = 3
    ids[15, 15] = 3
    return ids


def write_without_system(*arguments, **options):
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        pyogrio.raw.write(*arguments, **options)


def write_polygons(path, transform, boxes, crs=UTM, driver=None, **columns):
    """Boxes (top, left, bottom, right) in pixels, as polygons."""
    geometries = []
    for top, left, bottom, right in boxes:
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        geometries.append(shapely.Polygon([transform @ corner for corner in corners]))
    write = pyogrio.raw.write if crs else write_without_system
    write(
        path,
        np.array([shapely.to_wkb(g) for g in geometries], object),
        [np.asarray(values) for values in columns.values()],
        np.array(list(columns)),
        geometry_type="Polygon",
        crs=None if crs is None else crs.to_wkt(),
        driver=driver,
    )


@pytest.mark.parametrize("transform", [PLAIN, ROTATED, None], ids=["plain", "rotated", "none"])
@pytest.mark.parametrize(
    "suffix", ["shp", "gpkg", "geojson", "txt", "xml", "csv", "npy", "tif", "hdr", "mat", "h5"]
)
def test_what_is_written_comes_back(tmp_path, suffix, transform):
    cube = cube_at(transform)
    path = tmp_path / f"my regions.{suffix}"
    export_regions(path, labelled(), LEGEND, cube)
    back = import_regions(path, cube)
    expected = labelled()
    if suffix in ("txt", "xml"):  # these know names only, and number them as they come
        expected[expected == 3] = 2
    np.testing.assert_array_equal(back.ids, expected)
    if suffix not in ("npy", "h5"):
        names = {back.names[int(i)] for i in np.unique(back.ids) if i}
        assert names == {"Corn", "Woods; old" if suffix == "hdr" else "Woods, old"}
    if suffix in ("shp", "gpkg", "geojson", "txt", "xml", "tif", "hdr", "mat"):
        assert set(back.colours.values()) == {(230, 159, 0), (0, 114, 178)}
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_an_envi_only_georeference_places_polygons(tmp_path):
    text = "{UTM, 1, 1, 600000, 5200000, 10, 10, 32, North, WGS-84, rotation=30}"
    reference = georeference(text, None, None)
    cube = replace(cube_at(None), georeference=reference)
    path = tmp_path / "a.gpkg"
    write_polygons(path, Affine(*reference.transform), [(2, 3, 9, 12)], klasse=["Mais"])
    labels = import_regions(path, cube)
    expected = np.zeros((ROWS, COLUMNS), bool)
    expected[2:9, 3:12] = True
    np.testing.assert_array_equal(labels.ids == 1, expected)
    assert labels.names == {1: "Mais"}


@pytest.mark.parametrize("driver", ["ESRI Shapefile", "GPKG", "GeoJSON"])
def test_polygons_are_reprojected(tmp_path, driver):
    path = tmp_path / f"a.{ {'ESRI Shapefile': 'shp', 'GPKG': 'gpkg'}.get(driver, 'geojson') }"
    box = shapely.geometry.mapping(shapely.box(600030, 5199910, 600120, 5199980))
    degrees = shapely.geometry.shape(transform_geom(UTM, "EPSG:4326", box))
    pyogrio.raw.write(
        path,
        np.array([shapely.to_wkb(degrees)], object),
        [np.array([7])],
        np.array(["gridcode"]),
        geometry_type="Polygon",
        crs="EPSG:4326",
        driver=driver,
    )
    labels = import_regions(path, cube_at())
    assert np.argwhere(labels.ids == 7).min(axis=0).tolist() == [2, 3]
    assert np.argwhere(labels.ids == 7).max(axis=0).tolist() == [8, 11]
    assert any("reprojected from EPSG:4326 to EPSG:32632" in note for note in labels.notes)


def test_points_label_the_pixel_they_lie_in(tmp_path):
    path = tmp_path / "points.geojson"
    points = [PLAIN @ (5.1, 7.9), PLAIN @ (39.9, 29.9), PLAIN @ (50, 7)]
    features = [
        {
            "type": "Feature",
            "properties": {"id": k, "species": name},
            "geometry": {"type": "Point", "coordinates": list(xy)},
        }
        for k, (name, xy) in enumerate(zip(["oak", "fir", "oak"], points, strict=True))
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    labels = import_regions(path, cube_at())
    assert np.argwhere(labels.ids).tolist() == [[7, 5], [29, 39]]
    assert labels.names == {1: "oak", 2: "fir"}
    assert 'The class was read from the attribute "species"' in labels.notes[0]


def test_a_polygon_smaller_than_a_pixel_is_not_lost(tmp_path):
    path = tmp_path / "small.gpkg"
    write_polygons(path, PLAIN, [(4.6, 6.6, 4.9, 6.9)], name=["spot"])
    labels = import_regions(path, cube_at())
    assert np.argwhere(labels.ids).tolist() == [[4, 6]]


def test_the_class_attribute_can_be_named(tmp_path):
    path = tmp_path / "a.gpkg"
    write_polygons(path, PLAIN, [(0, 0, 2, 2), (5, 5, 8, 8)], name=["a", "b"], dn=[4, 9])
    assert set(np.unique(import_regions(path, cube_at()).ids)) == {0, 4, 9}
    assert import_regions(path, cube_at(), class_field="name").names == {1: "a", 2: "b"}
    with pytest.raises(FormatError, match='no attribute "x"; it has name, dn'):
        import_regions(path, cube_at(), class_field="x")


def test_shapes_off_the_cube_and_shapes_without_place_explain_themselves(tmp_path):
    path = tmp_path / "far.gpkg"
    write_polygons(path, PLAIN, [(900, 900, 950, 950)], name=["a"])
    with pytest.raises(
        LabelError, match=r"none of the 1 shapes lies inside the " r"cube.*cover x 609000"
    ):
        import_regions(path, cube_at())
    with pytest.raises(LabelError, match="the cube has no georeference"):
        import_regions(path, cube_at(None))


def test_shapes_drawn_on_a_scene_without_place_may_count_rows_downward(tmp_path):
    path = tmp_path / "drawn.gpkg"
    write_polygons(path, Affine.scale(1, -1), [(2, 3, 9, 12)], crs=None, name=["a"])
    labels = import_regions(path, cube_at(None))
    assert np.argwhere(labels.ids).min(axis=0).tolist() == [2, 3]
    assert "-y as the row" in labels.notes[-1]


def test_damaged_and_missing_files_are_typed_errors(tmp_path):
    with pytest.raises(FileError, match="does not exist"):
        import_regions(tmp_path / "no.shp", cube_at())
    for name in ("a.shp", "a.gpkg", "a.geojson", "a.xml", "a.csv", "a.txt", "a.ilp"):
        path = tmp_path / name
        path.write_bytes(b"\x00\x01 no such thing")
        with pytest.raises((FileError, LabelError)):
            import_regions(path, cube_at())


def write_tif(path, ids, transform, crs=UTM):
    rows, columns = ids.shape
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=columns, count=1, dtype=ids.dtype,
        transform=transform, crs=crs,
    ) as file:  # fmt: skip
        file.write(ids, 1)


def test_a_label_raster_of_another_resolution_is_placed_by_the_map(tmp_path):
    fine = np.zeros((80, 100), np.uint8)
    fine[20:30, 30:44] = 5
    path = tmp_path / "fine.tif"
    write_tif(path, fine, Affine(5, 0, 599950, 0, -5, 5200030))
    labels = import_regions(path, cube_at())
    expected = np.zeros((ROWS, COLUMNS), np.uint16)
    expected[7:12, 10:17] = 5
    np.testing.assert_array_equal(labels.ids, expected)
    assert "aligned by map coordinates, nearest neighbour" in labels.notes[-1]


def test_a_label_raster_of_another_projection_is_reprojected(tmp_path):
    ids = np.full((300, 300), 2, np.uint8)
    x, y = rasterio.warp.transform(UTM, "EPSG:4326", [600200], [5199850])
    step = 0.0001
    path = tmp_path / "degrees.tif"
    write_tif(
        path,
        ids,
        Affine(step, 0, x[0] - 150 * step, 0, -step, y[0] + 150 * step),
        rasterio.crs.CRS.from_epsg(4326),
    )
    labels = import_regions(path, cube_at(ROTATED))
    assert np.all(labels.ids == 2)
    assert labels.notes[0] == "The labels were reprojected from EPSG:4326 to EPSG:32632."


def test_labels_without_place_offer_what_can_be_done(tmp_path):
    path = tmp_path / "gt.npy"
    ids = np.arange(1, 121, dtype=np.uint8).reshape(10, 12) % 5
    np.save(path, ids)
    with pytest.raises(PlacementNeededError, match="10 x 12 pixels, the cube is 30 x 40") as caught:
        import_regions(path, cube_at())
    assert caught.value.options == ("resample", "crop")
    stretched = import_regions(path, cube_at(), "resample")
    np.testing.assert_array_equal(stretched.ids[::3, 0], ids[:, 0])
    cropped = import_regions(path, cube_at(), "crop")
    np.testing.assert_array_equal(cropped.ids[:10, :12], ids)
    assert not cropped.ids[10:].any()
    assert not cropped.ids[:, 12:].any()


def test_labels_of_the_same_size_that_lie_elsewhere_are_not_taken_silently(tmp_path):
    ids = labelled()
    path = tmp_path / "elsewhere.tif"
    write_tif(path, ids, PLAIN @ Affine.translation(10, 5))
    with pytest.raises(PlacementNeededError, match="a different position on the map") as caught:
        import_regions(path, cube_at())
    assert caught.value.options == ("georeference", "crop")
    np.testing.assert_array_equal(
        import_regions(path, cube_at(), "georeference").ids[5:, 10:], ids[:-5, :-10]
    )
    np.testing.assert_array_equal(import_regions(path, cube_at(), "crop").ids, ids)


def test_labels_on_the_grid_of_the_cube_are_taken_as_they_are_and_nothing_is_said(tmp_path):
    path = tmp_path / "here.tif"
    write_tif(path, labelled(), PLAIN @ Affine.translation(0.3, -0.3))  # less than half a pixel
    found = import_regions(path, cube_at())
    np.testing.assert_array_equal(found.ids, labelled())
    assert found.notes == ()


def test_labels_on_the_same_grid_of_another_datum_that_agrees_are_taken_as_they_are(tmp_path):
    path = tmp_path / "etrs.tif"
    write_tif(path, labelled(), PLAIN, rasterio.crs.CRS.from_epsg(25832))
    found = import_regions(path, cube_at())
    np.testing.assert_array_equal(found.ids, labelled())
    write_tif(path, labelled(), PLAIN, rasterio.crs.CRS.from_epsg(32631))
    with pytest.raises(PlacementNeededError, match=r"in EPSG:32631; the cube .* in EPSG:32632"):
        import_regions(path, cube_at())


def test_labels_of_a_raster_that_runs_north_are_turned(tmp_path):
    path = tmp_path / "south up.tif"
    north = Affine(10, 0, 600000, 0, 10, 5200000 - 10 * ROWS)
    write_tif(path, np.flipud(labelled()), north)
    np.testing.assert_array_equal(import_regions(path, cube_at()).ids, labelled())


def test_labels_of_napari_in_zarr(tmp_path):
    zarr = pytest.importorskip("zarr")
    zarr.save_array(str(tmp_path / "labels.zarr"), labelled().astype(np.int32))
    labels = import_regions(tmp_path / "labels.zarr", cube_at())
    np.testing.assert_array_equal(labels.ids, labelled())


def test_a_classification_that_spectral_wrote_comes_in_with_its_legend(tmp_path):
    header = tmp_path / "classes.hdr"
    spectral_envi.save_classification(
        str(header), labelled().astype(np.uint8), class_names=["none", "Corn", "empty", "Woods"],
        class_colors=[(0, 0, 0), (1, 2, 3), (4, 5, 6), (7, 8, 9)], ext=".img",
    )  # fmt: skip
    labels = import_regions(header, cube_at())
    np.testing.assert_array_equal(labels.ids, labelled())
    assert labels.names[3] == "Woods"
    assert labels.colours[1] == (1, 2, 3)


@pytest.mark.parametrize(
    "shape", [(1, ROWS, COLUMNS, 1), (ROWS, COLUMNS, 1), (1, 1, ROWS, COLUMNS)]
)
def test_arrays_of_ilastik_have_more_axes(tmp_path, shape):
    path = tmp_path / "labels.h5"
    with h5py.File(path, "w") as file:
        file["exported_data"] = labelled().astype(np.uint8).reshape(shape)
    np.testing.assert_array_equal(import_regions(path, cube_at()).ids, labelled())


def test_a_project_of_ilastik_gives_its_painted_labels(tmp_path):
    """Written after the layout of ilastik 1.4; no real project was at hand."""
    path = tmp_path / "painted.ilp"
    with h5py.File(path, "w") as file:
        pixels = file.create_group("PixelClassification")
        pixels["LabelNames"] = np.array([b"Corn", b"Woods"])
        pixels["LabelColors"] = np.array([[255, 0, 0], [0, 255, 0]])
        block = np.zeros((4, 6, 1), np.uint8)
        block[1:3, 2:5] = 2
        labels = pixels.create_group("LabelSets/labels000")
        labels["block0000"] = block
        labels["block0000"].attrs["blockSlice"] = "[10:14,20:26,0:1]"
    found = import_regions(path, cube_at())
    expected = np.zeros((ROWS, COLUMNS), np.uint16)
    expected[11:13, 22:25] = 2
    np.testing.assert_array_equal(found.ids, expected)
    assert found.names[2] == "Woods"
    assert found.colours[2] == (0, 255, 0)


def test_nothing_labelled_is_nothing_to_write_and_the_old_file_stays(tmp_path):
    path = tmp_path / "old.gpkg"
    path.write_bytes(b"old")
    with pytest.raises(ExportError, match="no pixel is labelled"):
        export_regions(path, np.zeros((ROWS, COLUMNS), np.uint16), LEGEND, cube_at())
    assert path.read_bytes() == b"old"
    with pytest.raises(ExportError, match="choose"):
        export_regions(tmp_path / "a.docx", labelled(), LEGEND, cube_at())


@pytest.mark.parametrize("suffix", ["shp", "gpkg", "geojson", "txt", "xml", "csv", "tif", "mat"])
def test_names_of_several_lines_and_control_characters_come_back_as_one_line(tmp_path, suffix):
    hostile = ("li\nne", "a\u2028b", "bell\x07\0", "<&>\"'")
    legend = ClassLegend(LabelClass(i, name, (i, 2, 3)) for i, name in enumerate(hostile, 1))
    ids = np.zeros((ROWS, COLUMNS), np.uint16)
    for i in range(1, 5):
        ids[5 * i : 5 * i + 3, 2:9] = i
    path = tmp_path / f"a.{suffix}"
    export_regions(path, ids, legend, cube_at())
    back = import_regions(path, cube_at())
    np.testing.assert_array_equal(back.ids, ids)
    assert [back.names[i] for i in range(1, 5)] == ["li ne", "a b", "bell", "<&>\"'"]


@pytest.mark.parametrize("shape", [(1, 20), (20, 1), (1, 1)])
@pytest.mark.parametrize("suffix", ["h5", "npy", "mat", "tif", "csv", "txt", "xml", "gpkg"])
def test_labels_of_one_line_come_back(tmp_path, suffix, shape):
    ids = np.ones(shape, np.uint16)
    cube = cube_at(rows=shape[0], columns=shape[1])
    export_regions(tmp_path / f"a.{suffix}", ids, LEGEND, cube)
    np.testing.assert_array_equal(import_regions(tmp_path / f"a.{suffix}", cube).ids, ids)


EDITED = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("pragma journal_mode=wal")
database.execute("create table more (a)")
database.executemany("insert into more values (?)", [(i,) for i in range(5000)])
database.commit()
os._exit(0)
"""


def test_a_journal_of_the_replaced_geopackage_is_not_taken_for_the_new(tmp_path):
    path, ids = tmp_path / "a.gpkg", labelled()
    export_regions(path, np.where(ids == 1, ids, 0).astype(np.uint16), LEGEND, cube_at())
    subprocess.run([sys.executable, "-c", EDITED, str(path)], check=True)
    assert (tmp_path / "a.gpkg-wal").exists()
    export_regions(path, ids, LEGEND, cube_at())
    np.testing.assert_array_equal(import_regions(path, cube_at()).ids, ids)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("pragma integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("column", ["CLASS_NAME", "species", "crop", "Klasse", "landcover"])
@pytest.mark.parametrize("first", ["ID", "fid", "name of nothing"])
def test_a_running_number_in_a_table_is_no_class(tmp_path, column, first):
    head = f"{first},row,col,{column}\n" if first != "name of nothing" else f"row,col,{column}\n"
    text = head
    for k, name in enumerate(("ash", "oak", "ash", "oak", "oak", "ash"), 1):
        text += f"{k},{k},{2 * k},{name}\n" if head.startswith(first) else f"{k},{2 * k},{name}\n"
    (tmp_path / "a.csv").write_text(text)
    back = import_regions(tmp_path / "a.csv", cube_at())
    assert [np.count_nonzero(back.ids == i) for i in (1, 2)] == [3, 3]
    assert set(back.names.values()) == {"ash", "oak"}
    if column != "CLASS_NAME":
        assert f'The class was read from the column "{column.casefold()}".' in back.notes


def test_a_table_of_places_alone_says_that_it_knows_no_class(tmp_path):
    (tmp_path / "a.csv").write_text("id,row,col\n1,2,3\n2,4,5\n3,6,7\n")
    back = import_regions(tmp_path / "a.csv", cube_at())
    assert np.count_nonzero(back.ids == 1) == 3
    assert "No column contains a class; all pixels get the same class." in back.notes
    (tmp_path / "b.csv").write_text("id,row,col\n1,2,3\n2,4,5\n1,6,7\n")
    assert np.count_nonzero(import_regions(tmp_path / "b.csv", cube_at()).ids == 2) == 1


@pytest.mark.parametrize("empty", ["", "NA", "nan", "NULL", "-1"])
def test_a_pixel_of_a_table_without_a_class_is_unlabelled(tmp_path, empty):
    (tmp_path / "a.csv").write_text(f"row,col,class\n1,1,{empty}\n2,2,11\n3,3,42\n")
    back = import_regions(tmp_path / "a.csv", cube_at())
    assert back.ids[1:4, 1:4].diagonal().tolist() == [0, 11, 42]


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "geojson"])
def test_a_shape_without_a_class_is_left_out(tmp_path, suffix):
    boxes = [(2, 2, 6, 6), (10, 10, 14, 14), (20, 20, 24, 24)]
    classes = np.array([11.0, np.nan, 42.0])
    write_polygons(tmp_path / f"a.{suffix}", PLAIN, boxes, **{"class": classes})
    back = import_regions(tmp_path / f"a.{suffix}", cube_at())
    assert [int(back.ids[r, r]) for r in (3, 11, 21)] == [11, 0, 42]
    assert "Shapes without a class are left out." in back.notes


def test_regions_of_envi_in_a_file_named_csv(tmp_path):
    text = (
        "; ENVI Output of ROIs (5.3) [Thu Jan  1 00:00:00 2026]\n; Number of ROIs: 2\n"
        "; File Dimension: 40 x 30\n;\n; ROI name: Grass\n; ROI rgb value: {0, 255, 0}\n"
        "; ROI npts: 2\n; ROI name: Water\n; ROI rgb value: {0, 0, 255}\n; ROI npts: 1\n"
        ";   ID,    X,    Y\n1, 1, 1\n2, 5, 7\n\n1, 20, 10\n"
    )
    found = []
    for suffix in ("txt", "csv"):
        (tmp_path / f"a.{suffix}").write_text(text)
        found.append(import_regions(tmp_path / f"a.{suffix}", cube_at()))
    np.testing.assert_array_equal(found[0].ids, found[1].ids)
    assert found[1].names == {1: "Grass", 2: "Water"}
    assert [int(found[1].ids[p]) for p in ((0, 0), (6, 4), (9, 19))] == [1, 1, 2]


@pytest.mark.parametrize(
    ("table", "ids", "names"),
    [
        ("plot,row,col,code\nP0,1,1,1\nP1,2,2,2\nP2,3,3,1\nP3,4,4,2\n", [1, 2, 1, 2], {}),
        ("row,col,b1,b2\n1,1,7,8\n2,2,7,9\n3,3,7,8\n4,4,6,8\n", [1, 1, 1, 1], {1: "a"}),
        ("row,col,crop\n1,1,maize\n2,2,wheat\n", [1, 2, 0, 0], {1: "maize", 2: "wheat"}),
        ("row,col,tree\n1,1,\n2,2,oak\n3,3,NA\n4,4,oak\n", [0, 1, 0, 1], {1: "oak"}),
    ],
)
def test_columns_that_are_classes_and_those_that_are_none(tmp_path, table, ids, names):
    (tmp_path / "a.csv").write_text(table)
    back = import_regions(tmp_path / "a.csv", cube_at())
    assert back.ids[1:5, 1:5].diagonal().tolist() == ids
    assert back.names == names


def test_an_attribute_that_repeats_goes_before_one_that_names_each_shape(tmp_path):
    boxes = [(2 + 6 * k, 2, 6 + 6 * k, 6) for k in range(4)]
    plots = np.array(["P0", "P1", "P2", "P3"], object)
    codes = np.array([7, 9, 7, 9], np.int32)
    write_polygons(tmp_path / "a.gpkg", PLAIN, boxes, plot=plots, cover=codes)
    back = import_regions(tmp_path / "a.gpkg", cube_at())
    assert [int(back.ids[3 + 6 * k, 3]) for k in range(4)] == [7, 9, 7, 9]


DEGREES = rasterio.crs.CRS.from_epsg(4326)


def write_shapes_of(path, geometries, crs, names):
    pyogrio.raw.write(
        path,
        np.array([shapely.to_wkb(g) for g in geometries], object),
        [np.array(names)],
        np.array(["class"]),
        geometry_type="Polygon",
        crs=crs.to_wkt(),
    )


def degrees_of(box):
    """A box of pixels in longitude and latitude."""
    edges = shapely.segmentize(shapely.box(*box), 1)
    on_map = shapely.transform(edges, lambda p: np.column_stack(PLAIN @ p.T))
    return shapely.geometry.shape(transform_geom(UTM, DEGREES, shapely.geometry.mapping(on_map)))


def test_shapes_that_reach_around_the_world_are_cut_off_near_the_cube(tmp_path):
    """Most of their coordinates have no place in the system of the cube."""
    near = degrees_of((3, 2, 12, 9))
    world, antarctica = shapely.box(-180, -90, 180, 90), shapely.box(-180, -90, 180, -60)
    names = ["land", "corn", "ice"]
    write_shapes_of(tmp_path / "a.gpkg", [world, near, antarctica], DEGREES, names)
    found = import_regions(tmp_path / "a.gpkg", cube_at())
    expected = np.full((ROWS, COLUMNS), 1)
    expected[2:9, 3:12] = 2
    np.testing.assert_array_equal(found.ids, expected)
    assert "These classes have nothing inside the cube, or others cover them: ice." in found.notes


def test_a_shape_with_corners_far_away_on_the_map_of_the_cube(tmp_path):
    write_shapes_of(tmp_path / "a.gpkg", [shapely.box(-1e15, -1e15, 1e15, 1e15)], UTM, ["all"])
    assert (import_regions(tmp_path / "a.gpkg", cube_at()).ids == 1).all()


def test_metres_that_are_called_degrees_are_reported(tmp_path):
    box = shapely.box(600010, 5199800, 600100, 5199900)
    text = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(box)}
    (tmp_path / "a.geojson").write_text(json.dumps(text))
    with pytest.raises(LabelError, match=r"a\.geojson: .* \(EPSG:4326\);.*aren't degrees"):
        import_regions(tmp_path / "a.geojson", cube_at())


@pytest.mark.parametrize(("more", "shown"), [(1, "1 {}"), (2, "2 {}s")])
def test_what_is_left_out_is_counted_in_the_right_number(tmp_path, more, shown):
    boxes = [(2, 3, 9, 12), (20, 30, 28, 40)]
    path = tmp_path / "a.gpkg"
    ids = [1, 3, *more * [0]]
    write_polygons(path, PLAIN, [*boxes, *more * [(12, 3, 15, 12)]], class_id=ids)
    notes = import_regions(path, cube_at()).notes
    assert f"Left out: {shown.format('shape')} of class 0, which is unlabelled." in notes
    square = shapely.to_wkb(shapely.box(600030, 5199910, 600120, 5199980))
    pyogrio.raw.write(
        tmp_path / "b.gpkg",
        np.array([square, *more * [None]], object),
        [np.arange(1, 2 + more)],
        ["class_id"],
        geometry_type="Polygon",
        crs="EPSG:32632",
    )
    notes = import_regions(tmp_path / "b.gpkg", cube_at()).notes
    assert f"Left out: {shown.format('feature')} without geometry." in notes


MERCATOR = rasterio.crs.CRS.from_epsg(3857)


@pytest.mark.parametrize("bad", ["Infinity", "1e308", "-1e300"])
@pytest.mark.parametrize("code", [32632, 3857, 4326])
def test_a_shape_with_impossible_coordinates_spoils_no_other(tmp_path, code, bad):
    box = shapely.box(600030, 5199900, 600100, 5199950)
    moved = transform_geom(UTM, f"EPSG:{code}", shapely.geometry.mapping(box))
    ring = f"[[{bad}, 1], [2, 1], [0, 5], [{bad}, 1]]"
    features = ", ".join(
        f'{{"type": "Feature", "properties": {{"class_id": {i}}}, "geometry": {geometry}}}'
        for i, geometry in (
            (1, json.dumps(moved)),
            (2, f'{{"type": "Polygon", "coordinates": [{ring}]}}'),
        )
    )
    system = f'{{"type": "name", "properties": {{"name": "EPSG:{code}"}}}}'
    path = tmp_path / "a.geojson"
    path.write_text(f'{{"type": "FeatureCollection", "crs": {system}, "features": [{features}]}}')
    found = import_regions(path, cube_at())
    expected = np.zeros((ROWS, COLUMNS), np.uint16)
    expected[5:10, 3:10] = 1
    np.testing.assert_array_equal(found.ids, expected)
    assert "Left out: 1 shape with impossible coordinates." in found.notes


def test_impossible_coordinates_are_not_given_to_gdal():
    """It would take 360 degrees off a longitude of 1e300 for ever."""
    x, _ = transformed(MERCATOR, crs_of("EPSG:4326"), *np.array([[0, 1e300], [0, 1.0]]))
    np.testing.assert_allclose(x, [0, np.inf], atol=1e-9)
    far = Georeference((1.0, 0.0, 1e300, 0.0, -1.0, 0.0), MERCATOR.to_wkt())
    assert degrees(far, [(0.0, 0.0)]) is None
    labels = LabelFile(np.ones((4, 5), np.uint16), georeference=far)
    with pytest.raises(LabelError, match="those of the labels or of the cube are impossible"):
        place_raster(labels, Grid.of_cube(cube_at()), "georeference")


@pytest.mark.parametrize("suffix", [".gpkg", ".csv"])
def test_shapes_and_rows_that_are_called_unclassified_are_unlabelled(tmp_path, suffix):
    path, names = tmp_path / f"a{suffix}", ("No data", "oak", "pine")
    if suffix == ".csv":
        path.write_text("row,column,class\n" + "".join(f"{k},0,{n}\n" for k, n in enumerate(names)))
    else:
        boxes = [shapely.box(k, 0, k + 1, 1) for k in range(3)]
        write_layer(path, boxes, {"class": np.array(names, object)}, None)
    labels = import_regions(path, HyperCube.from_array(np.zeros((12, 12, 1))))
    assert labels.names == {2: "oak", 3: "pine"}
    assert np.bincount(labels.ids.ravel())[1:].tolist() == [0, 1, 1]
    assert any(note.startswith('"No data" (1) counts as unlabelled: 1') for note in labels.notes)
