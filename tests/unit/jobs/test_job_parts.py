"""The parts that every job shares: its folder, its labels, its notes, the record of a cleaning."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ExportError, LabelError, SettingError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.postprocess.clean import Cleaning
from hsi_viewer.core.progress import Note, Progress
from hsi_viewer.core.training import EpochReport, TrainingConfig
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.jobs.apply import options_of
from hsi_viewer.jobs.assess import AssessJob
from hsi_viewer.jobs.batch.plan import MapOptions
from hsi_viewer.jobs.cleaning_record import (
    CleaningRecord,
    ids_digest,
    record_file,
    steps_of,
    write_record,
)
from hsi_viewer.jobs.job import Job
from hsi_viewer.jobs.job_folder import (
    check_no_model,
    check_no_results,
    check_sources,
    check_writable,
    earlier_maps,
    output_folder,
)
from hsi_viewer.jobs.job_labels import (
    inside_of,
    of_test_pixels,
    of_two_classes,
    to_be_scored,
    unmapped_notes,
)
from hsi_viewer.jobs.train import held_out_record, train
from hsi_viewer.learning.several_scenes import SceneScore
from tests.unit.learning.made import Recorder

RESULTS = [
    "class_map.img", "class_map.hdr", "class_map.img.hdr", "class_map_2.img", "confidence_2_2.hdr",
    "probabilities.img", "class_map.qml", "class_map_2.qml", "class_map.cog.qml", "class_map.npy",
    "class_map.mat", "class_map.png", "class_map.pgw", "class_map.zarr", "class_map.tif",
    "confidence.cog.tif", "class_map.tif.aux.xml", "Class_Map.TIF", "model.json",
    "model.safetensors", "report.json",
]  # fmt: skip
OTHERS = [
    "my_class_map.img", "class_map.txt", "class_map3.img", "probabilities.tif", "confidence.npy",
    "model.txt", "report.html", "class_map.tif aux", "labels.npy",
]  # fmt: skip


@pytest.mark.parametrize("name", RESULTS)
def test_what_a_job_writes_is_known_as_a_result(tmp_path, name):
    (tmp_path / name).write_text("")
    with pytest.raises(ExportError, match=rf"already holds results \({name}\); choose another"):
        check_no_results(tmp_path)


def test_other_files_are_no_results_and_of_many_the_first_is_named(tmp_path):
    for name in OTHERS:
        (tmp_path / name).write_text("")
    check_no_results(tmp_path)
    check_no_results(tmp_path / "none")
    (tmp_path / "report.json").write_text("")
    with pytest.raises(ExportError, match=r"\(report\.json\); choose"):
        check_no_results(tmp_path)
    for name in ("model.json", "class_map.npy", "report.json"):
        (tmp_path / name).write_text("")
    with pytest.raises(ExportError, match=r"\(class_map\.npy and 2 more\)"):
        check_no_results(tmp_path)
    (tmp_path / "confidence.img").write_text("")
    assert earlier_maps(tmp_path, ["class_map.npy"]) == ["confidence.img"]
    assert earlier_maps(tmp_path, []) == ["class_map.npy", "confidence.img"]


def test_what_is_read_is_never_replaced(tmp_path):
    write_cube(HyperCube.from_array(np.ones((2, 3, 4))), tmp_path / "class_map.hdr")
    for source in ("class_map.hdr", "class_map.img"):
        with pytest.raises(ExportError, match=r"class_map\.\w+ is an input of this job"):
            check_sources(tmp_path, [tmp_path / source])
    check_sources(tmp_path / "out", [tmp_path / "class_map.hdr"])
    (tmp_path / "cube.npy").write_text("")
    check_sources(tmp_path, [tmp_path / "cube.npy"])


def test_results_are_not_mixed_with_the_data_of_a_folder(tmp_path):
    plain = tmp_path / "bands"
    plain.mkdir()
    store = tmp_path / "scene.zarr"
    write_cube(HyperCube.from_array(np.ones((2, 3, 4), np.float32)), store)
    for folder, source in ((plain, plain), (store, store), (store / "deep" / "er", store)):
        with pytest.raises(ExportError, match="would be mixed with the data of"):
            check_sources(folder, [source])
    check_sources(plain / "out", [plain])  # beside the images of the bands
    check_sources(tmp_path, [plain, store])


def test_a_map_does_not_replace_the_one_that_came_with_a_model(tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    for name in ("model.json", "model.safetensors"):
        (model / name).write_text("")
    for folder, given in ((model, model), (model, model / "model.json"), (model, tmp_path / "x")):
        with pytest.raises(ExportError, match=r"contains a model and its map.*--overwrite"):
            check_no_model(folder, given)
    check_no_model(tmp_path / "out", model)


def test_a_folder_goes_again_unless_something_was_there(tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    for folder in (there, tmp_path / "new"):
        with pytest.raises(KeyError), output_folder(folder):
            raise KeyError
    assert there.is_dir()
    assert not (tmp_path / "new").exists()
    with pytest.raises(KeyError), output_folder(tmp_path / "new" / "deep"):
        raise KeyError((tmp_path / "new" / "kept").write_text(""))
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["kept"]
    with output_folder(tmp_path / "new"):
        pass
    (tmp_path / "file").write_text("")
    for check in (lambda: check_writable(tmp_path / "file" / "a"),
                  lambda: output_folder(tmp_path / "file" / "a").__enter__()):  # fmt: skip
        with pytest.raises(ExportError, match=r"is not writable \(Not a directory\); choose"):
            check()


def labels(ids: list[int], **more) -> ImportedLabels:
    return ImportedLabels(np.array([ids], np.uint16), name="a.npy", **more)


LEGEND = ClassLegend([LabelClass(2, "Corn", (1, 2, 3)), LabelClass(5, "Oats", (3, 2, 1))])


def test_labels_of_two_classes_at_least_and_of_one_test_pixel():
    for ids, why in (([0, 0], "no pixel is labelled; label at least two classes"),
                     ([0, 3], r"belong to one class \(id 3\); label at least two")):  # fmt: skip
        with pytest.raises(LabelError, match=why):
            of_two_classes(labels(ids))
    two, one = labels([0, 2, 3]), labels([0, 3])
    assert of_two_classes(two) is two
    assert of_test_pixels(one) is one
    with pytest.raises(LabelError, match=r"a\.npy: no test pixel is labelled"):
        of_test_pixels(labels([0, 0]))


def test_test_pixels_that_the_map_has_no_class_for_are_counted():
    mapped, test = np.array([[0, 0, 2, 2]], np.uint16), np.array([[2, 0, 2, 5]], np.uint16)
    assert unmapped_notes(mapped, test) == [
        "1 of 3 test pixels count as wrong, because the scene has no data there and the map no "
        "class."
    ]
    assert unmapped_notes(mapped[:, 1:], test[:, 1:]) == []
    many = np.ones((40, 50), np.uint16)
    assert unmapped_notes(0 * many, many)[0].startswith("2,000 of 2,000 test pixels")


def test_test_pixels_are_scored_under_the_ids_of_the_map_without_training_pixels():
    test = labels([1, 1, 2, 3, 0], names={1: "Oats", 2: "corn"}, notes=("odd",))
    training = np.array([[0, 5, 0, 0, 2]], np.uint16)
    found = to_be_scored(test, LEGEND, training)
    assert found.ids.tolist() == [[5, 0, 2, 3, 0]]
    assert found.notes == (
        "odd",
        "Test pixels of classes without training pixels count as wrong: id 3.",
        "1 of 4 test pixels are training pixels and were not scored.",
    )
    alone = to_be_scored(test, LEGEND)
    assert alone.ids.tolist() == [[5, 5, 2, 3, 0]]
    assert len(alone.notes) == 2
    same = labels([2, 5], names={2: "Corn", 5: "Oats"})
    apart = to_be_scored(same, LEGEND, np.zeros((1, 2), np.uint16))
    assert apart.notes == ()
    named = to_be_scored(labels([2, 7], names={2: "Corn", 7: "Rye"}), LEGEND)
    assert named.notes[-1].endswith("count as wrong: Rye.")
    with pytest.raises(LabelError, match="all test pixels are training pixels, so they say"):
        to_be_scored(labels([2, 0]), LEGEND, np.array([[5, 0]], np.uint16))


def test_labels_outside_of_the_region_are_counted_and_named():
    from hsi_viewer.core.cube.region import RegionOfInterest

    cube = RegionOfInterest(np.array([[True, True, False, False]])).of(
        HyperCube.from_array(np.ones((1, 4, 3), np.float32))
    )
    given = labels([2, 2, 2, 5], names={2: "Corn", 5: "Oats"}, notes=("odd",))
    found = inside_of(given, cube, "labels")
    assert found.ids.tolist() == [[2, 2, 0, 0]]
    assert found.notes == (
        "odd",
        "2 of 4 labels lie outside the region of interest and aren't used. Without a label inside, "
        "and so not mapped: “Oats”.",
    )
    test = inside_of(given, cube, "test pixels")
    assert test.notes[1] == (
        "2 of 4 test pixels lie outside the region of interest and aren't used."
    )
    one = inside_of(labels([2, 2, 0, 5], names={}), cube, "labels")
    assert one.notes[0].startswith(
        "1 of 3 labels lies outside the region of interest and isn't used."
    )
    inside = inside_of(labels([2, 0, 0, 0]), cube, "labels")
    assert inside.notes == ()
    with pytest.raises(LabelError, match="all test pixels lie outside the region of interest"):
        inside_of(labels([0, 0, 2, 0]), cube, "test pixels")
    assert not inside_of(labels([0, 0, 0, 0]), cube, "labels").ids.any()


def test_a_job_passes_reports_on_and_keeps_notes_once_and_epochs():
    port = Recorder()
    job = Job(Path("out"), port=port)
    epoch = EpochReport(1, 2, 0.5, ())
    items = [Note("odd"), Progress("Reading"), epoch, Note("odd"), Note("even"), epoch]
    for item in items:
        job.report(item)
    assert port.items == [items[i] for i in (0, 1, 2, 4, 5)]
    assert (job.warnings, job.epochs) == (["odd", "even"], [epoch, epoch])
    other = AssessJob("a", "b", port=port)
    other.note("one", "two", "one")
    assert other.warnings == ["one", "two"]


def test_settings_of_a_job():
    plain = Job(Path("out"))
    assert (plain.refinement, plain.region_sources) == ("auto", {})
    assert Job(Path("out"), refine="weak").refinement == "weak"
    assert Job(Path("out"), refine="none").refinement is False
    assert Job(Path("out"), TrainingConfig(refine=False), refine="full").refinement is False
    assert Job(Path("out"), region="r.shp", bands="1-3").region_sources == {
        "region": "r.shp",
        "bands": "1-3",
    }
    assert (plain.overwrite, plain.with_report, plain.standardise, plain.classifier) == (
        False,
        False,
        "training",
        "sdhsi",
    )


def test_options_of_maps_from_the_settings_of_a_job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.shp").write_text("")
    assert options_of(Job(Path("out"))) == MapOptions("auto", "training", "auto", 512, False)
    job = Job(
        Path("out"), TrainingConfig(device="cpu"), refine="none", standardise="scene",
        formats=("npy", "probabilities"), region="r.shp", mask="none.tif",
    )  # fmt: skip
    assert options_of(job, 32) == MapOptions(
        "off", "scene", "cpu", 32, True, str(tmp_path / "r.shp"), "none.tif"
    )


IDS = np.array([[1, 2], [3, 258]], np.uint16)


def test_a_map_has_one_digest_whatever_its_order_in_memory():
    assert ids_digest(IDS) == ids_digest(np.asfortranarray(IDS)) == ids_digest(IDS.astype(">u2"))
    others = (IDS.reshape(1, 4), IDS.reshape(4, 1), IDS + np.uint16(1))
    assert len({ids_digest(ids) for ids in (IDS, *others)}) == 4


def test_steps_are_read_where_the_record_is_of_the_map(tmp_path):
    steps = (Cleaning(majority=3), Cleaning(merge={5: 2}, square_metres=20.0))
    path = tmp_path / "b.tif"
    assert record_file(path) == tmp_path / "b.cleaning.json"
    write_record(record_file(path), CleaningRecord("a", "1", ids_digest(IDS), "done", steps))
    record = json.loads(record_file(path).read_text("utf-8"))
    assert (record["source"], record["text"]) == ("a", "done")
    assert steps_of([path], IDS) == steps
    assert steps_of([tmp_path / "none.tif", path], IDS) == steps
    assert steps_of([path], IDS[::-1]) == ()
    assert steps_of([], IDS) == ()
    record_file(path).write_text("{}")
    assert steps_of([path], IDS) == ()


def test_scenes_that_were_held_out_count_by_pixels_and_one_by_one():
    assert held_out_record([]) is None
    found = held_out_record([SceneScore("a", 1, 3), SceneScore("b", 10, 10)])
    assert found == {
        "overall": 0.8462,
        "mean": 0.6667,
        "scenes": [
            {"scene": "a", "overall": 0.3333, "pixels": 3},
            {"scene": "b", "overall": 1.0, "pixels": 10},
        ],
    }
    with pytest.raises(SettingError, match=r"^1 scene and 2 files of labels were given; name one"):
        train(["a"], ["b", "c"], Job(Path("out")))
