"""classify --report, and hsi-viewer report on what it left."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.cli import main
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.jobs.classify import demonstrate
from hsi_viewer.jobs.job import Job
from hsi_viewer.jobs.report.names import CSV, HTML, JSON, PDF
from hsi_viewer.jobs.run_folder import RunFolder
from tests.unit.cli.schemas import fitting
from tests.unit.jobs.report.made import leave_charts_undrawn, leave_undrawn, two_places
from tests.unit.learning.made import made_scene

PLAIN = ("--classifier", "lda", "--no-refine", "-q")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A folder with a scene, its labels, a truth, and a run with its report."""
    folder = tmp_path_factory.mktemp("job")
    cube, truth = made_scene(24, 24, 20)
    for name, array in (("cube", cube.read()), ("labels", two_places(truth)), ("truth", truth)):
        np.save(folder / f"{name}.npy", array)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        leave_undrawn(patch)
        line = ["classify", "cube.npy", "--labels", "labels.npy", "--test", "truth.npy"]
        assert main([*line, "-o", "out", *PLAIN, "--report"]) == 0
    return folder


@pytest.fixture
def here(done, tmp_path, monkeypatch):
    """A copy of it, which is the working directory."""
    shutil.copytree(done, tmp_path / "job")
    monkeypatch.chdir(tmp_path / "job")
    return tmp_path / "job"


def without_times(record: dict) -> dict:
    return {k: v for k, v in record.items() if k not in ("seconds", "files")}


def test_the_run_lists_its_report(done):
    run = fitting((done / "out" / "report.json").read_text("utf-8"), "report")
    inside = {name for name in run["files"] if name.startswith("report/")}
    assert inside == {f"report/{p.name}" for p in (done / "out" / "report").iterdir()}
    assert {f"report/{n}" for n in (HTML, PDF, JSON, "classes.csv")} <= inside
    assert run["settings"] == {"refine": "none", "placement": None}
    facts = fitting((done / "out" / "report" / JSON).read_text("utf-8"), "facts")
    assert facts["accuracy"]["random"]["overall"] == run["accuracy"]["overall"]
    assert facts["accuracy"]["honest"] == "test pixels"
    assert [f["name"] for f in facts["data"]["files"]] == ["cube.npy"]
    assert set(facts["warnings"]) >= set(run["warnings"])


def test_a_report_on_the_run_says_the_same(here, capsys, monkeypatch):
    leave_undrawn(monkeypatch)
    assert main(["report", "out", "-o", "again", "--json", "-q"]) == 0
    printed = fitting(capsys.readouterr().out, "facts")
    before = json.loads((here / "out" / "report" / JSON).read_text("utf-8"))
    after = json.loads((here / "again" / JSON).read_text("utf-8"))
    assert without_times(printed) == without_times(after) == without_times(before)
    assert sorted(printed["files"]) == sorted(str(p) for p in (here / "again").iterdir())
    assert all((here / "again" / n).stat().st_size for n in (HTML, PDF, *CSV[:2]))


def test_what_exists_or_is_read_is_not_replaced(here, capsys):
    assert main(["report", "out"]) == 1
    assert "report.html exists; choose another name, or add --overwrite" in capsys.readouterr().err
    assert main(["report", "out", "-o", "out", "--overwrite"]) == 1
    assert "such as out/report." in capsys.readouterr().err
    (here / "labels.npy").rename(here / "classes.csv")
    line = ["report", "out", "--labels", "classes.csv", "-o", ".", "--overwrite"]
    assert main(line) == 1
    assert "is an input of this command" in capsys.readouterr().err
    line = ["classify", "cube.npy", "--labels", "truth.npy", "-o", "out", *PLAIN, "--report"]
    (here / "out" / "report.json").unlink()
    assert main(line) == 1


