"""Cleaned maps, polygons and tables are what the map holds, with names, colours and place."""

from __future__ import annotations

import csv
import json
import tracemalloc
from functools import partial

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from msgspec.structs import replace
from rasterio.crs import CRS
from rasterio.features import rasterize
from rasterio.transform import Affine

from hsi_viewer.cli import main
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError, FormatError, LabelError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.postprocess.clean import Cleaning
from hsi_viewer.core.postprocess.map_regions import map_regions
from hsi_viewer.core.progress import CallbackPort, CancelToken, TaskCancelledError
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.labels.legend_file import read_legend
from hsi_viewer.io.labels.map_file import write_map
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.jobs.after_map import areas_of_file, clean_file
from hsi_viewer.jobs.polygons import (
    MapOnGround,
    PolygonOptions,
    polygons_file,
    write_map_polygons,
)
from tests.unit.cli.schemas import fitting

UTM = Georeference((2.0, 0, 5e5, 0, -2.0, 5.1e6), CRS.from_epsg(32633).to_wkt())
DEGREES = Georeference((1e-4, 0, 15.0, 0, -1e-4, 60.0), CRS.from_epsg(4326).to_wkt())
LEGEND = ClassLegend(
    [
        LabelClass(2, "Häuser, alt", (250, 1, 2)),
        LabelClass(5, "Wald", (1, 100, 3)),
        LabelClass(300, "Wasser", (0, 0, 255)),
        LabelClass(9, "Nowhere", (9, 9, 9)),
    ]
)


def some_ids(shape=(14, 11)):
    """Random classes in one half; a ring around another class in the other."""
    ids = np.random.default_rng(3).choice(np.array([0, 2, 5, 300], np.uint16), shape)
    ids[7:] = 2
    ids[8:12, 3:8] = 5
    ids[9:11, 4:6] = 300
    ids[13, 0] = 0
    return ids


@pytest.fixture
def made(tmp_path):
    """A map on the disk."""
    write_map(tmp_path / "map.tif", some_ids(), LEGEND, UTM, "A map")
    return str(tmp_path / "map.tif")


@pytest.mark.parametrize("name", ["c.tif", "c.hdr", "c.img", "c.mat", "c.npy"])
def test_names_colours_and_place_travel(tmp_path, made, name):
    result = clean_file(made, tmp_path / name, Cleaning(minimum=4))
    assert sorted(result.files) == sorted(tmp_path.glob("c.*"))
    back = read_labels(tmp_path / name)
    np.testing.assert_array_equal(back.ids == 0, some_ids() == 0)
    assert result.record["changed_pixels"] == np.count_nonzero(back.ids != some_ids()) > 0
    for row in result.record["classes"]:
        assert row["after"] == np.count_nonzero(back.ids == row["id"])
    if name == "c.npy":
        return
    comma = ";" if name in ("c.hdr", "c.img") else ","  # which separates names in a header
    assert back.names == {c.id: c.name.replace(",", comma) for c in LEGEND}
    assert back.colours == {c.id: c.colour for c in LEGEND}
    assert back.georeference.transform == pytest.approx(UTM.transform)
    assert CRS.from_wkt(back.georeference.crs_wkt) == CRS.from_epsg(32633)
    if name != "c.mat":
        style = read_legend(tmp_path / "c.qml")
        assert {(c.id, c.name, c.colour) for c in style} == {
            (c.id, c.name, c.colour) for c in LEGEND
        }


def test_a_merged_class_leaves_the_legend(tmp_path, made):
    clean_file(made, tmp_path / "c.tif", Cleaning(merge={2: 5, 5: 5}))
    back = read_labels(tmp_path / "c.tif")
    assert back.names == {5: "Wald", 300: "Wasser", 9: "Nowhere"}
    np.testing.assert_array_equal(back.ids == 5, np.isin(some_ids(), (2, 5)))


def test_a_minimum_area_is_that_of_the_map(tmp_path, made):
    clean_file(made, tmp_path / "pixels.npy", Cleaning(minimum=5))
    clean_file(made, tmp_path / "metres.npy", Cleaning(square_metres=20.0))
    pixels, metres = (np.load(tmp_path / f"{n}.npy") for n in ("pixels", "metres"))
    np.testing.assert_array_equal(pixels, metres)
    with pytest.raises(LabelError, match="in pixels"):
        clean_file(str(tmp_path / "pixels.npy"), tmp_path / "x.npy", Cleaning(square_metres=20.0))


