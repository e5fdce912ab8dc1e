"""What is measured of regions, and the tables that are written: cell by cell."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from msgspec.structs import replace

from hsi_viewer.core.assessment.area_estimates import Estimate
from hsi_viewer.core.assessment.areas import ClassArea
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError, FormatError, LabelError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.postprocess.map_regions import map_regions
from hsi_viewer.core.progress import CallbackPort
from hsi_viewer.jobs.object_table import check_table, write_areas, write_table
from hsi_viewer.jobs.polygons import MapOnGround, PolygonOptions, write_map_polygons
from hsi_viewer.jobs.region_measures import RegionMeasures
from hsi_viewer.jobs.sampling import SamplePlan, areas_record, sample_record
from tests.unit.jobs.report.by_hand import sample

LEGEND = ClassLegend([LabelClass(2, "Corn", (1, 2, 3)), LabelClass(5, "Oats", (3, 2, 1))])
IDS = np.array([[2, 2, 5], [2, 0, 5], [0, 0, 5]], np.uint16)
NAN = float("nan")


def table(path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_sums_over_regions_by_hand():
    sure = np.array([[0.5, 1, 0.25], [0.75, 0.5, 0.5], [0, 0, 0.75]], np.float32)
    values = np.arange(18, dtype=np.float32).reshape(3, 3, 2)
    values[0, 0] = -1
    cube = HyperCube.from_array(values, nodata=-1.0, scale=2.0, wavelengths=np.array([400, 500.5]))
    measures = RegionMeasures(
        np.array([4.0, 5.0, 6.0]), HyperCube.from_array(sure[:, :, None]), cube
    )
    assert measures.names == ["pixels", "area_m2", "confidence"]
    assert measures.band_names == ["400 nm", "500.5 nm"]
    sums = measures.of(slice(0, 3), map_regions(IDS))
    fields = measures.fields(sums)
    assert fields["pixels"].tolist() == [3, 3]
    assert fields["area_m2"].tolist() == [4 + 4 + 5, 4 + 5 + 6]
    assert fields["confidence"].tolist() == pytest.approx([0.75, 0.5])
    np.testing.assert_allclose(measures.centroids(sums), [[5 / 6, 5 / 6], [1.5, 2.5]])
    # of corn, the pixel without data does not count: (2 + 6) / 2 and (3 + 7) / 2, times two
    np.testing.assert_allclose(measures.spectra(sums), [[8, 10], [20, 22]])


def test_rows_of_a_map_add_up_to_the_whole():
    rng = np.random.default_rng(0)
    ids = np.full((6, 5), 2, np.uint16)
    cube = HyperCube.from_array(rng.random((6, 5, 3), np.float32))
    measures = RegionMeasures(rng.random(6), HyperCube.from_array(rng.random((6, 5, 1))), cube)
    whole = measures.of(slice(0, 6), map_regions(ids))
    parts = [measures.of(slice(a, b), map_regions(ids[a:b])) for a, b in ((0, 2), (2, 6))]
    np.testing.assert_allclose(sum(parts), whole)


def test_what_is_not_known_is_not_measured():
    bare = RegionMeasures(None)
    assert (bare.names, bare.band_names) == (["pixels"], [])
    sums = bare.of(slice(0, 3), map_regions(IDS))
    assert list(bare.fields(sums)) == ["pixels"]
    assert bare.spectra(sums).shape == (2, 0)
    numbered = RegionMeasures(None, None, HyperCube.from_array(np.full((3, 3, 2), np.nan)))
    assert numbered.band_names == ["band_0", "band_1"]
    assert np.isnan(numbered.spectra(numbered.of(slice(0, 3), map_regions(IDS)))).all()


@pytest.mark.parametrize(
    ("value", "refused"), [(0.0, False), (1.0, False), (-0.1, True), (1.1, True)]
)
def test_a_confidence_is_from_0_to_1_and_of_one_band(value, refused):
    measures = RegionMeasures(None, HyperCube.from_array(np.full((3, 3, 1), value), name="c"))
    sums = measures.of(slice(0, 3), map_regions(IDS))
    if refused:
        with pytest.raises(FormatError, match="c contains values beyond 0 to 1"):
            measures.fields(sums)
    else:
        assert measures.fields(sums)["confidence"].tolist() == [value, value]
    with pytest.raises(FormatError, match="has 2 bands; a confidence has one"):
        RegionMeasures(None, HyperCube.from_array(np.ones((3, 3, 2))))


def test_objects_of_a_map_line_by_line(tmp_path):
    place = Georeference((10.0, 0, 500.0, 0, -10.0, 900.0), None)
    cube = HyperCube.from_array(np.arange(9.0).reshape(3, 3, 1))
    told = []
    options = PolygonOptions(objects=tmp_path / "o.csv", port=CallbackPort(told.append))
    mapped = MapOnGround(IDS, LEGEND, place, np.full(3, 100.0), None, cube)
    made = write_map_polygons(tmp_path / "m.geojson", mapped, options)
    assert made.record == {"polygons": 2}
    assert made.files == [tmp_path / "m.geojson", tmp_path / "o.csv"]
    head, corn, oats = table(tmp_path / "o.csv")
    assert head == [
        "object", "class_id", "class_name", "pixels", "area_m2", "row", "column", "x", "y",
        "band_0",
    ]  # fmt: skip
    assert oats == ["2", "5", "Oats", "3", "300.0", "1.5", "2.5", "525.0", "885.0", "5.0"]
    assert corn[:5] == ["1", "2", "Corn", "3", "300.0"]
    assert [float(v) for v in corn[5:]] == pytest.approx(
        [5 / 6, 5 / 6, 500 + 50 / 6, 900 - 50 / 6, 4 / 3]
    )
    assert [report.message for report in told] == ["Writing polygons"] * len(told)
    assert (told[0].fraction, told[-1].fraction) == (0.0, 1.0)
    nowhere = replace(mapped, georeference=None, row_area=None, spectra=None)
    write_map_polygons(
        tmp_path / "n.geojson", nowhere, replace(options, objects=tmp_path / "n.csv")
    )
    assert table(tmp_path / "n.csv")[0] == [
        "object", "class_id", "class_name", "pixels", "row", "column",
    ]  # fmt: skip


AREAS = [ClassArea(2, 30, 300.0, 0.75), ClassArea(5, 10, 100.0, 0.25)]


def test_a_table_of_areas(tmp_path):
    path = tmp_path / "a.csv"
    write_areas(path, AREAS, LEGEND)
    assert table(path) == [
        ["class_id", "class_name", "pixels", "share", "area_m2"],
        ["2", "Corn", "30", "0.75", "300.0"],
        ["5", "Oats", "10", "0.25", "100.0"],
    ]
    write_areas(path, [AREAS[0], replace(AREAS[1], square_metres=None)], LEGEND)
    assert table(path)[1] == ["2", "Corn", "30", "0.75"]


@pytest.mark.parametrize("metres", [True, False])
def test_a_table_of_areas_with_their_estimates(tmp_path, metres):
    found, path = sample(metres=metres), tmp_path / "a.csv"
    areas = [ClassArea(i, 10, 100.0 if metres else None, 0.5) for i in (5, 9)]
    write_areas(path, areas, LEGEND, found)
    unit = "m2" if metres else "pixels"
    head, oats, nine, corn = table(path)
    columns = 5 if metres else 4
    assert head[columns:] == [
        f"estimated_{unit}",
        f"estimated_{unit}_low",
        f"estimated_{unit}_high",
    ]
    estimate = found.estimates.areas(found.square_metres)[1]
    assert [float(v) for v in oats[columns:]] == [estimate.value, estimate.low, estimate.high]
    assert nine[:4] == ["9", "Class 9", "10", "0.5"]
    assert nine[columns:] == ["", "", ""]
    assert corn[:columns] == ["2", "Corn", "0", "0.0", *(["0.0"] if metres else [])]


def test_a_table_of_anything(tmp_path):
    write_table(tmp_path / "t.csv", ["a", "b,c"], [[1, NAN], ["x\ny", 2.5]])
    assert (tmp_path / "t.csv").read_bytes() == b'a,"b,c"\n1,\n"x\ny",2.5\n'
    for name in ("t.csv", "t.TXT"):
        check_table(tmp_path / name)
    check_table(None)
    with pytest.raises(ExportError, match=r"t\.xlsx: a table is written as CSV"):
        check_table(tmp_path / "t.xlsx")


def test_estimates_as_json():
    found = sample(own=False)
    record = sample_record(found, LEGEND.name_of)
    assert (record["points"], record["cannot_tell"], record["strata"]) == (20, 0, "another map")
    assert (record["area_unit"], record["method"]) == ("m2", found.method)
    assert sample_record(sample(metres=False), LEGEND.name_of)["area_unit"] == "pixels"
    assert sample_record(sample(), LEGEND.name_of)["strata"] == "this map"
    overall = found.estimates.overall
    assert record["overall"] == {
        "value": 0.9,
        "standard_error": round(overall.error, 6),
        "interval": [round(overall.low, 6), round(overall.high, 6)],
    }
    assert record["overall_bounds"] == [0.9, 0.9]
    assert record["matrix"] == [[0.45, 0.05], [0.05, 0.45]]
    corn, oats = record["classes"]
    assert (corn["id"], corn["name"], oats["id"]) == (2, "Corn", 5)
    for k, row in enumerate((corn, oats)):
        assert row["users"]["value"] == 0.9
        assert row["producers"]["standard_error"] == round(found.estimates.producers[k].error, 6)
        assert (row["share"]["value"], row["area"]["value"]) == (0.5, 10_000.0)
    uneven = replace(found.estimates, matrix=np.full((2, 2), 1 / 3), bounds=(2 / 3, 1.0))
    record = sample_record(replace(found, estimates=uneven), LEGEND.name_of)
    assert (record["overall_bounds"], record["matrix"][0][0]) == ([0.666667, 1.0], 0.333333)
    undefined = replace(
        found.estimates, users=(Estimate(NAN, NAN, NAN, NAN), found.estimates.users[1])
    )
    record = sample_record(replace(found, estimates=undefined), LEGEND.name_of)
    assert record["classes"][0]["users"] == {
        "value": None, "standard_error": None, "interval": [None, None],
    }  # fmt: skip
    known = areas_record(found, LEGEND.name_of)
    assert (known["reason"], known["estimates"]["points"]) == (None, 20)
    assert areas_record(None, str)["estimates"] is None


def test_a_plan_takes_the_points_that_are_asked_for_or_those_that_the_interval_needs():
    sizes = {2: 9000, 5: 1000}
    assert SamplePlan(size=60).needed(sizes) == 60
    assert SamplePlan().needed(sizes) == 240  # 0.16 / ((0.05 / 1.96) ** 2 + 0.16 / 10000)
    assert SamplePlan(expected=0.5).needed(sizes) > SamplePlan().needed(sizes)
    assert SamplePlan(by_class={2: 0.5, 5: 0.8}).needed(sizes) > SamplePlan().needed(sizes)
    assert SamplePlan(by_class={2: 0.5, 5: 0.8}) != SamplePlan(expected=0.5)
    assert SamplePlan(size=60, kind="proportional").points(sizes) == {2: 54, 5: 6}
    assert SamplePlan(size=60, kind="equal").points(sizes) == {2: 30, 5: 30}
    assert SamplePlan(size=200).points(sizes) == {2: 150, 5: 50}
    assert SamplePlan(size=200, least=10).points(sizes) == {2: 180, 5: 20}
    with pytest.raises(LabelError, match="wider than 0"):
        SamplePlan(0.0).points(sizes)
