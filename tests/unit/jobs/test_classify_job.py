"""The whole job without a window, in this process and on a small scene."""

from __future__ import annotations

import errno
import json
from importlib.metadata import version
from unittest.mock import Mock

import numpy as np
import pytest
import rasterio

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError, FileError, LabelError
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.progress import CallbackPort, CancelToken, Progress, TaskCancelledError
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.jobs import make_report
from hsi_viewer.jobs.apply import apply_model
from hsi_viewer.jobs.classify import (
    FORMATS,
    Stopwatch,
    classify,
    demonstrate,
)
from hsi_viewer.jobs.job import Job
from hsi_viewer.jobs.job_folder import check_writable, output_folder
from hsi_viewer.jobs.train import train
from hsi_viewer.learning import trainer
from hsi_viewer.learning.classifiers import hybridsn_sd
from hsi_viewer.learning.hybridsn.network import HybridRecipe
from hsi_viewer.learning.model import load_model
from hsi_viewer.learning.scene_features import COMPARING
from hsi_viewer.learning.scene_mapper import LabelledScene
from tests.unit.jobs.digits import decimals
from tests.unit.learning.made import SMALL, Recorder, made_scene

IDS = (2, 5, 7, 9)
MAPS = {f"class_map.{kind}" for kind in ("img", "hdr", "qml", "npy", "png")}
CONFIDENCE = {"confidence.img", "confidence.hdr"}


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """A cube and its truth on the disk, and an engine of few steps; their paths and the truth."""
    monkeypatch.setattr(trainer, "recipe_for", lambda _config: SMALL)
    cube, truth = made_scene(30, 24, 12)
    np.save(tmp_path / "cube.npy", cube.read())
    np.save(tmp_path / "truth.npy", truth)
    return str(tmp_path / "cube.npy"), str(tmp_path / "truth.npy"), truth


def test_labels_without_data_are_no_training_pixels_and_an_old_map_is_named(scene, tmp_path):
    cube, truth_path, truth = scene
    values = np.load(cube)
    values[:4] = np.nan
    np.save(cube, values)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "class_map.png").touch()
    job = Job(tmp_path / "out", classifier="lda", formats=("npy",), overwrite=True)
    report = classify(cube, truth_path, job).report
    assert "From an earlier run and not of this map: class_map.png." in report["warnings"]
    used = np.bincount(truth[4:].ravel(), minlength=10)
    assert report["train_pixels"] == used.sum()
    assert [c["train_pixels"] for c in report["classes"]] == used[list(IDS)].tolist()


def test_a_scene_that_is_written_again_while_it_is_used_is_told(scene, tmp_path):
    cube, truth, _ = scene
    job = Job(tmp_path / "out", classifier="lda", formats=("npy",))
    assert not [text for text in classify(cube, truth, job).report["warnings"] if "changed" in text]

    def write_again(item: object) -> None:
        if isinstance(item, Progress) and item.message == "Loading the learning engine":
            np.save(cube, np.load(cube)[::-1])

    port = CallbackPort(write_again)
    job = Job(tmp_path / "out", classifier="lda", formats=("npy",), overwrite=True, port=port)
    told = [text for text in classify(cube, truth, job).report["warnings"] if "changed" in text]
    assert told == [
        "cube.npy changed meanwhile: the result may mix old values and new. Make it again."
    ]


