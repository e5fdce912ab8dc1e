"""Jobs that use a region of interest: what they write, and that later commands know it again."""

from __future__ import annotations

import json
from zipfile import ZipFile

import numpy as np
import pytest

from hsi_viewer.core.errors import LabelError, SettingError
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.jobs.apply import apply_model
from hsi_viewer.jobs.bundle.verify import VerifyJob, verify
from hsi_viewer.jobs.classify import classify
from hsi_viewer.jobs.job import Job
from hsi_viewer.jobs.run_folder import RunFolder
from hsi_viewer.jobs.train import train
from tests.unit.jobs.report.made import leave_undrawn
from tests.unit.learning.made import made_scene

ROWS, COLUMNS = 30, 24


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A cube, labels, test labels, polygons in pixels and a mask of one column, by name."""
    folder = tmp_path_factory.mktemp("region")
    cube, truth = made_scene(ROWS, COLUMNS, 8)
    labels, test = np.zeros_like(truth), np.zeros_like(truth)
    labels[::4, ::4], test[2::4, 2::4] = truth[::4, ::4], truth[2::4, 2::4]
    np.save(folder / "cube.npy", cube.read())
    np.save(folder / "labels.npy", labels)
    np.save(folder / "test.npy", test)
    ring = [[0, 0], [20, 0], [20, 27], [0, 27], [0, 0]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {}, "geometry": shape}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    (folder / "field.geojson").write_text(text)
    mask = np.zeros((ROWS, COLUMNS), np.uint8)
    mask[:, 3] = 1
    np.save(folder / "roads.npy", mask)
    return {path.stem: str(path) for path in folder.iterdir()}


def inside() -> np.ndarray:
    found = np.zeros((ROWS, COLUMNS), bool)
    found[:27, :20] = True
    found[:, 3] = False
    return found


@pytest.fixture(scope="module")
def classified(files, tmp_path_factory):
    """The folder of a run on the region and five bands, with a report and a bundle."""
    out = tmp_path_factory.mktemp("run") / "out"
    job = Job(
        out,
        TrainingConfig(),
        classifier="lda",
        test=files["test"],
        region=files["field"],
        mask=files["roads"],
        bands="1-5",
        with_report=True,
        bundle=out / "run.zip",
    )
    with pytest.MonkeyPatch.context() as patch:
        leave_undrawn(patch)
        return out, classify(files["cube"], files["labels"], job)


def test_the_map_areas_and_report_are_of_the_region(classified, files):
    out, result = classified
    mapped = np.load(out / "class_map.npy")
    assert np.array_equal(mapped > 0, inside())
    report = result.report
    labels, test = np.load(files["labels"]), np.load(files["test"])
    used = {"pixels": int(inside().sum()), "share": 0.7125, "bands_used": [1, 2, 3, 4, 5]}
    asked = {"region": files["field"], "mask": files["roads"], "bands": "1-5"}
    assert report["region"] == asked | used
    assert report["train_pixels"] == np.count_nonzero(labels[inside()])
    assert report["accuracy"]["test_pixels"] == np.count_nonzero(test[inside()])
    assert sum(c["map_pixels"] for c in report["classes"]) == inside().sum()
    told = "\n".join(report["warnings"])
    outside = np.count_nonzero(labels[~inside()])
    assert f"{outside} of {np.count_nonzero(labels)} labels lie outside the region" in told
    assert "test pixels lie outside the region" in told
    assert "Region of interest: 71 % of the scene; 5 of 8 bands." in told
    facts = json.loads((out / "report" / "report.json").read_text("utf-8"))
    assert facts["data"]["region"] == "71 % of the scene; 5 of 8 bands"
    assert "Only a region of interest was used" in facts["methods"]


def test_a_bundle_and_a_report_know_the_region_again(classified, tmp_path):
    out, result = classified
    with ZipFile(out / "run.zip") as archive:
        archive.extractall(tmp_path)
    region = read_labels(tmp_path / "region" / "region.hdr")
    assert np.array_equal(region.ids == 1, inside())
    assert region.names == {1: "Region of interest"}
    assert region.colours == {1: (255, 255, 255)}
    found = verify(VerifyJob(out / "run.zip"))
    assert (found.passed, found.share) == (True, 1.0)
    again = RunFolder(out).mapped_run()
    assert np.array_equal(again.prediction.class_map, result.prediction.class_map)
    assert np.array_equal(again.cube.inside, inside())


@pytest.mark.parametrize("kept", [True, False])
def test_a_changed_region_of_a_bundle_is_not_taken_for_a_changed_scene(classified, tmp_path, kept):
    region, bundle = "region/region.img", tmp_path / "other.zip"
    with ZipFile(classified[0] / "run.zip") as old, ZipFile(bundle, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name != region:
                new.writestr(name, data)
            elif kept:
                new.writestr(name, bytes(len(data)))
    found = verify(VerifyJob(bundle))
    assert (found.passed, found.same_values, found.equal) == (False, None, None)
    assert (found.contents.changed if kept else found.contents.missing) == (region,)
    what = "has changed" if kept else "is missing"
    assert found.warnings == (f"The map was not made again, because {region} {what}.",)


@pytest.mark.parametrize("side", [512, 16])
def test_apply_maps_the_region_whole_or_in_tiles(classified, files, tmp_path, side):
    out, _ = classified
    job = Job(tmp_path, region=files["field"], mask=files["roads"])
    result = apply_model(out, files["cube"], job, side=side)
    mapped = np.load(tmp_path / "class_map.npy")
    assert np.array_equal(mapped > 0, inside())
    assert result.report["region"]["share"] == 0.7125


def test_several_scenes_are_trained_on_inside_alone(files, tmp_path):
    job = Job(tmp_path, classifier="lda", region=files["field"], bands="1-5")
    report = train([files["cube"]] * 2, [files["labels"]] * 2, job)
    labels = np.load(files["labels"])
    wanted = np.count_nonzero(labels[:27, :20])
    assert [s["train_pixels"] for s in report["scenes"]] == [wanted, wanted]
    assert report["scenes"][0]["region"]["bands_used"] == [1, 2, 3, 4, 5]


def test_what_cannot_be_used_is_refused_before_anything_is_written(files, tmp_path):
    far = tmp_path / "far.npy"
    mask = np.zeros((ROWS, COLUMNS), np.uint8)
    mask[1, 1] = 1
    np.save(far, mask)
    for settings, error, text in (
        ({"region": str(far)}, LabelError, "all labels lie outside the region of interest"),
        ({"bands": "400-900"}, SettingError, "no wavelengths"),
    ):
        with pytest.raises(error, match=text):
            classify(files["cube"], files["labels"], Job(tmp_path / "out", **settings))
    assert not (tmp_path / "out").exists()
