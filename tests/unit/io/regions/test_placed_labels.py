"""Label rasters and shapes of another place or system: where they land, and what is said."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.labels.label_file import LabelFile
from hsi_viewer.core.labels.placement import PlacementNeededError
from hsi_viewer.io.regions.grid import Grid
from hsi_viewer.io.regions.import_export import import_regions
from hsi_viewer.io.regions.raster import place_raster

ROWS, COLUMNS = 6, 4
UTM = rasterio.crs.CRS.from_epsg(32632).to_wkt()
HERE = (10.0, 0.0, 600000.0, 0.0, -10.0, 5200000.0)
IDS = np.arange(1, ROWS * COLUMNS + 1, dtype=np.uint16).reshape(ROWS, COLUMNS)


def place(transform=HERE, crs=UTM):
    return None if transform is None else Georeference(transform, crs)


def moved(down: int, right: int, transform=HERE) -> tuple[float, ...]:
    """The transform of a raster so many pixels further down and right."""
    a, b, c, d, e, f = transform
    return a, b, c + right * a + down * b, d, e, f + right * d + down * e


def grid(transform=HERE, crs=UTM, rows=ROWS, columns=COLUMNS) -> Grid:
    return Grid.of(rows, columns, place(transform, crs))


def labels(ids=IDS, transform=HERE, crs=UTM, **given) -> LabelFile:
    return LabelFile(ids, georeference=place(transform, crs), name="a.tif", **given)


@pytest.mark.parametrize(
    ("down", "right"), [(1, 0), (0, 1), (-1, 0), (0, -1), (2, -3), (5, 3), (-5, -3)]
)
def test_labels_are_laid_where_their_map_says_and_lost_classes_are_named(down, right):
    found = place_raster(labels(transform=moved(down, right)), grid(), "georeference")
    expected = np.zeros_like(IDS)
    for row in range(ROWS):
        for column in range(COLUMNS):
            if 0 <= row - down < ROWS and 0 <= column - right < COLUMNS:
                expected[row, column] = IDS[row - down, column - right]
    np.testing.assert_array_equal(found.ids, expected)
    lost = sorted(set(IDS.ravel().tolist()) - set(expected.ravel().tolist()))
    assert found.notes[0] == (
        "The labels (6 x 4) were aligned by map coordinates, nearest neighbour."
    )
    more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
    names = ", ".join(f"class {i}" for i in lost[:5])
    assert found.notes[1:] == (f"These classes have no pixel inside the cube: {names}{more}.",)


def test_five_classes_that_are_lost_are_all_named_by_their_names():
    ids = np.zeros_like(IDS)
    ids[0, :3], ids[1, :2], ids[5, 3] = (3, 7, 9), (11, 12), 4
    given = labels(ids, moved(-2, 0), names={7: "Oak"})
    found = place_raster(given, grid(), "georeference")
    named = "class 3, Oak, class 9, class 11, class 12"
    assert found.notes[-1] == f"These classes have no pixel inside the cube: {named}."
    assert np.unique(found.ids).tolist() == [0, 4]


@pytest.mark.parametrize(
    ("theirs", "ours", "said"),
    [
        (None, UTM, "The labels give no coordinate reference system; that of the other is"),
        (UTM, None, "The cube gives no coordinate reference system; that of the labels is"),
        (UTM, UTM, None),
        (None, None, None),
    ],
)
def test_a_system_that_one_of_both_lacks_is_assumed_and_said(theirs, ours, said):
    given = labels(transform=moved(0, 1), crs=theirs)
    found = place_raster(given, grid(crs=ours), "georeference")
    np.testing.assert_array_equal(found.ids[:, 1:], IDS[:, :-1])
    assert [n for n in found.notes if "assumed" in n] == (
        [] if said is None else [f"{said} assumed."]
    )


@pytest.mark.parametrize(
    ("theirs", "ours", "lacking"), [(None, HERE, "The labels have"), (HERE, None, "The cube has")]
)
def test_without_a_place_labels_cannot_be_laid_by_it(theirs, ours, lacking):
    with pytest.raises(PlacementNeededError, match=f"a.tif: {lacking} no georeference") as raised:
        place_raster(labels(transform=theirs), grid(ours), "georeference")
    assert raised.value.options == ("resample", "crop")


def test_labels_that_lie_outside_are_asked_about_with_both_extents():
    far = moved(100, 0)
    with pytest.raises(PlacementNeededError, match="and they lie outside it") as raised:
        place_raster(labels(IDS[:3], far), grid())
    assert raised.value.options == ("resample", "crop")
    with pytest.raises(PlacementNeededError, match="a different position") as raised:
        place_raster(labels(IDS, far), grid())
    assert raised.value.options == ("crop",)
    with pytest.raises(PlacementNeededError, match="a different position") as raised:
        place_raster(labels(IDS, moved(1, 1)), grid())
    assert raised.value.options == ("georeference", "crop")


@pytest.mark.parametrize(
    ("down", "right", "inside"),
    [(5, 3, True), (6, 0, False), (0, 4, False), (-5, -3, True), (-6, 0, False), (0, -4, False)],
)
def test_what_only_borders_on_the_cube_lies_outside(down, right, inside):
    larger = np.vstack([IDS, IDS[:1]])[:, :]  # of another size, so that it is laid by its place
    given = labels(larger, moved(down - (1 if down < 0 else 0), right))
    if inside:
        assert place_raster(given, grid()).notes
    else:
        with pytest.raises(PlacementNeededError):
            place_raster(given, grid())


@pytest.mark.parametrize(("shift", "same"), [(0.0, True), (0.4, True), (0.6, False)])
def test_grids_that_are_half_a_pixel_apart_at_most_are_one(shift, same):
    a, b, c, d, e, f = HERE
    given = labels(transform=(a, b, c + shift * a, d, e, f))
    if same:
        assert place_raster(given, grid()).notes == ()
    else:
        with pytest.raises(PlacementNeededError):
            place_raster(given, grid())


def test_rows_from_the_south_are_turned_by_their_place():
    a, b, c, d, e, f = HERE
    south = (a, b, c, d, -e, f + ROWS * e)
    found = place_raster(labels(IDS[::-1], south), grid())
    np.testing.assert_array_equal(found.ids, IDS)


def test_exchanged_rows_and_columns_are_said_where_no_place_tells():
    with pytest.raises(PlacementNeededError, match="transpose the labels"):
        place_raster(labels(IDS.T, None), grid())
    with pytest.raises(PlacementNeededError) as raised:
        place_raster(labels(IDS[:, :3], None), grid())
    assert "transpose" not in str(raised.value)


def test_labels_are_stretched_by_their_pixels_centres():
    small = np.array([[1, 2], [3, 4], [5, 6]], np.uint16)
    found = place_raster(labels(small, None), grid(), "resample")
    np.testing.assert_array_equal(found.ids, np.repeat(np.repeat(small, 2, axis=0), 2, axis=1))
    assert found.notes == ("The labels (3 x 2) were stretched to 6 x 4, nearest neighbour.",)
    cropped = place_raster(labels(small, None), grid(), "crop")
    np.testing.assert_array_equal(cropped.ids[:3, :2], small)
    assert not cropped.ids[3:].any()
    assert not cropped.ids[:, 2:].any()


@pytest.mark.parametrize(("shape", "where"), [((3, 1), "[2:5, 1:2]"), ((1, 3), "[4:5, 1:4]")])
def test_a_block_of_ilastik_may_be_one_pixel_wide(tmp_path, shape, where):
    with h5py.File(tmp_path / "a.ilp", "w") as file:
        block = file.create_dataset(
            "PixelClassification/LabelSets/labels000/block0000",
            data=np.array([1, 2, 3], "u1").reshape(shape),
        )
        block.attrs["blockSlice"] = where
        file["PixelClassification/LabelNames"] = np.array([b"a", b"b", b"c"])
    cube = HyperCube.from_array(np.zeros((ROWS, COLUMNS, 2)))
    found = import_regions(tmp_path / "a.ilp", cube).ids
    expected = np.zeros((ROWS, COLUMNS), int)
    if shape == (1, 3):
        expected[4, 1:4] = 1, 2, 3
    else:
        expected[2:5, 1] = 1, 2, 3
    np.testing.assert_array_equal(found, expected)


def test_layers_are_chosen_by_name_and_the_first_is_said(tmp_path):
    path, cube = (
        tmp_path / "a.gpkg",
        HyperCube.from_array(np.zeros((ROWS, COLUMNS, 1)), georeference=place()),
    )
    for k, name in enumerate(("fields", "roads")):
        x, y = 600005.0 + 10 * k, 5199995.0
        pyogrio.raw.write(
            path, np.array([shapely.to_wkb(shapely.box(x - 4, y - 4, x + 4, y + 4))], object),
            [np.array([k + 1])], ["class_id"], layer=name, geometry_type="Polygon", crs=UTM,
            append=k > 0,
        )  # fmt: skip
    found = import_regions(path, cube)
    assert found.ids[0, :2].tolist() == [1, 0]
    assert 'The layer "fields" was read; there are also roads.' in found.notes
    second = import_regions(f"{path}:roads", cube)
    assert second.ids[0, :2].tolist() == [0, 2]
    assert not any("there are also" in note for note in second.notes)
    with pytest.raises(FormatError, match='has no layer "woods"; it has fields, roads'):
        import_regions(f"{path}:woods", cube)


def feature(k: int, **properties: object) -> dict[str, object]:
    corners = [[k, 0], [k + 1, 0], [k + 1, 1], [k, 1], [k, 0]]
    shape = {"type": "Polygon", "coordinates": [corners]}
    return {"type": "Feature", "properties": properties, "geometry": shape}


@pytest.mark.parametrize(
    ("properties", "chosen"),
    [
        ({"area": 0.5, "objectid": 3, "zone": 7, "plot": 9}, "zone"),
        ({"area": 0.5, "objectid": 3}, None),
        ({"area": 0.5}, None),
    ],
)
def test_where_nothing_looks_like_a_class_the_first_whole_numbers_are(tmp_path, properties, chosen):
    features = [feature(k, **{n: v + 2 * k for n, v in properties.items()}) for k in range(3)]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    found = import_regions(path, HyperCube.from_array(np.zeros((3, 3, 1))))
    ids = sorted(set(found.ids.ravel().tolist()) - {0})
    if chosen is None:
        assert ids == [1]
        assert any(n.startswith("No attribute contains a class") for n in found.notes)
    else:
        assert ids == [7, 9, 11]
        assert any(f'read from the attribute "{chosen}"' in n for n in found.notes)


@pytest.mark.parametrize(
    ("values", "names", "note"),
    [
        (["oak", None, "fir"], ["oak", "(no class)", "fir"], 'are named "(no class)"'),
        (["oak", "fir", "oak"], ["oak", "fir"], None),
        ([5, None, 65535], None, "Shapes without a class are left out."),
        ([-1, 2, 3], ["-1", "2", "3"], "interpreted as names"),
        ([1, 2, 65536], ["1", "2", "65536"], "interpreted as names"),
        ([0.5, 1, 2], ["0.5", "1.0", "2.0"], None),
    ],
)
def test_values_of_a_class_field_are_ids_or_names(tmp_path, values, names, note):
    path = tmp_path / "a.geojson"
    features = [feature(k, kind=value) for k, value in enumerate(values)]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    cube = HyperCube.from_array(np.zeros((3, 3, 1)))
    found = import_regions(path, cube, class_field="kind")
    if names is None:
        assert sorted(set(found.ids.ravel().tolist()) - {0}) == [5, 65535]
    else:
        assert set(found.names.values()) == set(names)
    about = [n for n in found.notes if "class" in n and "unlabelled" not in n]
    assert len(about) == (note is not None)
    assert note is None or any(note in n for n in found.notes)


@pytest.mark.parametrize(
    ("theirs", "ours", "lacking"),
    [
        (None, HERE, "the labels have"),
        (HERE, None, "the cube has"),
        (None, None, "the labels have"),
    ],
)
def test_what_lacks_a_place_is_said_of_labels_of_another_size(theirs, ours, lacking):
    with pytest.raises(PlacementNeededError, match=f"and {lacking} no georeference") as raised:
        place_raster(labels(IDS[:5], theirs), grid(ours))
    assert "the labels are 5 x 4 pixels, the cube is 6 x 4," in str(raised.value)


DEGREES = rasterio.crs.CRS.from_epsg(4326).to_wkt()


@pytest.mark.parametrize(
    ("transform", "crs", "found"),
    [
        ((1.0, 0.0, 0.0, 0.0, -1.0, 95.0), DEGREES, ("crop",)),  # beyond the pole
        ((1.0, 0.0, 1e30, 0.0, -1.0, 1e30), DEGREES, ("crop",)),
        (HERE, 'LOCAL_CS["ours"]', ("crop",)),  # from which no way leads to the cube's
        (HERE, rasterio.crs.CRS.from_epsg(32631).to_wkt(), ("crop",)),
        (moved(1, 0), UTM, ("georeference", "crop")),
    ],
)
def test_labels_of_the_same_size_whose_place_is_another_are_asked_about(transform, crs, found):
    with pytest.raises(PlacementNeededError, match="but a different position on the map") as asked:
        place_raster(labels(transform=transform, crs=crs), grid(), None)
    assert asked.value.options == found


def test_rows_that_run_otherwise_in_another_system_are_asked_about():
    turned = (10.0, 0.0, 600000.0, 0.0, 10.0, 5199940.0)
    found = place_raster(labels(transform=turned), grid(), None)
    np.testing.assert_array_equal(found.ids, IDS[::-1])
    with pytest.raises(PlacementNeededError):
        place_raster(
            labels(transform=turned, crs=rasterio.crs.CRS.from_epsg(25832).to_wkt()), grid(), None
        )