@pytest.mark.parametrize(("suffix", "place"), [("gpkg", UTM), ("shp", UTM), ("geojson", DEGREES)])
def test_polygons_rasterised_again_are_the_map(tmp_path, suffix, place):
    ids = some_ids()
    write_map(tmp_path / "map.tif", ids, LEGEND, place, "A map")
    target = tmp_path / f"out.{suffix}"
    result = polygons_file(str(tmp_path / "map.tif"), target)
    assert sorted(result.files) == sorted(tmp_path.glob("out.*"))
    meta, _, wkb, columns = pyogrio.raw.read(target)
    fields = dict(zip(meta["fields"], columns, strict=True))
    shapes = shapely.from_wkb(wkb)
    assert result.record["polygons"] == len(shapes) == len(map_regions(ids))
    assert shapely.is_valid(shapes).all()
    assert any(len(shape.interiors) for shape in shapes)
    assert CRS.from_user_input(meta["crs"]) == CRS.from_wkt(place.crs_wkt)
    again = rasterize(
        zip(shapes, fields["class_id"].tolist(), strict=True),
        ids.shape,
        transform=Affine(*place.transform),
        dtype=np.uint16,
    )
    np.testing.assert_array_equal(again, ids)
    assert [LEGEND.name_of(i) for i in fields["class_id"]] == fields["class_name"].tolist()
    assert fields["pixels"].sum() == np.count_nonzero(ids)
    if place is UTM:
        np.testing.assert_allclose(fields["area_m2"], shapely.area(shapes))
        np.testing.assert_allclose(fields["area_m2"], fields["pixels"] * 4.0)
    else:  # 1e-4 degrees at 60 degrees north: 5.58 m by 11.14 m
        np.testing.assert_allclose(fields["area_m2"] / fields["pixels"], 5.58 * 11.14, rtol=2e-3)


def test_smoothed_polygons_have_no_gaps_and_keep_the_outline(tmp_path):
    rows, columns = np.mgrid[:40, :50]
    ids = np.where(columns + 0.6 * rows < 40, 2, 5).astype(np.uint16)
    ids[(rows - 20) ** 2 + (columns - 15) ** 2 < 60] = 300
    ids[:3] = 0
    write_map(tmp_path / "map.tif", ids, LEGEND, UTM, "A map")

    def written(name: str, **options: float) -> np.ndarray:
        polygons_file(str(tmp_path / "map.tif"), tmp_path / name, PolygonOptions(**options))
        return shapely.from_wkb(pyogrio.raw.read(tmp_path / name)[2])

    exact, smooth = written("exact.gpkg"), written("smooth.gpkg", smooth=2.0)
    assert len(exact) == len(smooth) == 3
    assert shapely.is_valid(smooth).all()
    inner = [shapely.get_num_coordinates(shapes[-1]) for shapes in (exact, smooth)]
    assert 2 * inner[1] < inner[0]
    outline = shapely.union_all(exact)
    assert shapely.union_all(smooth).equals(outline)
    assert shapely.area(smooth).sum() == pytest.approx(outline.area)
    assert shapely.area(smooth) == pytest.approx(shapely.area(exact), rel=0.05)


def test_regions_that_cross_strips_are_one_polygon(tmp_path, made):
    """Whatever the height of the strips: the same polygons, measures and objects."""
    found = []
    for name, borders in (("whole", 1 << 19), ("strips", 60)):
        options = PolygonOptions(objects=tmp_path / f"{name}.csv", most_borders=borders)
        polygons_file(made, tmp_path / f"{name}.geojson", options)
        polygons_file(made, tmp_path / f"{name}.shp", replace(options, objects=None))
        polygons_file(made, tmp_path / f"{name}.gpkg", replace(options, objects=None))
        for suffix in ("gpkg", "shp", "geojson"):
            _, _, wkb, columns = pyogrio.raw.read(tmp_path / f"{name}.{suffix}")
            shapes = shapely.to_wkt(shapely.normalize(shapely.from_wkb(wkb)), 6)
            found.append(sorted(zip(shapes, *(c.tolist() for c in columns), strict=True)))
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            found.append(sorted(tuple(row[1:]) for row in csv.reader(file)))
    assert found[:4] == found[4:]


