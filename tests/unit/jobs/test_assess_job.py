"""hsi-viewer assess from files to figures, in words and as one object."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.cli import main
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.sampling import REACH
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.jobs.assess import AssessJob, assess
from hsi_viewer.learning import cross_validation, trainer
from tests.unit.cli.schemas import fitting
from tests.unit.learning.made import SMALL, made_scene

PLAIN = TrainingConfig(refine=False)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Paths of a cube, of labels in strokes on its left, of one stroke a class, and of a truth."""
    folder = tmp_path_factory.mktemp("assess")
    cube, truth = made_scene(30, 40, 8)
    values = np.concatenate([cube.read(), cube.read()], axis=1)  # the same fields again, far off
    truth = np.concatenate([truth, truth], axis=1)
    strokes = np.zeros_like(truth)
    for row in (0, 10, 16, 26):
        for column in (0, 12, 24, 36):
            strokes[row, column : column + 3] = truth[row, column : column + 3]
    single = np.zeros_like(truth)
    for row, column in ((2, 0), (2, 36), (20, 0), (20, 30)):
        single[row, column : column + 3] = truth[row, column : column + 3]
    arrays = {"cube": values, "truth": truth, "strokes": strokes, "single": single}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return {name: str(folder / f"{name}.npy") for name in arrays}


def arguments(files, labels, *more):
    return ["assess", files["cube"], "--labels", files[labels], "--classifier", "lda", *more]


def test_labels_alone_as_one_object(files, capsys):
    assert main(arguments(files, "strokes", "--json", "-q", "--no-refine")) == 0
    out, err = capsys.readouterr()
    found = fitting(out, "assess")
    for name in ("separated", "random"):
        low, high = found[name]["interval"]
        assert 0 <= low < found[name]["overall"] <= high <= 1
        assert found[name]["groups"] >= 2
    assert found["separation"]["reach"] == 0
    assert found["separation"]["least"] >= 1
    assert found["separated"]["overall"] > 0.7
    assert 0 <= found["calibration_error"] <= 0.3
    assert found["areas"]["estimates"] is None
    assert "Draw a reference sample" in found["areas"]["reason"]
    assert all(text in err for text in found["warnings"])


def test_one_stroke_a_class_is_too_little(files, capsys):
    assert main(arguments(files, "single", "--json", "-q", "--no-refine")) == 0
    found = fitting(capsys.readouterr().out, "assess")
    assert found["separated"]["overall"] is None
    assert found["separated"]["interval"] == [None, None]
    assert found["random"]["overall"] is not None
    assert "another place of Class 2, Class 5, Class 7 and Class 9" in found["warnings"][-1]


def test_a_ground_truth_in_words(files, capsys):
    asked = arguments(files, "strokes", "--truth", files["truth"], "--refine", "full")
    assert main(asked) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].startswith("Separate places: overall accuracy ")
    assert lines[1].startswith("Random test pixels: overall accuracy ")
    assert "beyond the 27 pixels that the model looks." in out
    assert "expected calibration error" in lines[-2]
    assert lines[-1].startswith("No areas: areas can only be estimated from a probability sample")
    assert "are training pixels and were not scored" in err
    assert "count for the figure of all test pixels alone" in err


def test_a_truth_where_the_scene_has_no_data_is_said(files, tmp_path):
    values = np.load(files["cube"])
    values[:, 70:] = np.nan
    np.save(tmp_path / "cube.npy", values)
    job = AssessJob(
        str(tmp_path / "cube.npy"), files["strokes"], files["truth"], PLAIN, classifier="lda"
    )
    said = assess(job).warnings
    assert any(text.startswith("300 of ") and "count as wrong" in text for text in said), said


def test_the_truth_does_not_change_the_map(files, tmp_path):
    rng = np.random.default_rng(0)
    truth, labels = np.load(files["truth"]), np.load(files["strokes"])
    free = np.flatnonzero((truth > 0) & (labels == 0))
    mixed = truth.copy()
    mixed.flat[free] = rng.permutation(truth.ravel()[free])
    np.save(tmp_path / "mixed.npy", mixed)
    one, other = (
        assess(AssessJob(files["cube"], files["strokes"], path, PLAIN, "lda"))
        for path in (files["truth"], str(tmp_path / "mixed.npy"))
    )
    np.testing.assert_array_equal(one.random.mapped_counts, other.random.mapped_counts)
    assert one.random.overall.value > other.random.overall.value + 0.3


