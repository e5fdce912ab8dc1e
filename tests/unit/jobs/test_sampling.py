"""Reference points go from a map to a file, are labelled, and come back as areas."""

from __future__ import annotations

import csv

import numpy as np
import pyogrio
import pytest
from rasterio.crs import CRS

from hsi_viewer.cli import main
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import FormatError, LabelError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.io.labels.map_file import write_map
from hsi_viewer.jobs.sampling import SamplePlan, estimated_areas_of_file, sample_file
from tests.unit.cli.schemas import fitting

UTM = Georeference((10.0, 0, 5e5, 0, -10.0, 5.1e6), CRS.from_epsg(32633).to_wkt())
LEGEND = ClassLegend([LabelClass(2, "Corn", (250, 1, 2)), LabelClass(7, "Oats", (1, 100, 3))])
TRUTH = np.where(np.arange(30) < 12, 2, 7).astype(np.uint16) * np.ones((20, 1), np.uint16)


@pytest.fixture
def class_map(tmp_path):
    """A map that has 90 of 600 pixels wrong, on the disk."""
    ids = np.where(np.arange(30) < 15, 2, 7).astype(np.uint16) * np.ones((20, 1), np.uint16)
    ids[:10, 12:15] = 7
    ids[:10, :3] = 7
    ids[0] = 0
    write_map(tmp_path / "map.tif", ids, LEGEND, UTM, "A map")
    return ids


def label(path, **answers):
    """Fill in the true class of every point of a table; some by number otherwise."""
    lines = path.read_text("utf-8").splitlines()
    rows = list(csv.DictReader(lines))
    for row in rows:
        row["class_id"] = str(TRUTH[int(row["row"]), int(row["column"])])
        row["class_name"] = ""
    for number, text in answers.items():
        rows[int(number[1:])] |= {"class_id": "", "cannot_tell": text}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_a_whole_scene_of_points_gives_the_areas_of_the_truth(tmp_path, class_map, capsys):
    made, points = str(tmp_path / "map.tif"), tmp_path / "points.csv"
    assert main(["sample", made, str(points), "--size", "580", "--json"]) == 0
    record = fitting(capsys.readouterr().out, "sample")
    assert [c["points"] for c in record["classes"]] == [
        np.count_nonzero(class_map == i) for i in (2, 7)
    ]
    label(points)
    assert main(["areas", made, "--reference", str(points), "--json"]) == 0
    found = fitting(capsys.readouterr().out, "areas")["estimates"]
    inside = class_map > 0
    assert found["overall"]["value"] == pytest.approx((class_map == TRUTH)[inside].mean(), abs=1e-6)
    areas = {c["name"]: c["area"] for c in found["classes"]}
    assert areas["Corn"]["value"] == 100 * np.count_nonzero(TRUTH[inside] == 2)
    assert areas["Corn"]["interval"] == [areas["Corn"]["value"]] * 2
    assert main(["areas", made, "--reference", str(points), "-o", str(tmp_path / "e.csv")]) == 0
    text = capsys.readouterr().out
    assert "Estimated from 570 reference points, with 95 % intervals. The strata are" in text
    table = (tmp_path / "e.csv").read_text("utf-8")
    assert 'Corn,"Area, ha",2.28,' in table


def test_a_new_map_is_assessed_by_the_points_of_the_old_one(tmp_path, class_map):
    old, points = str(tmp_path / "map.tif"), tmp_path / "points.csv"
    sample_file(old, points, SamplePlan(size=120, seed=3), blind=True)
    label(points)
    write_map(tmp_path / "new.tif", TRUTH, LEGEND, UTM, "A better map")
    new = str(tmp_path / "new.tif")
    with pytest.raises(FormatError, match=r"written blind.*--strata MAP"):
        estimated_areas_of_file(new, points)
    found = estimated_areas_of_file(new, points, old).record["estimates"]
    assert (found["strata"], found["overall"]["value"]) == ("another map", 1)
    assert 0.9 < found["overall"]["interval"][0] < 1
    assert "Stehman" in found["method"]
    with pytest.raises(LabelError, match="drawn from another map than this one"):
        estimated_areas_of_file(old, points, new)
    own = estimated_areas_of_file(old, points).record["estimates"]
    assert (own["strata"], own["points"]) == ("this map", 120)


def test_points_that_cannot_be_told_are_reported_and_missing_labels_refused(tmp_path, class_map):
    made, points = str(tmp_path / "map.tif"), tmp_path / "points.csv"
    sample_file(made, points, SamplePlan(size=100))
    with pytest.raises(LabelError, match="100 of 100 reference points aren't labelled yet"):
        estimated_areas_of_file(made, points)
    label(points, _4="1", _9="1")
    result = estimated_areas_of_file(made, points)
    found = result.record["estimates"]
    low, high = found["overall_bounds"]
    assert (found["points"], found["cannot_tell"]) == (98, 2)
    assert low <= found["overall"]["value"] <= high
    assert high - low == pytest.approx(0.02, abs=0.01)
    assert "The class of 2 of 100 points is unknown" in result.warnings[0]


def test_the_plan_follows_the_wishes(tmp_path, class_map, capsys):
    made = str(tmp_path / "map.tif")
    wishes = ["--interval", "0.1", "--expected", "0.9", "--expected", "7=.6", "--least", "9"]
    target = tmp_path / "points.gpkg"
    assert main(["sample", made, str(target), *wishes, "--blind"]) == 0
    text = capsys.readouterr().out
    plan = SamplePlan(0.1, None, "recommended", 9, 0.9, {7: 0.6})
    sizes = {2: int(np.sum(class_map == 2)), 7: int(np.sum(class_map == 7))}
    count = sum(plan.points(sizes).values())
    assert f"\n{count} points.\n" in text
    meta, _, shapes, _ = pyogrio.raw.read(target)
    assert (len(shapes), "stratum" in meta["fields"]) == (count, False)
    assert main(["sample", made, str(target)]) == 1
    assert "add --overwrite" in capsys.readouterr().err
    few = ["sample", made, str(target), "--size", "1", "--overwrite"]
    assert main(few) == 0
    assert " points. Asked for: 1 point; rare classes have more" in capsys.readouterr().out
    for wrong in ("0", "1", "5", "x", "0.05%"):
        assert main(["sample", made, "a.csv", "--interval", wrong]) == 2
    assert main(["sample", made, "a.csv", "--expected", "3=0.5"]) == 1
    assert "has no class 3" in capsys.readouterr().err
    assert main(["areas", made, "--strata", made]) == 2


def test_labels_that_somebody_chose_give_no_areas(tmp_path, class_map, capsys):
    made = str(tmp_path / "map.tif")
    (tmp_path / "chosen.csv").write_text("row,column,class_id\n1,1,2\n", encoding="utf-8")
    for name in ("chosen.csv", "map.tif"):
        assert main(["areas", made, "--reference", str(tmp_path / name)]) == 1
        error = capsys.readouterr().err
        assert "isn't a reference sample" in error
        assert "Areas can only be estimated from a probability sample" in error