def test_labels_or_a_scene_that_changed_are_refused(here, capsys):
    labels = np.load(here / "labels.npy")
    labels[5, 5] = 2
    np.save(here / "labels.npy", labels)
    assert main(["report", "out", "-o", "new", "-q"]) == 1
    assert "labels.npy has changed since out was made; name the labels" in capsys.readouterr().err
    (here / "cube.npy").rename(here / "moved.npy")
    assert main(["report", "out", "-o", "new", "-q"]) == 1
    assert "cube.npy, which out was made from, is not there" in capsys.readouterr().err
    assert not (here / "new").exists()
    (here / "moved.npy").rename(here / "cube.npy")
    np.save(here / "labels.npy", two_places(np.load(here / "truth.npy")))
    np.save(here / "cube.npy", np.load(here / "cube.npy")[:, :, :8])
    assert main(["report", "out", "-o", "new", "-q"]) == 1
    assert "not the scene that out was made from" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not the record of a run"),
        ("[]", "not the record of a run"),
        ('{"cube": "c", "classes": []}', "no labels and no model"),
        ('{"cube": "c", "model": "m", "classes": []}', "contains no map that can be read"),
        ('{"cube": 3, "classes": []}', "not the record of a run"),
    ],
)
def test_other_records_are_named(tmp_path, capsys, text, problem):
    (tmp_path / "report.json").write_text(text)
    assert main(["report", str(tmp_path), "-o", str(tmp_path / "new")]) == 1
    assert problem in capsys.readouterr().err


def test_a_folder_without_a_run_is_named(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 1
    assert "contains no report.json; name the folder of a map" in capsys.readouterr().err


def test_a_map_that_was_changed_is_shown_and_said(here):
    mapped = np.load(here / "out" / "class_map.npy")
    for path in (here / "out").glob("class_map.*"):
        path.unlink()
    mapped[0, :4] = 9
    np.save(here / "out" / "class_map.npy", mapped)
    run = RunFolder(Path("out")).mapped_run()
    assert "differs from what its model maps in 4 of 576 pixels" in run.warnings[-1]
    np.testing.assert_array_equal(run.prediction.class_map, mapped)


def test_a_cleaned_map_is_reported_with_its_steps(here, capsys, monkeypatch):
    leave_charts_undrawn(monkeypatch)
    kept = np.load(here / "out" / "class_map.npy")
    kept[5:7, 5:7] = np.where(kept[5:7, 5:7] == 2, 5, 2)
    np.save(here / "noisy.npy", kept)
    assert main(["clean", "out/class_map.npy", "c.npy", "--majority", "3", "-q"]) == 0
    assert main(["clean", "c.npy", "d.npy", "--merge", "5=2", "-q"]) == 0
    assert main(["report", "out", "--map", "d.npy", "-o", "r", "--json", "-q"]) == 0
    facts = fitting(capsys.readouterr().out, "facts")
    assert [(c["majority"], c["merge"]) for c in facts["cleanings"]] == [(3, {}), (1, {"5": 2})]
    page = (here / "r" / HTML).read_text("utf-8")
    assert "Afterwards the map was cleaned: majority of 3 x 3 pixels" in page
    assert not any("differs from what" in text for text in facts["warnings"])


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("--map=noisy.npy", "no record of cleaning beside it (noisy.cleaning.json)"),
        ("--map=none.npy", "none.npy does not exist"),
        ("--reference=none.csv", "none.csv does not exist"),
        ("--reference=out/report/classes.csv", "isn't a reference sample"),
    ],
)
def test_another_map_and_points_are_read_before_the_scene_is_mapped(
    done, capsys, monkeypatch, option, problem
):
    monkeypatch.chdir(done)
    np.save("noisy.npy", np.load("out/class_map.npy")[::-1])
    monkeypatch.setattr("hsi_viewer.jobs.run_folder.load_model", lambda *_: pytest.fail("mapped"))
    assert main(["report", "out", option, "-o", "s", "-q"]) == 1
    assert problem in capsys.readouterr().err


def test_a_run_of_demo_has_its_labels_drawn_again(here):
    job = Job(here / "demo", TrainingConfig(seed=3), classifier="lda", formats=("npy",))
    result = demonstrate("cube.npy", "truth.npy", 4, job)
    run = RunFolder(here / "demo").mapped_run()
    assert np.count_nonzero(run.labels) == 16
    assert np.count_nonzero(run.test) == result.report["accuracy"]["test_pixels"]
    np.testing.assert_array_equal(run.prediction.class_map, result.prediction.class_map)