def test_a_map_is_scored_on_the_pixels_that_were_not_drawn(scene, tmp_path):
    cube, truth_path, truth = scene
    port = Recorder()
    job = Job(tmp_path / "out", TrainingConfig(seed=2), port=port)
    result = demonstrate(cube, truth_path, 6, job)
    training, test = draw_per_class(truth, 6, 2)
    mapped = result.prediction.class_map
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert report == result.report
    scored = test > 0
    share = (mapped == truth)[scored].mean()
    assert report["accuracy"]["test_pixels"] == scored.sum() == truth.size - 24
    assert report["accuracy"]["overall"] == pytest.approx(share, abs=1e-6)
    assert share > 0.8
    assert result.accuracy.kappa == pytest.approx(report["accuracy"]["kappa"], abs=1e-6)
    assert report["accuracy"]["average"] == pytest.approx(result.accuracy.average, abs=1e-6)
    assert (mapped[training > 0] == truth[training > 0]).all()
    assert (report["cube"], report["labels"]) == (cube, f"6 per class from {truth_path}")
    assert [(c["id"], c["train_pixels"]) for c in report["classes"]] == [(i, 6) for i in IDS]
    assert (report["train_pixels"], report["seed"], report["preset"]) == (24, 2, "fast")
    for record in report["classes"]:
        assert record["map_pixels"] == np.count_nonzero(mapped == record["id"]) > 0
        assert record["map_area_m2"] is None
    assert [i.message for i in port.items if i in (port.items[0], port.items[-1])] == [
        "Loading the learning engine",
        "Writing the results",
    ]


def test_test_pixels_without_data_are_named_as_they_count_as_wrong(scene, tmp_path):
    cube, truth_path, truth = scene
    values = np.load(cube)
    values[:5] = np.nan
    np.save(cube, values)
    labels = np.zeros_like(truth)
    labels[10:] = truth[10:] * (np.arange(24) % 6 == 0)
    np.save(tmp_path / "labels.npy", labels)
    job = Job(tmp_path / "out", TrainingConfig(), test=truth_path)
    report = classify(cube, str(tmp_path / "labels.npy"), job).report
    total = np.count_nonzero((truth > 0) & (labels == 0))
    said = f"{np.count_nonzero(truth[:5])} of {total} test pixels count as wrong, because the scene"
    assert [w for w in report["warnings"] if w.startswith(said)]
    applied = Job(tmp_path / "again", TrainingConfig(), test=truth_path)
    warnings = apply_model(str(tmp_path / "out"), cube, applied).report["warnings"]
    assert any("test pixels count as wrong" in w for w in warnings)


def test_what_is_written_is_what_is_reported(scene, tmp_path):
    cube, labels, truth = scene
    out = tmp_path / "new" / "out"
    result = classify(cube, labels, Job(out, TrainingConfig(refine=False)))
    files = sorted(p.name for p in out.iterdir())
    assert result.report["files"] == files
    assert set(files) >= MAPS | CONFIDENCE | {"model.json", "model.safetensors", "report.json"}
    assert "refined" not in result.prediction.source
    assert result.accuracy is None
    assert "accuracy" not in result.report
    assert result.report["train_pixels"] == truth.size
    assert result.report["labels"] == labels
    np.testing.assert_array_equal(np.load(out / "class_map.npy"), result.prediction.class_map)
    for file, wanted in (
        ("class_map.img", result.prediction.class_map),
        ("confidence.img", result.prediction.confidence),
    ):
        with (
            pytest.warns(rasterio.errors.NotGeoreferencedWarning),
            rasterio.open(out / file) as raster,
        ):
            np.testing.assert_array_equal(raster.read(1), wanted)
    seconds = result.report["seconds"]
    steps = ["read", "features", "train", "predict", "refine", "export"]
    assert list(seconds) == [*steps, "total"]
    assert sum(seconds[s] for s in steps) <= seconds["total"] + 0.005
    assert min(seconds.values()) >= 0
    assert decimals(seconds) <= 3
    assert decimals(result.report["voices"]) == 4
    assert result.report["versions"]["numpy"] == version("numpy")
    assert set(result.report["versions"]) >= {"python", "hsi-viewer", "torch"}
    assert "envi" in FORMATS