def test_polygons_take_no_more_memory_of_a_higher_map(tmp_path):
    """20000 x 2000 pixels have to fit into 1 GiB; four times the rows, beside the map itself."""
    noise = np.random.default_rng(0).integers(1, 4, (320, 30)).astype(np.uint16)
    options = PolygonOptions(1.0, tmp_path / "out.csv", most_borders=700)
    made = [MapOnGround(noise[:n], LEGEND, UTM, np.full(n, 4.0)) for n in (20, 80, 320)]
    write_map_polygons(tmp_path / "first.gpkg", made[0], options)  # modules that are loaded stay
    peaks = []
    for mapped in made[1:]:
        tracemalloc.start()
        try:
            write_map_polygons(tmp_path / f"{len(mapped.ids)}.gpkg", mapped, options)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


def test_smoothed_polygons_have_no_gaps_across_strips(tmp_path):
    rows, columns = np.mgrid[:40, :50]
    ids = np.where(columns + 0.6 * rows < 40, 2, 5).astype(np.uint16)
    ids[(rows - 20) ** 2 + (columns - 15) ** 2 < 60] = 300
    write_map(tmp_path / "map.tif", ids, LEGEND, UTM, "A map")
    exact, smooth = [], []
    for size, found in ((0.0, exact), (2.0, smooth)):
        options = PolygonOptions(size, most_borders=60)
        polygons_file(str(tmp_path / "map.tif"), tmp_path / f"{size}.gpkg", options)
        found += shapely.from_wkb(pyogrio.raw.read(tmp_path / f"{size}.gpkg")[2]).tolist()
    assert len(exact) == len(smooth) == 3
    assert shapely.is_valid(smooth).all()
    whole = shapely.union_all(smooth)
    assert whole.equals(shapely.box(5e5, 5.1e6 - 80, 5e5 + 100, 5.1e6))
    assert shapely.area(smooth).sum() == pytest.approx(whole.area)
    assert shapely.get_num_coordinates(smooth).sum() < shapely.get_num_coordinates(exact).sum()


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "geojson"])
def test_a_cancelled_export_leaves_no_file(tmp_path, made, suffix):
    token = CancelToken()
    (tmp_path / f"out.{suffix}").write_bytes(b"mine")

    def stop(item):
        if item.fraction:
            token.cancel()

    options = PolygonOptions(
        objects=tmp_path / "out.csv", most_borders=9, token=token, port=CallbackPort(stop)
    )
    before = sorted(tmp_path.iterdir())
    with pytest.raises(TaskCancelledError):
        polygons_file(made, tmp_path / f"out.{suffix}", options, overwrite=True)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / f"out.{suffix}").read_bytes() == b"mine"
    token = CancelToken()
    clean = partial(clean_file, made, tmp_path / "c.tif", Cleaning(majority=3, minimum=4))
    with pytest.raises(TaskCancelledError):
        clean(token=token, port=CallbackPort(lambda item: item.fraction and token.cancel()))
    assert sorted(tmp_path.iterdir()) == before


def test_the_steps_of_cleaning_are_kept_beside_the_map(tmp_path, made):
    """Also those before; a map that has changed since has no steps."""
    clean_file(made, tmp_path / "a.tif", Cleaning(majority=3))
    clean_file(str(tmp_path / "a.tif"), tmp_path / "b.hdr", Cleaning(minimum=4))
    record = json.loads((tmp_path / "b.cleaning.json").read_text("utf-8"))
    assert (record["source"], len(record["source_sha256"])) == ("a.tif", 64)
    assert record["text"] == "majority of 3 x 3 pixels; regions below 4 pixels removed"
    assert [(s["majority"], s["minimum"]) for s in record["steps"]] == [(3, 0.0), (1, 4.0)]
    assert record["text"] in (tmp_path / "b.hdr").read_text("utf-8")
    with rasterio.open(tmp_path / "a.tif") as file:
        assert file.descriptions[0].endswith("cleaned: majority of 3 x 3 pixels")
    write_map(tmp_path / "a.tif", some_ids(), LEGEND, UTM, "Another map")
    again = clean_file(str(tmp_path / "a.tif"), tmp_path / "c.tif", Cleaning(minimum=4))
    assert again.record["cleaned"] == "regions below 4 pixels removed"


def test_without_a_place_polygons_are_in_pixels(tmp_path):
    np.save(tmp_path / "map.npy", some_ids())
    result = polygons_file(str(tmp_path / "map.npy"), tmp_path / "out.gpkg")
    assert len(result.warnings) == 1
    meta, _, wkb, columns = pyogrio.raw.read(tmp_path / "out.gpkg")
    fields = dict(zip(meta["fields"], columns, strict=True))
    assert "area_m2" not in fields
    np.testing.assert_allclose(shapely.area(shapely.from_wkb(wkb)), fields["pixels"])


