"""Options of classify, apply, convert and demo: what is written, scored, shown and replaced.

The engine is the real one with a small recipe, so that these jobs take moments.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rasterio.crs import CRS

from hsi_viewer.cli import main
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.io.labels.label_writer import write_labels
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.learning import predictor, trainer
from tests.unit.cli.schemas import fitting
from tests.unit.learning.made import SMALL, made_scene

GEOREFERENCE = Georeference(
    (10.0, 0.0, 600000.0, 0.0, -10.0, 5200000.0), CRS.from_epsg(32632).to_wkt()
)
PROJECT = Path(__file__).resolve().parents[2]
ROWS, COLUMNS = 30, 24
IDS = (2, 5, 7, 9)
ALWAYS = {"model.json", "model.safetensors", "report.json"}


@pytest.fixture(autouse=True)
def small_engine(monkeypatch):
    monkeypatch.setattr(trainer, "recipe_for", lambda config: SMALL)


@pytest.fixture(scope="module")
def scene(tmp_path_factory) -> Path:
    """A folder with a cube, its place, training labels of 36 pixels, and the truth."""
    folder = tmp_path_factory.mktemp("scene")
    cube, truth = made_scene(ROWS, COLUMNS, 12)
    write_cube(HyperCube.from_array(cube.read(), georeference=GEOREFERENCE), folder / "cube.hdr")
    labels = np.zeros_like(truth)
    for i in IDS:
        rows, columns = np.nonzero(truth == i)
        labels[rows[:9], columns[:9]] = i
    np.save(folder / "cube.npy", cube.read())
    np.save(folder / "labels.npy", labels)
    np.save(folder / "truth.npy", truth)
    return folder


@pytest.fixture(scope="module")
def trained(scene, tmp_path_factory) -> Path:
    """A folder of classify."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "recipe_for", lambda config: SMALL)
        assert classify(scene, folder) == 0
    return folder


@pytest.fixture
def folder(tmp_path) -> Path:
    """An empty folder: tmp_path has that of the settings in it."""
    made = tmp_path / "own"
    made.mkdir()
    return made


def classify(scene: Path, output: Path, *options: object, cube: str = "cube.hdr") -> int:
    given = [scene / cube, "--labels", scene / "labels.npy", "--output", output, *options]
    return main(["classify", *map(str, given), "--device", "cpu"])


def apply(model: Path, scene: Path, output: Path, *options: object) -> int:
    given = [model, scene / "cube.hdr", "--output", output, *options]
    return main(["apply", *map(str, given)])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def report_of(folder: Path) -> dict:
    return fitting((folder / "report.json").read_text("utf-8"), "report")


# --seed --------------------------------------------------------------------------------------