def test_a_saved_model_maps_a_scene_again(scene, tmp_path):
    cube, labels, _ = scene
    first = classify(cube, labels, Job(tmp_path / "out", TrainingConfig(seed=4, refine=False)))
    model, again = tmp_path / "out", tmp_path / "again"
    port = Recorder()
    result = apply_model(model, cube, Job(again, TrainingConfig(seed=9, refine=False), port=port))
    np.testing.assert_array_equal(result.prediction.class_map, first.prediction.class_map)
    assert (result.report["cube"], result.report["model"]) == (cube, str(model))
    assert result.report["seed"] == load_model(model).config.seed == 4
    assert [c["id"] for c in result.report["classes"]] == list(IDS)
    assert all(
        set(c) == {"id", "name", "colour", "map_pixels", "map_area_m2"}
        for c in result.report["classes"]
    )
    assert result.report["files"] == sorted(p.name for p in again.iterdir())
    assert "train_pixels" not in result.report
    messages = [i.message for i in port.items if i.fraction is None]
    assert messages[0] == "Loading the learning engine"
    refined = apply_model(model, cube, Job(tmp_path / "refined", refine="full"))
    assert "refined" in refined.prediction.source


def test_a_scene_of_one_tile_is_left_where_it_was_cancelled(scene, tmp_path):
    cube, truth, _ = scene
    classify(cube, truth, Job(tmp_path / "model", classifier="lda", formats=("npy",)))
    token, said = CancelToken(), []

    def stop(item):
        said.append(item.message)
        if item.message == COMPARING:
            token.cancel()

    job = Job(tmp_path / "out", refine="full", token=token, port=CallbackPort(stop))
    with pytest.raises(TaskCancelledError):
        apply_model(tmp_path / "model", cube, job)
    assert said[-1] == COMPARING
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("ids", "expected"), [((0,), "no pixel"), ((3,), r"one class \(id 3\)")])
def test_labels_of_fewer_than_two_classes_are_refused_before_anything_is_written(
    scene, tmp_path, ids, expected
):
    cube, _, truth = scene
    few = np.full(truth.shape, ids[0], np.uint8)
    np.save(tmp_path / "few.npy", few)
    with pytest.raises(LabelError, match=expected):
        classify(cube, str(tmp_path / "few.npy"), Job(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_cancelled_job_says_nothing_more(tmp_path):
    token, port = CancelToken(), Recorder()
    job = Job(tmp_path, token=token, port=port)
    job.announce("Reading")
    token.cancel()
    with pytest.raises(TaskCancelledError):
        job.announce("Writing")
    assert [i.message for i in port.items] == ["Reading"]


def test_a_folder_is_made_or_refused_and_goes_again_if_nothing_came(tmp_path):
    with output_folder(tmp_path / "a" / "b"):
        assert list((tmp_path / "a" / "b").iterdir()) == []
    with pytest.raises(KeyError), output_folder(tmp_path / "a" / "b" / "c" / "d"):
        raise KeyError
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(ExportError, match="file is a file; name a folder"),
        output_folder(tmp_path / "file"),
    ):
        pass


def test_a_bundle_that_cannot_be_written_is_refused_before_the_training(scene, tmp_path):
    cube, truth, _ = scene
    (tmp_path / "taken").write_text("mine")
    job = Job(tmp_path / "out", bundle=tmp_path / "taken" / "b.zip")
    with pytest.raises(ExportError, match="taken: the output folder is not writable"):
        classify(cube, truth, job)
    assert not (tmp_path / "out").exists()
    check_writable(tmp_path / "new" / "deep")
    assert not (tmp_path / "new").exists()


def test_a_bundle_that_the_disk_has_no_room_for_leaves_a_map_with_its_record(
    scene, tmp_path, monkeypatch
):
    cube, truth, _ = scene
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(make_report, "write_bundle", Mock(side_effect=full))
    job = Job(tmp_path / "out", bundle=tmp_path / "b.zip", classifier="lda")
    with pytest.raises(OSError, match="No space left"):
        classify(cube, truth, job)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    files = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*")}
    assert set(report["files"]) == files >= {"class_map.img", "class_map.hdr", "report.json"}


def test_a_folder_that_gdal_could_not_write_into_is_refused_at_once(tmp_path):
    with pytest.raises(ExportError, match="UTF-8"), output_folder(tmp_path / "out\udcff"):
        raise AssertionError("the job began")
    assert not (tmp_path / "out\udcff").exists()


def test_a_stopwatch_keeps_each_step_apart(monkeypatch):
    clock = iter([10.0, 11.0, 14.0, 20.0, 21.0, 30.0])
    monkeypatch.setattr("hsi_viewer.jobs.classify.time.perf_counter", lambda: next(clock))
    watch = Stopwatch()
    with watch.step("read"):
        pass
    with watch.step("export"):
        pass
    assert watch.seconds == {"read": 3.0, "export": 1.0}
    assert watch.total() == 20.0


@pytest.mark.parametrize("name", ["lda", "svm", "hybridsn-sd"])
def test_other_classifiers_do_the_whole_job_and_are_named(scene, tmp_path, name, monkeypatch):
    cube, labels, truth = scene
    small = HybridRecipe(components=13, side=9, epochs=4, rate=3e-3)
    monkeypatch.setattr(hybridsn_sd, "RECIPE", small)
    out, again = tmp_path / "out", tmp_path / "again"
    first = classify(cube, labels, Job(out, TrainingConfig(seed=4), classifier=name))
    assert (first.prediction.class_map == truth).mean() > 0.95
    report = json.loads((out / "report.json").read_text("utf-8"))
    assert (report["classifier"], report["seed"]) == (name, 4)
    assert "preset" not in report
    result = apply_model(out, cube, Job(again, TrainingConfig(refine=False)))
    assert (result.report["classifier"], result.report["seed"]) == (name, 4)
    assert (result.prediction.class_map == truth).mean() > 0.95


def test_the_report_names_the_network_too_and_damage_is_found_before_the_cube_is_read(
    scene, tmp_path
):
    cube, labels, _ = scene
    job = Job(tmp_path / "out", TrainingConfig(refine=False))
    assert classify(cube, labels, job).report["classifier"] == "sdhsi"
    lda = Job(tmp_path / "lda", classifier="lda")
    classify(cube, labels, lda)
    (tmp_path / "lda" / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(FileError, match=r"model\.safetensors"):
        apply_model(tmp_path / "lda", str(tmp_path / "missing.npy"), Job(tmp_path / "again"))
    assert not (tmp_path / "again").exists()


def test_a_map_with_a_place_has_areas(tmp_path):
    cube, truth = made_scene(20, 24, 8)
    place = Georeference((30.0001, 0, 500_000, 0, -30.0, 5_000_000), "EPSG:32633")
    write_cube(HyperCube.from_array(cube.read(), georeference=place), tmp_path / "cube.hdr")
    np.save(tmp_path / "labels.npy", truth)
    job = Job(tmp_path / "out", TrainingConfig(refine=False), classifier="lda", formats=("npy",))
    report = classify(str(tmp_path / "cube.hdr"), str(tmp_path / "labels.npy"), job).report
    areas = [record["map_area_m2"] for record in report["classes"]]
    assert areas == [round(900.003 * record["map_pixels"], 2) for record in report["classes"]]
    assert decimals(areas) == 2
    assert sum(areas) == pytest.approx(900.003 * truth.size)


def test_what_a_model_warns_of_is_said_by_every_job(scene, tmp_path, monkeypatch):
    cube, truth_path, _ = scene
    monkeypatch.setattr(LabelledScene, "warning", "The scene is odd.")

    def job(name: str) -> Job:
        return Job(tmp_path / name, classifier="lda", formats=("npy",), overwrite=True)

    reports = [
        classify(cube, truth_path, job("a")).report,
        apply_model(tmp_path / "a", cube, job("b")).report,
        train([cube, cube], [truth_path, truth_path], job("c")),
    ]
    assert [report["warnings"].count("The scene is odd.") for report in reports] == [1, 1, 1]