def test_objects_have_confidence_centroids_and_mean_spectra(tmp_path, made):
    ids = some_ids()
    rng = np.random.default_rng(4)
    values = rng.uniform(0.1, 1, (*ids.shape, 3)).astype(np.float32)
    values[0, 0] = -1  # no data
    confidence = rng.uniform(0, 1, (*ids.shape, 1)).astype(np.float32)
    waves = np.array([400.0, 500.5, 600.0])
    write_cube(HyperCube.from_array(values, wavelengths=waves, nodata=-1.0), tmp_path / "cube.hdr")
    write_cube(HyperCube.from_array(confidence), tmp_path / "confidence.hdr")
    polygons_file(
        made,
        tmp_path / "out.gpkg",
        PolygonOptions(objects=tmp_path / "out.csv"),
        confidence=str(tmp_path / "confidence.hdr"),
        spectra=str(tmp_path / "cube.hdr"),
    )
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    regions = map_regions(ids)
    assert len(rows) == len(regions)
    with_data = (values >= 0).all(axis=2)
    for number, row in enumerate(rows, start=1):
        own = regions.numbers == number
        assert int(row["class_id"]) == ids[own][0]
        assert row["class_name"] == LEGEND.name_of(int(row["class_id"]))
        assert int(row["pixels"]) == own.sum()
        assert float(row["area_m2"]) == 4 * own.sum()
        assert float(row["confidence"]) == pytest.approx(confidence[own].mean())
        down, right = np.argwhere(own).mean(axis=0) + 0.5
        assert (float(row["row"]), float(row["column"])) == pytest.approx((down, right))
        assert float(row["x"]) == pytest.approx(5e5 + 2 * right)
        assert float(row["y"]) == pytest.approx(5.1e6 - 2 * down)
        spectrum = [row[name] for name in ("400 nm", "500.5 nm", "600 nm")]
        if (own & with_data).any():
            mean = values[own & with_data].mean(axis=0)
            assert [float(v) for v in spectrum] == pytest.approx(mean.tolist(), rel=1e-5)
        else:
            assert spectrum == ["", "", ""]