SMALL_ENGINE = """
import sys
from hsi_viewer.learning import trainer
from tests.unit.learning.made import SMALL
trainer.recipe_for = lambda config: SMALL
from hsi_viewer.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_same_seed_gives_the_same_map_in_another_process(scene, trained, tmp_path):
    given = [scene / "cube.hdr", "--labels", scene / "labels.npy", "--output", tmp_path / "again"]
    command = [sys.executable, "-c", SMALL_ENGINE, "classify", *map(str, given), "--device", "cpu"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT)
    assert ended.returncode == 0, ended.stderr
    for name in ("class_map.img", "confidence.img", "model.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (trained / name).read_bytes()
    assert report_of(tmp_path / "again")["seed"] == report_of(trained)["seed"]


# --overwrite ---------------------------------------------------------------------------------


def test_classify_replaces_results_only_if_told(scene, trained, tmp_path, capsys):
    output = tmp_path / "out"
    output.mkdir()
    for name, data in contents(trained).items():
        (output / name).write_bytes(data)
    before = contents(output)
    assert classify(scene, output, "--seed", 5) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"{output} already holds results (class_map.hdr and " in error
    assert "add --overwrite" in error
    assert contents(output) == before
    assert classify(scene, output, "--seed", 5, "--overwrite") == 0
    assert report_of(output)["seed"] == 5
    assert contents(output).keys() == before.keys()


@pytest.mark.parametrize(
    "name", ["report.json", "class_map.tif", "probabilities.img", "MODEL.JSON"]
)
def test_one_file_of_the_name_of_a_result_is_enough(scene, folder, capsys, name):
    (folder / name).write_text("mine")
    assert classify(scene, folder) == 1
    assert f"already holds results ({name});" in capsys.readouterr().err
    assert contents(folder) == {name: b"mine"}


def test_apply_and_demo_replace_results_only_if_told(scene, trained, folder, capsys):
    (folder / "class_map.png").write_text("mine")
    assert apply(trained, scene, folder) == 1
    assert main(["demo", "--output", str(folder)]) == 1
    assert capsys.readouterr().err.count("already holds results (class_map.png)") == 2
    assert contents(folder) == {"class_map.png": b"mine"}


def test_maps_of_an_earlier_run_that_stay_are_reported(scene, trained, tmp_path):
    output = tmp_path / "out"
    assert apply(trained, scene, output) == 0
    assert apply(trained, scene, output, "--overwrite", "--format", "png") == 0
    warning = report_of(output)["warnings"][-1]
    assert warning.startswith("From an earlier run and not of this map: class_map.hdr, ")
    assert "class_map.png" not in warning
    assert "report.json" not in warning


@pytest.mark.parametrize("name", ["a.hdr", "a.img", "a.tif", "a.npy", "a.mat"])
def test_convert_replaces_files_only_if_told(scene, folder, capsys, name):
    convert = ["convert", str(scene / "cube.hdr"), "--output", str(folder / name)]
    assert main([*convert, "--rows", "0:3"]) == 0
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    capsys.readouterr()
    assert main(convert) == 1
    assert "exists; choose another name, or add --overwrite." in capsys.readouterr().err
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    assert main([*convert, "--overwrite", "--rows", "0:2"]) == 0
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} != before


def test_data_without_a_header_are_not_replaced_by_convert(scene, folder, capsys):
    (folder / "a.img").write_bytes(b"mine")
    convert = ["convert", str(scene / "cube.hdr"), "--output", str(folder / "a.hdr")]
    assert main(convert) == 1
    assert f"{folder / 'a.img'} exists" in capsys.readouterr().err
    assert contents(folder) == {"a.img": b"mine"}


# --quiet -------------------------------------------------------------------------------------


def test_quiet_prints_nothing(scene, trained, tmp_path, capsys):
    for status in (
        classify(scene, tmp_path / "a", "--quiet", "--test", scene / "truth.npy"),
        apply(trained, scene, tmp_path / "b", "-q"),
        main(["convert", str(scene / "cube.hdr"), "-o", str(tmp_path / "c.npy"), "--quiet"]),
    ):
        assert status == 0
    out, error = capsys.readouterr()
    assert out == ""
    assert {line.split(":")[1] for line in error.splitlines()} == {" warning"}
    assert len(error.splitlines()) == len(report_of(tmp_path / "a")["warnings"]) == 1


def test_quiet_still_prints_the_object_of_json_and_errors(scene, trained, tmp_path, capsys):
    assert apply(trained, scene, tmp_path / "b", "--quiet", "--json") == 0
    out, error = capsys.readouterr()
    assert (fitting(out, "report")["model"], error) == (str(trained), "")
    assert apply(trained, scene, tmp_path / "b", "--quiet") == 1
    assert capsys.readouterr().err.count("\n") == 1


# --no-refine, --device ------------------------------------------------------------------------


def test_no_refine_leaves_the_map_as_the_network_sees_it(scene, trained, tmp_path):
    from hsi_viewer.io.opening import open_cube
    from hsi_viewer.learning.model import load_model

    cube = open_cube(scene / "cube.hdr")
    assert classify(scene, tmp_path / "a", "--no-refine") == 0
    assert apply(trained, scene, tmp_path / "b", "--no-refine") == 0
    raw = load_model(trained).predict(cube, refine=False)
    for name in ("a", "b"):
        assert report_of(tmp_path / name)["refined"] is False
        confidence = np.fromfile(tmp_path / name / "confidence.img", np.float32)
        np.testing.assert_allclose(confidence.reshape(ROWS, COLUMNS), raw.confidence, rtol=1e-6)
    assert apply(trained, scene, tmp_path / "c", "--refine", "full") == 0
    assert report_of(tmp_path / "c")["refined"] is True
    refined = np.fromfile(tmp_path / "c/confidence.img", np.float32)
    assert np.abs(refined.reshape(ROWS, COLUMNS) - raw.confidence).max() > 3e-5


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda"])
def test_apply_predicts_on_the_device_that_was_chosen(
    scene, trained, tmp_path, monkeypatch, device
):
    import torch

    asked: list[str] = []
    monkeypatch.setattr(
        predictor, "choose_device", lambda wanted: asked.append(wanted) or torch.device("cpu")
    )
    assert apply(trained, scene, tmp_path / "a", "--device", device) == 0
    assert asked == [device]


def test_a_device_that_is_not_there_is_reported_before_the_map(
    scene, trained, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("torch.mps.is_available", lambda: False)
    assert apply(trained, scene, tmp_path / "a", "--device", "mps", "--json") == 1
    error = fitting(capsys.readouterr().out, "error")["error"]
    assert error["kind"] == "training"
    assert "'mps'" in error["message"]
    assert not (tmp_path / "a").exists()


# --test --------------------------------------------------------------------------------------


def test_test_labels_score_the_map_where_it_was_not_trained(scene, tmp_path, capsys):
    truth, labels = np.load(scene / "truth.npy"), np.load(scene / "labels.npy")
    assert classify(scene, tmp_path / "a", "--test", scene / "truth.npy", "--json") == 0
    printed = fitting(capsys.readouterr().out, "report")
    report = report_of(tmp_path / "a")
    accuracy = report["accuracy"]
    assert printed["accuracy"] == accuracy
    scored = (truth > 0) & (labels == 0)
    mapped = np.load(tmp_path / "a" / "class_map.npy")
    right = (mapped == truth) & scored
    assert accuracy["test_pixels"] == scored.sum() == truth.size - 36
    assert accuracy["overall"] == pytest.approx(right.sum() / scored.sum(), abs=1e-6)
    low, high = accuracy["overall_interval"]
    assert low < accuracy["overall"] < high or accuracy["overall"] in (low, high)
    for entry in accuracy["by_class"]:
        own = scored & (truth == entry["id"])
        assert entry["test_pixels"] == own.sum()
        assert entry["producers"] == pytest.approx(right[own].mean(), abs=1e-6)
        taken = scored & (mapped == entry["id"])
        assert entry["users"] == pytest.approx(right[taken].mean(), abs=1e-6)
    assert report["test"] == str(scene / "truth.npy")
    assert report["warnings"] == [
        f"36 of {truth.size} test pixels are training pixels and were not scored."
    ]


def test_the_accuracy_is_printed(scene, trained, tmp_path, capsys):
    assert apply(trained, scene, tmp_path / "a", "--test", scene / "truth.npy") == 0
    accuracy = report_of(tmp_path / "a")["accuracy"]
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith(f"Overall accuracy {100 * accuracy['overall']:.1f} % (95 % interval ")
    assert line.endswith(f"on {ROWS * COLUMNS} test pixels")
    assert f"kappa {accuracy['kappa']:.3f}" in line


def test_test_classes_are_found_by_their_names(scene, tmp_path):
    """Files number their classes by the order in which they come."""
    truth, labels = np.load(scene / "truth.npy"), np.load(scene / "labels.npy")
    names = {2: "corn", 5: "wood", 7: "water", 9: "soil"}
    other = {2: 9, 5: 7, 7: 5, 9: 2}
    cube = HyperCube.from_array(np.zeros((ROWS, COLUMNS, 1)), georeference=GEOREFERENCE)
    legend = ClassLegend([LabelClass(i, n, (9, 9, i)) for i, n in names.items()])
    swapped = ClassLegend([LabelClass(other[i], n.upper(), (9, 9, i)) for i, n in names.items()])
    write_labels(tmp_path / "train.hdr", labels, legend, cube)
    renumbered = np.array([other.get(i, 0) for i in truth.ravel()], np.uint16)
    write_labels(tmp_path / "test.hdr", renumbered.reshape(truth.shape), swapped, cube)
    sources = ["--labels", str(tmp_path / "train.hdr"), "--test", str(tmp_path / "test.hdr")]
    output = tmp_path / "out"
    given = ["classify", str(scene / "cube.hdr"), *sources, "-o", str(output), "--device", "cpu"]
    assert main(given) == 0
    mapped = np.load(output / "class_map.npy")
    share = (mapped == truth)[labels == 0].mean()
    accuracy = report_of(output)["accuracy"]
    assert share > 0.8
    assert accuracy["overall"] == pytest.approx(share, abs=1e-6)
    assert {entry["id"] for entry in accuracy["by_class"]} == set(IDS)


def test_a_test_class_that_was_never_trained_is_wrong_and_that_is_reported(
    scene, trained, tmp_path
):
    test = np.zeros((ROWS, COLUMNS), np.uint16)
    test[:2], test[5, :6] = 2, 4
    np.save(tmp_path / "test.npy", test)
    assert apply(trained, scene, tmp_path / "a", "--test", tmp_path / "test.npy") == 0
    report = report_of(tmp_path / "a")
    assert report["warnings"] == [
        "Test pixels of classes without training pixels count as wrong: id 4."
    ]
    entry = next(e for e in report["accuracy"]["by_class"] if e["id"] == 4)
    assert (entry["test_pixels"], entry["producers"]) == (6, 0.0)


def test_a_figure_that_is_not_defined_is_null(scene, trained, tmp_path, capsys):
    mapped = np.load(trained / "class_map.npy")
    np.save(tmp_path / "test.npy", np.where(mapped == 5, 5, 0).astype(np.uint8))
    assert apply(trained, scene, tmp_path / "a", "--test", tmp_path / "test.npy") == 0
    accuracy = report_of(tmp_path / "a")["accuracy"]
    assert (accuracy["overall"], accuracy["kappa"]) == (1.0, None)
    assert "kappa undefined" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda labels: labels, "all test pixels are training pixels"),
        (lambda labels: labels * 0, "no test pixel is labelled"),
        (lambda labels: labels[::2, ::2], "--placement resample"),
    ],
)
def test_test_labels_that_score_nothing_stop_before_training(
    scene, tmp_path, capsys, made, expected
):
    np.save(tmp_path / "test.npy", made(np.load(scene / "labels.npy")))
    assert classify(scene, tmp_path / "a", "--test", tmp_path / "test.npy") == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "test" in error
    assert expected in error
    assert not (tmp_path / "a").exists()


def test_test_labels_of_another_size_are_placed_as_it_was_said(scene, trained, tmp_path, capsys):
    np.save(tmp_path / "half.npy", np.load(scene / "truth.npy")[::2, ::2])
    test = ["--test", tmp_path / "half.npy"]
    assert apply(trained, scene, tmp_path / "a", *test) == 1
    assert "Say --placement resample or --placement crop." in capsys.readouterr().err
    assert apply(trained, scene, tmp_path / "a", *test, "--placement", "crop") == 0
    assert report_of(tmp_path / "a")["accuracy"]["test_pixels"] == ROWS * COLUMNS / 4


def test_results_never_replace_the_test_labels(scene, folder, capsys):
    (folder / "class_map.npy").write_bytes((scene / "truth.npy").read_bytes())
    test = folder / "class_map.npy"
    assert classify(scene, folder, "--test", test, "--overwrite") == 1
    assert "would be replaced by its results" in capsys.readouterr().err
    assert contents(folder) == {"class_map.npy": (scene / "truth.npy").read_bytes()}


# --format ------------------------------------------------------------------------------------

WRITTEN = {
    "envi": {"class_map.hdr", "class_map.img", "class_map.qml"},
    "geotiff": {"class_map.tif", "class_map.tif.aux.xml", "class_map.qml"},
    "tif": {"class_map.tif", "class_map.tif.aux.xml", "class_map.qml"},
    "npy": {"class_map.npy"},
    "mat": {"class_map.mat"},
    "png": {"class_map.png", "class_map.pgw"},
    "confidence": {"confidence.hdr", "confidence.img"},
    "probabilities": {"probabilities.hdr", "probabilities.img"},
    "NPY, png,npy": {"class_map.npy", "class_map.png", "class_map.pgw"},
}


@pytest.mark.parametrize("names", WRITTEN)
def test_only_the_files_that_are_asked_for_are_written(scene, trained, tmp_path, names):
    output = tmp_path / "a"
    assert apply(trained, scene, output, "--format", names) == 0
    assert contents(output).keys() == WRITTEN[names] | {"report.json"}
    assert set(report_of(output)["files"]) == contents(output).keys()


def test_classify_writes_its_model_in_any_case(scene, tmp_path):
    assert classify(scene, tmp_path / "a", "--format", "png") == 0
    assert contents(tmp_path / "a").keys() == WRITTEN["png"] | ALWAYS


def test_a_geotiff_needs_no_georeference(scene, tmp_path):
    assert classify(scene, tmp_path / "a", "--format", "geotiff,cog", cube="cube.npy") == 0
    found = contents(tmp_path / "a")
    assert {"class_map.tif", "class_map.cog.tif", "confidence.cog.tif"} <= found.keys()


@pytest.mark.parametrize(
    ("name", "option", "written"),
    [
        ("a", "geotiff", {"a.tif"}),
        ("a", "envi", {"a.hdr", "a.img"}),
        ("scene.2020", "npy", {"scene.2020.npy"}),
        ("a.TIF", "geotiff", {"a.TIF"}),
        ("a.img", "envi", {"a.hdr", "a.img"}),
    ],
)
def test_convert_writes_the_format_that_is_asked_for(scene, folder, name, option, written):
    target = ["--output", str(folder / name), "--format", option]
    assert main(["convert", str(scene / "cube.hdr"), *target]) == 0
    assert contents(folder).keys() == written


# JSON ----------------------------------------------------------------------------------------


def test_the_report_of_every_job_fits_its_schema(scene, trained, tmp_path, capsys):
    assert classify(scene, tmp_path / "a", "--json") == 0
    assert main(["demo", "--output", str(tmp_path / "b"), "--no-refine", "-q", "--json"]) == 0
    out = capsys.readouterr().out
    first, end = json.JSONDecoder().raw_decode(out)
    assert "accuracy" not in fitting(json.dumps(first), "report")
    assert fitting(out[end:], "report")["accuracy"]["test_pixels"] > 10_000
    for folder in (trained, tmp_path / "a", tmp_path / "b"):
        assert report_of(folder)["files"] == sorted(contents(folder))
