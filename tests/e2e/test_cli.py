"""The command line as a user types it, on real data and real files.

What starts the program runs in a process of its own, all else in this one.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.cli import main
from hsi_viewer.learning import trainer
from tests.conftest import training_briefly
from tests.unit.learning.made import SMALL

PROJECT = Path(__file__).resolve().parents[2]
SAMPLE = "sample:indian-pines"
TRUTH = f"{SAMPLE}/labels"
CLASS_NAMES = {1: "Alfalfa", 2: "Corn-notill", 16: "Stone-Steel-Towers"}


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run hsi-viewer in a process of its own and wait for its end."""
    command = [sys.executable, "-m", "hsi_viewer.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT)


def run_here(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run hsi-viewer in this process, which has imported it already."""
    words = [str(word) for word in arguments]
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as error:
        status = main(words)
    return subprocess.CompletedProcess(words, status, out.getvalue(), error.getvalue())


def assert_one_line_error(result: subprocess.CompletedProcess[str], *named: object) -> None:
    assert result.returncode == 1, result.stderr
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    assert "Traceback" not in result.stderr
    for text in named:
        assert str(text) in result.stderr


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    """Ground truth of the sample scene."""
    from hsi_viewer.io.labels.label_file import read_labels

    return read_labels(TRUTH).ids


@pytest.fixture(scope="module")
def classified(bench_dir, tmp_path_factory) -> tuple[Path, dict]:
    """Folder and report of classify with the first list of ten labels a class."""
    return classify(bench_dir, tmp_path_factory.mktemp("classified"))


def classify(bench_dir: Path, output: Path) -> tuple[Path, dict]:
    labels = bench_dir / "splits" / "indian_pines-random-10.npz"
    arguments = ("--labels", f"{labels}:train_0", "--output", output, "--seed", "0", "--json")
    with training_briefly():
        result = run_here("classify", SAMPLE, *arguments)
    assert result.returncode == 0, result.stderr
    assert "Training" in result.stderr
    return output, json.loads(result.stdout)


# classify ------------------------------------------------------------------------------------


@pytest.mark.real_data
@pytest.mark.slow
def test_classify_reaches_85_percent_on_the_test_pixels(classified, bench_dir, truth):
    folder, _ = classified
    with np.load(bench_dir / "splits" / "indian_pines-random-10.npz") as lists:
        scored = lists["test_0"] > 0
    mapped = np.load(folder / "class_map.npy", allow_pickle=False)
    assert (mapped[scored] == truth[scored]).mean() >= 0.85


@pytest.mark.real_data
@pytest.mark.slow
def test_the_report_says_what_was_done(classified):
    folder, report = classified
    assert [c["id"] for c in report["classes"]] == list(range(1, 17))
    assert {c["id"]: c["name"] for c in report["classes"]}.items() >= CLASS_NAMES.items()
    assert report["train_pixels"] == sum(c["train_pixels"] for c in report["classes"]) == 160
    assert report["seed"] == 0
    seconds = report["seconds"]
    assert {"read", "features", "train", "predict", "refine", "total"} <= set(seconds)
    assert min(seconds.values()) >= 0
    assert seconds["total"] >= seconds["train"] > 0
    assert {"hsi-viewer", "python", "torch", "numpy"} <= set(report["versions"])
    written = {p.name for p in folder.iterdir()}
    assert {Path(f).name for f in report["files"]} == written
    expected = {"class_map.npy", "class_map.png", "confidence.hdr", "report.json", "model.json"}
    assert expected <= written
    stored = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert stored["seconds"] == seconds
    assert stored["files"] == sorted(written)


@pytest.mark.real_data
@pytest.mark.slow
def test_other_programs_read_the_map_with_names_and_colours(classified):
    import rasterio
    import spectral

    folder, report = classified
    ids = np.load(folder / "class_map.npy", allow_pickle=False)
    image = spectral.open_image(str(folder / "class_map.hdr"))
    assert np.array_equal(np.squeeze(image.read_band(0)), ids)
    names = ["Unclassified", *(c["name"] for c in report["classes"])]
    assert image.metadata["class names"] == names
    colours = [int(v) for v in image.metadata["class lookup"]]
    assert colours == [0, 0, 0, *(v for c in report["classes"] for v in c["colour"])]
    confidence = spectral.open_image(str(folder / "confidence.hdr")).read_band(0)
    assert confidence.dtype == np.float32
    assert 0 < confidence.min() <= confidence.max() <= 1
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        data = rasterio.open(folder / "class_map.img")
    with data:
        assert np.array_equal(data.read(1), ids)
        assert data.colormap(1)[1][:3] == tuple(report["classes"][0]["colour"])


@pytest.mark.real_data
@pytest.mark.slow
def test_apply_maps_a_cube_with_the_saved_model(classified, truth, tmp_path):
    folder, trained = classified
    result = run_here("apply", folder, SAMPLE, "--output", tmp_path / "applied", "--json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert [c["name"] for c in report["classes"]] == [c["name"] for c in trained["classes"]]
    mapped = np.load(tmp_path / "applied" / "class_map.npy", allow_pickle=False)
    labelled = truth > 0
    assert (mapped[labelled] == truth[labelled]).mean() >= 0.80


def test_ids_of_the_label_file_are_kept_with_their_gaps(small_scene, tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "recipe_for", lambda config: SMALL)
    cube, labels, truth = small_scene
    result = run_here("classify", cube, "--labels", labels, "--output", tmp_path / "out", "--json")
    assert result.returncode == 0, result.stderr
    mapped = np.load(tmp_path / "out" / "class_map.npy", allow_pickle=False)
    assert set(np.unique(mapped)) == {3, 7, 300}
    assert (mapped == truth).mean() > 0.9
    assert [c["id"] for c in json.loads(result.stdout)["classes"]] == [3, 7, 300]


@pytest.fixture
def small_scene(tmp_path: Path) -> tuple[Path, Path, np.ndarray]:
    """A cube of three stripes with a spectrum each, labels with ids 3, 7, 300, and the truth."""
    rng = np.random.default_rng(1)
    truth = np.repeat(np.repeat([3, 7, 300], 12)[:, None], 30, axis=1).astype(np.uint16)
    spectra = {i: rng.uniform(200, 4000, 20) for i in (3, 7, 300)}
    values = np.array([[spectra[i] for i in row] for row in truth])
    values += rng.normal(0, 100, values.shape)
    labels = np.where(rng.random(truth.shape) < 0.05, truth, 0)
    np.save(tmp_path / "cube.npy", values.astype(np.float32))
    np.save(tmp_path / "labels.npy", labels)
    return tmp_path / "cube.npy", tmp_path / "labels.npy", truth


# errors --------------------------------------------------------------------------------------


def test_a_missing_cube(tmp_path):
    assert_one_line_error(run("info", tmp_path / "no.hdr"), tmp_path / "no.hdr")


def test_missing_labels(tmp_path):
    result = run_here(
        "classify", SAMPLE, "--labels", tmp_path / "no.npy", "--output", tmp_path / "o"
    )
    assert_one_line_error(result, tmp_path / "no.npy")


def test_labels_of_another_size_name_both_sizes(tmp_path):
    np.save(tmp_path / "labels.npy", np.ones((100, 80), np.uint8))
    result = run_here(
        "classify", SAMPLE, "--labels", tmp_path / "labels.npy", "--output", tmp_path / "o"
    )
    assert_one_line_error(result, "100 x 80", "145 x 145")


def test_labels_of_one_class(tmp_path):
    labels = np.zeros((145, 145), np.uint8)
    labels[3, 4:9] = 5
    np.save(tmp_path / "labels.npy", labels)
    result = run_here(
        "classify", SAMPLE, "--labels", tmp_path / "labels.npy", "--output", tmp_path / "o"
    )
    assert_one_line_error(result, "labels", "one class", "5")
    assert not (tmp_path / "o").exists()


def test_labels_without_a_labelled_pixel(tmp_path):
    np.save(tmp_path / "labels.npy", np.zeros((145, 145), np.uint8))
    result = run_here(
        "classify", SAMPLE, "--labels", tmp_path / "labels.npy", "--output", tmp_path / "o"
    )
    assert_one_line_error(result, "no pixel is labelled")


def test_a_file_that_is_no_cube(tmp_path):
    np.save(tmp_path / "line.npy", np.zeros(7))
    assert_one_line_error(run_here("info", tmp_path / "line.npy"), "line.npy", "7")


@pytest.mark.real_data
def test_a_mat_file_without_a_cube_says_what_is_in_it(data_dir):
    result = run_here("info", data_dir / "mat" / "not_a_cube_v73.mat")
    assert_one_line_error(result, "not_a_cube_v73.mat", "raw1 (struct)")


@pytest.mark.real_data
def test_a_lone_matrix_is_described_as_one_band(data_dir):
    result = run_here("info", "--json", data_dir / "ground_truth" / "PaviaU_gt.mat")
    info = json.loads(result.stdout)
    assert (info["rows"], info["columns"], info["bands"], info["dtype"]) == (610, 340, 1, "uint8")
    assert "matrix" in info["warnings"][0]


def test_an_output_folder_that_cannot_be_written_stops_before_training(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    output = tmp_path / "file" / "out"
    result = run_here("classify", SAMPLE, "--labels", TRUTH, "--output", output)
    assert_one_line_error(result, output)


def test_a_folder_that_holds_no_model(tmp_path):
    result = run_here("apply", tmp_path, SAMPLE, "--output", tmp_path / "out", "--json")
    assert result.returncode == 1
    error = json.loads(result.stdout)["error"]
    assert (error["kind"], error["status"]) == ("file", 1)
    assert str(tmp_path) in error["message"]
    assert result.stderr == f"hsi-viewer: {error['message']}\n"


# info ----------------------------------------------------------------------------------------


def test_info_of_the_sample_scene_as_json():
    result = run_here("info", SAMPLE, "--json")
    assert result.returncode == 0, result.stderr
    facts = json.loads(result.stdout)
    assert (facts["rows"], facts["columns"], facts["bands"]) == (145, 145, 200)
    assert facts["dtype"] == "uint16"
    assert facts["wavelength_nm"] == [400.02, 2498.96]
    assert facts["good_bands"] == 200
    assert facts["crs"] is None
    assert facts["warnings"] == []


@pytest.mark.real_data
def test_info_for_people_names_the_size_and_the_wavelengths(data_dir):
    result = run_here("info", data_dir / "envi" / "berlin_um" / "envi.hdr")
    assert result.returncode == 0, result.stderr
    assert "177" in result.stdout
    assert "micrometers" in result.stdout.lower() or "um" in result.stdout


def test_main_py_is_the_same_program(tmp_path):
    command = [sys.executable, str(PROJECT / "main.py"), "info", str(tmp_path / "no.hdr")]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert_one_line_error(result, "no.hdr")
