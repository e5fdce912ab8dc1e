"""suggest and check-labels from files: names of classes, JSON that fits its schema, errors."""

from __future__ import annotations

import numpy as np
import pytest

import hsi_viewer
from hsi_viewer.cli import main
from hsi_viewer.core.labels.classes import LabelClass
from tests.unit.cli.schemas import fitting
from tests.unit.jobs.digits import decimals
from tests.unit.learning.made import made_scene


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A cube, labels of which one is wrong, and a model."""
    folder = tmp_path_factory.mktemp("guidance")
    cube, truth = made_scene()
    labels = np.zeros_like(truth)
    for row, column in ((2, 2), (9, 8), (2, 25), (9, 30), (28, 3), (33, 8), (28, 20), (33, 30)):
        labels[row, column] = truth[row, column]
        labels[row + 2, column + 2] = truth[row, column]
    legend = [LabelClass(int(i), f"Crop {i}", (int(i), 0, 0)) for i in np.unique(truth)]
    hsi_viewer.fit(cube, labels, classifier="lda", legend=legend).save(folder / "model")
    labels[20, 30] = 2  # in the field of class 9
    np.save(folder / "cube.npy", cube.read())
    np.save(folder / "labels.npy", labels)
    np.save(folder / "one.npy", np.where(truth == 2, 2, 0).astype(np.uint16))
    np.save(folder / "all.npy", truth)
    return folder


def asked(files, *words):
    return [str(files / word) if (files / word).exists() else word for word in words]


def test_suggestions_are_printed_as_json_and_as_text(files, capsys):
    line = asked(files, "suggest", "model", "cube.npy", "--labels", "labels.npy", "--count", "3")
    assert main([*line, "--json"]) == 0
    places = fitting(capsys.readouterr().out, "suggest")["suggestions"]
    labels = np.load(files / "labels.npy")
    assert len(places) == 3
    assert decimals(places) == 6
    for place in places:
        assert labels[place["row"], place["column"]] == 0
        assert [place["row"], place["column"]] in place["segment"]
        assert all(c["name"] == f"Crop {c['id']}" for c in place["classes"])
    assert main(line) == 0
    head, *text = capsys.readouterr().out.splitlines()
    assert head == "Rows and columns are counted from 0."  # in the window from 1
    assert len(text) == 3
    assert text[0].startswith(f"Row {places[0]['row']}, column {places[0]['column']}: Crop")
    assert main([*line, "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_where_everything_is_labelled_there_is_nothing_to_suggest(files, capsys):
    line = asked(files, "suggest", "model", "cube.npy", "--labels", "all.npy")
    assert main(line) == 0
    assert "labelled already" in capsys.readouterr().out
    assert main([*line, "--json"]) == 0
    assert fitting(capsys.readouterr().out, "suggest")["suggestions"] == []


def test_a_wrong_label_is_printed_as_json_and_as_text(files, capsys):
    line = asked(files, "check-labels", "cube.npy", "--labels", "labels.npy")
    assert main([*line, "--json"]) == 0
    record = fitting(capsys.readouterr().out, "check-labels")
    assert (record["labels"], record["judged"]) == (17, 17)
    first = record["contradicted"][0]
    assert decimals(record) <= 6
    assert (first["row"], first["column"]) == (20, 30)
    assert (first["label"]["id"], first["looks_like"]["id"]) == (2, 9)
    assert main(line) == 0
    text = capsys.readouterr().out.splitlines()
    number = len(record["contradicted"])
    assert text[0].startswith(f"{number} of 17 labels look like another class. Rows and columns")
    assert text[1].startswith("Row 20, column 30: labelled Class 2, looks like Class 9")


def test_labels_that_cannot_be_judged_are_not_said_to_agree(files, capsys):
    labels = np.zeros_like(np.load(files / "labels.npy"))
    labels[2, 2], labels[9, 30], labels[28, 3] = 2, 5, 7
    np.save(files / "single.npy", labels)
    assert main(asked(files, "check-labels", "cube.npy", "--labels", "single.npy")) == 0
    assert capsys.readouterr().out.startswith("No label could be judged: label a second place")


def test_labels_of_one_class_are_an_error(files, capsys):
    line = asked(files, "check-labels", "cube.npy", "--labels", "one.npy", "--json")
    assert main(line) == 1
    error = fitting(capsys.readouterr().out, "error")["error"]
    assert error["kind"] == "label"
    assert "one.npy" in error["message"]


def test_a_model_that_is_not_there_is_an_error_before_the_cube_is_read(files, capsys):
    line = ["suggest", "nowhere", "nothing.npy", "--labels", "none.npy", "--json"]
    assert main(line) == 1
    error = fitting(capsys.readouterr().out, "error")["error"]
    assert error["kind"] == "file"
    assert error["message"] == "nowhere does not exist; check the name of the model."
    assert main(["suggest", str(files / "cube.npy"), "nothing.npy", "--labels", "none.npy"]) == 1
    assert "cube.npy is not a model; name the folder that classify" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-1", "two", "1001"])
def test_a_wrong_count_is_refused(files, capsys, count):
    line = asked(files, "suggest", "model", "cube.npy", "--labels", "labels.npy")
    assert main([*line, f"--count={count}", "--json"]) == 2
    assert (
        "a count is a whole number in 1..1000"
        in fitting(capsys.readouterr().out, "error")["error"]["message"]
    )