def test_a_map_of_apply_is_reported_with_what_is_not_known(here, capsys, monkeypatch):
    leave_charts_undrawn(monkeypatch)
    np.save("next.npy", np.load("cube.npy")[::-1])
    np.save("next_truth.npy", np.load("truth.npy")[::-1])
    assert main(["apply", "out", "next.npy", "-o", "map", "--test", "next_truth.npy", "-q"]) == 0
    assert main(["report", "map", "-o", "r", "--json", "-q"]) == 0
    facts = fitting(capsys.readouterr().out, "facts")
    run = json.loads(Path("map/report.json").read_text("utf-8"))
    assert facts["accuracy"]["separated"]["overall"] == run["accuracy"]["overall"]
    assert "test pixels of a scene that was not trained on" in facts["quote"]
    assert [c["pixels"] for c in facts["classes"]] == [c["map_pixels"] for c in run["classes"]]
    assert {c["training"] for c in facts["classes"]} == {None}
    assert "Its model was trained elsewhere" in facts["methods"]
    assert "trained on 0" not in facts["methods"]
    page = Path("r/report.html").read_text("utf-8")
    assert "not known here: the model out was applied" in page
    assert "unknown training pixels" in page
    assert "They are of training pixels" in page
    assert "Area of applicability: it takes the training labels" in page
    assert not Path("r/class_spectra.csv").exists()
    assert main(["apply", "out", "cube.npy", "-o", "own", "--test", "truth.npy", "-q"]) == 0
    assert main(["report", "own", "-o", "t", "--json", "-q"]) == 0
    own = fitting(capsys.readouterr().out, "facts")
    assert own["accuracy"]["separated"] is None
    assert any("trained on this very scene" in text for text in own["warnings"])
    assert main(["report", "map", "--labels", "labels.npy", "-o", "s", "-q"]) == 1
    assert "trained elsewhere, so leave out --labels" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "sure"), [("npy", False), ("zarr", True)])
def test_without_test_pixels_a_map_of_apply_has_no_figure(here, capsys, monkeypatch, name, sure):
    leave_undrawn(monkeypatch)
    np.save("next.npy", np.load("cube.npy")[::-1])
    assert main(["apply", "out", "next.npy", "-o", "map", "--format", name, "-q"]) == 0
    assert main(["report", "map", "-o", "r", "--json", "-q"]) == 0
    facts = fitting(capsys.readouterr().out, "facts")
    assert facts["quote"].startswith("No figure of this map can be quoted as its accuracy: its mo")
    assert (facts["accuracy"]["separated"], facts["accuracy"]["random"]) == (None, None)
    assert ("Confidence" in [f["name"] for f in facts["uncertainty"]["layers"]]) == sure
    said = "The confidence of this map wasn't written, so nothing is said about it."
    assert (said in facts["warnings"]) != sure
    np.save("next.npy", np.load("cube.npy")[:9])
    assert main(["report", "map", "-o", "s", "-q"]) == 1
    assert "has a different size from next.npy" in capsys.readouterr().err


def test_a_scene_of_a_batch_is_reported(here, capsys, monkeypatch):
    leave_undrawn(monkeypatch)
    for name in ("a", "b"):
        np.save(f"{name}.npy", np.load("cube.npy"))
    assert main(["apply", "out", "a.npy", "b.npy", "-o", "maps", "-q"]) == 0
    assert main(["report", "maps/b", "-o", "r", "--json", "-q"]) == 0
    facts = fitting(capsys.readouterr().out, "facts")
    assert facts["data"]["name"] == "b.npy"
    assert sum(c["pixels"] for c in facts["classes"]) == 576
    assert main(["report", "maps", "-o", "s", "-q"]) == 1
    assert "name the folder of a map" in capsys.readouterr().err


def test_with_reference_points_one_figure_is_to_be_quoted(here, capsys, monkeypatch):
    leave_charts_undrawn(monkeypatch)
    assert main(["sample", "out/class_map.npy", "p.csv", "--size", "100", "-q"]) == 0
    with Path("p.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    truth = np.load("truth.npy")
    for row in rows:
        row["class_id"] = str(truth[int(row["row"]), int(row["column"])])
    with Path("p.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert main(["report", "out", "-o", "r", "--reference", "p.csv", "--json", "-q"]) == 0
    facts = fitting(capsys.readouterr().out, "facts")
    assert facts["quote"].endswith("stratified by the classes of the map.")
    page = Path("r/report.html").read_text("utf-8")
    assert page.count("quote this one") == 1
    assert "Reference points drawn at random: quote this one" in page
    assert "Quote the figure of separate places" not in page
    assert "Quote the figure of the reference points" in facts["accuracy"]["sentence"]