def test_areas_add_up_and_name_every_class(tmp_path, made):
    record = areas_of_file(made, tmp_path / "areas.csv").record
    assert record["pixels"] == np.count_nonzero(some_ids())
    assert record["area_m2"] == 4 * record["pixels"]
    assert sum(row["pixels"] for row in record["classes"]) == record["pixels"]
    assert sum(row["share"] for row in record["classes"]) == pytest.approx(1)
    assert {row["name"]: row["pixels"] for row in record["classes"]}["Nowhere"] == 0
    with (tmp_path / "areas.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["class_name"] for row in rows] == [row["name"] for row in record["classes"]]
    assert sum(float(row["area_m2"]) for row in rows) == record["area_m2"]


def test_areas_that_are_cancelled_write_nothing(tmp_path, made):
    token = CancelToken()
    port = CallbackPort(lambda report: token.cancel() if "Measuring" in report.message else None)
    with pytest.raises(TaskCancelledError):
        areas_of_file(made, tmp_path / "a.csv", token=token, port=port)
    assert not (tmp_path / "a.csv").exists()


def test_a_map_without_a_place_has_no_square_metres(tmp_path):
    np.save(tmp_path / "map.npy", some_ids())
    made = areas_of_file(str(tmp_path / "map.npy"), tmp_path / "a.csv")
    assert made.record["area_m2"] is None
    (note,) = made.warnings
    assert "map.npy has no georeference" in note
    assert "area_m2" not in (tmp_path / "a.csv").read_text()


@pytest.mark.parametrize("name", ["c.tif", "c.tif.aux.xml", "c.qml"])
def test_nothing_is_replaced_without_being_asked(tmp_path, made, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(ExportError, match="--overwrite"):
        clean_file(made, tmp_path / "c.tif", Cleaning(minimum=4))
    assert (tmp_path / name).read_text() == "mine"
    clean_file(made, tmp_path / "c.tif", Cleaning(minimum=4), overwrite=True)
    assert read_labels(tmp_path / "c.tif").names


def test_an_input_is_never_replaced(tmp_path, made):
    with pytest.raises(ExportError, match="input"):
        clean_file(made, tmp_path / "map.tif", Cleaning(minimum=4), overwrite=True)
    with pytest.raises(ExportError, match="input"):
        areas_of_file(made, tmp_path / "map.tif", overwrite=True)
    np.testing.assert_array_equal(read_labels(made).ids, some_ids())


def test_files_that_do_not_fit_are_refused(tmp_path, made):
    write_cube(HyperCube.from_array(np.ones((3, 4, 1))), tmp_path / "small.hdr")
    write_cube(HyperCube.from_array(np.full((14, 11, 1), 87.0)), tmp_path / "percent.hdr")
    write_cube(HyperCube.from_array(np.ones((14, 11, 2))), tmp_path / "two.hdr")
    target = tmp_path / "out.gpkg"
    for name, error, match in (
        ("small", LabelError, "3 x 4 pixels"),
        ("percent", FormatError, "not a confidence"),
        ("two", FormatError, "2 bands"),
    ):
        with pytest.raises(error, match=match):
            polygons_file(made, target, confidence=str(tmp_path / f"{name}.hdr"))
    with pytest.raises(ExportError, match="gpkg"):
        polygons_file(made, tmp_path / "out.xyz")
    with pytest.raises(ExportError, match="tif"):
        clean_file(made, tmp_path / "out.xyz", Cleaning(minimum=4))
    with pytest.raises(LabelError, match="no class 4; its classes are 2 "):
        clean_file(made, tmp_path / "c.tif", Cleaning(open=(4,)))
    np.save(tmp_path / "empty.npy", np.zeros((3, 4), np.uint8))
    with pytest.raises(ExportError, match="no classified pixel"):
        polygons_file(str(tmp_path / "empty.npy"), target)
    assert not target.exists()


def test_an_exported_geotiff_keeps_its_grid(tmp_path, made):
    clean_file(made, tmp_path / "c.tif", Cleaning(majority=3))
    with rasterio.open(made) as old, rasterio.open(tmp_path / "c.tif") as new:
        assert (old.transform, old.crs, old.shape) == (new.transform, new.crs, new.shape)
        assert new.nodata == 0


def test_the_commands_print_what_they_did(tmp_path, made, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["clean", "map.tif", "c.tif", "--majority", "3", "--minimum", "8", "--json"]) == 0
    record = fitting(capsys.readouterr().out, "clean")
    assert record["files"] == [
        str(tmp_path / n) for n in ("c.tif", "c.tif.aux.xml", "c.qml", "c.cleaning.json")
    ]
    assert record["cleaned"] == "majority of 3 x 3 pixels; regions below 8 pixels removed"
    assert main(["polygons", "c.tif", "c.geojson", "--json"]) == 0
    printed = capsys.readouterr()
    record = fitting(printed.out, "polygons")
    assert record["files"] == [str(tmp_path / "c.geojson")]
    assert printed.err.endswith(f"hsi-viewer: warning: {record['warnings'][0]}\n")
    assert "Writing polygons" in printed.err
    assert main(["areas", "map.tif", "--json"]) == 0
    metres = 4 * np.count_nonzero(some_ids())
    assert fitting(capsys.readouterr().out, "areas")["area_m2"] == metres
    for unit, size in (("m2", 1), ("ha", 1e4), ("acres", 4046.8564224)):
        assert main(["areas", "map.tif", "--unit", unit]) == 0
        whole = capsys.readouterr().out.splitlines()[-1].split()
        assert float(whole[-2]) == pytest.approx(metres / size, abs=5e-5)
        assert whole[-1] == unit.replace("2", "²")
    np.save("plain.npy", some_ids())
    assert main(["areas", "plain.npy", "-o", "a.csv", "--json"]) == 0
    assert fitting(capsys.readouterr().out, "areas")["files"] == [str(tmp_path / "a.csv")]
    assert main(["areas", "map.tif"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [LEGEND.name_of(i) for i in (2, 5, 9, 300)]
    assert [line.split("  ")[0] for line in lines] == [*names, "All classes"]
    assert main(["clean", "map.tif", "-o", "m.npy", "--merge", "2,5=2", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert set(np.unique(np.load("m.npy"))) == {0, 2, 300}
    one = np.ones((9, 9), np.uint16)
    one[4, 4] = 2
    np.save("one.npy", one)
    assert main(["clean", "one.npy", "d.npy", "--minimum", "2"]) == 0
    assert capsys.readouterr().out.startswith("1 pixel changed.\n")
    assert main(["polygons", "d.npy", "d.gpkg"]) == 0
    assert capsys.readouterr().out.startswith("1 polygon.\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["areas", "map.tif", "--output", "c.xlsx"],
        ["polygons", "map.tif", "d.gpkg", "--objects", "c.xlsx"],
    ],
)
def test_a_table_is_not_written_by_the_name_of_a_spreadsheet(
    tmp_path, made, monkeypatch, capsys, arguments
):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    assert "c.xlsx: a table is written as CSV" in capsys.readouterr().err
    assert not list(tmp_path.glob("[cd].*"))


@pytest.mark.parametrize(
    "arguments", [["areas"], ["clean", "--minimum", "3", "-o", "c.tif"],
                  ["polygons", "-o", "c.gpkg"], ["sample", "--size", "20", "-o", "c.csv"]],
)  # fmt: skip
def test_a_value_that_looks_like_background_is_said(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    ids = np.minimum(some_ids(), 9)
    ids[0] = 255
    np.save("map.npy", ids)
    command, *rest = arguments
    assert main([command, "map.npy", *rest, "--json", "--quiet"]) == 0
    printed = fitting(capsys.readouterr().out, command)
    assert "map.npy: 255 looks like background" in printed["warnings"][0]


def test_what_a_file_calls_no_data_has_no_area(tmp_path):
    legend = ClassLegend([*LEGEND, LabelClass(7, "Masked pixels", (0, 0, 0))])
    ids = np.where(some_ids() == 5, 7, some_ids()).astype(np.uint16)
    write_map(tmp_path / "map.tif", ids, legend, UTM, "A map")
    made = areas_of_file(str(tmp_path / "map.tif"))
    assert made.record["pixels"] == np.count_nonzero((ids > 0) & (ids != 7))
    assert '"Masked pixels" (7) counts as unlabelled' in made.warnings[0]


def test_a_class_that_others_join_is_not_merged_itself(tmp_path, made, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["clean", "map.tif", "c.tif", "--merge", "2,5=2", "--json", "--quiet"]) == 0
    assert fitting(capsys.readouterr().out, "clean")["cleaned"] == "Wald merged into Häuser, alt"
    assert main(["clean", "map.tif", "d.tif", "--merge", "2=2"]) == 2


def test_no_point_can_be_drawn_from_a_map_without_classes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("none.npy", np.zeros((5, 5), np.uint16))
    assert main(["sample", "none.npy", "c.csv"]) == 1
    assert "none.npy has no classified pixel" in capsys.readouterr().err
    assert not list(tmp_path.glob("c.*"))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["clean", "map.tif", "c.tif"], "nothing to do"),
        (["clean", "map.tif", "--minimum", "8"], "file to write is missing"),
        (["clean", "map.tif", "c.tif", "--majority", "4"], "odd number"),
        (["clean", "map.tif", "c.tif", "--minimum", "8 miles"], "a number of pixels"),
        (["clean", "map.tif", "c.tif", "--minimum", "0"], "a number of pixels"),
        (["clean", "map.tif", "c.tif", "--minimum", "nan"], "a number of pixels"),
        (["clean", "map.tif", "c.tif", "--merge", "3"], '"3,4=3"'),
        (["clean", "map.tif", "c.tif", "--merge", "0=3"], "class id"),
        (["clean", "map.tif", "c.tif", "--merge", "2=5", "--merge", "2=300"], "merged twice"),
        (["clean", "map.tif", "c.tif", "--open", "2,x"], "class id"),
        (["polygons", "map.tif", "c.gpkg", "--spectra", "a.hdr"], "--objects"),
        (["polygons", "map.tif", "c.gpkg", "--smooth", "nan"], "size of corners"),
        (["polygons", "map.tif", "c.gpkg", "d.gpkg"], "unrecognized"),
    ],
)
def test_odd_options_are_refused_in_one_line(tmp_path, made, monkeypatch, capsys, arguments, match):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert match in capsys.readouterr().err
    assert not list(tmp_path.glob("c.*"))


def test_of_a_place_without_a_grid_the_table_has_no_coordinates(tmp_path):
    named = MapOnGround(some_ids(), LEGEND, Georeference(None, UTM.crs_wkt), None)
    made = write_map_polygons(
        tmp_path / "out.geojson", named, PolygonOptions(objects=tmp_path / "out.csv")
    )
    assert made.files[-1] == tmp_path / "out.csv"
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["object", "class_id", "class_name", "pixels", "row", "column"]
    assert {len(row) for row in rows} == {6}
    assert [row[0] for row in rows] == [str(n + 1) for n in range(made.record["polygons"])]