def test_labels_that_are_the_truth_are_refused(files):
    with pytest.raises(LabelError, match="all test pixels are training pixels"):
        assess(AssessJob(files["cube"], files["truth"], files["truth"], classifier="lda"))


def test_the_engine_is_assessed_by_the_evidence_that_it_brings(files, monkeypatch):
    monkeypatch.setattr(trainer, "recipe_for", lambda _config: SMALL)
    monkeypatch.setattr(cross_validation, "fit", None)  # nothing is trained again
    found = assess(AssessJob(files["cube"], files["strokes"], config=TrainingConfig(refine=False)))
    assert 0.7 < found.separated.overall.value <= 1
    assert found.random.total >= found.separated.total
    assert found.reach == found.separation.reach
    refined = assess(AssessJob(files["cube"], files["strokes"], refine="full"))
    assert refined.reach >= REACH > 0
    assert refined.calibration_error != found.calibration_error
    assert 0 <= found.calibration_error <= 1


def labelled_points(files, made, *more):
    """Points that are drawn from a map, each with its true class; the path."""
    target = str(Path(made).with_name("points.csv"))
    assert main(["sample", made, target, "--size", "200", "--overwrite", "-q", *more]) == 0
    with Path(target).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    truth = np.load(files["truth"])
    for row in rows:
        row["class_id"] = str(truth[int(row["row"]), int(row["column"])])
    with Path(target).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return target


def test_reference_points_give_areas(files, tmp_path, capsys):
    line = ["classify", files["cube"], "--labels", files["strokes"], "--classifier", "lda"]
    assert main([*line, "--no-refine", "-o", str(tmp_path / "run"), "-q"]) == 0
    made = str(tmp_path / "run" / "class_map.npy")
    points = labelled_points(files, made)
    line = arguments(files, "strokes", "--no-refine", "-q", "--reference", points)
    capsys.readouterr()
    assert main([*line, "--json"]) == 0
    found = fitting(capsys.readouterr().out, "assess")["areas"]
    assert main(["areas", made, "--reference", points, "--json", "-q"]) == 0
    known = fitting(capsys.readouterr().out, "areas")["estimates"]
    own = found["estimates"]
    assert (found["reason"], own["strata"]) == (None, "this map")
    assert [{**c, "name": ""} for c in own["classes"]] == [
        {**c, "name": ""} for c in known["classes"]
    ]
    assert own["overall"] == known["overall"]
    shown = [text for text in line if text != "-q"]
    assert main(shown) == 0
    out = capsys.readouterr().out
    assert "Estimated from 200 reference points, with 95 % intervals." in out
    assert "No areas" not in out
    assert main([*line[:-2], "--strata", made]) == 2
    assert "add --reference FILE" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["assess", "classify", "train"])
def test_a_device_that_is_not_there_is_refused_before_training(
    files, tmp_path, capsys, monkeypatch, command
):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    for name in ("assess.fit", "classify.fit", "train.chosen_standardisation"):
        monkeypatch.setattr(f"hsi_viewer.jobs.{name}", lambda *_, **__: pytest.fail("trained"))
    made = [] if command == "assess" else ["-o", str(tmp_path / "out")]
    line = [command, *arguments(files, "strokes", "-q", "--device", "cuda")[1:], *made]
    assert main(line) == 1
    assert "This machine has no device 'cuda'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_points_are_refused_before_training(files, tmp_path, capsys, monkeypatch):
    made = tmp_path / "map.npy"
    np.save(made, np.load(files["truth"]))
    points = labelled_points(files, str(made), "--blind")
    monkeypatch.setattr("hsi_viewer.jobs.assess.fit", lambda *_, **__: pytest.fail("trained"))
    line = arguments(files, "strokes", "-q", "--reference")
    assert main([*line, points]) == 1
    assert "name that map, too (--strata MAP)" in capsys.readouterr().err
    assert main(["sample", str(made), points, "--size", "200", "--overwrite", "-q"]) == 0
    assert main([*line, points]) == 1
    assert "reference points aren't labelled yet" in capsys.readouterr().err
    np.save(tmp_path / "small.npy", np.load(files["truth"])[:9])
    assert main([*line, points, "--strata", str(tmp_path / "small.npy")]) == 1
    assert "has another size" in capsys.readouterr().err
    assert main([*line, str(tmp_path / "none.csv")]) == 1
    assert "none.csv does not exist" in capsys.readouterr().err
